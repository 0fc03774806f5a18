package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"tocsin/incidents"
	"tocsin/internal/ledger"
	"tocsin/internal/settings"
	"tocsin/internal/store/storetest"
)

// A brake stands between long work and who watches it: the work goes no further
// than a test lets it, until the test or the brake is off.
type brake struct {
	incidents.Watch
	step chan struct{}
	off  func()
	gone <-chan struct{}
}

func (h *house) brake() *brake {
	ctx, off := context.WithCancel(context.Background())
	h.t.Cleanup(off)
	b := &brake{h.app.Desk.Watch, make(chan struct{}), off, ctx.Done()}
	h.app.Desk.Watch = b
	return b
}

func (b *brake) Moved(w incidents.Work) {
	b.Watch.Moved(w)
	if w.State == incidents.WorkRunning {
		select {
		case <-b.step:
		case <-b.gone:
		}
	}
}

// let lets the work go one step further.
func (b *brake) let() { b.step <- struct{}{} }

// oneOfficer is enough for however many people.
func oneOfficer(s *settings.Settings) { s.Limits.TwoApproversAbove = 1_000_000 }

// bar is what the bar of the page says, -1 when there is none.
func (b *browser) bar() int {
	b.t.Helper()
	return js[int](b, `Number(document.querySelector('#main [role="progressbar"]')?.getAttribute("aria-valuenow") ?? -1)`)
}

// scripts lets the pages from here on run theirs, or not.
func (b *browser) scripts(on bool) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		b.t.Fatal(err)
	}
}

// work is what the API says is going on.
func (h *house) work(in incidents.Incident) []incidents.Work {
	h.t.Helper()
	var list struct{ Items []incidents.Work }
	h.call("ada", http.MethodGet, "/incidents/"+in.Ref+"/work", nil, &list)
	return list.Items
}

// A long list is released. Who pressed the button, whoever has the page open and
// who loads it anew see how far it is, until it is released. Then a release whose
// caller leaves: nothing was released, and the page says so.
func TestAReleaseIsWatchedWhileItIsPrepared(t *testing.T) {
	h := openHouse(t, storetest.SQLite, oneOfficer)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(40_000))
	n, second := h.approved(in, byMail), h.approved(in, byMail)
	rita, olga, brake := openBrowser(t, h), openBrowser(t, h), h.brake()
	page := fmt.Sprintf("/notices/%d", n.No)
	olga.signIn("olga")
	olga.open(page)
	rita.signIn("rita")
	rita.open(page)

	rita.fill("#ref", "INC-1")
	rita.fill("#persons", "40000")
	if status := rita.press(`form[action$="/release"] button`); status != 422 {
		t.Errorf("a wrong reference was answered %d", status)
	}
	rita.fill("#ref", in.Ref)
	rita.press(`form[action$="/release"] button`)
	rita.must("Being prepared", "0 of 40,000 people", "If it breaks off, nothing was released")
	h.eventually("the bar on the officer's page, by itself", func() bool { return olga.bar() == 0 })
	if rita.bar() != 0 || js[bool](rita, `!!document.querySelector('form[action$="/release"], #title')`) {
		t.Error("there is no bar for who pressed the button, or it can be pressed again")
	}
	brake.let()
	h.eventually("the bar to move, for both", func() bool { return olga.bar() == 80 && rita.bar() == 80 })
	rita.lookBoth("release-running")
	h.ahead.Store(int64(2 * time.Minute)) // after a minute a session is noted to be in use, and the writer is busy
	h.eventually("the API to say it", func() bool {
		w := h.work(in)
		return len(w) == 1 && w[0].Kind == incidents.WorkRelease && w[0].Subject == string(n.ID) && w[0].Done == 32_000 && w[0].Total == 40_000
	})
	olga.scripts(false)
	olga.open(page)
	if now := olga.bar(); now != 80 {
		t.Errorf("after a reload, without scripts, the bar is at %d", now)
	}
	if got, _, err := desk.Notice(ctx, h.as("rita"), n.ID); err != nil || got.Status != incidents.NoticeApproved {
		t.Errorf("it is %s before it is released, %v", got.Status, err)
	}
	brake.let()
	brake.let()
	h.eventually("the end, for both", func() bool {
		return olga.bar() < 0 && rita.bar() < 0 && strings.Contains(rita.text(), "Delivery") && !strings.Contains(rita.text(), "Being prepared")
	})
	olga.scripts(true)
	if got, _, err := desk.Notice(ctx, h.as("rita"), n.ID); err != nil || got.ReleasedAt == nil || len(h.work(in)) != 0 {
		t.Errorf("it is %s after it is released, %v", got.Status, err)
	}
	rita.look("release-done")
	if _, err := desk.StopNotice(ctx, h.as("rita"), n.ID, "seen enough"); err != nil {
		t.Fatal(err)
	}

	olga.open(fmt.Sprintf("/notices/%d", second.No))
	call, leave := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- desk.ReleaseNotice(call, h.as("rita"), second.ID, incidents.Release{Ref: in.Ref, Persons: 40_000})
	}()
	brake.let()
	h.eventually("the bar of the second", func() bool { return olga.bar() == 80 })
	leave()
	brake.let()
	if err := <-ended; err == nil {
		t.Fatal("it was released for nobody")
	}
	h.eventually("what became of it", func() bool {
		return olga.bar() < 0 && strings.Contains(olga.text(), "nothing was released, and nothing has left")
	})
	olga.must("Whoever asked for it left")
	olga.lookBoth("release-broken")
	p, err := desk.Progress(ctx, h.as("rita"), second.ID)
	if err != nil || p.Notice.Status != incidents.NoticeApproved || p.Reconciliation.List != 0 {
		t.Errorf("after a release that broke off: %s, %+v, %v", p.Notice.Status, p.Reconciliation, err)
	}
	again := make(chan error, 1)
	go func() {
		again <- desk.ReleaseNotice(ctx, h.as("rita"), second.ID, incidents.Release{Ref: in.Ref, Persons: 40_000})
	}()
	for range 3 {
		brake.let()
	}
	if err := <-again; err != nil {
		t.Error("it cannot be released again:", err)
	}
	if _, err := desk.StopNotice(ctx, h.as("rita"), second.ID, "seen enough"); err != nil {
		t.Fatal(err)
	}
}

