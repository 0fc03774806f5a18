package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/killpoint"
	"tocsin/internal/standin"
)

const (
	crashWindow = 16   // limits.window of the settings, each channel
	crashList   = 1200 // persons told by e-mail, per list, in a large and a small chunk: a new one is begun when it is used up
	crashPhones = 60   // persons told by SMS, and as many by push
)

// EnvKills set to full makes the kill test end the program 200 times and more,
// eight times at each point: make kill.
const EnvKills = "TOCSIN_KILLS"

// The real program is killed again and again while it tells people by e-mail,
// SMS and push and takes alerts in: at each point of the journal, and at random
// moments; the providers lose answers meanwhile, and now and then the bus's
// folder is deleted. Afterwards nobody is missing, every extra copy is within
// the window and listed as in doubt, and no acknowledged alert is lost.
func TestKilledAgainAndAgain(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	c := newCrash(t, seed)
	each, atRandom := 1, 6
	if os.Getenv(EnvKills) == "full" {
		each, atRandom = 8, 40
	}
	c.b.start(true)
	c.tellByPhone()
	c.tellByMail()
	c.b.kill()
	for round, p := range c.plan(each, atRandom) {
		c.round(round, p)
	}
	c.b.env = nil
	c.b.start(true)
	for _, l := range c.lists {
		c.b.settled(l.notice)
	}
	for range each {
		c.releaseAndDone()
	}
	c.check(each)
	c.b.checkDrain()
}

// A crash is a service to be killed, the lists it tells, and what was done to it.
type crash struct {
	t        *testing.T
	b        *binary
	rng      *rand.Rand
	twilio   *standin.Twilio
	fcm      *standin.FCM
	acked    *acked
	lists    []toldList
	officers int
	hits     map[killpoint.Point]int
	kills    int
	missed   int // a point was not reached, and it was killed where it was
	receipts int // reports of the SMS provider that were posted
	faults   atomic.Int64
	once     sync.Map // recipients whose answer was lost already
}

// A toldList is one released notice; mark is in the addresses of its persons.
type toldList struct {
	in      incidents.Incident
	notice  int64
	mark    string
	persons int
	before  int64 // messages the relay had taken when it was released
}

func newCrash(t *testing.T, seed uint64) *crash {
	c := &crash{t: t, b: newBinary(t), rng: rand.New(rand.NewPCG(seed, 1)), twilio: standin.NewTwilio("auth-token-of-the-test"), fcm: standin.NewFCM(),
		acked: newAcked(), hits: map[killpoint.Point]int{}}
	t.Cleanup(func() {
		c.b.kill()
		_, _ = c.twilio.Close(), c.fcm.Close()
	})
	c.b.path = builtToBeKilled.build(t, "disable_grpc_modules,killpoints", "tocsin/cmd/tocsin")
	c.b.rewrite("channels:\n", fmt.Sprintf(`channels:
  quiet-hours: {channels: []}
  sms: {mode: twilio, rate-per-second: 0, timeout: 2s}
  twilio: {base-url: "%s", account-sid: AC00000000000000000000000000000001, key-sid: SK1, secret: secret, auth-token: %s, from: "+14155550199"}
  push: {mode: fcm, base-url: "%s", project: p, rate-per-second: 0, timeout: 2s}
`, c.twilio.URL, c.twilio.AuthToken, c.fcm.URL), "connections: 4}", "connections: 4, timeout: 2s}",
		"window: {email: 16}", "two-approvers-above: 0, window: {email: 16, sms: 16, push: 16}")
	c.b.mail.Lose = c.loses
	c.b.mail.Answer = func(string) error { time.Sleep(2 * time.Millisecond); return nil }
	c.twilio.Status = func(string) (string, int) { return "", 0 } // reports are posted by the test
	c.twilio.Fault, c.fcm.Fault = c.cuts, c.cuts
	return c
}

// loses takes a message and answers nothing: it cuts the connection, or hangs
// until the sender has given up.
func (c *crash) loses(to string) bool {
	switch {
	case !strings.HasSuffix(to, "7@example.com") || !c.first(to):
		return false
	case strings.HasSuffix(to, "077@example.com"):
		time.Sleep(3 * time.Second)
	case !strings.HasSuffix(to, "47@example.com"):
		return false
	}
	c.faults.Add(1)
	return true
}

