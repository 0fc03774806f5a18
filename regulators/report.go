package regulators

import (
	"cmp"
	"io/fs"
	"maps"
	"slices"

	"tocsin/incidents"
	"tocsin/internal/typeset"
)

// ReportOptions are what reports are made from.
type ReportOptions struct {
	Pack  *Pack                     // the law; required
	Forms []fs.FS                   // layers of forms/, a later one replacing files; none: the shipped forms
	Langs map[string]incidents.Lang // language per form, where it is not the form's own: {"gdpr33": "zh-Hans"}
}

// Reports fills and renders the forms of authorities. It is safe for
// concurrent use.
type Reports struct {
	pack  *Pack
	forms map[string]*form
	words map[incidents.Lang]*formWords
	langs map[string]incidents.Lang
	page  *reportPage
	font  *typeset.Font
}

var _ incidents.Reporter = (*Reports)(nil)

// NewReports loads the forms. A broken form is an error that names file, line
// and reason.
func NewReports(o ReportOptions) (*Reports, error) {
	if o.Pack == nil {
		return nil, incidents.Invalid("reports need a rule pack")
	}
	if len(o.Forms) == 0 {
		o.Forms = []fs.FS{ShippedForms()}
	}
	files, err := formFiles(o.Forms)
	if err != nil {
		return nil, err
	}
	l := formLoader{pack: o.Pack, files: files, forms: map[string]*form{}, words: map[incidents.Lang]*formWords{}}
	if err := l.load(); err != nil {
		return nil, err
	}
	r := &Reports{pack: o.Pack, forms: l.forms, words: l.words, langs: maps.Clone(o.Langs), font: typeset.Shared()}
	for name, lang := range o.Langs {
		if r.forms[name] == nil || r.words[lang] == nil {
			return nil, incidents.Invalid("there is no form %q in language %q", name, lang)
		}
	}
	r.page, err = newReportPage()
	return r, err
}

// Question is what a field that is still open asks, in the report's language:
// the questions of its facts, or the form's own.
func (r *Reports) Question(c incidents.ReportContent, f incidents.ReportField) string {
	w := r.wordsOf(c.Lang)
	if form := r.forms[c.Form]; form != nil {
		if d, ok := form.find(f.Key); ok && d.Ask.EN != "" {
			return d.Ask.in(w.Lang)
		}
	}
	if slices.Contains(withdrawalFields, f.Key) {
		return w.Words["ask-"+wordOf(f.Key)]
	}
	text := ""
	for i, key := range f.Facts {
		if i > 0 && w.Lang == langEN {
			text += " "
		}
		text += w.ask(key)
	}
	return cmp.Or(text, w.Words["from-team"])
}

// Note says what a form is and is not; empty for a form that is not on file.
func (r *Reports) Note(form string) string {
	if f := r.forms[form]; f != nil {
		return f.Note
	}
	return ""
}

// wordsOf are the words of a language, English for one we do not have.
func (r *Reports) wordsOf(lang incidents.Lang) *formWords {
	if w := r.words[lang]; w != nil {
		return w
	}
	return r.words[langEN]
}

// Render writes a report as "html", "pdf", "docx", "json" or "txt".
func (r *Reports) Render(format string, c incidents.ReportContent, m incidents.ReportMeta) ([]byte, error) {
	switch format {
	case "json":
		return r.renderJSON(c, m)
	case "html":
		return r.renderHTML(c, m)
	case "pdf":
		return r.renderPDF(c, m)
	case "docx":
		return r.renderDOCX(c, m)
	case "txt":
		return r.renderText(c, m)
	}
	return nil, incidents.Invalid("the format is html, pdf, docx, json or txt, not %q", format).On("format")
}
