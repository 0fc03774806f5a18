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
