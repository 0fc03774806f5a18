package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tocsin/incidents"
)

// unnamedWords are the texts others may see without the organisation's name.
type unnamedWords struct {
	Subject   string `yaml:"subject"`
	SMS       string `yaml:"sms"`
	PushTitle string `yaml:"push_title"`
	PushBody  string `yaml:"push_body"`
}

// matters are what a text may give away; every language has words for each.
var matters = strings.Fields("health sexual_life belief origin politics union criminal biometric genetic finance")

func (x *lexicon) checkGiveAway() (where, reason string) {
	for _, m := range matters {
		if len(x.GiveAway[m]) == 0 {
			return "give_away." + m, "is missing"
		}
	}
	for _, m := range slices.Sorted(maps.Keys(x.GiveAway)) {
		if !slices.Contains(matters, m) {
			return "give_away." + m, "is not a matter we look for"
		}
		for _, w := range x.GiveAway[m] {
			if w == "" || w != strings.ToLower(w) {
				return "give_away." + m, fmt.Sprintf("holds %q: words are written in small letters", w)
			}
		}
	}
	if key := emptyField(x.Unnamed, ""); key != "" {
		return "unnamed." + key, "is missing"
	}
	u := x.Unnamed
	texts := map[string]string{"subject": u.Subject, "sms": u.SMS, "push_title": u.PushTitle, "push_body": u.PushBody}
	for _, k := range slices.Sorted(maps.Keys(texts)) {
		if uses(texts[k])[SlotOrg] {
			return "unnamed." + k, "must not name the organisation"
		}
	}
	return checkPlaceholders("unnamed", texts)
}

// givesAway finds a word of a text that tells a sensitive matter, in the words
// of any language: a subject in Chinese may hold an English one.
func (b *Book) givesAway(text string) string {
	for _, lang := range b.Languages() {
		for _, m := range matters {
			if w := firstWord(text, b.lexicons[lang].GiveAway[m]); w != "" {
				return w
			}
		}
	}
	return ""
}

// namesData finds a word by which a text names sensitive data of the facts, or
// any that may be on the list.
func (l *linter) namesData(fd field) string {
	cats, _ := l.f.List("data_categories")
	items, _ := l.f.List("data_items")
	lex := l.b.lexicon(fd.lang)
	all := slices.Concat(cats, items)
	if l.f.Listed && lex != nil { // a person's flag does not say which
		all = slices.AppendSeq(all, maps.Keys(lex.Data))
		slices.Sort(all)
	}
	for _, c := range all {
		if !incidents.SensitiveData(c) {
			continue
		}
		words := slices.Clone(categoryWords[c][base(fd.lang)])
		if lex != nil && lex.Data[c] != "" {
			words = append(words, strings.ToLower(lex.Data[c]))
		}
		if w := firstWord(fd.text, words); w != "" {
			return w
		}
	}
	return ""
}

// discretion keeps sensitive matters out of what others may see: the word
// itself, the kind of data, or an organisation whose name says it all.
func (l *linter) discretion(fd field) {
	level := levelWarning
	if l.sensitive() {
		level = levelError
	}
	if w := l.b.givesAway(withoutSlots(fd.text)); w != "" {
		l.add("sensitive-words", level, fd.where(), fmt.Sprintf("others may see this text, and %q gives a sensitive matter away", w), "use neutral words")
		return
	}
	if w := l.namesData(fd); w != "" {
		l.add("sensitive-words", level, fd.where(), fmt.Sprintf("others may see this text, and %q names the sensitive data", w), "say which data it is in the parts of the notice")
		return
	}
	if w := l.b.givesAway(l.b.org.Name); w != "" && uses(fd.text)[SlotOrg] {
		if l.kind != incidents.NoticeBreach && l.kind != incidents.NoticeCorrection {
			level = levelWarning
		}
		l.add("sensitive-words", level, fd.where(), fmt.Sprintf("others may see this text, and %q in the organisation's own name gives a sensitive matter away", w), "leave {{org}} out here")
	}
}

// discreet takes the organisation's name out of the texts others may see, when
// sensitive data may be touched and the name would tell.
func (w writer) discreet(d drafted) drafted {
	if yes, known := w.f.Sensitive(); known && !yes || w.b.givesAway(w.b.org.Name) == "" {
		return d
	}
	u := w.lex.Unnamed
	d.Subject, d.SMS, d.PushTitle, d.PushBody = u.Subject, u.SMS, u.PushTitle, u.PushBody
	return d
}
