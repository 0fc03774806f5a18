package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tocsin/incidents"
)

// The levels of a finding. Errors block submission.
const (
	levelError   = "error"
	levelWarning = "warning"
	levelInfo    = "info"
)

// A linter gathers findings about one text.
type linter struct {
	b    *Book
	f    incidents.Facts
	kind incidents.NoticeKind
	out  []incidents.Finding
}

func (l *linter) add(rule, level, where, text, hint string) {
	l.out = append(l.out, incidents.Finding{Rule: rule, Level: level, Where: where, Text: text, Hint: hint})
}

// A field is one text of one language. Exposed texts can be read by somebody
// beside the person: on a lock screen, in a list of messages.
type field struct {
	lang    incidents.Lang
	key     string
	text    string
	exposed bool
}

func (f field) where() string { return string(f.lang) + "/" + f.key }

func noticeFields(lang incidents.Lang, w incidents.Words) []field {
	return []field{{lang, "subject", w.Subject, true}, {lang, "happened", w.Happened, false}, {lang, "measures", w.Measures, false},
		{lang, "advice", w.Advice, false}, {lang, "remedies", w.Remedies, false}, {lang, "contact", w.Contact, false},
		{lang, "sms", w.SMS, true}, {lang, "push-title", w.PushTitle, true}, {lang, "push", w.PushBody, true}, {lang, "voice", w.Voice, true}}
}

// Lint checks a notice's content against the facts and the obligations it answers.
func (b *Book) Lint(c incidents.Content, f incidents.Facts, answers []incidents.Obligation) []incidents.Finding {
	f.Listed = f.Listed || c.NamesSensitive()
	l := &linter{b: b, f: f, kind: c.Kind}
	l.languages(c)
	l.plans(c, answers)
	for _, lang := range slices.Sorted(maps.Keys(c.Langs)) {
		w := c.Langs[lang]
		l.parts(lang, w)
		l.channels(c, lang, w)
		fields := noticeFields(lang, w)
		for _, fd := range fields {
			l.placeholders(fd)
			l.exposure(fd)
			l.common(fd)
		}
		l.spoken(field{lang, "voice", w.Voice, true})
		l.endDate(c, lang, fields)
		l.required(c, lang, w, answers)
		l.forbidden(c, lang, fields, answers)
		l.sizes(c, lang)
	}
	return sorted(l.out)
}

// LintAnnouncement checks a public text.
func (b *Book) LintAnnouncement(a incidents.AnnouncementText, f incidents.Facts) []incidents.Finding {
	l := &linter{b: b, f: f, kind: incidents.NoticeBreach}
	if len(a.Langs) == 0 {
		l.add("language-missing", levelError, "", "there is no text in any language", "")
	} else if _, ok := a.Langs[a.Default]; !ok {
		l.add("language-missing", levelError, string(a.Default), "the default language has no text", "")
	}
	for _, lang := range slices.Sorted(maps.Keys(a.Langs)) {
		w := a.Langs[lang]
		l.knownLanguage(lang)
		l.parts(lang, incidents.Words{Happened: w.Happened, Measures: w.Measures, Advice: w.Advice, Remedies: w.Remedies, Contact: w.Contact})
		for _, fd := range []field{{lang, "title", w.Title, true}, {lang, "short", w.Short, false}, {lang, "happened", w.Happened, false}, {lang, "measures", w.Measures, false},
			{lang, "advice", w.Advice, false}, {lang, "remedies", w.Remedies, false}, {lang, "contact", w.Contact, false}} {
			if (fd.key == "title" || fd.key == "short") && strings.TrimSpace(fd.text) == "" {
				l.add("four-parts", levelError, fd.where(), "the "+fd.key+" is empty", "")
			}
			if strings.Contains(fd.text, "{{") || strings.Contains(fd.text, "}}") {
				l.add("placeholder", levelError, fd.where(), "a public text has no placeholders: nobody fills them in", "")
			}
			l.common(fd)
		}
	}
	return sorted(l.out)
}

// common runs the rules that hold for every text.
func (l *linter) common(fd field) {
	if strings.TrimSpace(fd.text) == "" {
		return
	}
	if hasGap(fd.text) {
		l.add("gap", levelError, fd.where(), "a gap marked [[…]] is still to be filled", "write what is missing there")
	}
	l.characters(fd)
	l.tone(fd)
	l.script(fd)
	l.links(fd)
	l.personal(fd)
	l.contradictions(fd)
}

// sorted puts errors first and drops what was said twice.
func sorted(fs []incidents.Finding) []incidents.Finding {
	rank := map[string]int{levelError: 0, levelWarning: 1, levelInfo: 2}
	slices.SortStableFunc(fs, func(a, b incidents.Finding) int { return rank[a.Level] - rank[b.Level] })
	seen := map[incidents.Finding]bool{}
	return slices.DeleteFunc(fs, func(f incidents.Finding) bool {
		dup := seen[f]
		seen[f] = true
		return dup
	})
}