// cuts takes every tenth message and cuts the connection, once for each person.
func (c *crash) cuts(to string) *standin.Fault {
	if strings.HasSuffix(to, "3") && c.first(to) {
		c.faults.Add(1)
		return &standin.Fault{Cut: true}
	}
	return nil
}

func (c *crash) first(to string) bool { _, again := c.once.LoadOrStore(to, true); return !again }

// officer adds one more officer: each code of a second factor is good once.
func (c *crash) officer() string {
	c.officers++
	name := fmt.Sprint("officer", c.officers)
	c.b.hire(name, "officer", "read,approve")
	return name
}

func (c *crash) tellByPhone() {
	csv := "subject_id,name,phone,push_token,country,locale,data_categories\n"
	for i := range crashPhones {
		csv += fmt.Sprintf("S-%d,Person Text%d,+14155550%03d,,DE,en,basic\nP-%d,Person Push%d,,device-token-%03d,DE,en,basic\n", i, i, 100+i, i, i, i)
	}
	in, notice := c.b.releasedOn(c.officer(), []incidents.Step{{Channel: incidents.SMS}, {Channel: incidents.Push}}, 2*crashPhones, csv)
	c.lists = append(c.lists, toldList{in: in, notice: notice})
}

func (c *crash) tellByMail() {
	l := toldList{mark: fmt.Sprint("list", len(c.lists)), persons: crashList, before: c.b.mail.Count()}
	l.in, l.notice = c.b.released(c.officer(), incidents.Email, l.persons, l.csv())
	c.lists = append(c.lists, l)
}

func (l toldList) csv() string {
	return strings.ReplaceAll(csvOf(l.persons), "person.", l.mark+".")
}

// plan is the points to be killed at, in an order of chance; "" is a moment of chance.
func (c *crash) plan(each, atRandom int) (out []killpoint.Point) {
	for _, p := range killpoint.Points() {
		switch p {
		case killpoint.ReleaseWritten, killpoint.DoneWritten, killpoint.Done: // see releaseAndDone
			continue
		}
		for range each {
			out = append(out, p)
		}
	}
	out = append(out, make([]killpoint.Point, atRandom)...)
	c.rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// nth is at which passing of a point the program ends: some are passed with
// every message, others once in a while.
func (c *crash) nth(p killpoint.Point) int {
	switch p {
	case killpoint.Rendered, killpoint.BeforeBytes, killpoint.AfterBytes, killpoint.Answered:
		return 1 + c.rng.IntN(40)
	case killpoint.ClaimWritten, killpoint.Claimed, killpoint.RecordWritten, killpoint.Recorded:
		return 1 + c.rng.IntN(5)
	case killpoint.OutboxTaken, killpoint.Published, killpoint.DoubtWritten, killpoint.DoubtResolved:
		return 1 + c.rng.IntN(3)
	}
	return 1
}

// round lets the program live until it passes a point, or for a moment.
func (c *crash) round(round int, p killpoint.Point) {
	c.t.Helper()
	if round%5 == 4 {
		if err := os.RemoveAll(filepath.Join(c.b.dir, "data", "bus")); err != nil {
			c.t.Fatal(err)
		}
	}
	for try := 0; ; try++ {
		if last := c.lists[len(c.lists)-1]; c.b.mail.Count()-last.before > crashList*7/10 {
			c.b.env = nil
			c.b.start(true)
			c.tellByMail()
			c.b.kill()
			c.kills++
		}
		if p == "" {
			c.atRandom(round)
			return
		}
		if p == killpoint.LostWritten { // it wants that the last process left something in flight
			c.dies(round, killpoint.Claimed, 1)
		}
		if c.dies(round, p, c.nth(p)) {
			c.hits[p]++
			return
		}
		c.missed++
		if try == 5 {
			c.t.Fatalf("%s was not passed:\n%s", p, c.b.log.String())
		}
	}
}

func (c *crash) atRandom(round int) {
	c.b.env = nil
	c.b.start(round%3 != 0) // every third time it is killed while it starts, recovers or first serves
	stop := c.acked.post(c.b, c.kills)
	time.Sleep(time.Duration(20+c.rng.IntN(900)) * time.Millisecond)
	c.b.kill()
	c.kills++
	stop()
}

// dies starts the program so that it ends at a point, and tells whether it did.
func (c *crash) dies(round int, p killpoint.Point, nth int) bool {
	c.t.Helper()
	c.b.env = []string{fmt.Sprintf("%s=%s:%d", killpoint.Env, p, nth)}
	c.b.start(false)
	ended := c.b.ending()
	stop := c.acked.post(c.b, c.kills)
	defer stop()
	c.kills++
	var late <-chan time.Time
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ended:
			c.b.wasKilled()
			return true
		case <-late:
			_ = c.b.cmd.Process.Kill()
			<-ended
			c.b.cmd = nil
			return false
		case <-look.C:
			if late == nil && c.b.ready() {
				late = time.After(time.Minute)
			}
			if late != nil && slices.Contains([]killpoint.Point{killpoint.ReceiptWritten, killpoint.ReceiptStored, killpoint.FoldWritten, killpoint.Folded}, p) {
				c.report()
			}
		}
	}
}

