package store

import (
	"slices"
	"strings"

	"tocsin/incidents"
)

// usable are the channels of a person that have an address and are not gone, in SQL
// over a row of persons.
const usable = `(channels & ~gone)`

// goneBefore is why a delivery was planned on a later channel of the plan than the
// person has an address for, or on none.
const goneBefore = "an address of this person is not asked again: a provider said before that there is none"

// forget remembers that the addresses these deliveries went to do not exist: no
// later delivery to the same list asks them again. What is planned on them stays,
// as its provider will say so once more.
func (t *tx) forget(list int64, gone []delivery) error {
	if len(gone) == 0 {
		return nil
	}
	bits := map[int64]int{}
	for _, d := range gone {
		bits[d.seq] |= 1 << (d.channel - 1)
	}
	rows := make([][]any, 0, len(bits))
	for seq, b := range bits {
		rows = append(rows, []any{seq, b})
	}
	sortRows(rows)
	return t.later(nil, `UPDATE persons SET gone = persons.gone | v.bits FROM `+t.table("$2", "seq:int", "bits:int")+` v
		WHERE persons.list_no = $1 AND persons.seq = v.seq AND persons.sealed IS NOT NULL`, list, asJSON(rows))
}

// goneCodes are the codes of receipts that say that there is no such address, as
// the channels' own answers do: RFC 3463 for e-mail, Twilio's dictionary for SMS.
var goneCodes = map[incidents.Channel][]string{
	incidents.Email: {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"},
	incidents.SMS:   {"30005", "30006"},
}

// goneBy tells whether a code is one of those; of "550 5.1.1" the last word counts.
func goneBy(c incidents.Channel, code string) bool {
	return slices.Contains(goneCodes[c], code[strings.LastIndexByte(code, ' ')+1:])
}
