package web

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tocsin/incidents"
)

// The team is told of 50, 75 and 90 per cent of a duty's time and of its end
// once each, whatever the clock of the machine does and whoever starts anew; of
// steps that passed together the last alone.
func TestEachStepOfAClockIsToldOnce(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	rita := incidents.Actor{ID: "rita", Name: "Rita", Role: incidents.RoleResponder}
	in, err := w.desk.OpenIncident(ctx, rita, "A cabinet was open", incidents.Live)
	must(t, err)
	aware := w.now()
	_, err = w.desk.SetFacts(ctx, rita, in.ID, -1, incidents.FactValues(map[string]any{"confidentiality": true, "data_categories": []string{"basic"}, "misuse_likely": true, "encrypted": false,
		"establishments": []string{"EEA"}, "lead_authority": "DE", "role": "controller", "aware_at": aware}), "test")
	must(t, err)
	const duty = "eu-gdpr-33" // within 72 hours
	if o := w.rows(in.ID)[duty]; o.Due == nil || !o.Due.Equal(aware.Add(72*time.Hour)) {
		t.Fatalf("%s is due %v", duty, o.Due)
	}
	var told []string
	look := func(desk *incidents.Desk, hours int) {
		t.Helper()
		w.pass(aware.Add(time.Duration(hours) * time.Hour).Sub(w.now()))
		all, err := desk.Escalate(ctx)
		must(t, err)
		for _, e := range all {
			if e.Duty.ID == duty {
				told = append(told, fmt.Sprint(hours, " h: ", e.Step))
			}
			must(t, desk.EscalationTold(ctx, e))
		}
	}
	for _, hours := range []int{35, 36, 36, 20, 37, 53, 54, 40, 55} { // the clock is set back twice
		look(w.desk, hours)
	}
	again := incidents.NewDesk(w.desk.Deps) // the service starts anew
	for _, hours := range []int{55, 72, 66, 73, 500} {
		look(again, hours)
	}
	if want := []string{"36 h: 50", "54 h: 75", "72 h: 100"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}
