package templates

import (
	"fmt"
	"strings"

	"tocsin/incidents"
)

// DraftAnnouncement proposes a public text in the languages asked for. It has
// no placeholders: the public is nobody in particular.
func (b *Book) DraftAnnouncement(in incidents.Incident, f incidents.Facts, langs []incidents.Lang) (map[incidents.Lang]incidents.AnnouncementWords, error) {
	out := make(map[incidents.Lang]incidents.AnnouncementWords, len(langs))
	for _, lang := range langs {
		lex := b.lexicon(lang)
		if lex == nil {
			return nil, incidents.Invalid("there are no words for the language %s", lang).On("langs").WithHint("there are words for %s", joinLangs(b.Languages()))
		}
		out[lang] = writer{b, lex, in, f}.announcement()
	}
	return out, nil
}

func (w writer) announcement() incidents.AnnouncementWords {
	org := func(s string) string { return strings.ReplaceAll(tidy(s), "{{org}}", Clean(w.b.org.Name)) }
	a := w.lex.Announcement
	opening := w.opening(a)
	return incidents.AnnouncementWords{
		Title: org(a["title"]),
		Short: org(w.lex.sentences(opening, w.personCount(), w.publicData())),
		Happened: org(paragraphs(
			w.lex.sentences(opening, w.dated("aware", "aware_at", "detected_at"), w.cause()),
			w.lex.sentences(w.nature()...), w.own("summary"),
			w.lex.sentences(w.publicData(), w.personCount()),
			w.effects(), w.own("consequences"))),
		Measures: org(paragraphs(w.measures(), a["told"])),
		Advice:   org(w.advice()),
		Remedies: org(w.remedies()),
		Contact:  org(w.contact()),
	}
}

func (w writer) publicData() string {
	if len(w.categories()) == 0 {
		return w.lex.Announcement["data_unknown"]
	}
	return strings.ReplaceAll(w.lex.Announcement["data"], "{data}", w.lex.dataWords(w.categories()))
}

func (w writer) personCount() string {
	n, ok := w.f.Count("persons_total")
	if !ok {
		return ""
	}
	return strings.ReplaceAll(w.lex.Announcement["short_persons"], "{persons}", thousands(n))
}

// thousands writes a number with separators: 1,284,310.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
