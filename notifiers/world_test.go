package notifiers_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tocsin/incidents"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/notifiers"
	"tocsin/templates"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A world is a real store with a dispatcher on it, channels that do what the
// test says, and a clock that the test moves.
type world struct {
	t    testing.TB
	s    *storetest.Database
	book *templates.Book
	mu   sync.Mutex
	at   time.Time
	n    int64 // of notices so far
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, at: storetest.Noon}
	w.s = storetest.Open(t, storetest.SQLite, func(o *store.Options) { o.Now = w.now })
	var err error
	if w.book, err = templates.New(templates.Org{Name: "Quillfeather Parcel", Domains: []string{"quillfeather.example"}, Contact: "privacy@quillfeather.example"}, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(fn func(incidents.Tx) error) {
	w.t.Helper()
	w.ok(w.s.Write(context.Background(), fn))
}

// sending releases a new notice to n persons, by e-mail and then by SMS.
func (w *world) sending(n int) incidents.Notice {
	w.t.Helper()
	ctx := context.Background()
	w.n++
	in := incidents.Incident{ID: incidents.IncidentID(fmt.Sprintf("i%d", w.n)), Ref: fmt.Sprintf("INC-2026-%04d", w.n), Kind: incidents.KindBreach, Title: "A cabinet was open",
		Mode: incidents.Live, Status: incidents.IncidentOpen, CreatedAt: w.now(), UpdatedAt: w.now()}
	w.write(func(tx incidents.Tx) error { return tx.PutIncident(in) })
	im := fmt.Sprintf("im%d", w.n)
	w.ok(w.s.StartImport(ctx, incidents.Import{ID: im, IncidentID: in.ID, Name: "list.csv", At: w.now()}))
	for from := 1; from <= n; from += 1000 {
		var people []incidents.Candidate
		for i := from; i < from+1000 && i <= n; i++ {
			people = append(people, incidents.Candidate{Row: int64(i), Lang: "en", Place: "DE", Channels: []incidents.Channel{incidents.Email, incidents.SMS},
				Contact: incidents.Contact{Ref: fmt.Sprint(i), Name: fmt.Sprintf("Person %d", i), Email: fmt.Sprintf("p%d@example.com", i), Phone: fmt.Sprintf("+1202555%04d", i)},
				Keys:    []string{fmt.Sprintf("id:%d", i)}})
			if i == 2 {
				people[i-from].Contact.Categories = []string{"account"}
			}
		}
		_, err := w.s.AddPersons(ctx, im, people)
		w.ok(err)
	}
	_, err := w.s.FinishImport(ctx, incidents.Import{ID: im, IncidentID: in.ID, Done: true})
	w.ok(err)
	var notice incidents.Notice
	w.write(func(tx incidents.Tx) error {
		in, err := tx.Incident(in.ID)
		if err != nil {
			return err
		}
		c := incidents.Content{Kind: incidents.NoticeBreach, Mode: in.Mode, Incident: in.ID, Default: "en", Persons: int64(n), ListHash: in.ListHash, Layout: w.book.Layout(), Data: []string{"basic"},
			Plan: []incidents.Step{{Channel: incidents.Email}, {Channel: incidents.SMS}},
			Langs: map[incidents.Lang]incidents.Words{"en": {Subject: "About your data", Happened: "A cabinet was open. It held {{data}}.", Measures: "It is shut.", Advice: "Be watchful.",
				Remedies: "We pay for a watch service.", Contact: "privacy@quillfeather.example", SMS: "About your data: {{code}}"}}}
		notice = incidents.Notice{ID: incidents.NoticeID(fmt.Sprintf("notice-%d", w.n)), No: w.n, IncidentID: in.ID, Title: "Notice", Status: incidents.NoticeSubmitted, Version: 1, Content: c,
			Hash: c.Hash(), Author: "ana", Editors: []incidents.AccountID{"ana"}, CreatedAt: w.now(), UpdatedAt: w.now()}
		if err := tx.PutNotice(notice); err != nil {
			return err
		}
		if err := tx.PutApproval(incidents.Approval{ID: incidents.ApprovalID("a" + string(notice.ID)), IncidentID: in.ID, Decision: "approve", By: "otto", Role: incidents.RoleOfficer,
			Subject: incidents.Subject{Kind: incidents.SubjectNotice, ID: string(notice.ID), Version: 1, Hash: notice.Hash}, At: w.now(), SecondFactorAt: w.now().Add(-time.Minute)}); err != nil {
			return err
		}
		notice.Status = incidents.NoticeApproved
		if err := tx.PutNotice(notice); err != nil {
			return err
		}
		return tx.Release(notice.ID, w.now())
	})
	return notice
}

// status is what the console's buttons do.
func (w *world) status(n incidents.Notice, to incidents.NoticeStatus) {
	w.t.Helper()
	w.write(func(tx incidents.Tx) error {
		now, err := tx.Notice(n.ID)
		if err != nil {
			return err
		}
		now.Status = to
		return tx.PutNotice(now)
	})
	if to == incidents.NoticeStopped {
		_, err := w.s.CancelDeliveries(context.Background(), n.No)
		w.ok(err)
	}
}

// dispatcher works with a channel for e-mail and one for SMS, of windows of 32.
func (w *world) dispatcher(mail, sms notifiers.Channel, change func(*notifiers.Deps)) *notifiers.Dispatcher {
	key := []byte("key")
	d := notifiers.Deps{Journal: w.s, Opener: w.s, Book: w.book, Codes: incidents.NewCodeBook(key), Key: key,
		Live:   notifiers.LiveSet(key, map[incidents.Channel]notifiers.Channel{incidents.Email: mail, incidents.SMS: sms}),
		Window: map[incidents.Channel]int{incidents.Email: 32, incidents.SMS: 32}, Lanes: map[incidents.Channel]int{incidents.Email: 4, incidents.SMS: 2},
		Owner: "this process", Verify: "https://www.quillfeather.example/verify", Now: w.now, Log: slog.New(slog.DiscardHandler),
		Ref: func(context.Context, incidents.IncidentID) (string, error) { return "INC-2026-0001", nil }}
	if change != nil {
		change(&d)
	}
	return notifiers.New(d)
}

// states counts the deliveries of a channel, and checks that nobody is lost.
func (w *world) states(notice int64, ch incidents.Channel) (out map[incidents.DeliveryState]int64) {
	w.t.Helper()
	w.ok(w.s.Read(context.Background(), func(tx incidents.Tx) error {
		r, err := tx.Reconcile(notice)
		if err != nil {
			return err
		}
		if r.Unaccounted() != 0 {
			w.t.Errorf("%d persons are unaccounted for: %+v", r.Unaccounted(), r)
		}
		all, err := tx.Tallies(notice)
		for _, t := range all {
			if t.Channel == ch {
				out = t.States
			}
		}
		for s, n := range out {
			if n == 0 {
				delete(out, s)
			}
		}
		return err
	}))
	return out
}

// A batcher is a channel that does what the test says, and counts.
type batcher struct {
	size int
	do   func(ctx, leave context.Context, m notifiers.Message) incidents.Receipt
	mu   sync.Mutex
	sent map[incidents.DeliveryID]int
}

func (b *batcher) Batch() int { return max(1, b.size) }

func (b *batcher) Send(ctx context.Context, m notifiers.Message) (incidents.Receipt, error) {
	return b.SendAll(ctx, ctx, []notifiers.Message{m})[0], nil
}

func (b *batcher) SendAll(ctx, leave context.Context, ms []notifiers.Message) (out []incidents.Receipt) {
	for _, m := range ms {
		r := incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "p-" + m.Delivery.String()}
		if b.do != nil {
			r = b.do(ctx, leave, m)
		}
		if r.Outcome == incidents.OutcomeAccepted || r.Outcome == incidents.OutcomeDoubt {
			b.mu.Lock()
			if b.sent == nil {
				b.sent = map[incidents.DeliveryID]int{}
			}
			b.sent[m.Delivery]++
			b.mu.Unlock()
		}
		out = append(out, r)
	}
	return out
}

