package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/standin"
	"tocsin/internal/store/storetest"
)

// byTelephone is a house that calls people, at any hour of the day.
func byTelephone(s *settings.Settings) {
	p := &s.Channels.Phone
	p.Mode, p.From, p.Hours, p.RatePerSecond = settings.ModeTwilio, "+14155550188", "00:00-24:00", 0
}

const callable = "subject_id,name,email,phone,country,locale,data_categories\n" +
	"1,Ann Answers,,+14155550101,US,en,basic\n" +
	"2,Bo Machine,,+14155550102,US,en,basic\n" +
	"3,孙霞,,+8613800138003,CN,zh-CN,basic\n"

// callsTo counts the calls to a number.
func callsTo(h *house, number string) (out []standin.Call) {
	for _, c := range h.twilio.Calls() {
		if c.To == number {
			out = append(out, c)
		}
	}
	return out
}

// waiting counts who waits for the next call.
func (h *house) waiting(n incidents.Notice) int64 {
	h.t.Helper()
	p, err := h.app.Desk.Progress(context.Background(), h.as("rita"), n.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	if p.Reconciliation.Unaccounted() != 0 {
		h.t.Fatalf("somebody is in no row: %+v", p.Reconciliation)
	}
	for _, t := range p.Tallies {
		if t.Channel == incidents.Phone {
			return t.States[incidents.RetryWait]
		}
	}
	return 0
}

// Three people are called. Two press the key and hear their own notice, each in
// their language; at the third's a machine answers three times, hears nothing
// of it, and the person gets an SMS.
func TestPeopleAreCalled(t *testing.T) {
	h := openHouse(t, storetest.SQLite, byTelephone)
	h.twilio.Answers = func(to string) string {
		if to == "+14155550102" {
			return standin.AnswerMachine
		}
		return standin.AnswerHuman
	}
	ctx := context.Background()
	in := h.incident(time.Now().UTC())
	h.list(in, callable)
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Phone}, {Channel: incidents.SMS}}})
	if err := h.app.Desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: 3}); err != nil {
		t.Fatal(err)
	}
	for try := 1; try <= 3; try++ {
		h.eventually(fmt.Sprintf("call %d to the machine", try), func() bool { return len(callsTo(h, "+14155550102")) == try })
		if try < 3 {
			h.eventually("the wait for the next call", func() bool { return h.waiting(n) == 1 })
			h.ahead.Add(int64(2*time.Hour + time.Minute))
		}
	}
	h.eventually("the SMS", func() bool { return len(h.twilio.Texts()) == 1 })
	h.eventually("the notice's end", func() bool {
		p, err := h.app.Desk.Progress(ctx, h.as("rita"), n.ID)
		return err == nil && p.Notice.Status == incidents.NoticeDone && p.Reconciliation.ReachedDirect == 2 && p.Reconciliation.ReachedLater == 1
	})
	if to := h.twilio.Texts()[0].To; to != "+14155550102" {
		t.Errorf("the SMS went to %s", to)
	}
	heardOwn(t, h, "+14155550101", "en-US", "A security incident at Example Retail Ltd")
	heardOwn(t, h, "+8613800138003", "cmn-CN", "发生一起安全事件")
	for _, c := range callsTo(h, "+14155550102") {
		if c.Told != "" || strings.Contains(c.Script, "incident") || !strings.Contains(c.Heard, "press 1") {
			t.Errorf("the machine heard %q, and then %q", c.Heard, c.Told)
		}
		if c.From != "+14155550188" {
			t.Errorf("called from %s", c.From)
		}
	}
	claimed(t, h, n, "1 phone delivered", "3 phone delivered", "2 phone escalated", "2 sms delivered")
}

// heardOwn checks that one call was made to a number, and said the notice in
// its language with its person's code, spelled.
func heardOwn(t *testing.T, h *house, number, language, words string) {
	t.Helper()
	calls := callsTo(h, number)
	if len(calls) != 1 {
		t.Fatalf("%d calls to %s", len(calls), number)
	}
	told := calls[0].Told
	if !strings.Contains(told, language) || strings.Count(told, words) != 2 || strings.Contains(calls[0].Script, words) {
		t.Errorf("%s was told %s", number, told)
	}
	for _, other := range h.twilio.Calls() {
		if other.To != number && other.Told == told {
			t.Error("two people were told the same code")
		}
	}
}

