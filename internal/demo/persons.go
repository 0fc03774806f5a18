package demo

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// The invented people live in places whose laws the demonstration shows. Their
// addresses are of domains kept for examples (RFC 2606); their numbers are of
// ranges kept for fiction.
var (
	givenEN  = []string{"Alex", "Jamie", "Robin", "Sam", "Kim", "Lee", "Quinn", "Avery", "Noor", "Zoë"}
	familyEN = []string{"Example", "Sample", "Testerson", "Muster", "Doe", "Placeholder", "Invented", "Beispiel"}
	givenZH  = []string{"霞", "强", "杰", "娟", "伟", "芳", "敏", "静"}
	familyZH = []string{"何", "王", "刘", "杨", "罗", "李", "张", "陈"}
	homes    = []struct{ country, region, locale string }{
		{"DE", "", "de-DE"}, {"DE", "", "de-DE"}, {"FR", "", "fr-FR"}, {"GB", "", "en-GB"}, {"CN", "", "zh-CN"}, {"CN", "", "zh-CN"},
		{"US", "US-CA", "en-US"}, {"US", "US-NY", "en-US"}, {"SG", "", "en-SG"}, {"JP", "", "ja-JP"},
	}
)

// A List says what writePersons wrote.
type List struct{ Persons, Duplicates, Rejected int64 }

// writePersons writes n different people as CSV, with some of them twice and
// some rows that are no people, as real lists have.
func writePersons(w io.Writer, n int) (List, error) {
	buf := bufio.NewWriter(w)
	c := csv.NewWriter(buf)
	l := List{Persons: int64(n)}
	rows := [][]string{{"subject_id", "name", "email", "phone", "push_token", "country", "region", "locale", "data_categories"}}
	flush := func() error {
		err := c.WriteAll(rows)
		rows = rows[:0]
		return err
	}
	for i := 1; i <= n; i++ {
		row := person(i)
		rows = append(rows, row)
		if i%40 == 0 { // the same person again, from another export
			twice := append([]string(nil), row...)
			twice[1] = " " + twice[1] + " "
			rows = append(rows, twice)
			l.Duplicates++
		}
		if i%100 == 0 { // a line with a column too many
			rows = append(rows, append(person(n+i), "left over"))
			l.Rejected++
		}
		if len(rows) > 1000 {
			if err := flush(); err != nil {
				return l, err
			}
		}
	}
	if err := flush(); err != nil {
		return l, err
	}
	return l, buf.Flush()
}

// person invents the i-th person: most by e-mail, some by push first, some by
// SMS alone, a few with an app that is gone.
func person(i int) []string {
	h := homes[i%len(homes)]
	name := givenEN[i%len(givenEN)] + " " + familyEN[(i/10)%len(familyEN)]
	if h.country == "CN" {
		name = familyZH[i%len(familyZH)] + givenZH[(i/8)%len(givenZH)]
	}
	email := fmt.Sprintf("person.%d@example.com", i)
	phone := fmt.Sprintf("+1415555%04d", 100+i%100)
	token := ""
	switch i % 20 {
	case 7:
		email = ""
	case 13:
		token = fmt.Sprintf("token-%d", i)
	case 17:
		token = fmt.Sprintf("gone-%d", i)
	}
	return []string{"C-" + strconv.Itoa(100000+i), name, email, phone, token, h.country, h.region, h.locale, []string{"basic", "basic;property", "basic;network_identity"}[i%3]}
}
