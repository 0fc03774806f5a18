package incidents

import "testing"

// A decision says why it was made on something else.
func TestWhenARiskDecisionIsStale(t *testing.T) {
	base := RiskGroup{Key: "contact", Name: "Contact", Persons: 2, Level: "low", Data: []RiskData{{"basic", 2}}}.Bound()
	d := RiskDecision{Level: "high", FactsRev: 4, Proposal: base}
	change := func(f func(*RiskGroup)) RiskStatement {
		g := base
		f(&g)
		return RiskStatement{Groups: []RiskGroup{g.Bound()}}
	}
	for _, c := range []struct {
		name string
		now  RiskStatement
		want string
	}{
		{"nothing changed", change(func(*RiskGroup) {}), ""},
		{"another level", change(func(g *RiskGroup) { g.Level, g.Persons = "very_high", 3 }), "made on facts revision 4; Tocsin now proposes “very high”"},
		{"no level any more", change(func(g *RiskGroup) { g.Level = "" }), "made on facts revision 4; too little is known now to propose a level"},
		{"one more person", change(func(g *RiskGroup) { g.Persons = 3 }), "made on facts revision 4; it is about 3 people now, and was about 2 people"},
		{"other data", change(func(g *RiskGroup) { g.Data = []RiskData{{"devices", 2}} }), "made on facts revision 4; other data is said to be touched now"},
		{"other reasons", change(func(g *RiskGroup) { g.Why = []string{"x"} }), "made on facts revision 4; the level is proposed for other reasons now"},
		{"nobody is left", RiskStatement{}, "made on facts revision 4; by the present facts and list nobody is in the group"},
	} {
		if got := d.staleness(c.now); got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
