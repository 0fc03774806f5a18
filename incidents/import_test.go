package incidents

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestTheStateOfAnImport(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		im   Import
		want ImportState
	}{
		{"it began just now", Import{At: now}, ImportRunning},
		{"it is slow, and moves", Import{At: now.Add(-time.Hour), Reading: &Reading{At: now.Add(-time.Minute)}}, ImportRunning},
		{"it is done", Import{At: now.Add(-time.Hour), Done: true}, ImportDone},
		{"it was closed before its end", Import{At: now, Broke: BrokeUpload, Reading: &Reading{At: now}}, ImportBroken},
		{"its process is gone", Import{At: now.Add(-time.Hour), Reading: &Reading{At: now.Add(-3 * time.Minute)}}, ImportBroken},
		{"it broke off before readings were kept", Import{At: now.Add(-time.Hour)}, ImportBroken},
	} {
		if got := c.im.State(now); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestTheRateOfAnImport(t *testing.T) {
	for _, c := range []struct {
		name  string
		r     *Reading
		rate  float64
		left  time.Duration
		known bool
	}{
		{"no reading", nil, 0, 0, false},
		{"too early", &Reading{Bytes: 10, Size: 100, Took: 200}, 0, 0, false},
		{"a quarter", &Reading{Bytes: 25, Size: 100, Took: 10_000}, 100, 30 * time.Second, true},
		{"nobody said how long it is", &Reading{Bytes: 25, Took: 10_000}, 100, 0, false},
		{"longer than was said", &Reading{Bytes: 120, Size: 100, Took: 10_000}, 100, 0, true},
	} {
		im := Import{Rows: 1000, Reading: c.r}
		left, known := im.Left()
		if im.PerSecond() != c.rate || left != c.left || known != c.known {
			t.Errorf("%s: %v a second, %v left, known %v", c.name, im.PerSecond(), left, known)
		}
	}
}

func TestWhyAnImportBrokeOff(t *testing.T) {
	cut := Invalid("the body did not arrive in one piece")
	cut.Err = ErrUploadEnded
	for want, errs := range map[ImportBreak][]error{
		BrokeUpload:  {cut, fmt.Errorf("read: %w", context.Canceled)},
		BrokeList:    {Invalid("the column name is missing")},
		BrokeService: {errors.New("the disk is full"), Unavailable("the database is away"), context.DeadlineExceeded},
	} {
		for _, err := range errs {
			if got := breakOf(err); got != want {
				t.Errorf("%v: %s, want %s", err, got, want)
			}
		}
	}
}
