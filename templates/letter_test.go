package templates

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// Every letter we ship, as plain text: read these files to judge the words.
func TestGoldenLetters(t *testing.T) {
	b := newBook(t)
	for _, kind := range noticeKinds {
		c := content(t, b, kind, stolenBackup())
		if kind == incidents.NoticePolicyChange {
			c = content(t, b, kind, policyFacts())
		}
		for _, lang := range b.Languages() {
			r, err := b.Preview(c, incidents.Letter, lang)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, string(kind)+"."+string(lang)+".letter.txt", r.Letter.Text())
		}
	}
	c := content(t, b, incidents.NoticeBreach, stolenBackup())
	c.Mode = incidents.Drill
	r, err := b.Preview(c, incidents.Letter, "en")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "drill.en.letter.txt", r.Letter.Text())
}

// A letter says what the e-mail says, to its own person.
func TestALetterHasTheWordsOfTheEmail(t *testing.T) {
	c := compile(t, incidents.NoticeBreach)
	mail, err := c.Render(incidents.Email, "en", person())
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Render(incidents.Letter, "en", person())
	if err != nil {
		t.Fatal(err)
	}
	other := person()
	other.Name, other.Code = "Bo Other", "AAAA-BBBB-CCCC"
	if _, err := c.Render(incidents.Letter, "en", other); err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(r.Letter.Text())
	has := map[string]bool{}
	for _, w := range words {
		has[w] = true
	}
	for _, w := range strings.Fields(strings.NewReplacer("--", "", "*", "").Replace(mail.Text)) {
		if strings.Trim(w, "-") != "" && !has[w] && !has[w+":"] {
			t.Errorf("the letter lacks %q", w)
		}
	}
	for _, w := range []string{"Bo Other", "AAAA-BBBB-CCCC"} {
		if strings.Contains(r.Letter.Text(), w) {
			t.Errorf("the letter holds %q of somebody else", w)
		}
	}
	if strings.Contains(r.Letter.Text(), markerOpen) {
		t.Error("a slot stayed open")
	}
}

func TestALetterNeedsItsValues(t *testing.T) {
	c := compile(t, incidents.NoticeBreach)
	p := person()
	p.Code = ""
	if _, err := c.Render(incidents.Letter, "en", p); incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("without a code: %v", err)
	}
	p = person()
	p.VerifyURL = "https://elsewhere.example/verify?code=x"
	if _, err := c.Render(incidents.Letter, "en", p); incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("with a page of somebody else: %v", err)
	}
}

func TestLetterStringsAreAllThatIsPrinted(t *testing.T) {
	r, err := compile(t, incidents.NoticeBreach).Render(incidents.Letter, "zh-Hans", person())
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for s := range r.Letter.Strings {
		all.WriteString(s + "\n")
	}
	for line := range strings.Lines(r.Letter.Text()) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "- ")
		for _, s := range strings.SplitN(line, ": ", 2) {
			if !strings.Contains(all.String(), s) && !strings.HasPrefix(s, "http") {
				t.Errorf("%q is not among the strings", s)
			}
		}
	}
}

func TestALetterSurvivesJSON(t *testing.T) {
	r, err := compile(t, incidents.NoticeBreach).Render(incidents.Letter, "en", person())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(r.Letter)
	if err != nil {
		t.Fatal(err)
	}
	var back Letter
	if err := json.Unmarshal(b, &back); err != nil || back.Text() != r.Letter.Text() {
		t.Errorf("%v", err)
	}
}

func TestDateOfALetter(t *testing.T) {
	b := newBook(t)
	day := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for lang, want := range map[incidents.Lang]string{"en": "24 November 2026", "zh-Hans": "2026年11月24日"} {
		if got := b.Date(lang, day); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

func TestCountryName(t *testing.T) {
	for place, want := range map[incidents.Place]string{"DE": "Germany", "US-CA": "United States", "HK": "Hong Kong", "CN": "China", "": "", "ZZ": ""} {
		if got := CountryName(place); got != want {
			t.Errorf("%s: %q, want %q", place, got, want)
		}
	}
}