// ending tells when the program has ended.
func (b *binary) ending() <-chan struct{} {
	ended, cmd := make(chan struct{}), b.cmd
	go func() { _ = cmd.Wait(); close(ended) }()
	return ended
}

// wasKilled wants that the program ended by its own hand at a point, and not otherwise.
func (b *binary) wasKilled() {
	b.t.Helper()
	status, ok := b.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		b.t.Fatalf("it ended by itself: %s\n%s", b.cmd.ProcessState, b.log.String())
	}
	b.cmd = nil
}

// report posts what the SMS provider has to say about one message.
func (c *crash) report() {
	texts := c.twilio.Texts()
	if len(texts) == 0 {
		return
	}
	x := texts[c.receipts%len(texts)]
	status := []string{"sent", "delivered", "queued", "sending"}[c.receipts/len(texts)%4]
	c.receipts++
	form := url.Values{"MessageSid": {x.SID}, "MessageStatus": {status}, "To": {x.To}}
	req, err := http.NewRequest(http.MethodPost, strings.Replace(x.Callback, publicSite, "http://"+c.b.public, 1), strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", standin.Sign(c.twilio.AuthToken, x.Callback, form))
	if resp, err := client.Do(req); err == nil {
		resp.Body.Close()
	}
}

// releaseAndDone kills a notice's first step and its last.
func (c *crash) releaseAndDone() {
	c.t.Helper()
	l := toldList{mark: fmt.Sprint("small", len(c.lists)), persons: 20}
	n := incidents.Notice{}
	l.in, n = c.b.approved(c.officer(), []incidents.Step{{Channel: incidents.Email}}, l.csv())
	l.notice = n.No
	c.lists = append(c.lists, l)
	c.b.kill()
	c.kills++
	for _, p := range []killpoint.Point{killpoint.ReleaseWritten, killpoint.DoneWritten, killpoint.Done} {
		c.b.env = []string{fmt.Sprintf("%s=%s:1", killpoint.Env, p)}
		c.b.start(p != killpoint.Done) // what was done is done again while it starts
		ended := c.b.ending()
		if p != killpoint.Done {
			c.b.tryRelease(l.in, n, l.persons)
		}
		select {
		case <-ended:
			c.b.wasKilled()
			c.hits[p]++
			c.kills++
		case <-time.After(time.Minute):
			c.t.Fatalf("%s was not passed:\n%s", p, c.b.log.String())
		}
	}
	c.b.env = nil
	c.b.start(true)
}

// tryRelease releases and does not mind when the program ends meanwhile.
func (b *binary) tryRelease(in incidents.Incident, n incidents.Notice, persons int) {
	js, err := json.Marshal(incidents.Release{Ref: in.Ref, Persons: int64(persons)})
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+b.inside+"/api/v1/notices/"+string(n.ID)+"/release", strings.NewReader(string(js)))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.tokens["rita"])
	req.Header.Set("Content-Type", "application/json")
	if resp, err := client.Do(req); err == nil {
		resp.Body.Close()
	}
}

// check compares what the providers took with what the journal says.
func (c *crash) check(each int) {
	c.t.Helper()
	for _, p := range killpoint.Points() {
		if c.hits[p] < each {
			c.t.Errorf("it was killed %d times at %s", c.hits[p], p)
		}
	}
	copies := map[string]int{}
	for _, l := range c.b.mail.Letters() {
		copies[l.To]++
	}
	extra, missing, persons := 0, 0, 0
	for _, l := range c.lists {
		p := c.b.progress(l.notice)
		if p.Reconciliation.Unaccounted() != 0 || p.Notice.Status != incidents.NoticeDone {
			c.t.Errorf("notice %d is %s: %+v", l.notice, p.Notice.Status, p.Reconciliation)
		}
		for seq := 1; seq <= l.persons; seq++ {
			n := copies[fmt.Sprintf("%s.%05d@example.com", l.mark, seq)]
			persons++
			if n == 0 {
				missing++
			}
			if n > 1 {
				extra += n - 1
				c.listed(l, seq, n)
			}
		}
	}
	c.checkCopies("e-mail", persons, missing, extra)
	c.checkPhones()
	c.b.checkAlerts(c.acked)
	c.t.Logf("%d kills, %d of them not at the point that was meant; %d answers lost by providers; by point: %v", c.kills, c.missed, c.faults.Load(), c.hits)
}

