// Package e2e runs the whole service in one test process: port 0, embedded bus,
// real SMTP, the providers' stand-ins; on SQLite and on PostgreSQL.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/app"
	"tocsin/internal/sealed"
	"tocsin/internal/settings"
	"tocsin/internal/standin"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
)

// A house is the running service with its team and the providers' stand-ins.
type house struct {
	t      *testing.T
	app    *app.App
	at     app.Addresses
	mail   *standin.Mail
	twilio *standin.Twilio
	fcm    *standin.FCM
	team   map[string]member
	used   map[string]string // second factors' codes, each good once
	set    settings.Settings
	ahead  atomic.Int64 // how far the service's clock runs ahead, in nanoseconds
}

// now is the service's clock.
func (h *house) now() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) }

type member struct {
	name, password, secret, token string
	actor                         incidents.Actor
}

const hookToken = "token-of-a-collector-for-tests"

var people = []struct {
	name string
	role incidents.Role
}{{"rita", incidents.RoleResponder}, {"olga", incidents.RoleOfficer}, {"oscar", incidents.RoleOfficer}, {"carla", incidents.RoleComms}, {"wes", incidents.RoleOwner}, {"ada", incidents.RoleAuditor}, {"adam", incidents.RoleAdmin}}

// openHouse starts the service for the length of a test.
func openHouse(t *testing.T, engine string, change ...func(*settings.Settings)) *house {
	t.Helper()
	h := closedHouse(t, engine, change...)
	h.start()
	h.hire()
	return h
}

