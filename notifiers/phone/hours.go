package phone

import (
	"cmp"
	"slices"
	"time"
)

// Hours are those of a day, local to the person, at which a call may be made:
// from the first until the second, both counted from midnight.
type Hours struct{ From, Until time.Duration }

// Wait is how long a call to a person in one of the zones must wait. Where a
// number tells several zones, it must be a good hour in all of them, and where
// there is no such hour, in the one in their middle. Without any zone it is UTC.
func (h Hours) Wait(now time.Time, zones []*time.Location) time.Duration {
	if len(zones) == 0 {
		zones = []*time.Location{time.UTC}
	}
	if at, ok := h.next(now, zones); ok {
		return at.Sub(now)
	}
	at, _ := h.next(now, []*time.Location{middle(now, zones)})
	return max(0, at.Sub(now))
}

// middle is the zone with as many zones east of it as west.
func middle(now time.Time, zones []*time.Location) *time.Location {
	offset := func(z *time.Location) int { _, s := now.In(z).Zone(); return s }
	sorted := slices.SortedFunc(slices.Values(zones), func(a, b *time.Location) int { return cmp.Compare(offset(a), offset(b)) })
	return sorted[len(sorted)/2]
}

// next finds the first moment from now on that is a good hour in every zone.
// It is now, or the opening of a day in one of the zones, today, tomorrow or
// after that, when a day has no such hour because clocks are put forward.
func (h Hours) next(now time.Time, zones []*time.Location) (first time.Time, ok bool) {
	consider := func(at time.Time) {
		if at.Before(now) || ok && !at.Before(first) {
			return
		}
		for _, z := range zones {
			if !h.open(at, z) {
				return
			}
		}
		first, ok = at, true
	}
	consider(now)
	for _, z := range zones {
		y, m, d := now.In(z).Date()
		for day := range 3 {
			consider(time.Date(y, m, d+day, 0, int(h.From.Minutes()), 0, 0, z))
		}
	}
	return first, ok
}

// open tells whether the clock on the wall of a zone shows a good hour.
func (h Hours) open(at time.Time, z *time.Location) bool {
	hour, minute, second := at.In(z).Clock()
	of := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	return of >= h.From && of < h.Until
}
