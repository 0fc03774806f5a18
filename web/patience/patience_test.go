package patience

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestWhenAConnectionIsCut(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(*Patience)
		want bool
	}{
		"it stands still":   {func(*Patience) { time.Sleep(11 * time.Second) }, true},
		"it is over before": {func(p *Patience) { p.End(); time.Sleep(time.Minute) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cut := false
				p := New(10*time.Second, func(at time.Time) error { cut = at.Before(time.Now()); return nil })
				c.do(p)
				synctest.Wait()
				p.End()
				if cut != c.want {
					t.Errorf("cut: %t, want %t", cut, c.want)
				}
			})
		})
	}
}
