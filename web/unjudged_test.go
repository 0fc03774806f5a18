package web

import (
	"context"
	"errors"
	"testing"

	"tocsin/incidents"
)

// A failingOnce is a store whose first write fails.
type failingOnce struct {
	incidents.Store
	writes int
}

func (f *failingOnce) Write(ctx context.Context, fn func(incidents.Tx) error) error {
	if f.writes++; f.writes == 1 {
		return errors.New("its facts cannot be read")
	}
	return f.Store.Write(ctx, fn)
}

// One incident that cannot be judged keeps no other from it, and is named.
func TestOneBrokenIncidentKeepsNoOtherFromBeingJudged(t *testing.T) {
	w := newWorld(t)
	w.incidentWithList(1)
	w.incidentWithList(1)
	desk := *w.desk
	broken := &failingOnce{Store: desk.Store}
	desk.Store = broken
	seen := map[incidents.IncidentID]string{}
	err := desk.JudgeSubstitutes(t.Context(), seen)
	var named *incidents.Unjudged
	if !errors.As(err, &named) || broken.writes != 2 || len(seen) != 1 {
		t.Errorf("%d were tried and %d looked at: %v", broken.writes, len(seen), err)
	}
	must(t, desk.JudgeSubstitutes(t.Context(), seen))
	if len(seen) != 2 {
		t.Errorf("%d looked at in the end", len(seen))
	}
	broken.writes = 0
	w.rules.Swap(newLaw(t, "2099.1"))
	if err := desk.RejudgeAll(t.Context()); !errors.As(err, &named) || broken.writes != 2 {
		t.Errorf("by a new pack %d were tried: %v", broken.writes, err)
	}
	must(t, desk.RejudgeAll(t.Context()))
	if broken.writes != 3 {
		t.Errorf("%d were tried in the end", broken.writes)
	}
}