// An auditor takes the evidence bundle and sees, as everybody who may take one,
// how far it is.
func TestABundleIsWatchedWhileItIsBuilt(t *testing.T) {
	h := openHouse(t, storetest.SQLite, oneOfficer)
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(2000))
	h.release(in, h.approved(in, byMail))
	ada, brake := openBrowser(t, h), h.brake()
	ada.signIn("ada")
	ada.open("/incidents/" + in.Ref)
	var bundle bytes.Buffer
	ended := make(chan error, 1)
	go func() { ended <- h.app.Bundle(context.Background(), h.as("ada"), in.ID, &bundle) }()
	h.eventually("the bar, by itself", func() bool { return ada.bar() == 0 })
	brake.let()
	h.eventually("the bar to move", func() bool { return ada.bar() == 50 })
	ada.must("Being built", "for Ada Test")
	ada.look("bundle-running")
	ada.open("/incidents/" + in.Ref)
	if now := ada.bar(); now != 50 {
		t.Errorf("after a reload the bar is at %d", now)
	}
	brake.off()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	h.eventually("the end", func() bool { return ada.bar() < 0 })
	found, err := ledger.VerifyBundle(bytes.NewReader(bundle.Bytes()), int64(bundle.Len()), ledger.VerifyOptions{VerifierKey: h.app.Verifier()})
	if err != nil || !found.OK() {
		t.Fatal(err, found.Problems)
	}
}

// A correction takes a while too. Its second factor is kept before it has the
// database to itself, so that the answer need not wait.
func TestALongCorrectionIsAnsweredAtOnce(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(5))
	n := h.approved(in, byMail)
	h.released(in, n)
	c := h.approved(in, incidents.NoticeInput{Corrects: n.ID})
	oscar, brake := openBrowser(t, h), h.brake()
	oscar.signIn("oscar")
	oscar.open(fmt.Sprintf("/notices/%d/delivery", n.No))
	oscar.fill(fmt.Sprintf("#cor-ref-%d", c.No), in.Ref)
	oscar.fill("#code", h.freshCode("oscar"))
	oscar.press(`form[action$="/correct"] button.danger`)
	oscar.must("Correction of N-1", "Being prepared", "0 of 5 people")
	brake.off()
	h.eventually("the end", func() bool {
		got, _, err := desk.Notice(ctx, h.as("rita"), c.ID)
		return err == nil && got.ReleasedAt != nil && oscar.bar() < 0
	})
	h.eventually("the corrections", func() bool { return h.mail.Count() == 10 })
	oscar.open("/") // under the cookie of the second factor
	oscar.must("Overview")
}

// On either engine the API says how far a release is, and everything may be read
// while it has the database; whoever releases over the API and hangs up releases
// nothing.
func TestTheAPISaysHowFarAReleaseIs(t *testing.T) {
	for _, engine := range []string{storetest.SQLite, storetest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			h := openHouse(t, engine)
			ctx, desk := context.Background(), h.app.Desk
			in := h.incident(time.Now().UTC())
			h.list(in, csvOf(3))
			n, brake := h.approved(in, byMail), h.brake()
			release := func(ctx context.Context) <-chan error {
				ended := make(chan error, 1)
				go func() {
					body := strings.NewReader(fmt.Sprintf(`{"ref":%q,"persons":3}`, in.Ref))
					req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://%s/api/v1/notices/N-%d/release", h.at.Inside, n.No), body)
					if err != nil {
						ended <- err
						return
					}
					req.Header.Set("Authorization", "Bearer "+h.team["rita"].token)
					req.Header.Set("Content-Type", "application/json")
					resp, err := http.DefaultClient.Do(req)
					if err == nil {
						err = resp.Body.Close()
					}
					ended <- err
				}()
				return ended
			}
			is := func(state incidents.WorkState) func() bool {
				return func() bool {
					w := h.work(in)
					return len(w) == 1 && w[0].State == state && w[0].Subject == string(n.ID) && w[0].Total == 3
				}
			}
			status := func() incidents.NoticeStatus {
				got, _, err := desk.Notice(ctx, h.as("rita"), n.ID)
				if err != nil {
					t.Fatal(err)
				}
				return got.Status
			}

			call, hangUp := context.WithCancel(ctx)
			ended := release(call)
			h.eventually("a release on its way", is(incidents.WorkRunning))
			hangUp()
			if err := <-ended; err == nil {
				t.Fatal("who hung up was answered")
			}
			time.Sleep(500 * time.Millisecond) // the service sees a closed connection at once; nothing tells when
			brake.let()
			h.eventually("what became of it", is(incidents.WorkFailed))
			if s := status(); s != incidents.NoticeApproved {
				t.Errorf("after that it is %s", s)
			}

			ended = release(ctx)
			h.eventually("it again, in its place", is(incidents.WorkRunning))
			if s := status(); s != incidents.NoticeApproved {
				t.Errorf("meanwhile it is %s", s)
			}
			brake.off()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			h.eventually("nothing more to say", func() bool { return len(h.work(in)) == 0 })
			h.eventually("the messages", func() bool { return h.mail.Count() == 3 && status() == incidents.NoticeDone })
		})
	}
}
