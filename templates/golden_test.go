package templates

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tocsin/incidents"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every text we ship, as a person gets it: read these files to judge the words.
func TestGolden(t *testing.T) {
	b := newBook(t)
	for _, kind := range noticeKinds {
		f := stolenBackup()
		c := content(t, b, kind, f)
		if kind == incidents.NoticePolicyChange {
			c = content(t, b, kind, policyFacts())
		}
		for _, lang := range b.Languages() {
			for _, ch := range []incidents.Channel{incidents.Email, incidents.SMS, incidents.Push, incidents.Phone} {
				r, err := b.Preview(c, ch, lang)
				if err != nil {
					t.Fatalf("%s %s %s: %v", kind, lang, ch, err)
				}
				name := fmt.Sprintf("%s.%s.%s", kind, lang, ch)
				switch ch {
				case incidents.Email:
					golden(t, name+".txt", "Subject: "+r.Subject+"\n\n"+r.Text+"\n")
					golden(t, name+".html", r.HTML)
				case incidents.SMS:
					s := MeasureSMS(r.SMS)
					golden(t, name+".txt", fmt.Sprintf("%s\n\n[%d segments, %s, %d units]\n", r.SMS, s.Segments, s.Encoding, s.Units))
				case incidents.Push:
					golden(t, name+".txt", r.Title+"\n\n"+r.Body+"\n")
				case incidents.Phone:
					golden(t, name+".txt", r.Spoken.String()+fmt.Sprintf("\n\n[about %d seconds, said twice]\n", int(SpeechTime(r.Spoken.Notice, b.invented(lang, c).Code).Seconds())))
				}
			}
		}
	}
}

func TestGoldenDrill(t *testing.T) {
	b := newBook(t)
	c := content(t, b, incidents.NoticeBreach, stolenBackup())
	c.Mode = incidents.Drill
	r, err := b.Preview(c, incidents.Email, "en")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "drill.en.email.txt", "Subject: "+r.Subject+"\n\n"+r.Text+"\n")
	golden(t, "drill.en.email.html", r.HTML)
	if r, err = b.Preview(c, incidents.Phone, "en"); err != nil {
		t.Fatal(err)
	}
	golden(t, "drill.en.phone.txt", r.Spoken.String()+"\n")
}

func TestGoldenAnnouncement(t *testing.T) {
	b := newBook(t)
	words, err := b.DraftAnnouncement(parcelIncident(), stolenBackup(), b.Languages())
	if err != nil {
		t.Fatal(err)
	}
	for lang, w := range words {
		golden(t, fmt.Sprintf("announcement.%s.txt", lang), fmt.Sprintf("# %s\n\n%s\n\n## happened\n%s\n\n## measures\n%s\n\n## advice\n%s\n\n## remedies\n%s\n\n## contact\n%s\n",
			w.Title, w.Short, w.Happened, w.Measures, w.Advice, w.Remedies, w.Contact))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed; look at the difference, then run with -update\n%s", name, got)
	}
}
