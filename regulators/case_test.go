package regulators

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// A caseFile is one file of testdata/cases: facts in words of the duty, and
// what each rule says of them.
type caseFile struct {
	Cases []lawCase `yaml:"cases"`
}

type lawCase struct {
	Name  string            `yaml:"name"`
	Facts map[string]any    `yaml:"facts"`
	Yes   map[string]string `yaml:"yes"`     // obligation id → due time, "" when none
	No    []string          `yaml:"no"`      // obligation ids
	Asks  map[string]string `yaml:"depends"` // obligation id → a fact that decides
}

func factValue(t testing.TB, d incidents.FactDef, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	x, err := d.Parse(b)
	if err != nil {
		t.Fatalf("%s: %v", d.Key, err)
	}
	return x
}

func TestCases(t *testing.T) {
	p := shippedPack(t)
	fired, spared := map[string]bool{}, map[string]bool{}
	files, _ := filepath.Glob("testdata/cases/*.yaml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases caseFile
		if err := strict.Unmarshal(file, data, &cases); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases.Cases {
			t.Run(filepath.Base(file)+"/"+c.Name, func(t *testing.T) { c.check(t, p, fired, spared) })
		}
	}
	for _, r := range p.Rules() {
		never := p.byID[r.ID].neverApplies()
		if !fired[r.ID] && !never {
			t.Errorf("no case makes %s apply", r.ID)
		}
		if !spared[r.ID] {
			t.Errorf("no case spares %s", r.ID)
		}
	}
}

func (c lawCase) check(t *testing.T, p *Pack, fired, spared map[string]bool) {
	a, err := p.Assess(knownFacts(t, c.Facts), judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	for id, due := range c.Yes {
		o := dutyOf(t, a, id)
		if o.Applies != incidents.AppliesYes {
			t.Errorf("%s: %s because %q", id, o.Applies, o.Reasons)
			continue
		}
		fired[o.Rule] = true
		if got := dueText(o.Due); got != due {
			t.Errorf("%s is due %q, not %q (%s)", id, got, due, o.Arithmetic)
		}
	}
	for _, id := range c.No {
		o := dutyOf(t, a, id)
		spared[o.Rule] = true
		if o.Applies != incidents.AppliesNo || len(o.Reasons) == 0 || o.Due != nil {
			t.Errorf("%s: %s due %v because %q", id, o.Applies, o.Due, o.Reasons)
		}
	}
	for id, fact := range c.Asks {
		o := dutyOf(t, a, id)
		if o.Applies != incidents.AppliesDepends || !contains(o.Decides, fact) {
			t.Errorf("%s: %s, decided by %v", id, o.Applies, o.Decides)
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func dueText(due *time.Time) string {
	if due == nil {
		return ""
	}
	return due.Format(time.RFC3339)
}

// neverApplies tells whether no facts at all can make the duty apply.
func (r *rule) neverApplies() bool {
	switch r.Status {
	case "proposed", "superseded", "voluntary", "no_obligation", "not_yet_applicable":
		return true
	case "enacted_not_in_force":
		return r.effective.IsZero()
	}
	return false
}
