package notifiers_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/notifiers"
)

// A writer is an e-mail channel whose messages come out as the test spoils them.
type writer struct {
	batcher
	mu    sync.Mutex
	seen  []notifiers.Message
	spoil func(text string, earlier []notifiers.Message) string
}

func (c *writer) Encode(m *notifiers.Message, _ time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := fmt.Sprintf("To: %s\r\nSubject: %s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s", m.To, m.Text.Subject, m.Text.Whole().Text)
	if c.spoil != nil {
		text = c.spoil(text, c.seen)
	}
	m.Wire = []byte(text)
	c.seen = append(c.seen, *m)
	return nil
}

// waving is a world whose notices have a first wave of 20.
func waving(t *testing.T) *world {
	w := newWorld(t)
	w.s = storetest.Open(t, storetest.SQLite, func(o *store.Options) { o.Now, o.FirstWave, o.FirstWaveWait = w.now, 20, 2*time.Minute })
	return w
}

func (w *world) firstWave(n incidents.Notice) (v incidents.FirstWave, is incidents.Notice) {
	w.t.Helper()
	w.ok(w.s.Read(context.Background(), func(tx incidents.Tx) (err error) {
		if is, err = tx.Notice(n.ID); err != nil {
			return err
		}
		v, err = tx.FirstWave(n.No)
		return err
	}))
	return v, is
}

// An opener opens somebody else's data the second time.
type swapped struct {
	incidents.Opener
	mu    sync.Mutex
	times map[incidents.PersonID]int
}

func (o *swapped) OpenContact(ctx context.Context, p incidents.Person) (incidents.Contact, error) {
	c, err := o.Opener.OpenContact(ctx, p)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.times[p.ID]++; o.times[p.ID] == 1 && p.Seq == 3 {
		c.Email = "p4@example.com"
	}
	return c, err
}

// What a fault of ours makes of the messages is found before the first of them
// that is wrong leaves, and no more than the wave is affected.
func TestASpoiledMessageStopsTheFirstWave(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(text string, earlier []notifiers.Message) string
		swap  bool
		found string
	}{
		"earlier addresses are left in later bodies": {spoil: func(text string, earlier []notifiers.Message) string {
			for _, m := range earlier {
				text += "\r\n" + m.To
			}
			return text
		}, found: "the address or the code of another person"},
		"somebody else's code": {spoil: func(text string, earlier []notifiers.Message) string {
			if len(earlier) > 0 {
				text += "\r\n" + earlier[0].Code
			}
			return text
		}, found: "the address or the code of another person"},
		"To names another": {spoil: func(text string, _ []notifiers.Message) string {
			return strings.Replace(text, "To: p7@", "To: p8@", 1)
		}, found: "its To header names another address"},
		"two recipients": {spoil: func(text string, _ []notifiers.Message) string {
			return strings.Replace(text, "To: p7@example.com", "To: p7@example.com, p9@example.com", 1)
		}, found: "it cannot be read back"},
		"a placeholder is left": {spoil: func(text string, _ []notifiers.Message) string {
			return text + "{{name}}"
		}, found: "a placeholder was not filled in"},
		"a link is broken": {spoil: func(text string, _ []notifiers.Message) string {
			return strings.ReplaceAll(text, "https://www.quillfeather.example", "https://")
		}, found: "a link that is not well-formed"},
		"the name is missing": {spoil: func(text string, _ []notifiers.Message) string {
			return strings.ReplaceAll(text, "Person 5", "")
		}, found: "the name of this person is not in it"},
		"the code is missing": {spoil: func(text string, _ []notifiers.Message) string {
			return text[:strings.Index(text, "Code of this message")]
		}, found: "the code or the reference of this person is not in it"},
		"somebody else's address": {swap: true, found: "it is addressed to somebody else"},
	} {
		t.Run(name, func(t *testing.T) {
			w := waving(t)
			ch := &writer{spoil: c.spoil}
			var log strings.Builder
			d := w.dispatcher(ch, &batcher{}, func(d *notifiers.Deps) {
				d.Lanes = map[incidents.Channel]int{incidents.Email: 1}
				d.Log = slog.New(slog.NewTextHandler(&log, nil))
				if c.swap {
					d.Opener = &swapped{Opener: w.s, times: map[incidents.PersonID]int{}}
				}
			})
			n := w.sending(60)
			w.ok(d.Chunk(t.Context(), n.No, 1))
			v, is := w.firstWave(n)
			if v.State != incidents.WaveStopped || is.Status != incidents.NoticeHeld || v.Broken == 0 || v.Attempted != 20 {
				t.Fatalf("the notice is %s, its wave %+v", is.Status, v)
			}
			if int64(ch.count()) != 20-v.Broken {
				t.Errorf("%d were sent, %d not", ch.count(), v.Broken)
			}
			wrong := 0
			w.ok(w.s.Attempts(t.Context(), n.No, 0, func(a store.Attempt) error {
				if a.Code == incidents.CodeWrong {
					wrong++
					if !strings.Contains(a.Reason, c.found) {
						t.Errorf("recorded: %q", a.Reason)
					}
				}
				return nil
			}))
			if int64(wrong) != v.Broken {
				t.Errorf("%d recorded of %d", wrong, v.Broken)
			}
			for i := range 60 {
				if strings.Contains(log.String(), fmt.Sprintf("p%d@example.com", i+1)) {
					t.Fatalf("the log names a person: %s", log.String())
				}
			}
		})
	}
}

// What is as it should be passes, on every channel, and the rest follows in the same call.
func TestAWellMadeWavePasses(t *testing.T) {
	w := waving(t)
	for _, mail := range []notifiers.Channel{&writer{}, mailer(t)} {
		ch, isTest := mail.(*writer)
		if !isTest {
			ch = &writer{}
			mail = struct {
				*batcher
				notifiers.Encoder
			}{&ch.batcher, mailer(t)}
		}
		sms := &batcher{}
		d := w.dispatcher(mail, sms, nil)
		n := w.sending(60)
		w.ok(d.Chunk(t.Context(), n.No, 1))
		if v, _ := w.firstWave(n); v.State != incidents.WavePassed || v.Sent != 20 || ch.count() != 60 || sms.count() != 0 {
			t.Errorf("%d sent, %+v", ch.count(), v)
		}
	}
	// Well made, and refused by everybody: it does not pass, and nobody else is tried.
	gone := &batcher{do: func(context.Context, context.Context, notifiers.Message) incidents.Receipt {
		return incidents.Receipt{Outcome: incidents.OutcomeGone, Code: "550 5.1.1"}
	}}
	n := w.sending(21)
	w.ok(w.dispatcher(gone, &batcher{}, nil).Chunk(t.Context(), n.No, 1))
	if v, is := w.firstWave(n); v.State != incidents.WaveStopped || is.Status != incidents.NoticeHeld || v.Refused != 20 {
		t.Errorf("%+v", v)
	}
}
