package phone

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

var office = Hours{From: 9 * time.Hour, Until: 20 * time.Hour}

func TestWait(t *testing.T) {
	for _, c := range []struct {
		name  string
		hours Hours
		at    string // UTC
		zones []string
		want  time.Duration
	}{
		{"in the afternoon", office, "2026-11-24T13:00:00Z", []string{"Europe/Berlin"}, 0},
		{"at the first minute", office, "2026-11-24T08:00:00Z", []string{"Europe/Berlin"}, 0},
		{"a second before", office, "2026-11-24T07:59:59Z", []string{"Europe/Berlin"}, time.Second},
		{"at the closing minute it is too late", office, "2026-11-24T19:00:00Z", []string{"Europe/Berlin"}, 13 * time.Hour},
		{"on the other side of the date line", office, "2026-11-24T13:00:00Z", []string{"Pacific/Auckland"}, 7 * time.Hour},
		{"the night in which clocks go forward is shorter", office, "2027-03-27T20:00:00Z", []string{"Europe/Berlin"}, 11 * time.Hour},
		{"the night in which they go back is longer", office, "2026-10-24T19:00:00Z", []string{"Europe/Berlin"}, 13 * time.Hour},
		{"good in one zone, not yet in the other", office, "2026-11-24T14:30:00Z", []string{"America/New_York", "America/Los_Angeles"}, 150 * time.Minute},
		{"zones without a common hour: the middle one counts", office, "2026-11-24T09:00:00Z", []string{"Pacific/Honolulu", "Asia/Tokyo", "Europe/Berlin"}, 0},
		{"no zone is UTC", office, "2026-11-24T08:00:00Z", nil, time.Hour},
		{"all day", Hours{0, 24 * time.Hour}, "2026-11-24T03:00:00Z", []string{"Asia/Shanghai"}, 0},
	} {
		now, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		var zones []*time.Location
		for _, name := range c.zones {
			zones = append(zones, zone(t, name))
		}
		if got := c.hours.Wait(now, zones); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// After its wait a call is at a good hour, and there was none before.
func TestWaitEndsAtTheFirstGoodHour(t *testing.T) {
	names := []string{"Europe/Berlin", "Asia/Shanghai", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland", "Asia/Kathmandu", "UTC"}
	rapid.Check(t, func(r *rapid.T) {
		from := rapid.IntRange(4*60, 12*60).Draw(r, "from")
		h := Hours{time.Duration(from) * time.Minute, time.Duration(from+rapid.IntRange(60, 11*60).Draw(r, "long")) * time.Minute}
		z := zone(r, rapid.SampledFrom(names).Draw(r, "zone"))
		now := time.Unix(rapid.Int64Range(1767225600, 1830297600).Draw(r, "now"), 0) // 2026 and 2027
		wait := h.Wait(now, []*time.Location{z})
		if wait < 0 || wait > 25*time.Hour {
			r.Fatalf("it waits %s", wait)
		}
		if !h.open(now.Add(wait), z) {
			r.Fatalf("after %s it is %s", wait, now.Add(wait).In(z))
		}
		for early := now; early.Before(now.Add(wait)); early = early.Add(7 * time.Minute) {
			if h.open(early, z) {
				r.Fatalf("%s was good, and it waits until %s", early.In(z), now.Add(wait).In(z))
			}
		}
	})
}