// parts looks for the four compulsory parts and the contact.
func (l *linter) parts(lang incidents.Lang, w incidents.Words) {
	names := map[string]string{"happened": "what happened and its possible effect", "measures": "what we have done and will do", "advice": "what you can do", "remedies": "what we offer"}
	for _, p := range partsOf(w) {
		where := string(lang) + "/" + p.key
		if p.key == "contact" {
			if strings.TrimSpace(p.text) == "" {
				l.add("contact", levelError, where, "the text does not say how to reach us", "give a name or office with an e-mail address or telephone number")
			} else if !emailPattern.MatchString(p.text) && len(phonesIn(p.text)) == 0 {
				l.add("contact", levelWarning, where, "the contact has no e-mail address and no telephone number", "")
			}
			continue
		}
		if letters(p.text) < 8 {
			l.add("four-parts", levelError, where, fmt.Sprintf("the part %q is missing", names[p.key]), "")
		}
	}
}

// languages checks the languages declared against those there are.
func (l *linter) languages(c incidents.Content) {
	if c.Layout != "" && c.Layout != l.b.layout {
		l.add("layout", levelError, "", "the layouts or the organisation's details have changed since this notice was written", "save the draft again")
	}
	if _, ok := c.Langs[c.Default]; !ok {
		l.add("language-missing", levelError, string(c.Default), fmt.Sprintf("the default language %q has no text", c.Default), "write it, or choose another default")
		return
	}
	langs := slices.Sorted(maps.Keys(c.Langs))
	m, err := newMatcher(langs, l.b.matcher.alsoFor, "")
	if err != nil {
		l.add("language-missing", levelError, "", err.Error(), "")
		return
	}
	for _, lang := range langs {
		l.knownLanguage(lang)
	}
	for _, want := range c.Filter.Langs {
		if m.match(want) == "" {
			l.add("language-missing", levelWarning, string(want), fmt.Sprintf("there is no text in %s: these people are written to in %s", want, c.Default), "add the language")
		}
	}
}

func (l *linter) knownLanguage(lang incidents.Lang) {
	if l.b.lexicon(lang) == nil {
		l.add("language-missing", levelError, string(lang), fmt.Sprintf("there are no fixed words for %s", lang), "there are words for "+joinLangs(l.b.Languages()))
	}
}

// channels looks for the text of every channel planned.
func (l *linter) channels(c incidents.Content, lang incidents.Lang, w incidents.Words) {
	texts := map[incidents.Channel][]string{incidents.Email: {w.Subject}, incidents.Letter: {w.Subject}, incidents.SMS: {w.SMS}, incidents.Push: {w.PushTitle, w.PushBody}, incidents.Phone: {w.Voice}}
	for _, channel := range c.Channels() {
		for _, t := range texts[channel] {
			if strings.TrimSpace(t) == "" {
				l.add("language-missing", levelError, string(lang)+"/"+string(channel), fmt.Sprintf("the plan sends by %s, but its text is not complete", channel), "write it, or take the channel out of the plan")
			}
		}
	}
	for _, t := range []struct{ key, text string }{{"sms", w.SMS}, {"push", w.PushBody}, {"voice", w.Voice}} {
		if t.text != "" && !uses(t.text)[SlotCode] {
			l.add("code", levelWarning, string(lang)+"/"+t.key, "the text has no {{code}}: the person cannot check that it is genuine", "add {{code}}")
		}
	}
}

// placeholders must be readable, and must resolve for every person.
func (l *linter) placeholders(fd field) {
	if _, err := fill(fd.text, func(SlotKind) string { return "" }); err != nil {
		hint := ""
		if e, ok := err.(*incidents.Error); ok {
			hint = e.Hint
		}
		l.add("placeholder", levelError, fd.where(), err.Error(), hint)
		return
	}
	if strings.Contains(fd.text, markerOpen) {
		l.add("placeholder", levelError, fd.where(), "the text holds a reserved word", "")
	}
	used := uses(fd.text)
	if used[SlotEndDate] && l.kind != incidents.NoticeTermination {
		l.add("placeholder", levelError, fd.where(), "{{end_date}} has a value only in the notice of a termination", "write the date")
	}
	if used[SlotName] && !fd.exposed {
		l.add("placeholder", levelWarning, fd.where(), "a person whose name is not known gets no message with {{name}} in it", "the greeting has the name already")
	}
}

// exposure keeps personal matters out of what others may see.
func (l *linter) exposure(fd field) {
	if !fd.exposed {
		return
	}
	used := uses(fd.text)
	if used[SlotName] || used[SlotData] {
		l.add("exposed-data", levelError, fd.where(), "others may see this text, so it may hold neither {{name}} nor {{data}}", "say it in the parts of the notice")
	}
	if fd.key != "voice" { // a call has said who calls before anybody presses the key that lets them hear the rest
		l.discretion(fd)
	}
}

// sensitive tells whether data is touched that nobody else should learn of.
func (l *linter) sensitive() bool {
	yes, known := l.f.Sensitive()
	return yes || !known
}
