package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
)

// A desk keeps in memory what the hook hands over; store can be made to fail.
type desk struct {
	mu    sync.Mutex
	kept  map[string]incidents.Intake
	order []incidents.Intake
	fail  func(context.Context) error
}

func (d *desk) put(ctx context.Context, in incidents.Intake) (incidents.Intake, bool, error) {
	if d.fail != nil {
		if err := d.fail(ctx); err != nil {
			return in, false, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil {
		d.kept = map[string]incidents.Intake{}
	}
	key := in.Source + "\n" + in.DeliveryID
	if first, ok := d.kept[key]; ok {
		return first, false, nil
	}
	in.ID = incidents.IntakeID("in-" + in.DeliveryID)
	d.kept[key] = in
	d.order = append(d.order, in)
	return in, true, nil
}

func (d *desk) Accept(ctx context.Context, in incidents.Intake) (incidents.Taken, error) {
	got, fresh, err := d.put(ctx, in)
	return incidents.Taken{Intake: got, Fresh: fresh}, err
}

func (d *desk) Quarantine(ctx context.Context, in incidents.Intake) (incidents.Intake, error) {
	got, _, err := d.put(ctx, in)
	return got, err
}

func (d *desk) all() []incidents.Intake {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]incidents.Intake{}, d.order...)
}

const token = "a-long-random-token"

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func receiver(d *desk) (*Receiver, *bytes.Buffer) {
	log := &bytes.Buffer{}
	bearer := Auth{Style: Bearer, Secrets: []Secret{token}}
	return &Receiver{Desk: d, Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(log, nil)), Sources: map[string]Source{
		"splunk": {Name: "splunk", Format: "splunk-webhook", Auth: Auth{Style: URLToken, Secrets: []Secret{token}}, MaxBody: 4096},
		"prom":   {Name: "prom", Format: "alertmanager", Auth: bearer, MaxBody: 4096},
		"events": {Name: "events", Format: "cloudevents", Auth: bearer},
		"own":    {Name: "own", Format: "generic", Auth: bearer},
		"sns":    {Name: "sns", Format: "sns-envelope", Auth: bearer},
		"github": {Name: "github", Format: "generic", Auth: Auth{Style: GitHub, Secrets: []Secret{token}}, MaxBody: 4096},
	}}, log
}

const splunkAlert = `{"sid":"s1","search_name":"Mass export","result":{"host":"db1","severity":"high"},"app":"search"}`

