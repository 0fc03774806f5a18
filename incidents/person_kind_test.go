package incidents

import (
	"encoding/json"
	"testing"
)

func TestAKindReadsAsWords(t *testing.T) {
	for _, c := range []struct {
		name string
		c    Candidate
		want string
	}{
		{"nothing is said", Candidate{}, ":"},
		{"categories in the order of the standard", Candidate{Contact: Contact{Categories: []string{"health", "basic"}}}, ":basic,health"},
		{"items and other words count as their category", Candidate{Contact: Contact{Categories: []string{"passport", "medical", "religion"}}}, ":identity,health,other"},
		{"a word nobody knows says nothing", Candidate{Contact: Contact{Categories: []string{"shoe_size"}}}, ":"},
		{"a child is a minor", Candidate{Flags: FlagChild | FlagMinor, Contact: Contact{Categories: []string{"basic"}}}, "child+minor:basic"},
		{"who has died, with a representative", Candidate{Flags: FlagDeceased | FlagGuardian}, "deceased:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := c.c.Kind()
			b, err := json.Marshal(map[PersonKind]int64{k: 1})
			if err != nil || string(b) != `{"`+c.want+`":1}` {
				t.Errorf("%s %v", b, err)
			}
			var back map[PersonKind]int64
			if err := json.Unmarshal(b, &back); err != nil || back[k] != 1 {
				t.Errorf("%v %v", back, err)
			}
		})
	}
	if err := new(PersonKind).UnmarshalText([]byte("child")); err == nil {
		t.Error("a kind without its colon is read")
	}
}

func TestListsFromBeforeThereWereKindsSayNothing(t *testing.T) {
	health := Candidate{Contact: Contact{Categories: []string{"health"}}}.Kind()
	got := KindsOf([]Import{{Imported: 5}, {Imported: 7, ByKind: map[PersonKind]int64{health: 4}}})
	if got[0] != 8 || got[health] != 4 || len(got) != 2 {
		t.Errorf("%v", got)
	}
}
