package incidents

import (
	"testing"
	"time"
)

// One approval that is too old is enough: a notice that needs two rests on both.
func TestHowOldAnApprovalMayBeWhenAHoldEnds(t *testing.T) {
	end := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		ages []time.Duration
		want bool
	}{
		{"an hour", []time.Duration{time.Hour}, false},
		{"a day", []time.Duration{24 * time.Hour}, false},
		{"a second more than a day", []time.Duration{24*time.Hour + time.Second}, true},
		{"the second of two is younger", []time.Duration{80 * time.Hour, time.Hour}, true},
		{"the first of two is younger", []time.Duration{time.Hour, 80 * time.Hour}, true},
		{"good for a release, not for this", []time.Duration{ApprovalMaxAge}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var all []Approval
			for _, age := range c.ages {
				all = append(all, Approval{At: end.Add(-age)})
			}
			if got := outdated(all, end); got != c.want {
				t.Errorf("too old: %v", got)
			}
		})
	}
}
