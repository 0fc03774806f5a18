package web

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

func (w *world) browse(path, lang string, header ...string) reply {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), "GET", path, nil)
	r.Header.Set("Accept-Language", lang)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.send(w.public, r)
}

func TestAnAnnouncementIsPublic(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	words := body{"en": body{"title": "Accounts were copied", "short": "A backup of our accounts was copied.", "happened": "A key was stolen and used to copy a backup.\n\n- Names\n- Addresses", "measures": "We changed every key on the same day.",
		"advice": "1. Change your password now\n2. Doubt calls that seem to come from us", "remedies": "A free telephone line answers your questions.", "contact": "privacy@example.org"},
		"zh-Hans": body{"title": "账户数据被复制", "short": "一份备份被复制。", "happened": "一把密钥被盗，并被用来复制了一份备份。", "measures": "我们已于当日更换了全部密钥。", "advice": "请立即更改您的密码，并留意可疑来电。", "remedies": "我们设有免费热线，为您解答疑问。", "contact": "privacy@example.org"}}
	var n incidents.Announcement
	w.as("carla", "POST", "/incidents/"+ref+"/announcements", body{"langs": words, "default": "en", "answers": []string{}}).want(201).into(&n)
	at := "/announcements/" + n.Slug

	missing := w.browse(at, "en").want(404).Body.String()
	if other := w.browse("/announcements/0123456789abcdef", "en").want(404).Body.String(); strings.ReplaceAll(other, "0123456789abcdef", n.Slug) != missing {
		t.Error("a draft can be told from nothing")
	}
	w.publish(t, n)

	en := w.browse(at, "en-GB,de;q=0.5").want(200)
	zh := w.browse(at, "zh-CN").want(200).Body.String()
	for _, want := range []string{`<html lang="en">`, "<h1>Accounts were copied</h1>", "<li>Names</li>", `<ol class="steps">`} {
		if !strings.Contains(en.Body.String(), want) {
			t.Errorf("the English page lacks %s", want)
		}
	}
	if !strings.Contains(zh, "<h1>账户数据被复制</h1>") || !strings.Contains(zh, "发生了什么") {
		t.Error("the Chinese page is not Chinese")
	}
	if tw := w.browse(at, "zh-TW").want(200).Body.String(); strings.Contains(tw, "账户数据被复制") {
		t.Error("a reader of traditional Chinese was given simplified Chinese in silence")
	}
	if c := en.Header().Get("Cache-Control"); c != "public, max-age=60" {
		t.Errorf("cache: %s", c)
	}
	w.browse(at, "en", "If-None-Match", en.Header().Get("ETag")).want(http.StatusNotModified)

	words["en"].(body)["happened"] = "A key was stolen and used to copy a backup.\n\n- Names\n- Addresses\n- Scrambled passwords"
	w.as("carla", "PUT", "/announcements/"+string(n.ID), body{"base": 1, "langs": words, "default": "en"}).want(200).into(&n)
	if strings.Contains(w.browse(at, "en").want(200).Body.String(), "Scrambled") {
		t.Error("an edit is public before it is approved")
	}
	w.publish(t, n)
	now := w.browse(at, "en").want(200).Body.String()
	if !strings.Contains(now, "- Scrambled passwords</ins>") || !strings.Contains(now, "?v=1&amp;lang=en") {
		t.Error("the page does not say what changed")
	}
	old := w.browse(at+"?v=1", "en").want(200).Body.String()
	if strings.Contains(old, "Scrambled") && !strings.Contains(old, "version 1") {
		t.Error("version 1 is not as it stood")
	}
	w.browse(at+"?v=7", "en").want(404)
	w.browse(at+"?v=x", "en").want(404)

	list := w.browse("/", "en").want(200).Body.String()
	if !strings.Contains(list, at) {
		t.Error("the list lacks the announcement")
	}
	w.feeds(t, at)

	w.as("rita", "POST", "/announcements/"+string(n.ID)+"/withdraw", body{"reason": "the wrong company"}).want(204)
	gone := w.browse(at, "en").want(http.StatusGone).Body.String()
	if strings.Contains(gone, "Accounts were copied") {
		t.Error("withdrawn words are still public")
	}
	if strings.Contains(w.browse("/feed.json", "en").Body.String(), n.Slug) {
		t.Error("the feed has what was withdrawn")
	}
}

