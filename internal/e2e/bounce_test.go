package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/store/storetest"
)

// comeBack makes a mail of the samples of bounces, about the message that left
// from path to person.
func comeBack(t *testing.T, sample, path, person string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "notifiers", "email", "bounce", "testdata", sample+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(path, "bounce+"), ".")
	return []byte(strings.NewReplacer("RETURNPATH", path, "ADDRESSEE", person, "ENVELOPE", id, "\n", "\r\n").Replace(string(b)))
}

// returnPaths is the envelope sender of each letter, by its recipient.
func (h *house) returnPaths() map[string]string {
	out := map[string]string{}
	for _, l := range h.mail.Letters() {
		out[l.To] = l.From
	}
	return out
}

// deliveriesOf are a person's deliveries, by channel.
func (h *house) deliveriesOf(n incidents.Notice, seq int64) map[incidents.Channel]incidents.Delivery {
	h.t.Helper()
	list, err := h.app.Desk.PersonDeliveries(context.Background(), h.as("rita"), n.No, seq)
	if err != nil {
		h.t.Fatal(err)
	}
	out := map[incidents.Channel]incidents.Delivery{}
	for _, d := range list {
		out[d.ID.Channel] = d
	}
	return out
}

// The relay takes every mail; some come back. Who is not reached is told by
// SMS at once, and a forged bounce changes nothing.
func TestWhoseMailBouncesIsToldBySMS(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Channels.Email.Bounces = settings.Bounces{Listen: freePort(t), Domain: "bounces.example.com"}
	})
	ctx := context.Background()
	in := h.incident(time.Now().UTC())
	h.list(in, "subject_id,name,email,phone,country,locale,data_categories\n"+
		"1,Unknown User,unknown@example.com,+14155550101,DE,en,basic\n"+
		"2,No Other,lost@example.com,,DE,en,basic\n"+
		"3,Slow Host,slow@example.com,+14155550103,DE,en,basic\n"+
		"4,Quiet Person,quiet@example.com,+14155550104,DE,en,basic\n"+
		"5,On Holiday,away@example.com,+14155550105,DE,en,basic\n"+
		"6,Old System,old@example.com,+14155550106,DE,en,basic\n")
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email, Wait: 24 * time.Hour}, {Channel: incidents.SMS}}})
	if err := h.app.Desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons}); err != nil {
		t.Fatal(err)
	}
	h.eventually("six letters", func() bool { return h.mail.Count() == 6 })
	paths := h.returnPaths()
	for to, from := range paths {
		if !strings.HasPrefix(from, "bounce+"+"1-") || !strings.HasSuffix(from, "@bounces.example.com") {
			t.Fatalf("the mail to %s left from %q", to, from)
		}
	}

	send := func(path, sample, person string) error {
		return smtp.SendMail(h.at.Bounces, nil, "", []string{path}, comeBack(t, sample, path, person))
	}
	var refused *textproto.Error
	quiet := paths["quiet@example.com"]
	forged := quiet[:strings.LastIndex(quiet, "@")-20] + strings.Repeat("a", 20) + "@bounces.example.com"
	if err := send(forged, "postfix-unknown-user", "quiet@example.com"); !errors.As(err, &refused) || refused.Code != 550 {
		t.Fatalf("a forged address: %v", err)
	}
	for range 2 { // the relay says it twice
		for person, sample := range map[string]string{"unknown": "postfix-unknown-user", "lost": "exchange-unknown-user", "slow": "postfix-delayed", "away": "vacation", "old": "qmail"} {
			to := person + "@example.com"
			if err := send(paths[to], sample, to); err != nil {
				t.Fatalf("the mail about %s was refused: %v", person, err)
			}
		}
	}

	h.eventually("two texts and one person unreachable", func() bool {
		p, err := h.app.Desk.Progress(ctx, h.as("rita"), n.ID)
		if err != nil {
			t.Fatal(err)
		}
		if p.Reconciliation.Unaccounted() != 0 {
			t.Fatalf("somebody is in no row: %+v", p.Reconciliation)
		}
		return len(h.twilio.Texts()) == 2 && p.Reconciliation.Unreachable == 1
	})
	if d := h.deliveriesOf(n, 1)[incidents.Email]; d.State != incidents.Escalated || d.Code != "550 5.1.1" || d.Reason != "the address does not exist" {
		t.Errorf("who does not exist: %+v", d)
	}
	if d := h.deliveriesOf(n, 2)[incidents.Email]; d.State != incidents.Undelivered || d.Code != "550 5.1.10" {
		t.Errorf("who has no other channel: %+v", d)
	}
	if d := h.deliveriesOf(n, 6)[incidents.Email]; d.State != incidents.Escalated || d.Code != "" || !strings.Contains(d.Reason, "came back") {
		t.Errorf("whose system keeps to no standard: %+v", d)
	}
	var shown struct{ Items []map[string]any }
	h.call("rita", "GET", "/incidents/"+in.Ref+"/persons/1/deliveries?notice=N-1", nil, &shown)
	if text := fmt.Sprint(shown.Items); !strings.Contains(text, "550 5.1.1") || !strings.Contains(text, "the address does not exist") {
		t.Errorf("the API does not say why: %s", text)
	}

	h.ahead.Store(int64(25 * time.Hour)) // the wait is over, in silence
	h.eventually("the notice's end", func() bool {
		p, err := h.app.Desk.Progress(ctx, h.as("rita"), n.ID)
		if err != nil {
			t.Fatal(err)
		}
		return p.Notice.Status == incidents.NoticeDone
	})
	for _, seq := range []int64{3, 4, 5} {
		if d := h.deliveriesOf(n, seq); len(d) != 1 || d[incidents.Email].State != incidents.Accepted {
			t.Errorf("person %d, of whom nothing came back: %+v", seq, d)
		}
	}
	if len(h.twilio.Texts()) != 2 {
		t.Errorf("%d texts", len(h.twilio.Texts()))
	}
}

// The organisation's own mail system delivers bounces into a folder.
func TestABounceInAMaildirIsFound(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"new", "cur", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Channels.Email.Bounces = settings.Bounces{Maildir: dir, Domain: "example.com"}
	})
	in := h.incident(time.Now().UTC())
	h.list(in, "subject_id,name,email,phone,country,locale,data_categories\n1,Unknown User,unknown@example.com,+14155550101,DE,en,basic\n")
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}, {Channel: incidents.SMS}}})
	h.released(in, n)
	path := h.returnPaths()["unknown@example.com"]
	tmp, ready := filepath.Join(dir, "tmp", "1795514533.M1.host"), filepath.Join(dir, "new", "1795514533.M1.host")
	if err := errors.Join(os.WriteFile(tmp, comeBack(t, "gmail-unknown-user", path, "unknown@example.com"), 0o600), os.Rename(tmp, ready)); err != nil {
		t.Fatal(err)
	}
	h.eventually("the text", func() bool { return len(h.twilio.Texts()) == 1 })
	if d := h.deliveriesOf(n, 1)[incidents.Email]; d.State != incidents.Escalated || d.Code != "550 5.1.1" {
		t.Errorf("%+v", d)
	}
	h.eventually("the file in cur", func() bool {
		_, err := os.Stat(filepath.Join(dir, "cur", "1795514533.M1.host:2,S"))
		return err == nil
	})
}