func claimed(t *testing.T, h *house, n incidents.Notice, want ...string) {
	t.Helper()
	var lines []string
	if err := h.app.ClaimedStatus(context.Background(), h.as("rita"), n.No, func(ref string, c incidents.Channel, s incidents.DeliveryState) error {
		lines = append(lines, fmt.Sprintf("%s %s %s", ref, c, s))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(lines, "\n")
	for _, line := range want {
		if !strings.Contains(all, line) {
			t.Errorf("the claimed status lacks %q:\n%s", line, all)
		}
	}
}

// A call that rings while the notice is stopped says nothing once it is taken,
// and its person is not called again. Nobody but Twilio gets the words.
func TestACallOfAStoppedNoticeSaysNothing(t *testing.T) {
	h := openHouse(t, storetest.SQLite, byTelephone)
	ringing, stopped := make(chan struct{}, 3), make(chan struct{})
	h.twilio.Answers = func(string) string {
		ringing <- struct{}{}
		<-stopped
		return standin.AnswerHuman
	}
	ctx := context.Background()
	in := h.incident(time.Now().UTC())
	h.list(in, callable)
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Phone}}})
	if err := h.app.Desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: 3}); err != nil {
		t.Fatal(err)
	}
	<-ringing
	h.eventually("three calls", func() bool { return len(h.twilio.Calls()) == 3 })
	strangersGetNothing(t, h)
	if _, err := h.app.Desk.StopNotice(ctx, h.as("olga"), n.ID, "it is not true"); err != nil {
		t.Fatal(err)
	}
	close(stopped)
	h.eventually("the calls' end", func() bool {
		p, err := h.app.Desk.Progress(ctx, h.as("rita"), n.ID)
		return err == nil && p.Reconciliation.Cancelled == 3
	})
	for _, c := range h.twilio.Calls() {
		if c.Told == "" || !strings.Contains(c.Told, "Hangup") || strings.Contains(c.Told, "Say") {
			t.Errorf("the call said %q", c.Told)
		}
	}
}

// strangersGetNothing asks for the words of a call without Twilio's signature,
// and with an address that is not ours.
func strangersGetNothing(t *testing.T, h *house) {
	t.Helper()
	form := url.Values{"CallSid": {"CA1"}, "Digits": {"1"}}
	good := h.twilio.Calls()[0].Callback + "/speak"
	for _, ask := range []struct{ name, address, signature string }{
		{"no signature", good, ""},
		{"another's signature", good, standin.Sign("not the token", good, form)},
		{"another's call", strings.Replace(good, "-v/1/", "-v/2/", 1), standin.Sign(h.twilio.AuthToken, strings.Replace(good, "-v/1/", "-v/2/", 1), form)},
	} {
		req, err := http.NewRequest(http.MethodPost, ask.address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Twilio-Signature", ask.signature)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden || strings.Contains(string(b), "Say") {
			t.Errorf("%s: answered %d %s", ask.name, resp.StatusCode, b)
		}
	}
}

// Of a call nobody can say whether it was placed: when Twilio reports it, it was;
// when Twilio knows none, a person decides. It is never placed again by itself.
func TestCallsInDoubt(t *testing.T) {
	h := openHouse(t, storetest.SQLite, byTelephone)
	var mended atomic.Bool
	h.twilio.Fault = func(to string) *standin.Fault {
		switch {
		case to == "+14155550101":
			return &standin.Fault{Cut: true} // it takes the call, and nobody hears of it
		case to == "+14155550102" && !mended.Load():
			return &standin.Fault{Status: http.StatusInternalServerError}
		}
		return nil
	}
	ctx := context.Background()
	in := h.incident(time.Now().UTC())
	h.list(in, callable)
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Phone}, {Channel: incidents.SMS}}})
	if err := h.app.Desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: 3}); err != nil {
		t.Fatal(err)
	}
	var doubts []incidents.Delivery
	h.eventually("what a person must decide", func() bool {
		var err error
		if doubts, err = h.app.Desk.InDoubt(ctx, h.as("rita"), n.No, 10); err != nil {
			t.Fatal(err)
		}
		manual := len(doubts) == 1 && doubts[0].State == incidents.Manual
		if !manual && len(doubts) > 0 {
			h.ahead.Add(int64(time.Minute)) // Twilio is asked twice, minutes apart
		}
		return manual
	})
	if got := doubts[0].ID.Seq; got != 2 {
		t.Errorf("person %d is in doubt", got)
	}
	h.eventually("the proof of the two other calls", func() bool {
		p, err := h.app.Desk.Progress(ctx, h.as("rita"), n.ID)
		return err == nil && p.Reconciliation.ReachedDirect == 2
	})
	if len(h.twilio.Calls()) != 2 || len(h.twilio.Texts()) != 0 {
		t.Errorf("%d calls and %d texts", len(h.twilio.Calls()), len(h.twilio.Texts()))
	}
	mended.Store(true)
	if err := h.app.Desk.SettleDoubt(ctx, h.as("rita"), doubts[0].ID, incidents.Ready, "the log of the exchange shows no call"); err != nil {
		t.Fatal(err)
	}
	h.eventually("the call a person decided on", func() bool {
		p, err := h.app.Desk.Progress(ctx, h.as("rita"), n.ID)
		return err == nil && p.Reconciliation.ReachedDirect == 3
	})
}

