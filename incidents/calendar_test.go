package incidents

import (
	"testing"
	"time"
)

func TestACalendarEntryChangesWithWhatItShows(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	due := now.Add(72 * time.Hour)
	o := ObligationState{Obligation: Obligation{ID: "x", Title: "Report", Law: "L", Applies: AppliesDepends, Due: &due}, Status: DutyOpen}
	if o = o.entered(now); o.Calendar != nil {
		t.Fatal("a duty that may apply is in the calendar")
	}
	steps := []struct {
		name   string
		change func(*ObligationState)
		seq    int  // after it
		open   bool // after it
	}{
		{"it applies", func(o *ObligationState) { o.Applies = AppliesYes }, 1, true},
		{"nothing", func(*ObligationState) {}, 1, true},
		{"a step of the clock", func(o *ObligationState) { o.Escalated = 50 }, 1, true},
		{"another due time", func(o *ObligationState) { later := due.Add(24 * time.Hour); o.Due = &later }, 2, true},
		{"the same due time, elsewhere", func(o *ObligationState) {
			same := o.Due.In(time.FixedZone("x", 3600))
			o.Due = &same
		}, 2, true},
		{"other arithmetic", func(o *ObligationState) { o.Arithmetic = "aware + 96 h" }, 3, true},
		{"met", func(o *ObligationState) { o.Status = DutyMet }, 4, false},
		{"judged again after that", func(o *ObligationState) { o.Title = "Report it"; o.Due = nil }, 4, false},
		{"open again", func(o *ObligationState) { o.Status = DutyOpen; o.Due = &due }, 5, true},
		{"no due time any more", func(o *ObligationState) { o.Due = nil }, 6, false},
		{"it does not apply any more", func(o *ObligationState) { o.Applies = AppliesNo; o.Status = DutyMoot }, 6, false},
	}
	var at time.Time
	for _, s := range steps {
		now = now.Add(time.Minute)
		was := o.Calendar
		s.change(&o)
		o = o.entered(now)
		if o.Calendar.Seq != s.seq || o.Calendar.Open != s.open {
			t.Errorf("%s: %+v, want %d %v", s.name, *o.Calendar, s.seq, s.open)
		}
		if moved := was == nil || was.Seq != s.seq; moved {
			at = now
		}
		if !o.Calendar.At.Equal(at) {
			t.Errorf("%s: changed at %v, want %v", s.name, o.Calendar.At, at)
		}
		if o.Calendar.Due.IsZero() {
			t.Errorf("%s: the last due time is lost", s.name)
		}
	}
}

func TestWhenADecisionIsStale(t *testing.T) {
	r := gdprFamily[0]
	d := Decision{Course: CourseDocument, Proposal: Proposal{Regime: r, Course: CourseAuthority, FactsRev: 3}}
	for name, c := range map[string]struct {
		now  []Proposal
		want string
	}{
		"the same is proposed of later facts": {[]Proposal{{Regime: gdprFamily[1], Course: CoursePeople}, {Regime: r, Course: CourseAuthority, FactsRev: 9}}, ""},
		"something else":                      {[]Proposal{{Regime: r, Course: CoursePeople, FactsRev: 4}}, "made on facts revision 3; Tocsin now proposes “notify the authority and tell the people”"},
		"what was decided":                    {[]Proposal{{Regime: r, Course: CourseDocument, FactsRev: 4}}, "made on facts revision 3; Tocsin now proposes “document only”"},
		"too little is known":                 {[]Proposal{{Regime: r, FactsRev: 4}}, "made on facts revision 3; Tocsin now knows too little to propose anything"},
		"nothing":                             {nil, "made on facts revision 3; with the present facts there is nothing to decide under the GDPR"},
	} {
		if got := d.staleness(c.now); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
