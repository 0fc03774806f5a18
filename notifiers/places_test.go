package notifiers

import (
	"slices"
	"testing"

	"tocsin/incidents"
)

func TestNoticesThatWaitForAPlaceTakeTurns(t *testing.T) {
	p := newPlaces(2)
	for no := range int64(2) {
		if !p.enter(incidents.SMS, chunkKey{1, no + 1}) {
			t.Fatalf("chunk %d found no place of two", no+1)
		}
	}
	if !p.enter(incidents.Email, chunkKey{1, 1}) {
		t.Error("text messages took the places of e-mail")
	}
	for _, c := range []chunkKey{{1, 3}, {1, 4}, {1, 3}, {2, 1}, {1, 5}, {3, 7}} { // one is announced twice
		if p.enter(incidents.SMS, c) {
			t.Fatalf("%v found a third place of two", c)
		}
	}
	var got []chunkKey
	for {
		c, ok := p.leave(incidents.SMS)
		if !ok {
			break
		}
		p.enter(incidents.SMS, c)
		got = append(got, c)
	}
	if want := []chunkKey{{1, 3}, {2, 1}, {3, 7}, {1, 4}, {1, 5}}; !slices.Equal(got, want) {
		t.Errorf("places went to %v, not %v", got, want)
	}
	if p.taken[incidents.SMS] != 1 || p.taken[incidents.Email] != 1 {
		t.Errorf("taken are %v", p.taken)
	}
}
