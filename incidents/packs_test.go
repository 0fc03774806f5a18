package incidents

import (
	"strings"
	"testing"
	"time"
)

func TestOlderPack(t *testing.T) {
	for _, x := range []struct {
		a, b  string
		older bool
	}{
		{"2026.11+aaaa", "2026.12+bbbb", true},
		{"2026.12+aaaa", "2026.11+bbbb", false},
		{"2026.9", "2026.12", true}, // numbers, not letters
		{"2026.12+aaaa", "2026.12+bbbb", false},
		{"2026.12", "2026.12.1", true},
		{"2026.12.1", "2026.12", false},
		{"2026.012", "2026.12", false},
		{"2026.a", "2026.b", true},
		{"", "2026.1", true},
	} {
		if OlderPack(x.a, x.b) != x.older {
			t.Errorf("%s is older than %s: %v", x.a, x.b, !x.older)
		}
	}
}

// What is only better proven, or does not apply, is no other demand.
func TestPacksThatAskTheSame(t *testing.T) {
	due := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	was := func() Assessment {
		return Assessment{Pack: "1", Obligations: []Obligation{{ID: "a", Pack: "1", Applies: AppliesYes, Checked: "2026-01-01", Due: &due}, {ID: "b", Pack: "1", Applies: AppliesNo, Reasons: []string{"Nobody lives there."}}}}
	}
	for name, x := range map[string]struct {
		change func(*Assessment)
		same   bool
	}{
		"checked again":           {func(a *Assessment) { a.Pack, a.Obligations[0].Pack, a.Obligations[0].Checked = "2", "2", "2026-11-01" }, true},
		"verified now":            {func(a *Assessment) { a.Obligations[0].Confidence, a.Obligations[0].Sources = "verified", []string{"x"} }, true},
		"other words elsewhere":   {func(a *Assessment) { a.Obligations[1].Reasons = []string{"Nobody there is affected."} }, true},
		"a law that is not asked": {func(a *Assessment) { a.Obligations = append(a.Obligations, Obligation{ID: "c", Applies: AppliesNo}) }, true},
		"another due time":        {func(a *Assessment) { later := due.Add(time.Hour); a.Obligations[0].Due = &later }, false},
		"more to be said":         {func(a *Assessment) { a.Obligations[0].Content = []string{"nature"} }, false},
		"one that depends":        {func(a *Assessment) { a.Obligations[1].Applies = AppliesDepends }, false},
		"another severity":        {func(a *Assessment) { a.Severity.Level = "high" }, false},
	} {
		now := was()
		x.change(&now)
		if asksTheSame(was(), now) != x.same {
			t.Errorf("%s: the same is %v", name, !x.same)
		}
	}
}

func TestANewPackDropsWhatTheOneBeforeDid(t *testing.T) {
	due := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	before := []ObligationState{{Obligation: Obligation{ID: "a", Due: &due}}, {Obligation: Obligation{ID: "b"}, Repacked: "Began with rule pack 1"}}
	after := []ObligationState{{Obligation: Obligation{ID: "a"}}, {Obligation: Obligation{ID: "b"}, Repacked: "Began with rule pack 1"}, {Obligation: Obligation{ID: "c"}}}
	noteRepacked(after, before, "2+abcd", Change{Moved: after[:1], Began: []Obligation{{ID: "c"}}})
	if after[0].Repacked != "Moved with rule pack 2, was due 2026-11-27 09:00 UTC" || after[1].Repacked != "" || !strings.HasPrefix(after[2].Repacked, "Began with rule pack 2") {
		t.Errorf("%q %q %q", after[0].Repacked, after[1].Repacked, after[2].Repacked)
	}
}