// At night nobody is called: the call waits for the hours of the person's own
// zone, and has not been tried meanwhile.
func TestNobodyIsCalledAtNight(t *testing.T) {
	today := time.Now().UTC().Truncate(24 * time.Hour)
	opens, hours := today.Add(26*time.Hour), settings.Hours("02:00-04:00") // UTC: half a day from now, about
	if time.Now().UTC().Hour() < 12 {
		opens, hours = today.Add(14*time.Hour), "14:00-16:00"
	}
	h := openHouse(t, storetest.SQLite, byTelephone, func(s *settings.Settings) { s.Channels.Phone.Hours = hours })
	var called atomic.Int64
	h.twilio.Fault = func(string) *standin.Fault { called.Store(h.now().Unix()); return nil }
	ctx := context.Background()
	in := h.incident(time.Now().UTC())
	h.list(in, "subject_id,name,email,phone,country,locale,zone,data_categories\n1,Ann Answers,,+14155550101,US,en,Africa/Abidjan,basic\n")
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Phone}}})
	if err := h.app.Desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: 1}); err != nil {
		t.Fatal(err)
	}
	h.eventually("the wait for the day", func() bool { return h.waiting(n) == 1 })
	if len(h.twilio.Calls()) != 0 {
		t.Fatal("somebody was called at night")
	}
	h.ahead.Add(int64(opens.Sub(h.now())))
	h.eventually("the call", func() bool { return len(h.twilio.Calls()) == 1 })
	if at := time.Unix(called.Load(), 0); at.Before(opens) || at.After(opens.Add(2*time.Hour)) {
		t.Errorf("called at %s, the hours are %s", at.UTC().Format(time.TimeOnly), hours)
	}
	h.eventually("the key", func() bool {
		p, err := h.app.Desk.Progress(ctx, h.as("rita"), n.ID)
		return err == nil && p.Reconciliation.ReachedDirect == 1
	})
}

// A drill calls nobody, and its call would have said so first.
func TestADrillCallsNobody(t *testing.T) {
	h := openHouse(t, storetest.SQLite, byTelephone)
	in, err := h.app.Desk.OpenIncident(context.Background(), h.as("rita"), "Tabletop exercise", incidents.Drill)
	if err != nil {
		t.Fatal(err)
	}
	h.facts(in, time.Now().UTC())
	h.list(in, callable)
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Phone}}})
	if err := h.app.Desk.ReleaseNotice(context.Background(), h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: 3}); err != nil {
		t.Fatal(err)
	}
	var kept struct {
		Items []struct {
			ID, Channel, Mode, Lang string
		} `json:"items"`
	}
	h.eventually("the captures", func() bool {
		h.call("rita", http.MethodGet, fmt.Sprintf("/outbox?notice=%d", n.No), nil, &kept)
		return len(kept.Items) == 3
	})
	for _, c := range kept.Items {
		if c.Channel != "phone" || c.Mode != "drill" {
			t.Errorf("captured %+v", c)
		}
		var open struct{ Text string }
		h.call("olga", http.MethodPost, "/outbox/"+c.ID+"/open", map[string]string{"reason": "reading the drill"}, &open)
		first, _, _ := strings.Cut(open.Text, "\n")
		if !strings.HasPrefix(first, "This is an exercise.") && !strings.HasPrefix(first, "这是一次演练") {
			t.Errorf("the call in %s begins with %q", c.Lang, first)
		}
	}
	if len(h.twilio.Calls()) != 0 {
		t.Error("a drill called somebody")
	}
}
