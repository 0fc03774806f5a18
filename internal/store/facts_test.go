package store

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// What stands at the beginning of an assessment is read without the rest.
func TestThePackInTheBeginningOfAnAssessment(t *testing.T) {
	whole := incidents.Assessment{FactsRev: 3, Pack: `2026.12+"x"`, At: noon, Severity: incidents.Severity{Level: "high"}}.Verdict().JSON
	for name, c := range map[string]struct {
		head, pack string
		found      bool
	}{
		"cut after it":       {whole[:80], `2026.12+"x"`, true},
		"cut within it":      {whole[:25], "", false},
		"the whole":          {whole, `2026.12+"x"`, true},
		"after other things": {`{"severity":{"pack":"no","a":[1,{}]},"pack":"p","at`, "p", true},
		"only inside others": {`{"severity":{"pack":"no"}}`, "", false},
		"not text":           {`{"pack":7}`, "", false},
		"nothing":            {"", "", false},
	} {
		if pack, found := packIn(c.head); found != c.found || found && pack != c.pack {
			t.Errorf("%s: %q %v", name, pack, found)
		}
	}
}

// An assessment stays as it was made, with the pack of its time.
func TestEveryJudgementStays(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		made := []incidents.Assessment{
			{FactsRev: 1, Pack: "2026.11+a", At: noon, Severity: incidents.Severity{Level: "low"}, Obligations: []incidents.Obligation{{ID: "a", Applies: incidents.AppliesYes}, {ID: "b", Applies: incidents.AppliesNo}}},
			{FactsRev: 1, Pack: "2026.12+b", At: noon.Add(time.Hour), Obligations: []incidents.Obligation{{ID: "a", Applies: incidents.AppliesYes}, {ID: "c", Applies: incidents.AppliesYes}}},
		}
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for _, a := range made {
				if err := tx.PutAssessment("i", a.Verdict()); err != nil {
					return err
				}
			}
			return tx.PutAssessment("another", made[1].Verdict())
		}))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			list, err := tx.Judgements("i", 10)
			ok(t, err)
			if len(list) != 2 || list[0].Pack != "2026.12+b" || list[0].Apply != 2 || list[1].Pack != "2026.11+a" || list[1].Apply != 1 || list[1].Severity != "low" || !list[1].At.Equal(noon) {
				t.Fatalf("%+v", list)
			}
			if newest, err := tx.Judgements("i", 1); err != nil || len(newest) != 1 || newest[0].No != list[0].No {
				t.Errorf("%+v %v", newest, err)
			}
			if last, err := tx.LastJudgement("i"); err != nil || last.No != list[0].No || last.Pack != "2026.12+b" {
				t.Errorf("%+v %v", last, err)
			}
			if a, err := tx.AssessmentNo("i", list[1].No); err != nil || a.Pack != "2026.11+a" || len(a.Obligations) != 2 {
				t.Errorf("%+v %v", a, err)
			}
			if _, err := tx.AssessmentNo("another", list[1].No); incidents.KindOf(err) != incidents.KindNotFound {
				t.Errorf("the assessment of another incident: %v", err)
			}
			return nil
		}))
	})
}