func (w *world) feeds(t *testing.T, at string) {
	t.Helper()
	var atom struct {
		Entries []struct {
			ID    string `xml:"id"`
			Title string `xml:"title"`
		} `xml:"entry"`
	}
	must(t, xml.Unmarshal(w.browse("/feed.atom", "en").want(200).Body.Bytes(), &atom))
	var js struct {
		Version string
		Items   []struct{ ID, Title, URL string }
	}
	must(t, json.Unmarshal(w.browse("/feed.json", "en").want(200).Body.Bytes(), &js))
	want := "https://notices.example.org" + at
	if len(atom.Entries) != 1 || atom.Entries[0].ID != want || len(js.Items) != 1 || js.Items[0].ID != want || js.Items[0].Title != "Accounts were copied" {
		t.Errorf("the feeds: %+v %+v", atom, js)
	}
}

func TestADrillIsNeverPublic(t *testing.T) {
	w := newWorld(t)
	var in incidents.Incident
	w.as("rita", "POST", "/incidents", body{"title": "Exercise", "mode": "drill"}).want(201).into(&in)
	words := body{"en": body{"title": "Exercise only", "short": "This is an exercise.", "happened": "A key was stolen in this exercise.", "measures": "We changed every key of the exercise.", "advice": "There is nothing you have to do.", "remedies": "We answer every question free of charge.", "contact": "privacy@example.org"}}
	var n incidents.Announcement
	w.as("carla", "POST", "/incidents/"+in.Ref+"/announcements", body{"langs": words, "default": "en"}).want(201).into(&n)
	w.publish(t, n)
	w.browse("/announcements/"+n.Slug, "en").want(404)
	for _, path := range []string{"/", "/feed.atom", "/feed.json"} {
		if strings.Contains(w.browse(path, "en").want(200).Body.String(), "Exercise only") {
			t.Errorf("%s shows a drill", path)
		}
	}
}

func TestACodeIsChecked(t *testing.T) {
	w := newWorld(t)
	w.incidentWithList(3)
	n := w.notice(t, "/incidents/INC-2026-0001")
	check := func(code, lang string) reply { return w.browse("/verify?code="+url.QueryEscape(code), lang) }
	good := check(w.codes.Code(n.No, 1), "en").want(200)
	if !strings.Contains(good.Body.String(), "This message is from us") || good.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("a genuine code: %s", good.Body)
	}
	if !strings.Contains(check(w.codes.Code(n.No, 1), "zh").Body.String(), "这条消息是我们发出的") {
		t.Error("no Chinese answer")
	}
	var answers []string
	for _, code := range []string{"0000-0000-0000", w.codes.Code(n.No, 99), w.codes.Code(99, 1), strings.Repeat("A", 500), "<script>"} {
		answers = append(answers, check(code, "en").want(200).Body.String())
	}
	for _, a := range answers[1:] {
		if a != answers[0] || !strings.Contains(a, "This code is not from us") {
			t.Error("codes that are not ours can be told apart")
		}
	}
}

