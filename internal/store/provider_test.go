package store

import (
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
)

// Stretches of an account's time that processes lease at the same moment do
// not overlap, a pause is for everybody, and the figures add up.
func TestProcessesShareAnAccount(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		ask := incidents.LeaseAsk{Account: "sms/first", PerSecond: 10, Want: 5, Sent: 3, Now: w.now()}
		var mu sync.Mutex
		starts := map[time.Time]bool{}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				l, err := w.s.LeaseSends(always, ask)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || l.Sends != 5 || l.Every != 100*time.Millisecond || starts[l.From] {
					t.Errorf("leased %+v, %v", l, err)
				}
				starts[l.From] = true
			})
		}
		all.Wait()
		for i := range 8 {
			if at := noon.Add(time.Duration(i) * time.Second / 2); !starts[at] {
				t.Errorf("nobody was given the stretch from %s: %v", at, starts)
			}
		}
		w.ok(w.s.PauseProvider(always, "sms/first", noon.Add(30*time.Second)))
		w.ok(w.s.PauseProvider(always, "sms/first", noon.Add(10*time.Second))) // never shortened
		if l, err := w.s.LeaseSends(always, ask); err != nil || l.Sends != 0 || !l.Paused.Equal(noon.Add(30*time.Second)) {
			t.Errorf("inside the pause: %+v, %v", l, err)
		}
		if l, err := w.s.LeaseSends(always, incidents.LeaseAsk{Account: "sms/second", PerSecond: 1, Want: 1, Now: w.now()}); err != nil || l.Sends != 1 {
			t.Errorf("another account: %+v, %v", l, err)
		}
		w.ok(w.s.ReportProvider(always, incidents.ProviderReport{Account: "sms/first", Channel: incidents.SMS, State: incidents.ProviderAway, Error: "Twilio cannot be reached", At: w.now()}))
		w.pass(time.Minute)
		h, err := w.s.ProviderHealth(always)
		w.ok(err)
		if len(h) != 2 {
			t.Fatalf("%d accounts", len(h))
		}
		if x := h[0]; x.Account != "sms/first" || x.State != incidents.ProviderAway || x.LastError == "" || !x.Since.Equal(noon) || x.PausedUntil != nil || x.Pauses != 1 || x.Minute != 27 || x.Total != 27 || x.PerSecond != 10 {
			t.Errorf("the health of the account: %+v", x)
		}
		if l, err := w.s.LeaseSends(always, incidents.LeaseAsk{Account: "sms/first", PerSecond: 10, Want: 1, Now: w.now()}); err != nil || !l.From.Equal(w.now()) {
			t.Errorf("after the pause: %+v, %v", l, err)
		}
	})
}
