package roster

import (
	"slices"
	"strings"
	"testing"
)

// Whoever has neither id nor e-mail is known again all the same.
func TestTheSamePersonWithoutIDAndEmail(t *testing.T) {
	for _, tc := range []struct {
		name, head, one, two string
		same                 bool
	}{
		{"name and number, written otherwise", "name,phone,country", "Ada Müller,030 5550147,DE", "ADA MÜLLER,+49 30 5550147,DE", true},
		{"two of a household share a number", "name,phone,country", "Ada Müller,+49305550147,DE", "Bo Müller,+49305550147,DE", false},
		{"father and son share number and name", "name,phone,date_of_birth", "Bo Müller,+49305550147,1960-01-02", "Bo Müller,+49305550147,1990-03-04", false},
		{"name and address, written otherwise", "name,address", "Ada Müller,\"Weg 1, 10115 Berlin\"", "Ada Müller,\"weg 1  10115 Berlin\"", true},
		{"one address, two names", "name,address", "Ada Müller,\"Weg 1, 10115 Berlin\"", "Bo Müller,\"Weg 1, 10115 Berlin\"", false},
		{"one name, two addresses", "name,address", "Ada Müller,\"Weg 1, 10115 Berlin\"", "Ada Müller,\"Weg 2, 10115 Berlin\"", false},
		{"a name alone is nobody in particular", "name,phone", "Ada Müller,", "Ada Müller,", false},
		{"an id of one's own", "subject_id,name,phone", "1,Ada Müller,+49305550147", "2,Ada Müller,+49305550147", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rows, _, err := readAll(t, strings.Join([]string{tc.head, tc.one, tc.two, ""}, "\n"), Options{DefaultPlace: "DE"})
			if err != nil || len(rows) != 2 || rows[0].Reject != nil || rows[1].Reject != nil {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			same := slices.ContainsFunc(rows[0].Candidate.Keys, func(k string) bool { return slices.Contains(rows[1].Candidate.Keys, k) })
			if same != tc.same {
				t.Errorf("the same person: %v, want %v", same, tc.same)
			}
		})
	}
}
