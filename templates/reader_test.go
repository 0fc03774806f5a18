package templates

import (
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/incidents"
)

// What guardians, representatives and minors read: judge the words there.
func TestGoldenReaders(t *testing.T) {
	b := newBook(t)
	c := content(t, b, incidents.NoticeBreach, stolenBackup())
	for _, r := range incidents.Readers() {
		for _, lang := range b.Languages() {
			mail, err := b.PreviewFor(c, r, incidents.Email, lang)
			if err != nil {
				t.Fatalf("%s %s: %v", r, lang, err)
			}
			sms, err := b.PreviewFor(c, r, incidents.SMS, lang)
			if err != nil {
				t.Fatalf("%s %s: %v", r, lang, err)
			}
			head, _, _ := strings.Cut(mail.Text, b.lexicon(lang).Fixed.HeadingHappened)
			golden(t, string(r)+"."+string(lang)+".txt", "Subject: "+mail.Subject+"\n\n"+head+"…\n\nSMS: "+sms.SMS+"\n")
			if note := b.lexicon(lang).Readers[r].Note; !strings.Contains(mail.HTML, escape(note)) {
				t.Errorf("%s %s: the HTML does not say why it comes", r, lang)
			}
		}
	}
}

// One compiled notice serves every reader, and the person's own text stays as it was.
func TestReadersDoNotMix(t *testing.T) {
	c := compile(t, incidents.NoticeBreach)
	own, err := c.Render(incidents.Email, "en", person())
	if err != nil {
		t.Fatal(err)
	}
	g, err := c.For(incidents.ReaderGuardian)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		theirs, err := g.Render(incidents.Email, "en", person())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(theirs.Subject, "For the parent or guardian:") || !strings.Contains(theirs.Text, "To the parent or guardian of Zoë Müller:") || strings.Contains(theirs.Text, "Dear Zoë") {
			t.Errorf("the guardian reads %q", theirs.Subject)
		}
	}
	note := c.readers.book.lexicon("en").Readers[incidents.ReaderGuardian].Note
	post, err := g.Render(incidents.Letter, "en", person())
	if err != nil || post.Letter.Note != note || post.Letter.Greeting != "To the parent or guardian of Zoë Müller:" || !strings.HasPrefix(post.Letter.Subject, "For the parent or guardian:") {
		t.Errorf("the guardian's letter: %q, %v", post.Letter.Text(), err)
	}
	if post, err = c.Render(incidents.Letter, "en", person()); err != nil || post.Letter.Note != "" {
		t.Errorf("the person's own letter has a note, %v", err)
	}
	again, err := c.Render(incidents.Email, "en", person())
	if err != nil || again != own || strings.Contains(own.Text, "guardian of") {
		t.Errorf("the person's own message changed, %v", err)
	}
	unnamed := person()
	unnamed.Name = ""
	if r, err := g.Render(incidents.Email, "en", unnamed); err != nil || !strings.Contains(r.Text, "To the parent or guardian:") {
		t.Errorf("a guardian of somebody without a name: %v", err)
	}
	if _, err := c.For("neighbour"); incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("a reader that is none: %v", err)
	}
}

func TestTheSignatureOfAChineseSMSStaysInFront(t *testing.T) {
	if got := marked("【某公司】您好", "致监护人：", ""); got != "【某公司】致监护人：您好" {
		t.Error(got)
	}
	if got := marked("Hello", "For the guardian:", " "); got != "For the guardian: Hello" {
		t.Error(got)
	}
}

// Every language must have the words, and every layout show why a guardian is written to.
func TestBrokenReaderFilesStopTheStart(t *testing.T) {
	const en = "words/en.yaml"
	for _, tc := range []struct {
		name  string
		spoil func(fstest.MapFS)
		want  string
	}{
		{"no words for a reader", replaceIn(en, "  representative:\n    greeting:", "  neighbour:\n    greeting:"), "readers.representative is missing"},
		{"a mark is missing", replaceIn(en, `mark: "For the parent or guardian:"`, `mark: ""`), "readers.guardian.mark is missing"},
		{"a greeting without a name", replaceIn(en, "To the parent or guardian of {{name}}:", "To the guardian:"), "must hold {{name}}"},
		{"a note with a placeholder", replaceIn(en, "note: Please show this message", "note: Please, {{name}}, show this message"), "has no placeholder"},
		{"a matter without words", replaceIn(en, "  union: [", "  onion: ["), "give_away.union is missing"},
		{"a word in capitals", replaceIn(en, "[genetic, dna,", "[genetic, DNA,"), "small letters"},
		{"an unnamed text that names", replaceIn(en, "push_title: An important message", `push_title: "A message of {{org}}"`), "must not name the organisation"},
		{"no cover", replaceIn(en, "  heading: Where to read it", `  heading: ""`), "cover.heading is missing"},
		{"a layout without the note", func(m fstest.MapFS) {
			f := m["layouts/email.txt"]
			m["layouts/email.txt"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(string(f.Data), ".Note", ".Greeting"))}
		}, "does not show .Note"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := shipped(t)
			tc.spoil(m)
			if _, err := New(testOrg, m); incidents.KindOf(err) != incidents.KindInvalid || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}