func TestCodesCannotBeGuessedForLong(t *testing.T) {
	now := time.Now()
	g := newTurnstile(2, time.Minute, func() time.Time { return now })
	a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	if !g.pass(a) || !g.pass(b) || g.pass(a) {
		t.Error("one /64 is one visitor, with two visits a minute")
	}
	if !g.pass(netip.MustParseAddr("192.0.2.1")) {
		t.Error("another network has its own visits")
	}
	now = now.Add(time.Minute)
	if !g.pass(a) {
		t.Error("a minute later the visits begin anew")
	}
	for i := range maxNetworks + 10 {
		g.pass(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if len(g.seen) > maxNetworks {
		t.Errorf("%d networks are remembered", len(g.seen))
	}
}

func TestWhoAsks(t *testing.T) {
	trusted := networks([]string{"10.0.0.0/8", "192.0.2.9", "nonsense"})
	for name, c := range map[string]struct{ remote, forwarded, want string }{
		"straight":               {"198.51.100.7:4000", "203.0.113.1", "198.51.100.7"},
		"through a proxy":        {"10.0.0.1:4000", "203.0.113.1", "203.0.113.1"},
		"through two":            {"10.0.0.1:4000", "203.0.113.1, 192.0.2.9", "203.0.113.1"},
		"with a made-up start":   {"10.0.0.1:4000", "1.2.3.4, 203.0.113.1", "203.0.113.1"},
		"with nonsense":          {"10.0.0.1:4000", "nonsense", "10.0.0.1"},
		"an old address as IPv6": {"[::ffff:10.0.0.1]:4000", "203.0.113.1", "203.0.113.1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
			r.RemoteAddr = c.remote
			r.Header.Set("X-Forwarded-For", c.forwarded)
			if got := clientAddr(r, trusted).String(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestTwilioReports(t *testing.T) {
	w := newWorld(t)
	post := func(form string) reply {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/callbacks/twilio/1-2-s/1/abcd?x=1", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", "sig")
		return w.send(w.public, r)
	}
	post("MessageSid=SM1&MessageStatus=delivered").want(204)
	if w.calledURL != "https://notices.example.org/callbacks/twilio/1-2-s/1/abcd?x=1" || w.calledForm["MessageStatus"] != "delivered" || w.calledSign != "sig" {
		t.Errorf("handed over: %s %v %s", w.calledURL, w.calledForm, w.calledSign)
	}
	post("MessageSid=SM1&MessageStatus=delivered").want(204) // twice is fine
	post("MessageSid=SM1&MessageSid=SM2").want(400)
	post("Body=" + strings.Repeat("x", maxCallback)).want(413)
	w.callback = incidents.Forbidden("the signature of the callback is wrong")
	post("MessageSid=SM1").want(403)
	w.callback = incidents.Unavailable("the disk is full")
	if got := post("MessageSid=SM1").want(503); got.Header().Get("Retry-After") == "" {
		t.Error("a 503 without Retry-After")
	}
}

func TestAKeyInACallIsAnsweredAndNotKept(t *testing.T) {
	w := newWorld(t)
	press := func() reply {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/callbacks/twilio/1-2-v/1/abcd/speak", strings.NewReader("CallSid=CA1&Digits=1"))
		r.Header.Set("X-Twilio-Signature", "sig")
		return w.send(w.public, r)
	}
	got := press().want(200)
	if got.Header().Get("Content-Type") != "text/xml; charset=utf-8" || got.Header().Get("Cache-Control") != "no-store" || !strings.Contains(got.Body.String(), "one person's words") {
		t.Errorf("%v %s", got.Header(), got.Body)
	}
	if w.calledURL != "https://notices.example.org/callbacks/twilio/1-2-v/1/abcd/speak" || w.calledForm["Digits"] != "1" || w.calledSign != "sig" {
		t.Errorf("handed over: %s %v %s", w.calledURL, w.calledForm, w.calledSign)
	}
	w.callback = incidents.Forbidden("the signature of the callback is wrong")
	if b := press().want(403).Body.String(); strings.Contains(b, "words") {
		t.Errorf("a forged key is answered with %q", b)
	}
}

func TestCheckpointAndVerifierArePublic(t *testing.T) {
	w := newWorld(t)
	if b := w.browse("/checkpoint", "en").want(200).Body.String(); !strings.HasPrefix(b, "tocsin\n7\n") {
		t.Errorf("the checkpoint: %q", b)
	}
	if b := w.browse("/verifier", "en").want(200).Body.String(); b != "tocsin+abcd+key\n" {
		t.Errorf("the verifier: %q", b)
	}
}

func TestBlocks(t *testing.T) {
	got := blocks("One.\nTwo.\n\n- a\n- b\n\n1. c\n2) d\nAfter")
	var kinds []string
	for _, b := range got {
		kinds = append(kinds, b.Kind+strconv.Itoa(len(b.Lines)))
	}
	if strings.Join(kinds, " ") != "p2 ul2 ol2 p1" {
		t.Errorf("%v", got)
	}
	if h := blocksHTML("<b>\n\n- x & y"); h != "<p>&lt;b&gt;</p><ul><li>x &amp; y</li></ul>" {
		t.Errorf("%s", h)
	}
}

func TestBothListenersSayHowTheyAre(t *testing.T) {
	w := newWorld(t)
	for name, h := range map[string]http.Handler{"inside": w.inside, "public": w.public} {
		ask := func(path string) reply {
			return w.send(h, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		}
		w.ready = nil
		ask("/livez").want(200)
		ask("/readyz").want(200)
		w.ready = incidents.Unavailable("the service is starting")
		ask("/livez").want(200)
		if got := ask("/readyz").want(503); got.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: no security headers: %v", name, got.Header())
		}
	}
}

// TestThePublicListenerHasNothingFromInside looks for the console, the API and
// the alert hook where strangers are.
func TestThePublicListenerHasNothingFromInside(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/api/v1/incidents", "/hooks/splunk", "/sign-in", "/incidents", "/audit"} {
		w.browse(path, "en", "Authorization", "Bearer "+w.tokens["rita"]).want(404)
	}
}
