package letter

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tocsin/incidents"
	"tocsin/templates"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var clock = time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)

func now() time.Time { return clock }

// days writes dates as the three sample letters do.
func days(lang incidents.Lang, t time.Time) string {
	switch lang {
	case "de":
		return fmt.Sprintf("%d. November %d", t.Day(), t.Year())
	case "zh-Hans":
		return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
	}
	return t.Format("2 January 2006")
}

func form(w Window) Form {
	f := Form{Paper: A4, Window: w, Date: days, Sender: []string{"Quillfeather Parcel GmbH", "Invalidenstraße 112", "10115 Berlin", "Germany"}}
	if w == US10 {
		f.Paper = USLetter
	}
	return f
}

func printer(t testing.TB, f Form) *Printer {
	t.Helper()
	p, err := NewPrinter(f, now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shipped is a letter in words we ship.
func shipped(t testing.TB, lang incidents.Lang, drill bool) *templates.Letter {
	t.Helper()
	b, err := templates.New(templates.Org{Name: "Quillfeather Parcel", Domains: []string{"quillfeather.example"}, Contact: "privacy@quillfeather.example", Verify: "https://quillfeather.example/verify"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	facts := incidents.Facts{Known: map[string]incidents.Fact{}}
	for k, v := range map[string]any{"confidentiality": true, "confidentiality_effect": "unknown_recipients", "cause": "hacking", "data_categories": []string{"basic", "network_identity", "property"},
		"occurred_at": clock.Add(-120 * time.Hour), "aware_at": clock.Add(-72 * time.Hour), "contained_at": clock.Add(-60 * time.Hour),
		"persons_by_place": map[incidents.Place]int64{"DE": 900000, "US-CA": 84310}, "measures_taken": "We closed the access and replaced every key.",
		"contact_email": "privacy@quillfeather.example", "contact_phone": "+49 30 5550147"} {
		facts.Known[k] = incidents.Fact{Value: v}
	}
	if lang == "zh-Hans" {
		facts.Known["measures_taken"] = incidents.Fact{Value: "我们已关闭该访问途径，并更换了全部密钥。"}
	}
	words, err := b.Draft(incidents.NoticeBreach, incidents.Incident{Ref: "INC-2026-0147", Kind: incidents.KindBreach, Title: "Backup copied"}, facts, []incidents.Lang{lang})
	if err != nil {
		t.Fatal(err)
	}
	mode := incidents.Live
	if drill {
		mode = incidents.Drill
	}
	r, err := b.Preview(incidents.Content{Kind: incidents.NoticeBreach, Mode: mode, Langs: words, Default: lang, Layout: b.Layout()}, incidents.Letter, lang)
	if err != nil {
		t.Fatal(err)
	}
	return r.Letter
}

// german is a letter as a team with German words of its own would send it.
func german() *templates.Letter {
	para := func(s ...string) templates.LetterBlock { return templates.LetterBlock{Lines: s} }
	list := func(s ...string) templates.LetterBlock { return templates.LetterBlock{List: true, Lines: s} }
	return &templates.Letter{Drill: "ÜBUNG", DrillBanner: "Dies ist eine Übung. Es ist nichts geschehen, und Sie müssen nichts tun.", Org: "Quillfeather Parcel GmbH",
		Subject:  "Benachrichtigung über eine Verletzung des Schutzes Ihrer personenbezogenen Daten",
		Greeting: "Guten Tag Jürgen Weiß-Łukaszewski,",
		Parts: []templates.LetterPart{
			{Heading: "Was geschehen ist und was es für Sie bedeuten kann", Blocks: []templates.LetterBlock{para("Am 19. November 2026 hat sich jemand ohne Berechtigung Zugang zu einem unserer Systeme verschafft und Daten gelesen, die Sie betreffen: Name, Anschrift, E-Mail-Adresse und die Nummer Ihres Bankkontos."), list("Jemand könnte Ihnen schreiben oder Sie anrufen und sich für uns ausgeben.", "Jemand könnte versuchen, Ihr Konto zu belasten.")}},
			{Heading: "Was wir getan haben und tun werden", Blocks: []templates.LetterBlock{para("Wir haben den Zugang am 21. November 2026 geschlossen, alle Schlüssel ersetzt und die Aufsichtsbehörde unterrichtet.")}},
			{Heading: "Was Sie tun können", Blocks: []templates.LetterBlock{list("Seien Sie misstrauisch gegenüber Nachrichten, die sich auf diesen Vorfall beziehen.", "Prüfen Sie Ihre Kontoauszüge und melden Sie unbekannte Buchungen sofort Ihrer Bank.", "Ändern Sie Ihr Kennwort überall, wo Sie dasselbe benutzen.")}},
			{Heading: "Was wir anbieten", Blocks: []templates.LetterBlock{para("Wir beantworten Ihre Fragen kostenlos und helfen Ihnen, wenn Ihre Daten missbraucht werden.")}},
			{Heading: "Wie Sie uns erreichen", Blocks: []templates.LetterBlock{para("E-Mail: datenschutz@quillfeather.example", "Telefon: +49 30 5550147")}},
		},
		Verify: templates.LetterPart{Heading: "Wie Sie prüfen, dass dieser Brief echt ist", Blocks: []templates.LetterBlock{para("Geben Sie unsere Adresse selbst in Ihren Browser ein oder öffnen Sie die Seite unten und geben Sie den Code dieses Briefes ein. Die Seite fragt nach nichts anderem.")}},
		Code:   templates.Labelled{Label: "Code dieses Briefes", Value: "04H2-9K3M-QX7A-C1"}, VerifyURL: templates.Labelled{Label: "Seite zur Prüfung", Value: "https://quillfeather.example/verify?code=04H2-9K3M-QX7A-C1"},
		Ref: templates.Labelled{Label: "Zeichen", Value: "INC-2026-0147"}, Footer: "Sie erhalten diesen Brief, weil Quillfeather Parcel GmbH personenbezogene Daten über Sie speichert. Er ist eine Benachrichtigung, keine Werbung. Wir fragen in einem solchen Brief nie nach einem Kennwort, einem Code oder einer Zahlung."}
}

var addresses = map[incidents.Lang]string{
	"en":      "Zoë Example-O’Brien\n221B Baker Street\nLondon NW1 6XE\nUNITED KINGDOM",
	"de":      "Jürgen Weiß-Łukaszewski\nc/o Häßler & Söhne\nMüllerstraße 14, Hinterhaus\n13353 Berlin",
	"zh-Hans": "何霞\n上海市浦东新区世纪大道100号环球金融中心37楼\n200120\nCHINA",
}

func sample(t testing.TB, lang incidents.Lang, drill bool) Sheet {
	t.Helper()
	s := Sheet{To: addresses[lang], Lang: lang}
	switch lang {
	case "de":
		s.Letter = german()
		if !drill {
			s.Letter.Drill, s.Letter.DrillBanner = "", ""
		}
	default:
		s.Letter = shipped(t, lang, drill)
	}
	return s
}

// long is a letter of several pages.
func long(t testing.TB, parts int) Sheet {
	s := sample(t, "en", false)
	l := *s.Letter
	for i := range parts {
		l.Parts = append(l.Parts, templates.LetterPart{Heading: fmt.Sprintf("More %d", i), Blocks: []templates.LetterBlock{{Lines: []string{strings.Repeat("A sentence that says something more. ", 20)}}}})
	}
	s.Letter = &l
	return s
}
