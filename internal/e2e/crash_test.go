package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
)

const (
	crashPersons = 1000
	crashWindow  = 16 // limits.window.email of the settings
	crashKills   = 50
)

// The real program is killed 50 times at random moments while it sends to
// 1,000 persons and takes alerts in; every fifth time the bus's folder is
// deleted before the next start. Afterwards nobody is missing, every extra copy
// is within the window and listed as in doubt, and no acknowledged alert is lost.
func TestKilledAgainAndAgain(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	b := newBinary(t)
	var swift atomic.Bool // what a killed process left behind may still be answered when this changes
	b.mail.Answer = func(string) error {
		if !swift.Load() {
			time.Sleep(20 * time.Millisecond)
		}
		return nil
	}
	b.start(true)
	in, notice := b.prepare(crashPersons)

	acked, during := newAcked(), 0
	for i := range crashKills {
		if i > 0 {
			if i%5 == 0 {
				if err := os.RemoveAll(filepath.Join(b.dir, "data", "bus")); err != nil {
					t.Fatal(err)
				}
			}
			b.start(i%3 != 0) // every third time it is killed while it starts, recovers or first serves
		}
		stop := acked.post(b, i)
		time.Sleep(time.Duration(20+rng.IntN(900)) * time.Millisecond)
		b.kill()
		stop()
		if n := b.mail.Count(); n > 0 && n < crashPersons {
			during++
		}
	}
	t.Logf("%d of %d kills fell into the sending", during, crashKills)
	if during < 5 {
		t.Errorf("only %d kills fell into the sending: the test does not test it", during)
	}
	swift.Store(true)
	b.start(true)
	done := b.settled(notice)
	b.checkDeliveries(in, notice, done)
	b.checkAlerts(acked)
	b.checkDrain()
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
					continue
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	return func() { end.Store(true); wg.Wait() }
}

// prepare walks to a released notice over the API alone.
func (b *binary) prepare(persons int) (in incidents.Incident, notice int64) {
	b.t.Helper()
	return b.prepareBy(incidents.Email, persons, csvOf(persons))
}

// prepareBy is prepare for a list and a channel.
func (b *binary) prepareBy(ch incidents.Channel, persons int, csv string) (in incidents.Incident, notice int64) {
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
	var n incidents.Notice
	b.api("rita", "POST", "/incidents/"+in.Ref+"/notices", incidents.NoticeInput{Plan: []incidents.Step{{Channel: ch}}}, &n, "")
	id := string(n.ID)
	b.api("rita", "POST", "/notices/"+id+"/submit", nil, &n, "")
	b.api("olga", "POST", "/approvals/notice/"+id, map[string]any{"version": n.Version, "hash": n.Hash, "decision": "approve"}, &got, b.code("olga"))
	if status, answer := b.api("rita", "POST", "/notices/"+id+"/release", incidents.Release{Ref: in.Ref, Persons: int64(persons)}, nil, ""); status >= 300 {
		b.t.Fatalf("release: %d %s", status, answer)
	}
	return in, n.No
}

// settled waits until nothing moves any more and decides what is left to a person: send again.
func (b *binary) settled(notice int64) incidents.Progress {
	b.t.Helper()
	path := fmt.Sprintf("/notices/%d", notice)
	var p incidents.Progress
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		b.api("rita", "GET", path+"/progress", nil, &p, "")
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
			if d.State == incidents.Manual {
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

// checkDeliveries compares what the relay took with what the journal says.
func (b *binary) checkDeliveries(in incidents.Incident, notice int64, p incidents.Progress) {
	b.t.Helper()
	copies := map[string]int{}
	for _, l := range b.mail.Letters() {
		copies[l.To]++
	}
	missing, extra := 0, 0
	for i := 1; i <= crashPersons; i++ {
		n := copies[fmt.Sprintf("person.%05d@example.com", i)]
		if n == 0 {
			missing++
		}
		extra += max(n-1, 0)
	}
	b.t.Logf("%d copies beyond the first over %d kills; %+v", extra, crashKills, p.Reconciliation)
	if missing != 0 {
		b.t.Errorf("%d of %d persons were not told", missing, crashPersons)
	}
	if extra > crashKills*crashWindow {
		b.t.Errorf("%d extra copies are more than %d kills × %d", extra, crashKills, crashWindow)
	}
	flagged := b.flagged(in, notice)
	for to, n := range copies {
		if n > 1 && !flagged[to] {
			b.t.Errorf("%d copies went to one person who was never listed as in doubt", n)
		}
	}
}

// flagged reads which deliveries the journal says may have gone out twice.
func (b *binary) flagged(in incidents.Incident, notice int64) map[string]bool {
	b.t.Helper()
	out := map[string]bool{}
	for seq := 1; seq <= crashPersons; seq++ {
		var list page[incidents.Delivery]
		b.api("rita", "GET", fmt.Sprintf("/incidents/%s/persons/%d/deliveries?notice=%d", in.Ref, seq, notice), nil, &list, "")
		for _, d := range list.Items {
			if d.MaybeTwice || d.State == incidents.InDoubt || d.State == incidents.Manual {
				out[fmt.Sprintf("person.%05d@example.com", seq)] = true
			}
		}
	}
	return out
}

// checkAlerts looks every acknowledged alert up.
func (b *binary) checkAlerts(a *acked) {
	b.t.Helper()
	b.t.Logf("%d alerts were acknowledged", len(a.ids))
	if len(a.ids) < crashKills {
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
