package templates

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"tocsin/incidents"
)

var threeChannels = []incidents.Channel{incidents.Email, incidents.SMS, incidents.Push}

// tags lists the elements and attribute names of a page, in order.
func tags(page string) []string {
	var out []string
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.TextToken:
		default:
			tok := z.Token()
			s := tok.Type.String() + " " + tok.Data
			for _, a := range tok.Attr {
				s += " " + a.Key
			}
			if tok.Type == html.CommentToken {
				s = "comment"
			}
			out = append(out, s)
		}
	}
}

// visible is the text of a page.
func visible(page string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.Write(z.Text())
		}
	}
}

func TestNoValueAddsAnElement(t *testing.T) {
	c := compile(t, incidents.NoticeBreach)
	plain, err := c.Render(incidents.Email, "en", person())
	if err != nil {
		t.Fatal(err)
	}
	want := tags(plain.HTML)
	nasty := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"<script>alert(1)</script>", `"><img src=x onerror=y>`, "=HYPERLINK(1)", "{{code}}",
		"qZ7slotXBXtols7Zq", "\u202egnp.exe", "🧑‍🚀 Ağa", "محمد", "a\r\nBcc: x@y", "</p><!-- ", "&lt;b&gt;", "O'Hara & \"Söhne\"", "\x00\x1b[31m"}))
	rapid.Check(t, func(t *rapid.T) {
		p := person()
		p.Name, p.Data, p.Code, p.Ref = nasty.Draw(t, "name"), nasty.Draw(t, "data")+"x", nasty.Draw(t, "code")+"x", nasty.Draw(t, "ref")+"x"
		r, err := c.Render(incidents.Email, "en", p)
		if err != nil {
			t.Fatal(err)
		}
		if got := tags(r.HTML); !slices.Equal(got, want) {
			t.Fatalf("elements changed: %v", got)
		}
		if strings.ContainsAny(r.Subject, "\r\n") {
			t.Fatal("the subject has a second line")
		}
		page := visible(r.HTML)
		for _, v := range []string{p.Name, p.Data, p.Code, p.Ref} {
			if v = Clean(v); !strings.Contains(r.Text, v) || !strings.Contains(page, v) {
				t.Fatalf("a value is not there as it is: %q", v)
			}
		}
		if !utf8.ValidString(r.Text) || strings.ContainsAny(r.Text, "\r\x00\x1b\u202e") {
			t.Fatal("control characters got through")
		}
	})
}

func TestCanary(t *testing.T) {
	c := compile(t, incidents.NoticeBreach)
	langs := []incidents.Lang{"en", "zh-Hans"}
	for i := range 10000 {
		p := person()
		id := fmt.Sprintf("canary%06d.", i)
		p.Name, p.Data, p.Code = "N"+id, "D"+id, "C"+id
		r, err := c.Render(incidents.Email, langs[i%2], p)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{r.Text, r.HTML} {
			if all, own := strings.Count(s, "canary"), strings.Count(s, id); all != own || own < 3 {
				t.Fatalf("message %d holds %d canaries, %d of them its own", i, all, own)
			}
		}
	}
}