// closedHouse is a house whose service was not started yet, and without a team.
func closedHouse(t *testing.T, engine string, change ...func(*settings.Settings)) *house {
	t.Helper()
	mail, err := standin.NewMail()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, mail: mail, twilio: standin.NewTwilio("auth-token-of-the-test"), fcm: standin.NewFCM(), team: map[string]member{}, used: map[string]string{}}
	h.set = h.settings(t.TempDir(), storetest.URL(t, engine))
	for _, c := range change {
		c(&h.set)
	}
	t.Cleanup(func() { // after the service, which ends its own connections
		for _, c := range []io.Closer{h.mail, h.twilio, h.fcm} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return h
}

func (h *house) settings(dir, database string) settings.Settings {
	s := settings.Default()
	s.DataDir = dir
	s.Database.URL = settings.Secret(database)
	s.MasterKey.File, s.MasterKey.Passphrase = filepath.Join(dir, "keys", "master.key"), "a passphrase for the test"
	s.Organisation = settings.Organisation{Name: "Example Retail Ltd", Country: "DE", Domains: []string{"example.com"}, Languages: []incidents.Lang{"en", "zh-Hans"},
		Contact: settings.Contact{Name: "Customer care", Email: "care@example.com", Phone: "+1 415 555 0100"}}
	s.Inside.Listen, s.Public.Listen = freePort(h.t), freePort(h.t)
	s.Inside.URL, s.Public.URL = "http://"+s.Inside.Listen, "http://"+s.Public.Listen
	s.Channels.Email = settings.Email{Mode: settings.ModeSMTP, SMTP: settings.SMTP{Address: h.mail.Addr, StartTLS: settings.StartTLSOff, From: "notices@example.com", Connections: 4, Timeout: settings.Duration(10 * time.Second), FinalTimeout: settings.Duration(10 * time.Second)}}
	s.Channels.SMS.Mode, s.Channels.SMS.RatePerSecond = settings.ModeTwilio, 0
	s.Channels.Twilio = settings.Twilio{BaseURL: h.twilio.URL, AccountSID: "AC00000000000000000000000000000001", KeySID: "SK1", Secret: "secret", AuthToken: settings.Secret(h.twilio.AuthToken), From: "+14155550199"}
	s.Channels.Push.Mode, s.Channels.Push.BaseURL, s.Channels.Push.Project, s.Channels.Push.RatePerSecond = settings.ModeFCM, h.fcm.URL, "p", 0
	s.Channels.Quiet.Channels = nil // a test is right at any hour
	s.Dispatch.Sweep = settings.Duration(time.Second)
	s.Sources = []settings.Source{{Name: "siem", Format: "generic", MaxBody: 1 << 20, Auth: settings.Auth{Style: settings.AuthBearer, Token: hookToken}}}
	return s
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start opens and runs the service; it is stopped at the end of the test.
func (h *house) start() {
	h.t.Helper()
	var err error
	log := slog.New(slog.NewTextHandler(testWriter{h.t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if h.app, err = app.Open(context.Background(), app.Config{Settings: h.set, Log: log, Now: h.now, Version: "test"}); err != nil {
		h.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan app.Addresses, 1), make(chan error, 1)
	go func() { done <- h.app.Run(ctx, func(a app.Addresses) { ready <- a }) }()
	select {
	case h.at = <-ready:
	case err := <-done:
		stop()
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
		if err := h.app.Close(context.Background()); err != nil {
			h.t.Error(err)
		}
	})
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", bytes.TrimSpace(b))
	return len(b), nil
}

// hire adds the team with passwords, second factors and API tokens.
func (h *house) hire() {
	h.t.Helper()
	ctx := context.Background()
	for _, p := range people {
		m := member{name: p.name, password: "correct horse battery " + p.name}
		acc, enrol, err := h.app.Accounts.Add(ctx, app.Terminal, p.name, strings.ToUpper(p.name[:1])+p.name[1:]+" Test", p.role, m.password)
		if err != nil {
			h.t.Fatal(err)
		}
		m.secret = enrol.Secret()
		if m.token, _, err = h.app.Accounts.MintToken(ctx, app.Terminal, acc.ID, "test", nil, time.Hour); err != nil {
			h.t.Fatal(err)
		}
		h.team[p.name] = m
	}
}

// code is a second factor's present code.
func (h *house) code(name string) string {
	h.t.Helper()
	code, err := app.Code(h.team[name].secret, time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// freshCode waits for a code that was not used yet: each is good once.
func (h *house) freshCode(name string) string {
	h.t.Helper()
	for {
		if c := h.code(name); c != h.used[name] {
			h.used[name] = c
			return c
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// as signs somebody in with password and second factor, once per test.
func (h *house) as(name string) incidents.Actor {
	h.t.Helper()
	m := h.team[name]
	if m.actor.ID == "" {
		var err error
		if m.actor, err = h.app.Accounts.SignIn(context.Background(), name, m.password, h.freshCode(name), "127.0.0.1"); err != nil {
			h.t.Fatal(err)
		}
		h.team[name] = m
	}
	return m.actor
}

// call asks the JSON API as somebody and reads the answer into out.
func (h *house) call(name, method, path string, body, out any) int {
	h.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		js, err := json.Marshal(b)
		if err != nil {
			h.t.Fatal(err)
		}
		r = bytes.NewReader(js)
	}
	req, err := http.NewRequest(method, "http://"+h.at.Inside+"/api/v1"+path, r)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.team[name].token)
	if _, csv := body.(string); csv {
		req.Header.Set("Content-Type", "text/csv")
	} else if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if resp.StatusCode >= 300 && out != nil {
		h.t.Fatalf("%s %s as %s: %s\n%s", method, path, name, resp.Status, b)
	}
	if out != nil && len(b) > 0 {
		if err := json.Unmarshal(b, out); err != nil {
			h.t.Fatalf("%s %s: %v\n%s", method, path, err, b)
		}
	}
	return resp.StatusCode
}

// post posts an alert to the hook and returns the status and answer.
func (h *house) post(body string) (int, string) {
	h.t.Helper()
	for try := 1; ; try++ {
		req, err := http.NewRequest(http.MethodPost, "http://"+h.at.Inside+"/hooks/siem", strings.NewReader(body))
		if err != nil {
			h.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+hookToken)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			h.t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable || try == 10 { // senders repeat a 503
			return resp.StatusCode, string(b)
		}
		time.Sleep(time.Second)
	}
}

// eventually waits until ok, or fails after two minutes: long enough for a slow
// machine under the race detector, and never a measure of speed.
func (h *house) eventually(what string, ok func() bool) {
	h.t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return
		}
	}
	h.t.Fatalf("it never came: %s", what)
}

// incident opens an incident from an alert and fills in what the law asks for.
func (h *house) incident(aware time.Time) incidents.Incident {
	h.t.Helper()
	if status, answer := h.post(`{"id":"A-1","title":"Customer table read by a service account","severity":"high","user":"svc-backup","host":"db-1"}`); status != 202 {
		h.t.Fatalf("the hook answered %d: %s", status, answer)
	}
	ctx := context.Background()
	var in incidents.Incident
	h.eventually("the alert's incident", func() bool {
		list, err := h.app.Desk.Incidents(ctx, h.as("rita"), incidents.IncidentFilter{Open: true})
		if err == nil && len(list) == 1 {
			in = list[0]
		}
		return in.ID != ""
	})
	h.facts(in, aware)
	return in
}

func (h *house) facts(in incidents.Incident, aware time.Time) {
	h.t.Helper()
	_, err := h.app.Desk.SetFacts(context.Background(), h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{
		"confidentiality": true, "integrity": false, "availability": false, "confidentiality_effect": "unknown_recipients", "malicious": true, "cause": "hacking",
		"data_categories": []string{"basic", "property"}, "data_items": []string{"name", "email", "bank_account"}, "identifiability": "maximum", "encrypted": false, "misuse_likely": true,
		"establishments": []string{"EEA"}, "lead_authority": "DE", "role": "controller", "sectors": []string{"retail"}, "aware_at": aware, "detected_at": aware, "law_enforcement_hold": false,
	}), "test")
	if err != nil {
		h.t.Fatal(err)
	}
}

// list imports a list of persons.
func (h *house) list(in incidents.Incident, csv string) incidents.Import {
	h.t.Helper()
	im, err := h.app.Desk.ImportList(context.Background(), h.as("rita"), in.ID, incidents.ListUpload{Name: "people.csv", Body: strings.NewReader(csv)})
	if err != nil {
		h.t.Fatal(err)
	}
	return im
}

// approved drafts, submits and approves a notice.
func (h *house) approved(in incidents.Incident, input incidents.NoticeInput) incidents.Notice {
	h.t.Helper()
	ctx := context.Background()
	n, err := h.app.Desk.DraftNotice(ctx, h.as("rita"), in.ID, input)
	if err != nil {
		h.t.Fatal(err)
	}
	if n, err = h.app.Desk.SubmitNotice(ctx, h.as("rita"), n.ID); err != nil {
		h.t.Fatal(err)
	}
	if err := h.app.Desk.Decide(ctx, h.as("olga"), subjectOf(n), "approve", ""); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func subjectOf(n incidents.Notice) incidents.Subject {
	return incidents.Subject{Kind: incidents.SubjectNotice, ID: string(n.ID), Version: n.Version, Hash: n.Hash}
}

// released releases an approved notice and waits until it is done.
func (h *house) released(in incidents.Incident, n incidents.Notice) incidents.Progress {
	h.t.Helper()
	ctx := context.Background()
	if err := h.app.Desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons}); err != nil {
		h.t.Fatal(err)
	}
	var p incidents.Progress
	h.eventually("the notice's end", func() bool {
		var err error
		if p, err = h.app.Desk.Progress(ctx, h.as("rita"), n.ID); err != nil {
			h.t.Fatal(err)
		}
		if p.Reconciliation.Unaccounted() != 0 {
			h.t.Fatalf("somebody is in no row: %+v", p.Reconciliation)
		}
		return p.Notice.Status == incidents.NoticeDone
	})
	return p
}

// csvOf writes a list of n persons with e-mail addresses.
func csvOf(n int) string {
	var b strings.Builder
	b.WriteString("subject_id,name,email,country,locale,data_categories\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "P-%05d,Person Number%05d,person.%05d@example.com,DE,en,basic\n", i, i, i)
	}
	return b.String()
}

// tamper writes to the database past the service, as somebody with access to
// the machine and the passphrase could.
func (h *house) tamper(fn func(incidents.Tx) error) error {
	h.t.Helper()
	master, err := sealed.OpenMaster(h.set.MasterKey.File, []byte(h.set.MasterKey.Passphrase.Reveal()), false)
	if err != nil {
		return err
	}
	vault, err := store.OpenVault(context.Background(), store.VaultOptions{Dir: filepath.Dir(h.set.KeyDatabaseFile())})
	if err != nil {
		return err
	}
	db, err := store.Open(context.Background(), store.Options{Dir: h.set.DataDir, Now: time.Now, NewID: app.NewID, Keeper: sealed.New(master, vault)})
	if err != nil {
		return errors.Join(err, vault.Close())
	}
	return errors.Join(db.Write(context.Background(), fn), db.Close(), vault.Close())
}