func TestTheContractOfTheHook(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, kind, body string
		header                   map[string]string
		status                   int
		says                     string
		reason                   string // of what is kept; "-": nothing is kept
	}{
		"an alert":                  {"POST", "/hooks/splunk?token=" + token, "application/json", splunkAlert, nil, 202, `"alerts":1`, ""},
		"by PUT":                    {"PUT", "/hooks/splunk?token=" + token, "application/json", splunkAlert, nil, 202, `"duplicate":false`, ""},
		"as plain text":             {"POST", "/hooks/splunk?token=" + token, "text/plain; charset=UTF-8", splunkAlert, nil, 202, `"alerts":1`, ""},
		"without a type":            {"POST", "/hooks/splunk?token=" + token, "", splunkAlert, nil, 202, `"alerts":1`, ""},
		"a token in the path":       {"POST", "/hooks/splunk/" + token, "application/json", splunkAlert, nil, 202, `"alerts":1`, ""},
		"a wrong one in the path":   {"POST", "/hooks/splunk/" + token + "/x", "application/json", splunkAlert, nil, 401, "credentials are wrong", "-"},
		"a path nobody asked for":   {"POST", "/hooks/own/x", "application/json", `{"title":"x"}`, bearerHeader, 401, "credentials are wrong", "-"},
		"a wrong token":             {"POST", "/hooks/splunk?token=wrong", "application/json", splunkAlert, nil, 401, "credentials are wrong", "-"},
		"no token":                  {"POST", "/hooks/splunk", "application/json", splunkAlert, nil, 401, "credentials are wrong", "-"},
		"a source not there":        {"POST", "/hooks/nobody?token=" + token, "application/json", splunkAlert, nil, 401, "credentials are wrong", "-"},
		"a forged signature":        {"POST", "/hooks/github", "application/json", `{"a":1}`, map[string]string{"X-Hub-Signature-256": "sha256=00"}, 401, "credentials are wrong", "-"},
		"no JSON":                   {"POST", "/hooks/splunk?token=" + token, "application/json", "{broken", nil, 400, `"error"`, "kept"},
		"cut off":                   {"POST", "/hooks/splunk?token=" + token, "application/json", splunkAlert[:40], nil, 400, `"error"`, "kept"},
		"empty":                     {"POST", "/hooks/splunk?token=" + token, "application/json", "", nil, 400, "empty", "kept"},
		"another shape":             {"POST", "/hooks/prom", "application/json", `{"colour":"red"}`, bearerHeader, 422, `"error"`, "kept"},
		"another type":              {"POST", "/hooks/splunk?token=" + token, "application/pdf", splunkAlert, nil, 415, "JSON", "kept"},
		"packed":                    {"POST", "/hooks/splunk?token=" + token, "application/json", splunkAlert, map[string]string{"Content-Encoding": "gzip"}, 415, "packed", "kept"},
		"too large":                 {"POST", "/hooks/splunk?token=" + token, "application/json", `{"x":"` + strings.Repeat("y", 5000) + `"}`, nil, 413, "larger than the 4096", "kept"},
		"far too large":             {"POST", "/hooks/splunk?token=" + token, "application/json", `{"x":"` + strings.Repeat("y", 50_000) + `"}`, nil, 413, "larger", "kept"},
		"far too large, unproven":   {"POST", "/hooks/github", "application/json", strings.Repeat("y", 50_000), map[string]string{"X-Hub-Signature-256": "sha256=00"}, 413, "larger", "-"},
		"deep":                      {"POST", "/hooks/own", "application/json", strings.Repeat("[", 50_000), bearerHeader, 400, `"error"`, "kept"},
		"asked for by GET":          {"GET", "/hooks/splunk?token=" + token, "", "", nil, 405, "POST or PUT", "-"},
		"asked for by HEAD":         {"HEAD", "/hooks/splunk", "", "", nil, 405, "", "-"},
		"a subscription is kept":    {"POST", "/hooks/sns", "text/plain", snsConfirmation, bearerHeader, 202, `"alerts":0`, "subscription"},
		"a handshake is echoed":     {"POST", "/hooks/own?validationToken=abc%20d", "text/plain", "", bearerHeader, 200, "abc d", "-"},
		"a handshake without right": {"POST", "/hooks/own?validationToken=abc", "text/plain", "", nil, 401, "credentials", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{}
			rc, log := receiver(d)
			got := send(rc, c.method, c.path, c.kind, c.body, c.header)
			rc.Wait()
			if got.Code != c.status || !strings.Contains(got.Body.String(), c.says) {
				t.Errorf("%d %s; want %d with %q", got.Code, got.Body, c.status, c.says)
			}
			kept := d.all()
			switch {
			case c.reason == "-":
				if len(kept) != 0 {
					t.Errorf("kept %+v", kept)
				}
			case len(kept) != 1 || kept[0].Quarantined() != (c.reason != ""):
				t.Errorf("kept %+v", kept)
			case c.reason != "" && c.reason != "kept" && !strings.Contains(kept[0].Reason, c.reason):
				t.Errorf("kept because %q", kept[0].Reason)
			}
			if c.status == 405 && got.Header().Get("Allow") != "POST, PUT, OPTIONS" {
				t.Errorf("Allow: %s", got.Header().Get("Allow"))
			}
			if strings.Contains(log.String(), token) || strings.Contains(log.String(), "token=") {
				t.Errorf("the log holds the token: %s", log)
			}
			if got.Code == 429 {
				t.Error("several senders never repeat a 429")
			}
		})
	}
}

var bearerHeader = map[string]string{"Authorization": "Bearer " + token}

const snsConfirmation = `{"Type":"SubscriptionConfirmation","MessageId":"m1","Token":"secret-of-amazon","TopicArn":"arn:aws:sns:eu-central-1:1:t","Message":"confirm","SubscribeURL":"https://sns.example.org/?Token=secret-of-amazon","Timestamp":"2026-11-24T12:00:00Z"}`

