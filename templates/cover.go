package templates

import (
	"time"

	"tocsin/incidents"
)

// coverWords stand in an e-mail in place of the parts of a notice whose content
// is read on the verification page.
type coverWords struct {
	Heading string `yaml:"heading"`
	Text    string `yaml:"text"`
}

// covered are the parts of an e-mail whose notice is read on the page: where to
// read it, and how to reach us.
func (x *lexicon) covered(parts []part) []part {
	contact := parts[len(parts)-1]
	return []part{{x.Cover.Heading, blocks(x.Cover.Text)}, contact}
}

// A Passage is one part of a notice as the verification page shows it. Its key
// is happened, measures, advice, remedies or contact.
type Passage struct{ Key, Text string }

// Passages are the subject and the parts of a notice for a page that anybody
// with a code may read: they name no person, no code and no one's data.
func (b *Book) Passages(c incidents.Content, lang incidents.Lang) (subject string, parts []Passage) {
	lex := b.lexicon(lang)
	w, ok := c.Langs[lang]
	if lex == nil || !ok {
		return "", nil
	}
	end := c.EndDate
	if day, err := time.Parse(time.DateOnly, end); err == nil {
		end = lex.date(day)
	}
	text := func(s string) string {
		out, err := fill(s, func(k SlotKind) string {
			switch k {
			case SlotOrg:
				return Clean(b.org.Name)
			case SlotEndDate:
				return end
			case SlotData:
				return lex.dataWords(nil)
			}
			return ""
		})
		if err != nil {
			return "" // nothing unreadable is ever released
		}
		return out
	}
	for _, p := range partsOf(w) {
		parts = append(parts, Passage{p.key, text(p.text)})
	}
	return oneLine(text(w.Subject)), parts
}