func TestRenderRefusesHoles(t *testing.T) {
	c := compile(t, incidents.NoticeTermination)
	for _, tc := range []struct {
		name  string
		spoil func(*Slots)
		field string
	}{
		{"no data", func(p *Slots) { p.Data = "" }, "data"},
		{"no code", func(p *Slots) { p.Code = "" }, "code"},
		{"a code of invisible characters", func(p *Slots) { p.Code = "\u200b\u202e" }, "code"},
		{"no reference", func(p *Slots) { p.Ref = " " }, "ref"},
		{"no page", func(p *Slots) { p.VerifyURL = "" }, "verify_url"},
		{"a script for a page", func(p *Slots) { p.VerifyURL = "javascript:alert(1)" }, "verify_url"},
		{"a page elsewhere", func(p *Slots) { p.VerifyURL = "https://quillfeather.example.evil.test/" }, "verify_url"},
		{"a page that only ends like ours", func(p *Slots) { p.VerifyURL = "https://notquillfeather.example/" }, "verify_url"},
		{"a page with a user", func(p *Slots) { p.VerifyURL = "https://quillfeather.example@evil.test/" }, "verify_url"},
		{"a page without https", func(p *Slots) { p.VerifyURL = "http://quillfeather.example/" }, "verify_url"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := person()
			tc.spoil(&p)
			_, err := c.Render(incidents.Email, "en", p)
			var e *incidents.Error
			if !errors.As(err, &e) || e.Kind != incidents.KindInvalid || e.Field != tc.field {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// The page is judged once for everybody; what follows the person's code is
// judged for each.
func TestThePageIsJudgedOnceForAll(t *testing.T) {
	c := compile(t, incidents.NoticeBreach)
	render := func(address string) error {
		p := person()
		p.VerifyURL = address
		_, err := c.Render(incidents.Email, "en", p)
		return err
	}
	const page = "https://www.quillfeather.example/verify"
	if err := render(page + "?code=AAAA"); err != nil || c.pageOK.Load() == nil {
		t.Fatalf("nothing was kept: %v", err)
	}
	kept := c.pageOK.Load()
	if err := render(page + "?code=BBBB"); err != nil || c.pageOK.Load() != kept || *kept != page {
		t.Errorf("another person's code made it be judged again: %v", err)
	}
	for _, bad := range []string{page + `?code="><script`, page + "?code=A B", "https://quillfeather.example.evil.test/?code=AAAA", page + "@evil.test/?code=A'"} {
		if render(bad) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestRenderWithoutName(t *testing.T) {
	c := compile(t, incidents.NoticeBreach)
	p := person()
	p.Name = ""
	r, err := c.Render(incidents.Email, "en", p)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.Text, "\nHello,\n") || strings.Contains(r.Text, "Dear") || !strings.Contains(r.HTML, "Hello,") {
		t.Fatal(r.Text)
	}
}

func TestCompileRefuses(t *testing.T) {
	b := newBook(t)
	for _, tc := range []struct {
		name  string
		spoil func(*incidents.Content)
		kind  incidents.Kind
	}{
		{"other layouts than approved", func(c *incidents.Content) { c.Layout = "0123456789ab" }, incidents.KindConflict},
		{"no text in the default language", func(c *incidents.Content) { c.Default = "fr" }, incidents.KindInvalid},
		{"a language without fixed words", func(c *incidents.Content) { c.Langs["fr"] = c.Langs["en"] }, incidents.KindInvalid},
		{"a language that is no tag", func(c *incidents.Content) { c.Langs["!"] = c.Langs["en"] }, incidents.KindInvalid},
		{"an unknown placeholder", func(c *incidents.Content) { edit(c, "en", func(w *incidents.Words) { w.SMS = "{{nmae}}" }) }, incidents.KindInvalid},
		{"a gap", func(c *incidents.Content) { edit(c, "en", func(w *incidents.Words) { w.Advice = "- [[what?]]" }) }, incidents.KindInvalid},
		{"a reserved word", func(c *incidents.Content) { edit(c, "en", func(w *incidents.Words) { w.Advice = marker(SlotName) }) }, incidents.KindInvalid},
		{"an end date that is none", func(c *incidents.Content) { c.EndDate = "soon" }, incidents.KindInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := content(t, b, incidents.NoticeBreach, stolenBackup())
			tc.spoil(&c)
			if _, err := b.Compile(c); incidents.KindOf(err) != tc.kind || err == nil {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func edit(c *incidents.Content, lang incidents.Lang, change func(*incidents.Words)) {
	w := c.Langs[lang]
	change(&w)
	c.Langs[lang] = w
}

func TestIncompleteChannelIsRefused(t *testing.T) {
	b := newBook(t)
	c := content(t, b, incidents.NoticeBreach, stolenBackup())
	edit(&c, "en", func(w *incidents.Words) { w.SMS, w.Remedies, w.PushTitle = "", "", "" })
	compiled, err := b.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, ch := range append(threeChannels, incidents.Letter) {
		if _, err := compiled.Render(ch, "en", person()); incidents.KindOf(err) != incidents.KindInvalid || err == nil {
			t.Errorf("%s: got %v", ch, err)
		}
	}
}

func TestTextLayout(t *testing.T) {
	b := newBook(t)
	c := content(t, b, incidents.NoticeBreach, stolenBackup())
	for _, lang := range b.Languages() {
		r, err := b.Preview(c, incidents.Email, lang)
		if err != nil {
			t.Fatal(err)
		}
		data := b.DataWords(lang, c.Data)
		for line := range strings.SplitSeq(r.Text, "\n") {
			if displayWidth(line) > lineWidth && !strings.Contains(line, data) && !strings.Contains(line, "www.") {
				t.Errorf("%s: %d columns: %s", lang, displayWidth(line), line)
			}
		}
		for _, bad := range []string{"<img", "src=", "@import", "url(", "<script", "<link"} {
			if strings.Contains(r.HTML, bad) {
				t.Errorf("%s: the page holds %q", lang, bad)
			}
		}
		if !strings.Contains(r.HTML, "prefers-color-scheme: dark") || !strings.Contains(r.HTML, `<p style="`) {
			t.Errorf("%s: styles are missing", lang)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	c := compile(b, incidents.NoticeBreach)
	for _, ch := range threeChannels {
		b.Run(string(ch), func(b *testing.B) {
			b.ReportAllocs()
			p := person()
			for b.Loop() {
				if _, err := c.Render(ch, "en", p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
