// Package lists writes lists of affected persons to measure imports with.
package lists

import (
	"bufio"
	"fmt"
	"io"
)

// Counts are what an importer must make of a list. Rows is the sum of
// Persons, Duplicates and Rejected; Unreachable is of the Persons.
type Counts struct {
	Rows, Persons, Duplicates, Rejected, Unreachable int64
}

// Write writes a list of n rows of affected persons as CSV, the same bytes
// each time. Nine tenths are clean; the rest are what lists have: the same
// person twice, rows with cells missing, numbers and addresses that need
// mending, people nobody can reach. All names are invented, all addresses lie in
// domains kept for examples (RFC 2606), all numbers in ranges kept for fiction.
func Write(w io.Writer, n int64) (c Counts, err error) {
	out := bufio.NewWriterSize(w, 1<<20)
	if _, err := out.WriteString("subject_id,name,email,phone,address,country,locale,date_of_birth,data_categories\n"); err != nil {
		return c, err
	}
	for c.Rows < n {
		c.Rows++
		kind := kindOf(c.Rows)
		switch kind {
		case rowTwice:
			c.Duplicates++
		case rowShort:
			c.Rejected++
		case rowMute:
			c.Persons++
			c.Unreachable++
		default:
			c.Persons++
		}
		if err := writeRow(out, c.Rows, kind); err != nil {
			return c, err
		}
	}
	return c, out.Flush()
}

type rowKind int

const (
	rowClean rowKind = iota
	rowMended
	rowTwice // a person of before, by the list's own id
	rowShort // cells are missing
	rowMute  // nothing to reach the person by
)

// kindOf spreads the kinds evenly, so that every part of a list costs the same.
func kindOf(no int64) rowKind {
	switch {
	case no%50 == 7:
		return rowTwice
	case no%100 == 13:
		return rowShort
	case no%100 == 37:
		return rowMute
	case no%20 == 3:
		return rowMended
	}
	return rowClean
}

// earlier is a clean row about half way back.
func earlier(no int64) int64 {
	for no /= 2; kindOf(no) != rowClean; no++ {
	}
	return no
}

var (
	givenNames  = []string{"Ayla", "Noa", "Jürgen", "Wei", "Maëlle", "Sofía", "Oskar", "Priya", "Łukasz", "Ngozi", "Тарас", "נועה", "静", "민준", "عمر"}
	familyNames = []string{"Example", "Muster", "Lindqvist", "Beispiel", "Dupont", "García", "O'Sample", "Iyer", "Kowalski", "Okafor", "Зразок", "לדוגמה", "何", "김", "مثال"}
	countries   = []struct{ code, locale, phone, mended, city string }{
		{"US", "en-US", "+1202555%04d", "(202) 555-%04d", "Sampletown, NY 10000"},
		{"DE", "de", "+4917604069%03d", "0176 04069%03d", "10115 Musterstadt"},
		{"FR", "fr", "+3363998%04d", "06 39 98 %04d", "75001 Exempleville"},
		{"GB", "en-GB", "+447700900%03d", "07700 900%03d", "Exampleford EX1 1EX"},
	}
)

func writeRow(w *bufio.Writer, no int64, kind rowKind) (err error) {
	who := no
	if kind == rowTwice {
		who = earlier(no)
	}
	at := countries[who%int64(len(countries))]
	name := givenNames[who%int64(len(givenNames))] + " " + familyNames[who/7%int64(len(familyNames))]
	born := fmt.Sprintf("%04d-%02d-%02d", 1940+who%70, 1+who%12, 1+who%28)
	email, phone, street := fmt.Sprintf("person.%d@example.com", who), fmt.Sprintf(at.phone, 100+who%100), ""
	if who%5 > 1 {
		street = fmt.Sprintf("\"%d Sample Street, %s\"", 1+who%300, at.city)
	}
	switch kind {
	case rowShort:
		_, err = fmt.Fprintf(w, "BENCH-%d,%s,%s\n", no, name, email)
		return err
	case rowMute:
		email, phone, street = "", "n/a", ""
	case rowMended:
		email, phone, name = fmt.Sprintf(" Person.%d@Example.COM ", who), fmt.Sprintf(at.mended, 100+who%100), "  "+name
	}
	_, err = fmt.Fprintf(w, "BENCH-%d,%s,%s,%s,%s,%s,%s,%s,basic;property\n", who, name, email, phone, street, at.code, at.locale, born)
	return err
}
