package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/standin"
	"tocsin/internal/store/storetest"
)

// In the console: a correction is prepared on the page of a notice; the first
// wave does not pass; the officer decides with a code; and when the notice turns
// out wrong, its page sends the correction.
func TestTheFirstWaveAndACorrectionInTheBrowser(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	b := openBrowser(t, h)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(60))
	n := h.approved(in, byMail)
	var refuse atomic.Bool
	refuse.Store(true)
	h.mail.Refuse = func(to string) error {
		if refuse.Load() && to != "person.00001@example.com" && to != "person.00002@example.com" {
			return standin.Reply(550, 5, 7, 1)
		}
		return nil
	}

	b.signIn("oscar")
	delivery := fmt.Sprintf("/notices/%d/delivery", n.No)
	b.open(fmt.Sprintf("/notices/%d", n.No))
	b.press(`form[action$="/correction"] button`)
	b.must("Drafted", "Correction of N-1", "It goes to exactly those whose message of N-1 left")
	b.fill("#title", "Sorry, that was another incident")
	b.press(`form:has(#title) button.main`) // saved without plan, places and duties: they are the other notice's
	b.must("Saved")
	b.look("correction-draft")
	b.press(`form[action$="/submit"] button.main`)
	b.must("Handed to the privacy officers")
	all, err := desk.CorrectionsOf(ctx, h.as("rita"), n)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	c := all[0]
	if len(c.Content.Plan) != 1 || c.Content.Plan[0].Channel != incidents.Email || c.Content.Corrects != n.ID || len(c.Content.Answers) != 0 {
		t.Fatalf("the correction is %+v", c.Content)
	}
	if err := desk.Decide(ctx, h.as("olga"), subjectOf(c), "approve", ""); err != nil {
		t.Fatal(err)
	}

	h.release(in, n)
	h.eventually("the hold", func() bool {
		got, _, err := desk.Notice(ctx, h.as("rita"), n.ID)
		return err == nil && got.Status == incidents.NoticeHeld
	})
	b.open(delivery)
	b.must("The first wave did not pass", "2 sent, 18 refused", "18 of 20 messages were refused", "decides")
	b.look("wave-stopped")
	b.fill("#wave-why", "the relay is mended")
	b.fill("#code", "000000")
	if status := b.press(`form[action$="/wave"] button.main`); status < 400 {
		t.Errorf("a wrong code was answered %d", status)
	}
	if kept := js[string](b, `document.querySelector("#wave-why").value`); kept != "the relay is mended" {
		t.Errorf("a wrong code lost the reason: %q", kept)
	}
	b.look("wave-wrong-code")
	refuse.Store(false)
	b.fill("#code", h.freshCode("oscar"))
	b.press(`form[action$="/wave"] button.main`)
	b.must("It goes on. Your decision is written down", "let the rest leave")
	h.eventually("the rest", func() bool { return h.mail.Count() == 42 })
	h.eventually("the end", func() bool {
		got, _, err := desk.Notice(ctx, h.as("rita"), n.ID)
		return err == nil && got.Status == incidents.NoticeDone
	})

	b.open(delivery)
	b.must("Send the correction N-2", "It goes to exactly those whose message left")
	b.look("correction-ready")
	b.fill("#cor-ref-2", "INC-1")
	b.fill("#code", h.freshCode("oscar"))
	if status := b.press(`form[action$="/correct"] button.danger`); status != 422 {
		t.Errorf("a wrong reference was answered %d", status)
	}
	b.fill("#cor-ref-2", in.Ref)
	b.fill("#code", h.freshCode("oscar"))
	b.press(`form[action$="/correct"] button.danger`)
	b.must("Released. It follows the messages that had left")
	h.eventually("the corrections", func() bool { return h.mail.Count() == 84 })
	h.eventually("the live page", func() bool { return strings.Contains(b.text(), "First wave passed: 20 sent, 0 refused") })
	b.look("correction-sent")
}
