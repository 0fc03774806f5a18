package templates

import (
	"strings"
	"testing"

	"tocsin/incidents"
)

// What is approved shows the address messages lead to, on every channel, and
// another address is another version of what goes out.
func TestPreviewLeadsWhereMessagesLead(t *testing.T) {
	org := testOrg
	org.Domains, org.Verify = []string{"other.example", "quillfeather.example"}, "https://security.quillfeather.example/verify"
	b, err := New(org, nil)
	if err != nil {
		t.Fatal(err)
	}
	words, err := b.Draft(incidents.NoticeBreach, incidents.Incident{}, incidents.Facts{}, []incidents.Lang{"en"})
	if err != nil {
		t.Fatal(err)
	}
	c := incidents.Content{Kind: incidents.NoticeBreach, Mode: incidents.Live, Langs: words, Default: "en", Layout: b.Layout()}
	for _, ch := range []incidents.Channel{incidents.Email, incidents.SMS, incidents.Letter} {
		r, err := b.Preview(c, ch, "en")
		if err != nil {
			t.Fatal(err)
		}
		text := r.Text + r.SMS
		if r.Letter != nil {
			text += r.Letter.VerifyURL.Value
		}
		if !strings.Contains(text, "https://security.quillfeather.example/verify?code=") {
			t.Errorf("%s leads elsewhere:\n%s", ch, text)
		}
	}
	org.Verify = "https://www.quillfeather.example/verify"
	if other, err := New(org, nil); err != nil || other.Layout() == b.Layout() {
		t.Errorf("an approval would cover another address: %v", err)
	}
}

// A preview names the kinds of data the content names, and none of its own.
func TestPreviewInventsNoKindsOfData(t *testing.T) {
	b := newBook(t)
	for _, lang := range b.Languages() {
		for _, kinds := range [][]string{nil, {"health"}} {
			c := content(t, b, incidents.NoticeBreach, stolenBackup())
			c.Data = kinds
			edit(&c, lang, func(w *words) { w.Happened = "A thief has [{{data}}]." })
			r, err := b.Preview(c, incidents.Email, lang)
			if err != nil {
				t.Fatal(err)
			}
			if want := "[" + b.DataWords(lang, kinds) + "]"; !strings.Contains(strings.ReplaceAll(r.Text, "\n", " "), want) {
				t.Errorf("%s, %v: lacks %q:\n%s", lang, kinds, want, r.Text)
			}
		}
	}
}

// Sensitive kinds a content names are kept out of what others may see, whatever
// became of the facts.
func TestWhatTheContentNamesIsKeptIn(t *testing.T) {
	b := newBook(t)
	for kind, want := range map[string]bool{"health": true, "basic": false} {
		c := content(t, b, incidents.NoticeBreach, stolenBackup())
		c.Data = []string{kind}
		edit(&c, "en", func(w *words) { w.Subject = "Your diagnosis was read" })
		if got := has(b.Lint(c, stolenBackup(), nil), "sensitive-words", levelError); got != want {
			t.Errorf("%s: refused %v", kind, got)
		}
	}
}