func (c *crash) checkCopies(what string, persons, missing, extra int) {
	c.t.Helper()
	c.t.Logf("%s: %d persons, %d missing, %d copies beyond the first", what, persons, missing, extra)
	if missing > 0 {
		c.t.Errorf("%s: %d of %d persons were not told", what, missing, persons)
	}
	if most := c.kills*crashWindow + int(c.faults.Load()); extra > most {
		c.t.Errorf("%s: %d extra copies are more than %d kills × %d and %d lost answers", what, extra, c.kills, crashWindow, c.faults.Load())
	}
}

// checkPhones does the same for SMS and push. The list alternates.
func (c *crash) checkPhones() {
	c.t.Helper()
	texts, pushes := map[string]int{}, map[string]int{}
	for _, x := range c.twilio.Texts() {
		texts[x.To]++
	}
	for _, x := range c.fcm.Pushes() {
		pushes[x.Token]++
	}
	for what, copies := range map[string]map[string]int{"sms": texts, "push": pushes} {
		missing, extra := 0, 0
		for i := range crashPhones {
			to, seq := fmt.Sprintf("+14155550%03d", 100+i), 2*i+1
			if what == "push" {
				to, seq = fmt.Sprintf("device-token-%03d", i), 2*i+2
			}
			switch n := copies[to]; {
			case n == 0:
				missing++
			case n > 1:
				extra += n - 1
				c.listed(c.lists[0], seq, n)
			}
		}
		c.checkCopies(what, crashPhones, missing, extra)
	}
	if n := c.fcm.Devices(); n != crashPhones {
		c.t.Errorf("%d messages stand on %d devices: copies do not replace each other", n, crashPhones)
	}
}

// listed wants the journal to say that somebody may have been told twice.
func (c *crash) listed(l toldList, seq, n int) {
	c.t.Helper()
	var list page[incidents.Delivery]
	c.b.api("rita", "GET", fmt.Sprintf("/incidents/%s/persons/%d/deliveries?notice=%d", l.in.Ref, seq, l.notice), nil, &list, "")
	if !slices.ContainsFunc(list.Items, func(d incidents.Delivery) bool {
		return d.MaybeTwice || d.State == incidents.InDoubt || d.State == incidents.Manual
	}) {
		c.t.Errorf("%d copies went to person %d of notice %d, who was never listed as in doubt", n, seq, l.notice)
	}
}

// A page is a list as the API answers it.
type page[T any] struct {
	Items []T `json:"items"`
}

// acked is the alerts the hook acknowledged.
type acked struct {
	mu  sync.Mutex
	ids []string
}

func newAcked() *acked { return &acked{} }