func (b *batcher) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.sent)
}

// twice lists what was sent more than once.
func (b *batcher) twice() (out []incidents.DeliveryID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, n := range b.sent {
		if n > 1 {
			out = append(out, id)
		}
	}
	return out
}

// A watched journal counts what is written down and not yet recorded, and may
// fail or be interfered with before a turn.
type watched struct {
	incidents.Journal
	before func(incidents.Turn) error
	mu     sync.Mutex
	up     map[incidents.Channel]int
	peak   map[incidents.Channel]int
	turns  int
}

func (j *watched) Turn(ctx context.Context, t incidents.Turn) (incidents.Claims, error) {
	if j.before != nil {
		if err := j.before(t); err != nil {
			return incidents.Claims{}, err
		}
	}
	got, err := j.Journal.Turn(ctx, t)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.turns++
	if j.up == nil {
		j.up, j.peak = map[incidents.Channel]int{}, map[incidents.Channel]int{}
	}
	if err == nil {
		j.up[t.Channel] += len(got.Next) - len(t.Done)
		j.peak[t.Channel] = max(j.peak[t.Channel], j.up[t.Channel])
	}
	return got, err
}

var errAway = incidents.Unavailable("the database is away")

func ended(err error) bool { return err == nil || errors.Is(err, context.Canceled) }
