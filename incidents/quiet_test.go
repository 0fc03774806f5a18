package incidents

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func night(from, to string) QuietHours {
	f, err1 := ParseClockTime(from)
	t, err2 := ParseClockTime(to)
	if err1 != nil || err2 != nil {
		panic("not a time of day")
	}
	return QuietHours{From: f, To: t, Channels: []Channel{SMS, Phone}, Home: "DE"}
}

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestQuietHours(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to string
		zone     string
		place    Place
		now      string
		want     string // when it may leave; "" is now
	}{
		{"Tokyo at three in the morning", "21:00", "08:00", "Asia/Tokyo", "JP", "2026-11-24T18:00:00Z", "2026-11-24T23:00:00Z"},
		{"Berlin at the same instant", "21:00", "08:00", "Europe/Berlin", "DE", "2026-11-24T18:00:00Z", ""},
		{"the last open minute", "21:00", "08:00", "Europe/Berlin", "DE", "2026-11-24T19:59:59Z", ""},
		{"the first quiet second", "21:00", "08:00", "Europe/Berlin", "DE", "2026-11-24T20:00:00Z", "2026-11-25T07:00:00Z"},
		{"the first open minute", "21:00", "08:00", "Europe/Berlin", "DE", "2026-11-25T07:00:00Z", ""},
		{"the clocks go forward: the night is an hour shorter", "21:00", "08:00", "Europe/Berlin", "DE", "2026-03-28T20:00:00Z", "2026-03-29T06:00:00Z"},
		{"the clocks go back: the night is an hour longer", "21:00", "08:00", "Europe/Berlin", "DE", "2026-10-24T19:00:00Z", "2026-10-25T07:00:00Z"},
		{"the opening lies in the hour that is skipped", "21:00", "02:30", "Europe/Berlin", "DE", "2026-03-29T00:15:00Z", "2026-03-29T01:00:00Z"},
		{"the opening comes twice: the first one counts", "21:00", "02:30", "Europe/Berlin", "DE", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"},
		{"hours that do not cross midnight", "12:00", "14:00", "Europe/Berlin", "DE", "2026-11-24T11:30:00Z", "2026-11-24T13:00:00Z"},
		{"a zone by three quarters of an hour", "21:00", "08:00", "Asia/Kathmandu", "NP", "2026-11-24T20:00:00Z", "2026-11-25T02:15:00Z"},
		{"no zone: a country with one", "21:00", "08:00", "", "JP", "2026-11-24T18:00:00Z", "2026-11-24T23:00:00Z"},
		{"no zone: the United States, from New York's evening to Honolulu's morning", "21:00", "08:00", "", "US", "2026-11-24T16:00:00Z", "2026-11-24T18:00:00Z"},
		{"no zone: a state has its own", "21:00", "08:00", "", "US-NY", "2026-11-24T16:00:00Z", ""},
		{"no zone: a state with two waits for the later one", "21:00", "08:00", "", "US-TX", "2026-11-24T14:30:00Z", "2026-11-24T15:00:00Z"},
		{"a region we have no line for is its country", "21:00", "08:00", "", "DE-BY", "2026-11-24T22:00:00Z", "2026-11-25T07:00:00Z"},
		{"nothing known is home", "21:00", "08:00", "", "", "2026-11-24T22:00:00Z", "2026-11-25T07:00:00Z"},
		{"no hour suits all of Russia: Moscow counts", "18:00", "10:00", "", "RU", "2026-11-24T01:00:00Z", "2026-11-24T07:00:00Z"},
		{"no quiet hours at all", "00:00", "00:00", "Asia/Tokyo", "JP", "2026-11-24T18:00:00Z", ""},
	} {
		now := instant(c.now)
		open, at := night(c.from, c.to).Open(SMS, c.zone, c.place, now)
		want := now
		if c.want != "" {
			want = instant(c.want)
		}
		if !at.Equal(want) || open != (c.want == "") {
			t.Errorf("%s: open %v at %v, want %v", c.name, open, at.UTC(), want)
		}
	}
}

func TestQuietHoursBindTheirChannels(t *testing.T) {
	if open, _ := night("21:00", "08:00").Open(Email, "Asia/Tokyo", "JP", instant("2026-11-24T18:00:00Z")); !open {
		t.Error("an e-mail wakes nobody")
	}
}

func TestZonesAreThere(t *testing.T) {
	n := 0
	for line := range strings.Lines(zonesText) {
		if !strings.HasPrefix(line, "#") {
			p := Place(strings.Fields(line)[0])
			if !ValidPlace(p) || len(ZonesOf(p)) == 0 {
				t.Errorf("%s has no zone", p)
			}
			n++
		}
	}
	if n < 240 {
		t.Errorf("%d places only", n)
	}
	if ZonesOf("") != nil || ZonesOf("XX") != nil {
		t.Error("a place that is not has a zone")
	}
}

// Whatever the hours, the zones and the season: it opens at the first minute
// that is quiet nowhere, and never sooner or later.
func TestQuietHoursProperty(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2026))
	places := []Place{"US", "US-TX", "BR", "DE", "AU", "NP", "ES", "KZ", "CN-XJ", "GB", "IR", "CL", "PT", "NZ", "US-AK"}
	seasons := []time.Time{instant("2026-03-28T12:00:00Z"), instant("2026-03-07T20:00:00Z"), instant("2026-10-24T12:00:00Z"), instant("2026-11-01T00:00:00Z"), instant("2026-04-04T10:00:00Z"), instant("2026-07-01T00:00:00Z")}
	for range 300 {
		q := QuietHours{From: ClockTime(17*60 + r.IntN(6*60)), To: ClockTime(5*60 + r.IntN(5*60)), Channels: []Channel{SMS}}
		p := places[r.IntN(len(places))]
		now := seasons[r.IntN(len(seasons))].Add(time.Duration(r.IntN(36*3600)) * time.Second)
		open, at := q.Open(SMS, "", p, now)
		if open != at.Equal(now) || at.Before(now) {
			t.Fatalf("%v-%v in %s at %v: open %v at %v", q.From, q.To, p, now, open, at)
		}
		quietAt := func(at time.Time) bool {
			for _, z := range ZonesOf(p) {
				if q.quiet(clockTime(at, z)) {
					return true
				}
			}
			return false
		}
		if quietAt(at) {
			t.Fatalf("%v-%v in %s: %v is quiet", q.From, q.To, p, at)
		}
		for m := now; m.Before(at); m = m.Truncate(time.Minute).Add(time.Minute) {
			if !quietAt(m) {
				t.Fatalf("%v-%v in %s from %v: %v was open, it waited until %v", q.From, q.To, p, now, m, at)
			}
		}
	}
}