// post posts alerts until stopped.
func (a *acked) post(b *binary, round int) (stop func()) {
	var end atomic.Bool
	var wg sync.WaitGroup
	for lane := range 2 {
		wg.Go(func() {
			for n := 0; !end.Load(); n++ {
				id := fmt.Sprintf("crash-%d-%d-%d", round, lane, n)
				if b.alert(id) {
					a.mu.Lock()
					a.ids = append(a.ids, id)
					a.mu.Unlock()
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	return func() { end.Store(true); wg.Wait() }
}

// approved walks to an approved notice over the API alone.
func (b *binary) approved(officer string, plan []incidents.Step, csv string) (in incidents.Incident, n incidents.Notice) {
	b.t.Helper()
	b.api("rita", "POST", "/incidents", map[string]string{"title": "Customer table read", "mode": "live"}, &in, "")
	facts := map[string]any{}
	for k, v := range map[string]any{"confidentiality": true, "malicious": true, "data_categories": []string{"basic"}, "establishments": []string{"EEA"}, "lead_authority": "DE",
		"role": "controller", "misuse_likely": true, "law_enforcement_hold": false, "aware_at": time.Now().UTC().Add(-time.Hour)} {
		facts[k] = map[string]any{"value": v}
	}
	var got json.RawMessage
	b.api("rita", "PATCH", "/incidents/"+in.Ref+"/facts", map[string]any{"base": in.FactsRev, "changes": facts, "how": "test"}, &got, "")
	b.api("rita", "POST", "/incidents/"+in.Ref+"/persons?name=people.csv", csv, &got, "")
	b.api("rita", "POST", "/incidents/"+in.Ref+"/notices", incidents.NoticeInput{Plan: plan}, &n, "")
	b.api("rita", "POST", "/notices/"+string(n.ID)+"/submit", nil, &n, "")
	b.api(officer, "POST", "/approvals/notice/"+string(n.ID), map[string]any{"version": n.Version, "hash": n.Hash, "decision": "approve"}, &got, b.code(officer))
	return in, n
}

// released walks to a released notice on one channel.
func (b *binary) released(officer string, ch incidents.Channel, persons int, csv string) (in incidents.Incident, notice int64) {
	b.t.Helper()
	return b.releasedOn(officer, []incidents.Step{{Channel: ch}}, persons, csv)
}

func (b *binary) releasedOn(officer string, plan []incidents.Step, persons int, csv string) (in incidents.Incident, notice int64) {
	b.t.Helper()
	in, n := b.approved(officer, plan, csv)
	if status, answer := b.api("rita", "POST", "/notices/"+string(n.ID)+"/release", incidents.Release{Ref: in.Ref, Persons: int64(persons)}, nil, ""); status >= 300 {
		b.t.Fatalf("release: %d %s", status, answer)
	}
	return in, n.No
}

func (b *binary) progress(notice int64) (p incidents.Progress) {
	b.t.Helper()
	b.api("rita", "GET", fmt.Sprintf("/notices/%d/progress", notice), nil, &p, "")
	return p
}

// settled waits until nothing moves any more and decides what is left to a
// person, or would wait for long: send again.
func (b *binary) settled(notice int64) incidents.Progress {
	b.t.Helper()
	path := fmt.Sprintf("/notices/%d", notice)
	var p incidents.Progress
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		p = b.progress(notice)
		r := p.Reconciliation
		if r.Unaccounted() != 0 {
			b.t.Fatalf("somebody is in no row: %+v", r)
		}
		if r.ToSend+r.Trying == 0 && p.Notice.Status == incidents.NoticeDone {
			return p
		}
		if r.ToSend+r.Trying > 0 {
			continue
		}
		var doubts page[incidents.Delivery]
		b.api("rita", "GET", path+"/in-doubt?limit=500", nil, &doubts, "")
		for _, d := range doubts.Items {
			if d.State == incidents.Manual || d.Reason == "the provider has no record yet" {
				status, answer := b.api("rita", "POST", "/deliveries/"+d.ID.String()+"/settle", map[string]string{"state": "ready", "reason": "send again after the crash"}, nil, "")
				if status >= 300 {
					b.t.Fatalf("settle %s: %d %s", d.ID, status, answer)
				}
			}
		}
	}
	_, left := b.api("rita", "GET", path+"/in-doubt?limit=5", nil, nil, "")
	b.t.Logf("%s", left)
	b.t.Fatalf("the notice did not come to an end: %+v\n%s", p.Reconciliation, b.log.String())
	return p
}

// checkAlerts looks every acknowledged alert up.
func (b *binary) checkAlerts(a *acked) {
	b.t.Helper()
	b.t.Logf("%d alerts were acknowledged", len(a.ids))
	if len(a.ids) < 20 {
		b.t.Errorf("only %d alerts were acknowledged: the test does not test intake", len(a.ids))
	}
	have := map[string]bool{}
	before := ""
	for {
		var list page[incidents.Alert]
		b.api("rita", "GET", "/alerts?limit=500"+before, nil, &list, "")
		for _, al := range list.Items {
			have[al.ExternalID] = true
		}
		if len(list.Items) < 500 {
			break
		}
		before = "&before=" + string(list.Items[len(list.Items)-1].ID)
	}
	for _, id := range a.ids {
		if !have[id] {
			b.t.Errorf("the acknowledged alert %s is lost", id)
		}
	}
}

// checkDrain ends the service in good order: SIGTERM, exit 0.
func (b *binary) checkDrain() {
	b.t.Helper()
	if code := b.term(); code != 0 {
		b.t.Errorf("SIGTERM ended it with %d:\n%s", code, b.log.String())
	}
}
