package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/account"
	"tocsin/internal/roster"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/regulators"
	"tocsin/templates"
	"tocsin/web/hook"
)

// A world is the API and the public site over a real desk on SQLite.
type world struct {
	t                     *testing.T
	db                    *storetest.Database
	desk                  *incidents.Desk
	deps                  Deps
	inside, public        http.Handler
	web                   *Server
	tokens, secrets       map[string]string
	accounts              *account.Desk
	rules                 *regulators.Holder
	codes                 incidents.CodeBook
	log                   *bytes.Buffer
	mu                    sync.Mutex
	at                    time.Time
	callback, ready       error
	news                  chan incidents.News
	works                 []incidents.Work
	calledForm            map[string]string
	calledURL, calledSign string
}

func (w *world) now() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.at }
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// What the parts outside the web say, in tests.
func (w *world) Bundle(_ context.Context, _ incidents.Actor, in incidents.IncidentID, out io.Writer) error {
	if in == "" {
		return incidents.NotFound("there is no such incident")
	}
	_, err := io.WriteString(out, "bundle of "+string(in))
	return err
}

func (w *world) ClaimedStatus(ctx context.Context, _ incidents.Actor, n int64, yield func(string, incidents.Channel, incidents.DeliveryState) error) error {
	return w.db.ClaimedStatus(ctx, n, yield)
}
func (w *world) LetterPDF(l *templates.Letter, lang incidents.Lang, to string) ([]byte, error) {
	return []byte("%PDF-" + string(lang) + "\n" + to + "\n" + l.Text()), nil
}
func (w *world) LettersWaiting() int                    { return 3 }
func (w *world) Latest(context.Context) ([]byte, error) { return []byte("tocsin\n7\nAAAA\n"), nil }
func (w *world) Verifier() string                       { return "tocsin+abcd+key" }
func (w *world) Twilio(_ context.Context, url string, form map[string]string, signature, _, _, _ string) error {
	w.calledURL, w.calledForm, w.calledSign = url, form, signature
	return w.callback
}

func (w *world) Speak(_ context.Context, url string, form map[string]string, signature, _, _, _ string) (string, error) {
	w.calledURL, w.calledForm, w.calledSign = url, form, signature
	return "<Response><Say>one person's words</Say></Response>", w.callback
}

// Subscribe hands out one channel: what a test writes to it is told.
func (w *world) Subscribe(context.Context, incidents.IncidentID) (<-chan incidents.News, func()) {
	return w.news, func() {}
}

// Works is what a test says is going on.
func (w *world) Works(in incidents.IncidentID) (out []incidents.Work) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range w.works {
		if x.Incident == in {
			out = append(out, x)
		}
	}
	return out
}

const testPassword = "a long enough password"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, at: storetest.Noon, tokens: map[string]string{}, secrets: map[string]string{}, log: &bytes.Buffer{}, news: make(chan incidents.News, 1)}
	w.db = storetest.Open(t, storetest.SQLite, func(o *store.Options) { o.Now = w.now; o.Gate = incidents.Gate{TwoAbove: 1000} })
	rules, err := regulators.Open(nil, regulators.Options{IndividualsTarget: 72 * time.Hour, RegulatorTarget: 24 * time.Hour})
	must(t, err)
	book, err := templates.New(templates.Org{Name: "Quillfeather Parcel", Domains: []string{"example.org"}, Contact: "privacy@example.org", Verify: "https://example.org/verify"}, nil)
	must(t, err)
	reports, err := regulators.NewReports(regulators.ReportOptions{Pack: rules})
	must(t, err)
	w.rules = regulators.Hold(rules, reports)
	w.codes = incidents.NewCodeBook([]byte("a key of the verification codes!"))
	w.desk = incidents.NewDesk(incidents.Deps{Store: w.db, Roll: w.db, Files: w.db, Lists: roster.Lists{DefaultPlace: "DE"}, Rules: w.rules, Words: book,
		Reports: w.rules, Codes: w.codes, Now: w.now, NewID: storetest.NewID, Gate: incidents.Gate{TwoAbove: 1000}, Langs: []incidents.Lang{"en", "zh-Hans"},
		Org: "Quillfeather Parcel", Seed: map[string]any{"controller_name": "Quillfeather Parcel"}, Reparse: func(in incidents.Intake) (incidents.Intake, error) { return in, incidents.Invalid("still unreadable") }})
	w.accounts = account.New(w.db, w.db.Keeper.Small("account"), w.now, account.Limits{MemoryKiB: 64, Passes: 1, Threads: 1})
	w.deps = Deps{Desk: w.desk, Accounts: w.accounts, Rules: w.rules, Book: book, Evidence: w, Status: w, Sandbox: w.db, Providers: w.db, Letters: w, Callbacks: w, Checkpoint: w, News: w, Works: w,
		PublicURL: "https://notices.example.org", Org: Org{Name: "Quillfeather Parcel", Contact: []string{"Data protection desk", "privacy@example.org"}},
		MaxImport: 64 << 20, MaxUpload: 1 << 20, Now: w.now, Log: slog.New(slog.NewTextHandler(w.log, nil))}
	for name, role := range map[string]incidents.Role{"rita": incidents.RoleResponder, "olga": incidents.RoleOfficer, "oscar": incidents.RoleOfficer,
		"carla": incidents.RoleComms, "ada": incidents.RoleAuditor, "wes": incidents.RoleOwner, "adam": incidents.RoleAdmin} {
		w.account(name, role)
	}
	w.deps.Sessions = account.NewSessions(w.accounts, w.db, account.SessionSettings{Insecure: true})
	w.deps.Hook = &hook.Receiver{Desk: w.desk, Now: w.now, Sources: map[string]hook.Source{
		"splunk": {Name: "splunk", Format: "splunk-webhook", Auth: hook.Auth{Style: hook.Bearer, Secrets: []hook.Secret{"a-long-random-token"}}}}}
	w.deps.Ready = func() error { return w.ready }
	s, err := New(w.deps)
	must(t, err)
	w.web, w.inside, w.public = s, s.Inside(), s.Public()
	t.Cleanup(w.deps.Hook.Wait)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) account(name string, role incidents.Role) {
	w.t.Helper()
	ctx := w.t.Context()
	a, e, err := w.accounts.Add(ctx, incidents.System, name, strings.ToUpper(name[:1])+name[1:], role, testPassword)
	must(w.t, err)
	plain, _, err := w.accounts.MintToken(ctx, incidents.System, a.ID, "tests", nil, time.Hour)
	must(w.t, err)
	w.tokens[name], w.secrets[name] = plain, e.Secret()
}

