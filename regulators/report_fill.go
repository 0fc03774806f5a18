package regulators

import (
	"cmp"
	"slices"
	"strings"

	"tocsin/incidents"
)

// generalForm serves duties without a form of their own.
const generalForm = "general"

// Fill makes the content of a form from the facts. prev is the last filed
// content of the same obligation, or nil: what differs from it is marked, and
// what only a person can answer is taken over from it.
func (r *Reports) Fill(name string, phase incidents.ReportPhase, in incidents.Incident, f incidents.Facts, o incidents.Obligation, prev *incidents.ReportContent) (c incidents.ReportContent, err error) {
	if name == "" {
		name = generalForm
	}
	form := r.forms[name]
	switch {
	case form == nil:
		return c, incidents.Invalid("there is no report form %q", name).On("form")
	case !slices.Contains(incidents.Phases(), phase):
		return c, incidents.Invalid("the phase is initial, update, final or withdrawal").On("phase")
	}
	w := r.wordsOf(r.langOf(form, prev))
	g := filling{scribe: scribe{words: w, zone: form.zone}, english: r.wordsOf(langEN), chinese: r.wordsOf(langZH), form: form, pack: r.pack, phase: phase, incident: in, facts: f, duty: o}
	c = incidents.ReportContent{
		Incident: in.ID, Mode: in.Mode, Form: name, Phase: phase, Lang: w.Lang,
		Title: form.title(w, phase, form.name(o.Law, w.Lang)), Authority: form.name(o.Authority, w.Lang), Obligation: o.ID, FactsRev: f.Rev,
		Fields: g.fields(form),
	}
	takeOver(&c, prev)
	if phase == incidents.PhaseWithdrawal {
		return c, nil
	}
	g.completeness(form, &c)
	markChanges(form, &c, prev)
	return c, nil
}

// langOf is the language of a report: that of the phase before, the one of the
// options, or the form's own.
func (r *Reports) langOf(f *form, prev *incidents.ReportContent) incidents.Lang {
	if prev != nil && prev.Form == f.Form && r.words[prev.Lang] != nil {
		return prev.Lang
	}
	if lang := r.langs[f.Form]; lang != "" {
		return lang
	}
	return f.Lang
}

func (g filling) fields(f *form) []incidents.ReportField {
	var out []incidents.ReportField
	for i, s := range f.Sections {
		if inPhase(s.Phases, g.phase) {
			for _, d := range s.Fields {
				if d.in(g.phase, g.duty) {
					out = append(out, g.field(f, s, d))
				}
			}
		}
		if i == 0 && g.phase == incidents.PhaseWithdrawal {
			out = append(out, g.withdrawal(f)...)
		}
	}
	if f.ByContent && g.phase != incidents.PhaseWithdrawal {
		out = append(out, g.rest(f)...)
	}
	return out
}

// withdrawal are the questions of every withdrawal, after the first section of
// the form: what is taken back, why, and who asks for it. The desk answers them.
func (g filling) withdrawal(f *form) []incidents.ReportField {
	var out []incidents.ReportField
	for _, key := range withdrawalFields {
		out = append(out, incidents.ReportField{Key: key, Section: f.label(g.bilingual("withdrawal"), g.words.Lang), Label: f.label(g.bilingual(wordOf(key)), g.words.Lang), Missing: true})
	}
	return out
}

var withdrawalFields = []string{incidents.FieldWithdrawn, incidents.FieldWithdrawalReason, incidents.FieldWithdrawnBy}

// wordOf is the word behind a field of our own: "withdrawn-by" of withdrawn_by.
func wordOf(key string) string { return strings.ReplaceAll(key, "_", "-") }

// bilingual is one of our own words in both languages of reports.
func (g filling) bilingual(word string) bilingual {
	return bilingual{EN: g.english.Words[word], ZH: g.chinese.Words[word]}
}

func (g filling) field(f *form, s formSection, d formField) incidents.ReportField {
	out := incidents.ReportField{Key: d.Key, Section: f.label(s.Label, g.words.Lang), Label: f.label(d.Label, g.words.Lang), Facts: d.sources()}
	applies, known := g.applies(d)
	switch {
	case known && !applies:
		out.Value = g.words.Words["not-applicable"]
	default:
		value, ok := g.answer(d)
		out.Value = value
		out.Missing = !ok && known && d.required(g.phase, g.duty)
	}
	return out
}

// rest makes fields of the content that the form has no field for, in the
// words of the vocabulary.
func (g filling) rest(f *form) []incidents.ReportField {
	var out []incidents.ReportField
	for _, key := range g.duty.Content {
		if f.answers(key) {
			continue
		}
		label := g.pack.ContentText(key)
		if zh := g.pack.ContentTextZH(key); zh != "" && g.words.Lang == langZH {
			label = zh
		}
		out = append(out, incidents.ReportField{Key: "content_" + key, Section: g.words.Words["other-content"], Label: cmp.Or(label, key), Missing: true})
	}
	return out
}

func (f *form) answers(content string) bool {
	for _, s := range f.Sections {
		if slices.ContainsFunc(s.Fields, func(d formField) bool { return slices.Contains(d.Content, content) }) {
			return true
		}
	}
	return false
}

// takeOver keeps what a person typed into the phase before where the facts
// say nothing.
func takeOver(c *incidents.ReportContent, prev *incidents.ReportContent) {
	if prev == nil {
		return
	}
	for i := range c.Fields {
		x := &c.Fields[i]
		if x.Value != "" {
			continue
		}
		if old, _ := prev.Field(x.Key); old.Value != "" && (old.Edited || len(x.Facts) == 0) {
			x.Value, x.Edited, x.Missing = old.Value, true, false
		}
	}
}

// completeness corrects the answer to "complete?" once every field is known: a
// report is complete when nothing a final one needs is open.
func (g filling) completeness(f *form, c *incidents.ReportContent) {
	open := false
	for _, s := range f.Sections {
		for _, d := range s.Fields {
			if x, ok := c.Field(d.Key); ok && x.Value == "" {
				open = open || x.Missing || d.required(incidents.PhaseFinal, g.duty)
			}
		}
	}
	for i, x := range c.Fields {
		if d, ok := f.find(x.Key); ok && slices.Contains(d.From, "@completeness") && open {
			c.Fields[i].Value = g.words.Words["incomplete"]
		}
	}
}

// markChanges marks what differs from the phase before. That a follow-up is a
// follow-up is no change.
func markChanges(f *form, c *incidents.ReportContent, prev *incidents.ReportContent) {
	if prev == nil {
		return
	}
	for i := range c.Fields {
		x := &c.Fields[i]
		if d, ok := f.find(x.Key); ok && (slices.Contains(d.From, "@type") || slices.Contains(d.From, "@completeness")) {
			continue
		}
		if old, _ := prev.Field(x.Key); old.Value != x.Value {
			x.Changed, x.Was = true, old.Value
		}
	}
}
