package templates

import "strings"

// An SMSSize says how an SMS text is carried.
type SMSSize struct {
	Encoding string // GSM-7, UCS-2
	Units    int    // septets or UTF-16 units
	Segments int
}

const (
	gsmBasic    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "^{}\\[~]|€\f"
)

// MeasureSMS counts the segments of a text: 160 septets or 70 UTF-16 units in a
// single one, 153 or 67 in each of several. A character of two units is never
// cut in two.
func MeasureSMS(s string) SMSSize {
	size := SMSSize{Encoding: "GSM-7"}
	single, multi := 160, 153
	cost := gsmCost
	for _, r := range s {
		if gsmCost(r) == 0 {
			size.Encoding, single, multi, cost = "UCS-2", 70, 67, utf16Cost
			break
		}
	}
	room := 0
	for _, r := range s {
		c := cost(r)
		size.Units += c
		if c > room {
			size.Segments++
			room = multi
		}
		room -= c
	}
	if size.Units <= single && size.Units > 0 {
		size.Segments = 1
	}
	return size
}

func gsmCost(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtended, r):
		return 2
	}
	return 0
}

func utf16Cost(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}
