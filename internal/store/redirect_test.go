package store

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// Of whom a returned letter says that they have died nothing more goes to their own
// channels, by this notice or another: their representative is told where the
// content allows it, and else they are not reached, or left out as the dead are.
func TestWhoHasDiedIsNotToldOnTheirOwnChannels(t *testing.T) {
	for name, representatives := range map[string]bool{"representatives are told": true, "nobody is": false} {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, w *world) {
				w.incident("i1", incidents.Live)
				var people []incidents.Candidate
				for i := int64(1); i <= 3; i++ {
					people = append(people, candidate(i, incidents.SMS, incidents.Letter))
				}
				w.list("im1", people, 10)
				release := func(no int64, plan ...incidents.Step) {
					w.draft(no, plan)
					w.n.Content.Routes = &incidents.Routes{Minors: incidents.MinorsTold, Representatives: representatives}
					w.n.Hash, w.n.Version = w.n.Content.Hash(), 2
					w.put()
					w.approve("otto")
					w.ok(w.release())
					w.reload()
				}
				other := incidents.Step{Channel: incidents.SMS}
				release(1, other, incidents.Step{Channel: incidents.Email}) // nothing of it has left
				release(2, incidents.Step{Channel: incidents.Email}, incidents.Step{Channel: incidents.Letter}, other)
				letters := w.left(incidents.Letter, incidents.OutcomeAccepted)
				flags := map[int64]int{1: incidents.FlagDeceased | incidents.FlagGuardian, 2: incidents.FlagDeceased, 3: incidents.FlagDeceased | incidents.FlagGuardian}
				channels := map[int64][]incidents.Channel{1: {incidents.Email}, 3: {incidents.SMS}}
				for _, x := range letters {
					id := x.Delivery.ID
					w.ok(w.s.PutReceipt(always, incidents.StatusReceipt{ID: "r" + id.String(), Delivery: id, Channel: id.Channel, Status: "bounced", Code: incidents.CodeDeceased, Reason: "has died", At: w.now()}))
					w.write(func(t *tx) error {
						return t.Redirect(incidents.NewPersonID(w.in.ID, id.Seq), flags[id.Seq], channels[id.Seq])
					})
				}
				w.fold()
				want := map[int64]string{1: "sms escalated, email planned; letter escalated, email planned", 2: "sms suppressed; letter undelivered", 3: "sms planned; letter escalated, sms planned"}
				if !representatives {
					want[1], want[3] = want[2], want[2]
				}
				for seq, says := range want {
					got := ""
					for _, no := range []int64{1, 2} {
						w.n.No = no
						if got != "" {
							got += "; "
						}
						at := len(got)
						for _, d := range w.deliveries(incidents.DeliveryFilter{Seq: seq}) {
							line := string(d.ID.Channel) + " " + string(d.State)
							switch {
							case len(got) == at:
								got += line
							case d.State == incidents.Escalated:
								got = got[:at] + line + ", " + got[at:]
							default:
								got += ", " + line
							}
						}
					}
					if got != says {
						t.Errorf("person %d: %s, want %s", seq, got, says)
					}
				}
				w.counted()
			})
		})
	}
}

// What was on its way when its person was found to have died is not tried again.
func TestARetryToWhoHasDiedIsLeftOut(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(1, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 1).Next
		w.write(func(t *tx) error {
			return t.Redirect(incidents.NewPersonID(w.in.ID, 1), incidents.FlagDeceased, nil)
		})
		done := w.outcomes(got, incidents.OutcomeRetry)
		w.mustTurn(c, incidents.Email, 0, done...)
		w.pass(2 * time.Minute)
		if next := w.mustTurn(c, incidents.Email, 1).Next; len(next) != 0 || w.state(1, incidents.Email) != incidents.Suppressed || w.state(1, incidents.SMS) != "" {
			t.Fatalf("claimed %+v, %+v", next, w.deliveries(incidents.DeliveryFilter{}))
		}
	})
}
