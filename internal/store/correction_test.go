package store

import (
	"slices"
	"testing"

	"tocsin/incidents"
)

// correction drafts, approves and releases the correction of the present notice.
func (w *world) correction() error {
	w.t.Helper()
	of := w.n
	c := of.Content
	c.Kind, c.Corrects, c.Plan = incidents.NoticeCorrection, of.ID, nil
	for _, s := range of.Content.Plan {
		c.Plan = append(c.Plan, incidents.Step{Channel: s.Channel})
	}
	w.n = incidents.Notice{ID: of.ID + "-correction", No: of.No + 1, IncidentID: w.in.ID, Title: "Correction", Status: incidents.NoticeSubmitted, Version: 1,
		Content: c, Hash: c.Hash(), Author: "ana", Editors: []incidents.AccountID{"ana"}, CreatedAt: w.now(), UpdatedAt: w.now()}
	w.put()
	w.approve("otto")
	return w.release()
}

// A correction goes to whom a message left, may have left or is leaving, by the
// channel it left by; not to whom nothing left, nor to whom it came back from.
func TestACorrectionFollowsWhatLeft(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(10, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 9).Next // the tenth never leaves
		answer := func(o incidents.Outcome, claims ...incidents.Claimed) []incidents.Recorded {
			return w.outcomes(claims, o)
		}
		w.mustTurn(c, incidents.Email, 0, slices.Concat(
			answer(incidents.OutcomeAccepted, got[0], got[1], got[2], got[7]), answer(incidents.OutcomeDoubt, got[3]), answer(incidents.OutcomeRefused, got[4]),
			answer(incidents.OutcomeRetry, got[5]))...) // 7 and 9 are on their way
		receipt := func(seq int64, status string) {
			id := got[seq-1].Delivery.ID
			w.ok(w.s.PutReceipt(always, incidents.StatusReceipt{ID: status + id.String(), Delivery: id, Channel: incidents.Email, Status: status, At: w.now()}))
		}
		receipt(2, "delivered")
		receipt(3, "bounced") // goes on to SMS, and nothing leaves by it
		_, err := w.s.FoldReceipts(always, 100)
		w.ok(err)
		w.write(func(t *tx) error { // no receipt of 8 came in time: on to SMS, though the e-mail left
			_, err := t.run(`UPDATE deliveries SET next_at = $1`+t.apart(`state`, `$1`)+` WHERE notice_no = $2 AND seq = 8 AND channel = 1`, ms(w.now()), w.n.No)
			return err
		})
		sms := w.mustTurn(c, incidents.SMS, 1).Next
		w.mustTurn(c, incidents.SMS, 0, answer(incidents.OutcomeAccepted, sms...)...)
		w.write(func(t *tx) error {
			n, err := t.Notice(w.n.ID)
			if err != nil {
				return err
			}
			d, err := t.delivery(incidents.DeliveryID{Notice: n.No, Seq: 8, Channel: incidents.Email})
			if err != nil {
				return err
			}
			r, _, err := t.release(n.No)
			if err != nil {
				return err
			}
			s := shift{}
			if _, err := t.fallBack(s, r, n.Content, []delivery{d}, w.now()); err != nil {
				return err
			}
			if err := t.book(s); err != nil {
				return err
			}
			return t.SetExcluded(incidents.NewPersonID(w.in.ID, 2), "safety", "")
		})
		w.stop()
		w.list("im2", []incidents.Candidate{candidate(11), candidate(12)}, 10) // the list goes on
		w.reload()
		w.ok(w.correction())
		want := map[string]incidents.DeliveryState{"1-e": incidents.Planned, "2-e": incidents.Suppressed, "4-e": incidents.Planned, "7-e": incidents.Planned, "8-e": incidents.Planned, "9-e": incidents.Planned}
		for _, x := range sms {
			want[x.Delivery.ID.String()[len("1-"):]] = incidents.Planned
		}
		all := w.deliveries(incidents.DeliveryFilter{})
		for _, d := range all {
			key := d.ID.String()[len("2-"):]
			if want[key] != d.State {
				t.Errorf("%s is %s, want %q", d.ID, d.State, want[key])
			}
			delete(want, key)
		}
		if len(want) > 0 {
			t.Errorf("nothing for %v", want)
		}
		if r := w.reconcile(); r.List != int64(len(all)) || r.Unaccounted() != 0 {
			t.Errorf("%+v", r)
		}
		// It is refused where the message was taken: nobody gets it by another channel.
		w.reload()
		c = w.mustTake(1)
		next := w.mustTurn(c, incidents.Email, 10).Next
		if w.mustTurn(c, incidents.Email, 0, answer(incidents.OutcomeRefused, next...)...); len(w.deliveries(incidents.DeliveryFilter{})) != len(all) {
			t.Error("a refused correction went on to another channel")
		}
	})
}

// Its approval is of exactly its content: of another notice's messages, or of
// other words, it is not; and nothing that was never released is corrected.
func TestACorrectionNeedsItsOwnApproval(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(3, mailOnly)
		c := w.mustTake(1)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(w.mustTurn(c, incidents.Email, 3).Next, incidents.OutcomeAccepted)...)
		of := w.n
		w.draft(5, mailOnly) // another notice, never released
		other := w.n
		w.n = of
		w.ok(w.correction())

		w.n.ID, w.n.No = "third", 9
		w.n.Content.Corrects, w.n.Status = other.ID, incidents.NoticeApproved // approved content with another audience
		w.put()
		w.refused(incidents.KindForbidden, w.release())
		w.n.Hash = w.n.Content.Hash()
		w.put()
		w.refused(incidents.KindForbidden, w.release())
		w.approve("otto")
		w.refused(incidents.KindNotFound, w.release())
		w.n.Status = incidents.NoticeDraft
	})
}

// Of a stopped notice a doubt cannot be sent again. Whatever a person clicks, who may
// have got it gets the correction.
func TestACorrectionFollowsASettledDoubt(t *testing.T) {
	for to, want := range map[incidents.DeliveryState]incidents.DeliveryState{incidents.Ready: incidents.Cancelled, incidents.Accepted: incidents.Accepted} {
		t.Run(string(to), func(t *testing.T) {
			eachEngine(t, func(t *testing.T, w *world) {
				w.sending(3, mailOnly)
				c := w.mustTake(1)
				got := w.mustTurn(c, incidents.Email, 1).Next
				w.mustTurn(c, incidents.Email, 0, w.outcomes(got, incidents.OutcomeDoubt)...)
				w.stop()
				w.write(func(t *tx) error {
					return t.SettleDoubt(got[0].Delivery.ID, to, "decided by a person", w.now())
				})
				w.counted()
				if s := w.state(1, incidents.Email); s != want {
					t.Errorf("the doubt became %s, not %s", s, want)
				}
				w.ok(w.correction())
				if all := w.deliveries(incidents.DeliveryFilter{}); len(all) != 1 || all[0].ID.Seq != 1 {
					t.Errorf("the correction goes to %v", all)
				}
			})
		})
	}
}
