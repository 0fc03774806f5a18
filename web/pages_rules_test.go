package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestRulesNameTheirSources(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	page := ada.get("/rules?all=1").want(http.StatusOK).Body.String()
	for _, r := range w.deps.Rules.Pack().Rules() {
		if !strings.Contains(page, `id="`+r.ID+`"`) {
			t.Errorf("the page lacks rule %s", r.ID)
		}
	}
	for _, want := range []string{"counsel decides", `rel="noreferrer noopener"`, "Recalled, not verified"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "#ZgotmplZ") {
		t.Error("a source was taken for something dangerous")
	}
}

func TestRulesAreFound(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	for _, x := range []struct {
		name, query, has, lacks string
	}{
		{"every place", "", `href="/rules?place=CN"`, "PIPL"},
		{"by jurisdiction", "?place=CN", "PIPL", "GDPR Art. 33"},
		{"by who is told", "?place=EU&audience=individuals", `id="eu-gdpr-34"`, `id="eu-gdpr-33"`},
		{"what is recalled", "?place=EU&confidence=recalled", "Recalled, not verified", `id="eu-gdpr-33"`},
		{"by every word", "?q=gdpr+33", "Art. 33", "PIPL Art. 57"},
		{"by nothing there is", "?q=" + "xyzzy", "No rule matches", `<table`},
		{"by markup", "?q=%3Cscript%3Ealert%281%29%3C%2Fscript%3E", "&lt;script&gt;", "<script>alert"},
	} {
		t.Run(x.name, func(t *testing.T) {
			page := ada.get("/rules" + x.query).want(http.StatusOK).Body.String()
			if !strings.Contains(page, x.has) {
				t.Errorf("the page lacks %q", x.has)
			}
			if strings.Contains(page, x.lacks) {
				t.Errorf("the page has %q", x.lacks)
			}
		})
	}
	w.visitor().get("/rules").want(http.StatusSeeOther)
}

func TestTheClockOfARuleReadsAsWords(t *testing.T) {
	for _, x := range []struct{ name, clock, want string }{
		{"hours", "PT72H from aware_at; without undue delay", "72 hours from becoming aware; without undue delay"},
		{"one hour from whichever is known", "PT1H from detected_at or aware_at; no later than", "1 hour from the detection or becoming aware"},
		{"days", "P30D from determined_at", "30 days from the determination"},
		{"business days", "P10D business CN from handled_at", "10 business days (CN) from the end of the handling"},
		{"soft words alone", "promptly", "promptly"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := clockInWords(x.clock); got != x.want {
				t.Errorf("%q reads as %q, want %q", x.clock, got, x.want)
			}
		})
	}
}