// A reply is what came back.
type reply struct {
	*httptest.ResponseRecorder
	t *testing.T
}

// into reads the JSON of a reply.
func (r reply) into(v any) {
	r.t.Helper()
	if err := json.Unmarshal(r.Body.Bytes(), v); err != nil {
		r.t.Fatalf("the answer is no JSON: %v\n%s", err, r.Body)
	}
}

// want checks the status.
func (r reply) want(status int) reply {
	r.t.Helper()
	if r.Code != status {
		r.t.Fatalf("status %d, want %d: %.300s", r.Code, status, r.Body)
	}
	return r
}

// as sends a request to the API for somebody. body is JSON to send, or nil.
func (w *world) as(who, method, path string, body any, header ...string) reply {
	w.t.Helper()
	var rd io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		must(w.t, err)
		rd = bytes.NewReader(b)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), method, APIPrefix+path, rd)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bearer "+w.tokens[who])
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.send(w.inside, r)
}

func (w *world) send(h http.Handler, r *http.Request) reply {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return reply{rec, w.t}
}

// code is a new code of somebody's second factor.
func (w *world) code(who string) string {
	w.t.Helper()
	w.pass(30 * time.Second)
	c, err := account.CurrentCode(w.secrets[who], w.now())
	must(w.t, err)
	return c
}

type body = map[string]any

// incidentWithList opens an incident with n persons on its list.
func (w *world) incidentWithList(n int) string {
	w.t.Helper()
	var in struct{ ID, Ref string }
	w.as("rita", "POST", "/incidents", body{"title": "Backup of parcel accounts copied", "mode": "live"}).want(http.StatusCreated).into(&in)
	w.as("rita", "PATCH", "/incidents/"+in.Ref+"/facts", body{"base": 1, "how": "log of the key service", "changes": body{
		"confidentiality": body{"value": true}, "aware_at": body{"value": "2026-11-24T09:00:00Z"}, "data_categories": body{"value": []string{"basic"}},
		"establishments": body{"value": []string{"EEA"}}, "regimes": body{"value": []string{"none"}}}}).want(http.StatusOK)
	w.upload(in.Ref, csvList(n)).want(http.StatusCreated)
	return in.Ref
}

func csvList(n int) string {
	var b strings.Builder
	b.WriteString("subject_id,name,email,country,locale\n")
	for i := range n {
		fmt.Fprintf(&b, "P-%04d,Person Number%d,person%d@example.net,DE,en\n", i+1, i+1, i+1)
	}
	return b.String()
}

func (w *world) upload(ref, list string) reply {
	r := httptest.NewRequestWithContext(w.t.Context(), "POST", APIPrefix+"/incidents/"+ref+"/persons?name=list.csv", strings.NewReader(list))
	r.Header.Set("Content-Type", "text/csv; charset=utf-8")
	r.Header.Set("Authorization", "Bearer "+w.tokens["rita"])
	return w.send(w.inside, r)
}
