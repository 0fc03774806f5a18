package regulators

import (
	"testing"
	"time"
)

// A length from a rule file is refused or ends after it starts.
func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"PT72H", "P30D", "P1M", "P1Y2M3W4DT5H6M7S", "-P1D", "P0D", "P1.5D", "P99999999999D", "P", "", "PT1e9H", "P1DT1H"} {
		for unit := range 4 {
			f.Add(s, unit)
		}
	}
	start := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	cal := &calendar{name: "x", weekend: map[time.Weekday]bool{time.Sunday: true}}
	f.Fuzz(func(t *testing.T, iso string, unit int) {
		s, err := parseSpan(iso, units[uint(unit)%uint(len(units))])
		if err != nil {
			return
		}
		s.calendar = cal
		if end, words := s.end(start, zone); !end.After(start) || words == "" {
			t.Fatalf("%q ends %s", iso, end)
		}
	})
}

// Whatever stands in a rule file, loading answers and does not panic, and what
// loads can be judged.
func FuzzLoadRules(f *testing.F) {
	f.Add(goodRule)
	f.Add("jurisdiction: XX\nrules: [{id: x, applies: [{use: y}]}]\n")
	base, facts := shippedPack(f), busyFacts(f)
	env, err := newConditions()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := newBuilder(Options{}, fileSet{"rules/xx.yaml": []byte(text)})
		b.env = &conditions{env: env.env, done: map[string]*condition{}}
		b.pack.places, b.pack.calendars, b.pack.authorities = base.places, base.calendars, base.authorities
		b.pack.enisa, b.pack.china, b.pack.industry = base.enisa, base.china, base.industry
		b.loadRules()
		if len(b.problems) > 0 {
			return
		}
		a, err := b.pack.Assess(facts, judgedAt)
		if err == nil && len(a.Obligations) < len(b.pack.rules) {
			t.Fatal("a rule got no answer")
		}
	})
}
