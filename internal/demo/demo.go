package demo

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"tocsin/incidents"
	"tocsin/internal/app"
	"tocsin/internal/ledger"
	"tocsin/internal/settings"
	"tocsin/internal/standin"
)

// Options is how the demonstration runs.
type Options struct {
	Persons int
	Out     string                                                                     // where the bundle and the reports stay
	Stay    func(ctx context.Context, r Result, at app.Addresses, team []Member) error // nil: do not stay
	Fixed   bool                                                                       // use the usual ports when they are free
	Log     *slog.Logger
	// Progress tells of a step; total is 0 when it has no count.
	Progress func(step string, done, total int64)
}

// client asks the demonstration's own listeners.
var client = &http.Client{Timeout: 30 * time.Second}

//go:embed alerts
var alerts embed.FS

const hookToken = "demonstration-token-of-the-local-collector"

// Run walks the whole chain and returns what happened. Its error says what did not hold.
func Run(ctx context.Context, o Options) (r Result, err error) {
	if o.Persons < 1 || o.Persons > 5_000_000 {
		return r, incidents.Invalid("the demonstration takes 1 to 5,000,000 persons").On("persons")
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return r, err
	}
	dir, err := os.MkdirTemp("", "tocsin-demo-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w := &walk{o: o, dir: dir, began: time.Now()}
	w.standIns()
	if w.mail, err = standin.NewMail(); err != nil {
		return r, err
	}
	defer w.closeStandIns()
	w.mail.KeepData = o.Persons <= 20000
	return w.serve(ctx)
}

// A walk is one run through the chain.
type walk struct {
	o      Options
	dir    string
	began  time.Time
	app    *app.App
	at     app.Addresses
	team   map[string]*Member
	mail   *standin.Mail
	twilio *standin.Twilio
	fcm    *standin.FCM
	in     incidents.Incident
	list   List
	result Result
}

func (w *walk) standIns() {
	w.twilio = standin.NewTwilio("demonstration-auth-token")
	w.fcm = standin.NewFCM()
	w.fcm.Gone = func(token string) bool { return len(token) > 5 && token[:5] == "gone-" }
}

func (w *walk) closeStandIns() {
	for _, c := range []io.Closer{w.mail, w.twilio, w.fcm} {
		_ = c.Close()
	}
}

// serve opens the service, walks, and closes it again.
func (w *walk) serve(ctx context.Context) (r Result, err error) {
	s, err := w.settings()
	if err != nil {
		return r, err
	}
	if w.app, err = app.Open(ctx, app.Config{Settings: s, Log: w.o.Log, Version: "demo"}); err != nil {
		return r, err
	}
	run, stop := context.WithCancel(ctx)
	ready, done := make(chan app.Addresses, 1), make(chan error, 1)
	go func() { done <- w.app.Run(run, func(a app.Addresses) { ready <- a }) }()
	defer func() {
		stop()
		err = errors.Join(err, <-done, w.app.Close(context.WithoutCancel(ctx)))
	}()
	select {
	case w.at = <-ready:
	case err := <-done:
		done <- nil
		return r, err
	case <-ctx.Done():
		return r, ctx.Err()
	}
	if err := w.walk(ctx); err != nil {
		return w.result, err
	}
	if w.o.Stay == nil {
		return w.result, nil
	}
	members := make([]Member, 0, len(roster))
	for _, m := range roster {
		members = append(members, *w.team[m.name])
	}
	return w.result, w.o.Stay(ctx, w.result, w.at, members)
}

// settings are those of one machine with stand-ins for providers.
func (w *walk) settings() (settings.Settings, error) {
	s := settings.Default()
	inside, public, err := ports(w.o.Fixed)
	if err != nil {
		return s, err
	}
	s.DataDir = filepath.Join(w.dir, "data")
	s.MasterKey.File = filepath.Join(s.DataDir, "keys", "master.key")
	s.MasterKey.Passphrase = "a passphrase for one demonstration"
	s.Organisation = settings.Organisation{Name: "Example Retail Ltd", Country: "DE", Domains: []string{"example.com"},
		Contact: settings.Contact{Name: "Customer care", Email: "care@example.com", Phone: "+1 415 555 0100"}, DPO: settings.Contact{Email: "dpo@example.com"},
		Languages: []incidents.Lang{"en", "zh-Hans"}}
	s.Inside = settings.Listener{Listen: inside, URL: "http://" + inside}
	s.Public = settings.Listener{Listen: public, URL: "http://" + public}
	s.Channels.Email = settings.Email{Mode: settings.ModeSMTP, SMTP: settings.SMTP{Address: w.mail.Addr, StartTLS: settings.StartTLSOff, From: "notices@example.com",
		FromName: "Example Retail Ltd", Connections: 8, Timeout: settings.Duration(20 * time.Second), FinalTimeout: settings.Duration(20 * time.Second)}}
	s.Channels.SMS.Mode, s.Channels.SMS.RatePerSecond = settings.ModeTwilio, 0
	s.Channels.Twilio = settings.Twilio{BaseURL: w.twilio.URL, AccountSID: "AC00000000000000000000000000000001", KeySID: "SK00000000000000000000000000000001",
		Secret: "demonstrationsecret", AuthToken: settings.Secret(w.twilio.AuthToken), From: "+14155550199"}
	s.Channels.Push.Mode, s.Channels.Push.BaseURL, s.Channels.Push.Project, s.Channels.Push.RatePerSecond = settings.ModeFCM, w.fcm.URL, "demo", 0
	s.Channels.Quiet.Channels = nil // shown at any hour
	s.Dispatch.Sweep = settings.Duration(time.Second)
	for _, f := range []string{"splunk-webhook", "wazuh-alert", "alertmanager"} {
		s.Sources = append(s.Sources, settings.Source{Name: f, Format: f, MaxBody: s.Limits.MaxBody, Auth: settings.Auth{Style: settings.AuthBearer, Token: hookToken}})
	}
	return s, nil
}

// ports are the usual ones when they are wanted and free, else free ones.
func ports(fixed bool) (inside, public string, err error) {
	pick := func(usual string) (string, error) {
		if fixed {
			if l, err := net.Listen("tcp", usual); err == nil {
				return usual, l.Close()
			}
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		return l.Addr().String(), l.Close()
	}
	if inside, err = pick("127.0.0.1:8470"); err != nil {
		return "", "", err
	}
	public, err = pick("127.0.0.1:8471")
	return inside, public, err
}

func (w *walk) walk(ctx context.Context) error {
	steps := []struct {
		name string
		fn   func(context.Context) error
	}{
		{"accounts", w.makeTeam}, {"alerts", w.postAlerts}, {"incident", w.awaitIncident}, {"facts", w.findFacts}, {"list of persons", w.importList},
		{"notice", w.notify}, {"announcement", w.announce}, {"reports", w.report}, {"evidence", w.evidence}, {"result", w.sumUp},
	}
	for _, s := range steps {
		w.o.Progress(s.name, 0, 0)
		if err := s.fn(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	w.result.Took = time.Since(w.began).Round(time.Millisecond).String()
	return w.result.holds(w.list)
}

func (w *walk) makeTeam(ctx context.Context) (err error) {
	w.team, err = team(ctx, w.app, time.Now)
	return err
}

func (w *walk) as(name string) incidents.Actor { return w.team[name].actor }

// postAlert posts one alert, and again after a 503, as a SIEM does: the hook
// gives up on an alert it cannot keep at once.
func (w *walk) postAlert(ctx context.Context, source string, body []byte) (status int, answer []byte, err error) {
	for range 10 {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+w.at.Inside+"/hooks/"+source, bytes.NewReader(body))
		if err != nil {
			return 0, nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+hookToken)
		resp, err := client.Do(req)
		if err != nil {
			return 0, nil, err
		}
		answer, _ = io.ReadAll(io.LimitReader(resp.Body, 1024))
		resp.Body.Close()
		if status = resp.StatusCode; status != http.StatusServiceUnavailable {
			break
		}
		select {
		case <-ctx.Done():
			return 0, nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return status, answer, nil
}

// postAlerts posts what three vendors send, one of them twice, and one body
// that is cut off.
func (w *walk) postAlerts(ctx context.Context) error {
	for _, p := range []struct {
		source, file string
		want         int
	}{
		{"splunk-webhook", "splunk.json", 202}, {"wazuh-alert", "wazuh.json", 202}, {"alertmanager", "alertmanager.json", 202},
		{"splunk-webhook", "splunk.json", 202}, {"alertmanager", "broken.json", 400},
	} {
		body, err := alerts.ReadFile("alerts/" + p.file)
		if err != nil {
			return err
		}
		status, answer, err := w.postAlert(ctx, p.source, body)
		if err != nil {
			return err
		}
		if status != p.want {
			return fmt.Errorf("the hook answered %d to %s: %s", status, p.file, answer)
		}
		switch {
		case p.want != 202:
			w.result.Alerts.Quarantined++
		case bytes.Contains(answer, []byte(`"duplicate":true`)):
			w.result.Alerts.Duplicates++
		default:
			w.result.Alerts.Accepted++
		}
	}
	return nil
}

func (w *walk) awaitIncident(ctx context.Context) error {
	return w.await(ctx, func() (bool, error) {
		joined, err := w.app.Desk.Alerts(ctx, w.as("rita"), incidents.AlertFilter{State: incidents.AlertJoined, Limit: 10})
		if err != nil || len(joined) < w.result.Alerts.Accepted {
			return false, err
		}
		for _, al := range joined {
			if al.IncidentID != joined[0].IncidentID {
				return false, fmt.Errorf("the alerts came to lie in different incidents")
			}
		}
		w.in, err = w.app.Desk.Find(ctx, w.as("rita"), string(joined[0].IncidentID))
		return true, err
	})
}

// await asks again until done, an error, or a minute without an end.
func (w *walk) await(ctx context.Context, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(w.o.Persons)*5*time.Millisecond)
	defer cancel()
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it took too long: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (w *walk) findFacts(ctx context.Context) error {
	rita := w.as("rita")
	if err := w.app.Desk.SetStatus(ctx, rita, w.in.ID, incidents.IncidentContaining); err != nil {
		return err
	}
	_, err := w.app.Desk.SetFacts(ctx, rita, w.in.ID, -1, values(time.Now()), "interviews and logs of the demonstration")
	return err
}

func (w *walk) importList(ctx context.Context) error {
	r, wr := io.Pipe()
	written := make(chan error, 1)
	go func() {
		var err error
		w.list, err = writePersons(wr, w.o.Persons)
		wr.CloseWithError(err)
		written <- err
	}()
	im, err := w.app.Desk.ImportList(ctx, w.as("rita"), w.in.ID, incidents.ListUpload{Name: "customers.csv", Body: r,
		Progress: func(rows, _ int64) { w.o.Progress("list of persons", rows, int64(w.o.Persons)) }})
	r.CloseWithError(err)
	if err := errors.Join(err, <-written); err != nil {
		return err
	}
	w.result.Persons = Persons{im.Imported, im.Duplicates, im.Rejected}
	return nil
}

// notify drafts, is refused its own approval, has others approve, and sends. A push
// message is followed by an e-mail, here after a second instead of a day.
func (w *walk) notify(ctx context.Context) error {
	desk, rita := w.app.Desk, w.as("rita")
	n, err := desk.DraftNotice(ctx, rita, w.in.ID, incidents.NoticeInput{Title: "Notice to customers",
		Plan: []incidents.Step{{Channel: incidents.Push, Wait: time.Second}, {Channel: incidents.Email}, {Channel: incidents.SMS, Wait: 24 * time.Hour}}})
	if err != nil {
		return err
	}
	if n, err = desk.SubmitNotice(ctx, rita, n.ID); err != nil {
		return err
	}
	subject := incidents.Subject{Kind: incidents.SubjectNotice, ID: string(n.ID), Version: n.Version, Hash: n.Hash}
	if err := desk.Decide(ctx, rita, subject, "approve", ""); incidents.KindOf(err) != incidents.KindForbidden {
		return fmt.Errorf("the author's own approval was not refused: %v", err)
	}
	if err := w.approve(ctx, subject); err != nil {
		return err
	}
	if err := desk.ReleaseNotice(ctx, rita, n.ID, incidents.Release{Ref: w.in.Ref, Persons: n.Content.Persons}); err != nil {
		return err
	}
	return w.await(ctx, func() (bool, error) {
		p, err := desk.Progress(ctx, rita, n.ID)
		if err != nil {
			return false, err
		}
		rec := p.Reconciliation
		w.o.Progress("notice", rec.List-rec.ToSend-rec.Trying, rec.List)
		w.result.Reached, w.result.Unaccounted = rec, rec.Unaccounted()
		w.result.Deliveries = map[string]map[string]int64{}
		for _, t := range p.Tallies {
			states := map[string]int64{}
			for s, k := range t.States {
				if k > 0 {
					states[string(s)] = k
				}
			}
			w.result.Deliveries[string(t.Channel)] = states
		}
		return rec.ToSend+rec.Trying == 0 && p.Notice.Status == incidents.NoticeDone, nil
	})
}

// approve lets as many officers decide as the subject needs.
func (w *walk) approve(ctx context.Context, s incidents.Subject) error {
	p, err := w.app.Desk.PendingOf(ctx, w.as("olga"), s.Kind, s.ID)
	if err != nil {
		return err
	}
	for _, officer := range []string{"olga", "oscar"}[:p.Needs] {
		if err := w.app.Desk.Decide(ctx, w.as(officer), s, "approve", "Read in both languages."); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) announce(ctx context.Context) error {
	desk, carla := w.app.Desk, w.as("carla")
	n, err := desk.DraftAnnouncement(ctx, carla, w.in.ID, incidents.AnnouncementText{})
	if err != nil {
		return err
	}
	if n, err = desk.SubmitAnnouncement(ctx, carla, n.ID); err != nil {
		return err
	}
	if err := w.approve(ctx, incidents.Subject{Kind: incidents.SubjectAnnouncement, ID: string(n.ID), Version: n.Version, Hash: n.Hash}); err != nil {
		return err
	}
	if n, err = desk.Publish(ctx, w.as("rita"), n.ID); err != nil {
		return err
	}
	w.result.Announcement = Announcement{URL: "http://" + w.at.Public + "/announcements/" + n.Slug, Version: n.Version}
	resp, err := client.Get(w.result.Announcement.URL)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the public page answered %s", resp.Status)
	}
	return nil
}

// report drafts, approves and files the first reports for the EU and for China.
func (w *walk) report(ctx context.Context) error {
	d, err := w.app.Desk.Dossier(ctx, w.as("rita"), string(w.in.ID))
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, o := range d.Obligations {
		if o.Report == "" || done[o.Report] || o.Applies != incidents.AppliesYes || o.Audience != incidents.AudienceRegulator {
			continue
		}
		done[o.Report] = true
		if err := w.reportOne(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", o.ID, err)
		}
	}
	return nil
}

// shortList is why a report may say something else than people are told: a list
// of a few has nobody in some of the places. Where nothing contradicts it is not needed.
const shortList = "The list of the demonstration is so short that nobody on it lives in some of the places."

func (w *walk) reportOne(ctx context.Context, o incidents.ObligationState) error {
	desk, rita := w.app.Desk, w.as("rita")
	r, err := desk.DraftReport(ctx, rita, w.in.ID, o.ID, incidents.PhaseInitial)
	if err != nil {
		return err
	}
	if r, err = desk.SubmitReport(ctx, rita, r.ID, shortList); err != nil {
		return err
	}
	s := incidents.Subject{Kind: incidents.SubjectReport, ID: string(r.ID), Version: r.Version, Hash: r.Hash}
	if err := desk.Decide(ctx, w.as("olga"), s, "approve", ""); err != nil {
		return err
	}
	out := Report{No: r.No, Form: o.Report, Phase: string(r.Content.Phase), Reference: fmt.Sprintf("DEMO-%d", r.No)}
	for _, format := range []string{"html", "pdf", "json", "docx"} {
		b, _, err := desk.RenderReport(ctx, rita, r.ID, format)
		if err != nil {
			return err
		}
		path := filepath.Join(w.o.Out, fmt.Sprintf("%s-R-%d-%s.%s", w.in.Ref, r.No, o.Report, format))
		if err := os.WriteFile(path, b, 0o600); err != nil {
			return err
		}
		out.Files = append(out.Files, path)
	}
	_, err = desk.FileReport(ctx, rita, r.ID, incidents.Filing{Channel: "portal", Reference: out.Reference, ReceiptName: "receipt.txt"},
		bytes.NewReader([]byte("Received by the stand-in of the authority under "+out.Reference+"\n")))
	w.result.Reports = append(w.result.Reports, out)
	return err
}

// evidence writes the bundle as the auditor and verifies it as anybody could.
func (w *walk) evidence(ctx context.Context) error {
	path := filepath.Join(w.o.Out, w.in.Ref+"-evidence.zip")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := w.app.Bundle(ctx, w.as("ada"), w.in.ID, f); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	found, err := ledger.VerifyBundle(f, info.Size(), ledger.VerifyOptions{VerifierKey: w.app.Verifier()})
	if err != nil {
		return err
	}
	w.result.Evidence = Evidence{Path: path, Verified: found.OK(), Entries: found.Entries}
	if !found.OK() {
		return fmt.Errorf("the bundle does not verify: %v", found.Problems)
	}
	return nil
}

func (w *walk) sumUp(ctx context.Context) error {
	if err := w.app.Desk.SettleDone(ctx); err != nil {
		return err
	}
	d, err := w.app.Desk.Dossier(ctx, w.as("rita"), string(w.in.ID))
	if err != nil {
		return err
	}
	w.result.Incident, w.result.Severity = d.Incident.Ref, d.Incident.Severity
	for _, o := range d.Obligations {
		if o.Applies == incidents.AppliesYes {
			w.result.Obligations = append(w.result.Obligations, Duty{o.ID, o.Law, o.Title, o.Due, o.Soft, string(o.Status)})
		}
	}
	return nil
}
