package store

import (
	"testing"

	"tocsin/incidents"
)

func TestCapturesAreKeptSealedAndTwiceWhenSentTwice(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(3, twoSteps)
		put := func(notice, seq int64) {
			id := incidents.DeliveryID{Notice: notice, Seq: seq, Channel: incidents.Email}
			w.ok(w.s.Capture(always, incidents.Capture{ID: id.String(), Delivery: id, Channel: incidents.Email, Mode: incidents.Drill, Lang: "en", At: w.now(),
				To: "canary1@example.com", Subject: "To Canary", Body: []byte("Dear Canary Person1")}))
		}
		put(1, 1)
		put(1, 1)
		put(1, 2)
		put(77, 1) // a notice that was never released
		page, err := w.s.Captures(always, 1, "", 2)
		w.ok(err)
		if len(page) != 2 || page[0].ID != "1-2-e" || page[1].ID != "1-1-e~2" || page[0].To != "" || page[0].Body != nil {
			t.Fatalf("page %+v", page)
		}
		page, err = w.s.Captures(always, 1, page[1].ID, 2)
		w.ok(err)
		if len(page) != 1 || page[0].ID != "1-1-e" {
			t.Fatalf("second page %+v", page)
		}
		for _, id := range []string{"1-1-e~2", "77-1-e"} {
			c, err := w.s.OpenCapture(always, id)
			w.ok(err)
			if c.To != "canary1@example.com" || c.Subject != "To Canary" || string(c.Body) != "Dear Canary Person1" || c.Mode != incidents.Drill {
				t.Fatalf("capture %+v", c)
			}
		}
		noPlaintext(t, w)
	})
}

func TestClaimedStatusNamesTheListsOwnIDs(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(3, twoSteps)
		got := map[string]incidents.DeliveryState{}
		w.ok(w.s.ClaimedStatus(always, 1, func(ref string, c incidents.Channel, s incidents.DeliveryState) error {
			got[ref+" "+string(c)] = s
			return nil
		}))
		if len(got) != 3 || got["REF-2 email"] != incidents.Planned {
			t.Fatalf("claimed %v", got)
		}
	})
}
