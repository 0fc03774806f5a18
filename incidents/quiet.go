package incidents

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A ClockTime is a time of day on a wall clock, in minutes from midnight.
type ClockTime int

// ParseClockTime reads "21:00"; 24:00 is not a time of day.
func ParseClockTime(s string) (ClockTime, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, Invalid("%q is not a time of day", s).WithHint("write it like 21:00")
	}
	return ClockTime(t.Hour()*60 + t.Minute()), nil
}

func (c ClockTime) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// clockTime is what clocks on the wall show at an instant.
func clockTime(at time.Time, zone *time.Location) ClockTime {
	local := at.In(zone)
	return ClockTime(local.Hour()*60 + local.Minute())
}

// QuietHours are the hours of the night in which a channel that rings disturbs
// nobody, by the clock where the person lives. Nothing is quiet when From is To.
// The hours of a country with several zones are those quiet in any of them.
type QuietHours struct {
	From, To ClockTime // from inclusive, to exclusive; from 21:00 to 08:00 crosses midnight
	Channels []Channel
	Home     Place // stands in for a person's place that is not known
}

// Covers tells whether the hours bind a channel.
func (q QuietHours) Covers(c Channel) bool { return q.From != q.To && slices.Contains(q.Channels, c) }

// quiet tells whether the hours hold at a time of day.
func (q QuietHours) quiet(c ClockTime) bool {
	if q.From < q.To {
		return q.From <= c && c < q.To
	}
	return c >= q.From || c < q.To
}

// searchStep divides every offset from UTC there is: no window opens and shuts
// between two steps, as long as it is open a quarter of an hour.
const (
	searchStep = 15 * time.Minute
	searchFor  = 72 * time.Hour // through a night, and a change of clocks
)

// Open tells whether a channel may reach a person now, and when not, the first
// minute it may. zone is the person's own as an IANA name, "" when the list
// named none. Of zones that never share an open quarter of an hour the first
// counts.
func (q QuietHours) Open(c Channel, zone string, p Place, now time.Time) (open bool, at time.Time) {
	if !q.Covers(c) {
		return true, now
	}
	zones := personZones(zone, p, q.Home)
	if at, ok := q.opening(zones, now); ok {
		return at.Equal(now), at
	}
	if at, ok := q.opening(zones[:1], now); ok {
		return at.Equal(now), at
	}
	return true, now // open for less than a quarter of an hour a day: such hours bind nothing
}

// opening is now when every zone is open, else the first minute after now that is.
func (q QuietHours) opening(zones []*time.Location, now time.Time) (time.Time, bool) {
	all := func(at time.Time) bool {
		return !slices.ContainsFunc(zones, func(z *time.Location) bool { return q.quiet(clockTime(at, z)) })
	}
	if all(now) {
		return now, true
	}
	first := now.UTC().Truncate(time.Minute)
	for at := first.Add(searchStep); at.Before(first.Add(searchFor)); at = at.Add(searchStep) {
		if !all(at) {
			continue
		}
		for back := at.Add(-searchStep + time.Minute); ; back = back.Add(time.Minute) {
			if all(back) {
				return back, true
			}
		}
	}
	return time.Time{}, false
}

// checkOverride refuses a quiet-hours override without a reason an officer can weigh.
func checkOverride(reason string) error {
	if reason == "" {
		return nil
	}
	if len(strings.TrimSpace(reason)) < 10 || len(reason) > 500 {
		return Invalid("say in 10 to 500 characters why people are disturbed at night").On("quiet_override")
	}
	return nil
}