func send(h http.Handler, method, path, kind, body string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTheSameDeliveryTwiceIsOne(t *testing.T) {
	d := &desk{}
	rc, _ := receiver(d)
	var first, second receipt
	decode(t, send(rc, "POST", "/hooks/splunk?token="+token, "application/json", splunkAlert, nil), &first)
	decode(t, send(rc, "POST", "/hooks/splunk?token="+token, "application/json", splunkAlert, nil), &second)
	if first.Duplicate || !second.Duplicate || first.ID != second.ID || len(d.all()) != 1 {
		t.Errorf("%+v then %+v", first, second)
	}
}

func decode(t *testing.T, w *httptest.ResponseRecorder, v any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil || w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

// TestWhatWasUnreadableCanArriveLater: a body in quarantine does not stand in
// the way of the same body once its source's format is mended.
func TestWhatWasUnreadableCanArriveLater(t *testing.T) {
	d := &desk{}
	rc, _ := receiver(d)
	src := rc.Sources["splunk"]
	src.Format = "alertmanager"
	rc.Sources["splunk"] = src
	if a := rc.Take(t.Context(), "splunk", "hook", http.Header{"Content-Type": {"application/json"}}, []byte(splunkAlert)); a.Status != 422 {
		t.Fatalf("%+v", a)
	}
	src.Format = "splunk-webhook"
	rc.Sources["splunk"] = src
	again, err := rc.Reparse(d.all()[0])
	if err != nil || len(again.Alerts) != 1 || again.ReceivedAt != noon {
		t.Errorf("read again: %+v, %v", again, err)
	}
	if a := rc.Take(t.Context(), "splunk", "bus", http.Header{}, []byte(splunkAlert)); a.Status != 202 || a.Duplicate || a.Intake.Via != "bus" {
		t.Errorf("%+v", a)
	}
}

func TestSecretsAreNotKept(t *testing.T) {
	d := &desk{}
	rc, _ := receiver(d)
	send(rc, "POST", "/hooks/sns", "text/plain", snsConfirmation, bearerHeader)
	send(rc, "POST", "/hooks/own", "application/json", `{"api_key": "hunter2-hunter2", "password":"hun\"ter3", "url":"https://x/?token=hunter4", broken`, bearerHeader)
	for _, in := range d.all() {
		all := string(in.Body)
		for k, v := range in.Headers {
			all += k + v
		}
		for _, secret := range []string{"secret-of-amazon", "hunter2", "ter3", "hunter4", token, "Authorization"} {
			if strings.Contains(all, secret) {
				t.Errorf("%s is kept in %s", secret, all)
			}
		}
	}
	if len(d.all()) != 2 {
		t.Errorf("kept %d bodies, want 2", len(d.all()))
	}
}

// TestASetAsideFormIsReadAgain: of a form, the JSON inside is kept.
func TestASetAsideFormIsReadAgain(t *testing.T) {
	d := &desk{}
	rc, _ := receiver(d)
	form := "payload=" + url.QueryEscape(snsConfirmation)
	if got := send(rc, "POST", "/hooks/sns", "application/x-www-form-urlencoded", form, bearerHeader); got.Code != 202 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if _, err := rc.Reparse(d.all()[0]); err == nil || !strings.Contains(err.Error(), "subscription confirmation") {
		t.Errorf("read again: %v", err)
	}
}

func TestWhenTheStoreFails(t *testing.T) {
	for name, err := range map[string]error{"the disk is full": incidents.Unavailable("the disk is full"), "something else": errors.New("cable of /var/x cut")} {
		t.Run(name, func(t *testing.T) {
			rc, _ := receiver(&desk{fail: func(context.Context) error { return err }})
			for _, body := range []string{splunkAlert, "{broken"} {
				got := send(rc, "POST", "/hooks/splunk?token="+token, "application/json", body, nil)
				if got.Code != 503 || got.Header().Get("Retry-After") == "" || strings.Contains(got.Body.String(), "/var") {
					t.Errorf("%d %s", got.Code, got.Body)
				}
			}
		})
	}
}

// TestAStoreThatHangs: the sender has its answer while the store still works,
// and what is stored after that is a duplicate the second time.
func TestAStoreThatHangs(t *testing.T) {
	free := make(chan struct{})
	d := &desk{fail: func(context.Context) error { <-free; return nil }}
	rc, _ := receiver(d)
	rc.Within = 20 * time.Millisecond
	if got := send(rc, "POST", "/hooks/splunk?token="+token, "application/json", splunkAlert, nil); got.Code != 503 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	close(free)
	rc.Wait()
	var again receipt
	decode(t, send(rc, "POST", "/hooks/splunk?token="+token, "application/json", splunkAlert, nil), &again)
	if !again.Duplicate || len(d.all()) != 1 {
		t.Errorf("%+v", again)
	}
}

// TestOneSourceFloods leaves room for the others.
func TestOneSourceFloods(t *testing.T) {
	free, in := make(chan struct{}), make(chan struct{}, 8)
	d := &desk{fail: func(context.Context) error { in <- struct{}{}; <-free; return nil }}
	rc, _ := receiver(d)
	rc.Each, rc.All, rc.Within = 2, 3, time.Minute
	var wg sync.WaitGroup
	post := func(path, body string, header map[string]string) {
		wg.Go(func() {
			if got := send(rc, "POST", path, "application/json", body, header); got.Code != 202 {
				t.Errorf("%d %s", got.Code, got.Body)
			}
		})
		<-in
	}
	post("/hooks/splunk?token="+token, splunkAlert, nil)
	post("/hooks/splunk?token="+token, strings.Replace(splunkAlert, "s1", "s2", 1), nil)
	if got := send(rc, "POST", "/hooks/splunk?token="+token, "application/json", splunkAlert, nil); got.Code != 503 || got.Header().Get("Retry-After") == "" {
		t.Errorf("the flooding source: %d", got.Code)
	}
	post("/hooks/own", `{"title":"x"}`, bearerHeader)
	if got := send(rc, "POST", "/hooks/events", "application/json", `{}`, bearerHeader); got.Code != 503 {
		t.Errorf("above the total: %d", got.Code)
	}
	close(free)
	wg.Wait()
}

// TestASlowSender is cut off, over a real connection.
func TestASlowSender(t *testing.T) {
	d := &desk{}
	rc, _ := receiver(d)
	rc.Slow = 30 * time.Millisecond
	srv := httptest.NewServer(rc)
	defer srv.Close()
	r, w := io.Pipe()
	defer w.Close()
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/hooks/splunk?token="+token, r)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = w.Write([]byte(`{"sid":`)) }()
	res, err := srv.Client().Do(req)
	if err == nil {
		defer res.Body.Close()
		if res.StatusCode != 503 {
			t.Errorf("status %d", res.StatusCode)
		}
	}
	if len(d.all()) != 0 {
		t.Errorf("half a body was kept: %+v", d.all())
	}
	srv.Client().CloseIdleConnections()
}

func TestCloudEventsAskFirst(t *testing.T) {
	rc, _ := receiver(&desk{})
	ask := func(header map[string]string) http.Header {
		header["WebHook-Request-Origin"] = "events.example.org"
		return send(rc, "OPTIONS", "/hooks/events", "", "", header).Header()
	}
	if got := ask(map[string]string{"Authorization": "Bearer " + token}).Get("WebHook-Allowed-Origin"); got != "events.example.org" {
		t.Errorf("allowed: %q", got)
	}
	if got := ask(map[string]string{}).Get("WebHook-Allowed-Origin"); got != "" {
		t.Errorf("allowed without credentials: %q", got)
	}
}

// TestCloudEventsInHeaders has the event's attributes, and its id, in headers.
func TestCloudEventsInHeaders(t *testing.T) {
	d := &desk{}
	rc, _ := receiver(d)
	header := map[string]string{"Authorization": "Bearer " + token, "Ce-Id": "e1", "Ce-Source": "/scanner", "Ce-Type": "leak.found", "Ce-Specversion": "1.0", "Ce-Time": "2026-11-24T11:00:00Z"}
	got := send(rc, "POST", "/hooks/events", "application/json", `{"title":"Bucket is open"}`, header)
	if got.Code != 202 || d.all()[0].DeliveryID == "" || d.all()[0].Headers["Ce-Id"] != "e1" {
		t.Fatalf("%d %s %+v", got.Code, got.Body, d.all())
	}
	again, err := rc.Reparse(d.all()[0])
	if err != nil || len(again.Alerts) != 1 {
		t.Errorf("read again: %+v %v", again, err)
	}
}

func FuzzTake(f *testing.F) {
	for _, s := range []string{splunkAlert, snsConfirmation, "{", "[]", "[[[[", `{"a":1}{"b":2}`, "payload=%7B%7D", "\xff\xfe{}"} {
		f.Add("application/json", []byte(s))
	}
	f.Add("application/x-www-form-urlencoded", []byte("payload=%7B%22sid%22%3A1%7D"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		d := &desk{}
		rc, _ := receiver(d)
		for source := range rc.Sources {
			a := rc.Take(t.Context(), source, "hook", http.Header{"Content-Type": {kind}}, body)
			switch a.Status {
			case 202, 400, 413, 415, 422:
			default:
				t.Errorf("%s: %d %v", source, a.Status, a.Err)
			}
		}
		if len(d.all()) != len(rc.Sources) {
			t.Errorf("%d bodies kept of %d", len(d.all()), len(rc.Sources))
		}
	})
}
