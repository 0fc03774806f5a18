package regulators

import (
	"os"
	"testing"
	"time"

	"tocsin/internal/strict"
)

// The deadlines of testdata/clocks.yaml were worked out by hand.
func TestDeadlinesWorkedOutByHand(t *testing.T) {
	data, err := os.ReadFile("testdata/clocks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var battery struct {
		Clocks []struct{ Zone, Calendar, From, Add, Due, Why string }
	}
	if err := strict.Unmarshal("clocks.yaml", data, &battery); err != nil {
		t.Fatal(err)
	}
	if len(battery.Clocks) < 60 {
		t.Errorf("%d deadlines are no battery", len(battery.Clocks))
	}
	pack := shippedPack(t)
	for _, c := range battery.Clocks {
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			t.Fatal(err)
		}
		from, err := time.Parse(time.RFC3339, c.From)
		if err != nil {
			t.Fatal(err)
		}
		unit := "calendar-days"
		switch {
		case c.Calendar != "":
			unit = "business-days"
		case c.Add[1] == 'T':
			unit = "hours"
		}
		s, err := parseSpan(c.Add, unit)
		if err != nil {
			t.Fatal(err)
		}
		s.calendar = pack.calendars[c.Calendar]
		if c.Calendar != "" && s.calendar == nil {
			t.Fatalf("there is no calendar %s", c.Calendar)
		}
		if _, offset := from.In(zone).Zone(); from.Format("-07:00") != time.Unix(0, 0).In(time.FixedZone("", offset)).Format("-07:00") {
			t.Errorf("%s + %s: that is not the time in %s", c.From, c.Add, c.Zone)
		}
		if due, words := s.end(from, zone); dueText(&due) != c.Due {
			t.Errorf("%s + %s in %s is due %s, not %s: %s (%s)", c.From, c.Add, c.Zone, dueText(&due), c.Due, c.Why, words)
		}
	}
}
