package regulators

import (
	"slices"
	"time"

	"tocsin/incidents"
)

// A bilingual text is one text in the two languages of reports.
type bilingual struct {
	EN string `yaml:"en"`
	ZH string `yaml:"zh"`
}

func (b bilingual) in(lang incidents.Lang) string {
	if lang == langZH && b.ZH != "" {
		return b.ZH
	}
	return b.EN
}

// The languages of reports.
const (
	langEN incidents.Lang = "en"
	langZH incidents.Lang = "zh-Hans"
)

// A form is forms/*.yaml: what an authority asks, in its order.
type form struct {
	Form       string                   `yaml:"form"`
	Title      bilingual                `yaml:"title"`
	Lang       incidents.Lang           `yaml:"lang"`       // what a report is written in unless the options say otherwise
	Beside     incidents.Lang           `yaml:"beside"`     // labels also in this language, in brackets
	Zone       string                   `yaml:"zone"`       // of times
	ByContent  bool                     `yaml:"by-content"` // content no field answers becomes a field
	Names      []properName             `yaml:"names"`
	Sections   []formSection            `yaml:"sections"`
	Withdrawal map[string]templateField `yaml:"withdrawal"` // what of a common template the questions of a withdrawal answer
	Note       string                   `yaml:"note"`
	Sources    []string                 `yaml:"sources"`
	Checked    string                   `yaml:"checked"`
	Confidence string                   `yaml:"confidence"`

	zone *time.Location
}

// A properName is an authority or law of the rules in Chinese.
type properName struct {
	Is string `yaml:"is"`
	ZH string `yaml:"zh"`
}

// A formSection is one heading of a form.
type formSection struct {
	Key    string      `yaml:"key"`
	Label  bilingual   `yaml:"label"`
	Phases []string    `yaml:"phases"` // empty: all
	Fields []formField `yaml:"fields"`
}

// A formField is one question of a form and where its answer comes from. A
// field without sources is typed by a person.
type formField struct {
	Key       string              `yaml:"key"`
	Label     bilingual           `yaml:"label"`
	Ask       bilingual           `yaml:"ask"`   // the question, of typed fields
	From      []string            `yaml:"from"`  // facts, or what is worked out: @persons
	Write     string              `yaml:"write"` // "": every known fact; first: the first known one
	Open      bool                `yaml:"open"`  // facts not known yet are written down as such
	When      map[string][]string `yaml:"when"`  // the field applies only when the fact has one of these values
	Phases    []string            `yaml:"phases"`
	Required  []string            `yaml:"required"`   // phases in which the form wants an answer
	Content   []string            `yaml:"content"`    // content keys it answers; required when the duty asks for one
	ByContent bool                `yaml:"by-content"` // left out unless the duty asks for one of its content keys
	Optional  bool                `yaml:"optional"`   // never required
	Template  *templateField      `yaml:"template"`   // the field of the authorities' common template it answers
}

// A templateField is a numbered field of a template authorities have in common,
// under the name it has there.
type templateField struct {
	Row  int    `yaml:"row" json:"row"`
	Name string `yaml:"name" json:"name"`
}

// typed tells whether only a person can answer.
func (d formField) typed() bool { return len(d.From) == 0 }

// asked tells whether the duty's content has one of the field's keys.
func (d formField) asked(o incidents.Obligation) bool {
	return slices.ContainsFunc(d.Content, func(k string) bool { return slices.Contains(o.Content, k) })
}

// in tells whether the field stands in a report of this phase and duty.
func (d formField) in(phase incidents.ReportPhase, o incidents.Obligation) bool {
	if phase == incidents.PhaseWithdrawal && len(d.Phases) == 0 && !d.identifies() {
		return false
	}
	return inPhase(d.Phases, phase) && (!d.ByContent || d.asked(o))
}

// identifying are the sources that say which report this is, and whose: what of
// a form stands in a withdrawal too.
var identifying = []string{"@type", "@completeness", "@ref", "@law", "controller_name", "contact_name", "contact_email", "contact_phone", "dpo_contact"}

func (d formField) identifies() bool {
	return len(d.From) > 0 && !slices.ContainsFunc(d.From, func(key string) bool { return !slices.Contains(identifying, key) })
}

func (d formField) required(phase incidents.ReportPhase, o incidents.Obligation) bool {
	return !d.Optional && phase != incidents.PhaseWithdrawal && (slices.Contains(d.Required, string(phase)) || d.asked(o))
}

func inPhase(phases []string, phase incidents.ReportPhase) bool {
	return len(phases) == 0 || slices.Contains(phases, string(phase))
}

// title is the title of a report in a language.
func (f *form) title(w *formWords, phase incidents.ReportPhase, law string) string {
	return w.fill("title-phase", "title", fillIn(f.Title.in(w.Lang), "law", law), "phase", w.Words["phase-"+string(phase)])
}

// label is the label of a section or field, with the second language beside it.
func (f *form) label(b bilingual, lang incidents.Lang) string {
	s := b.in(lang)
	if other := f.beside(b, lang); other != "" {
		s += " (" + other + ")"
	}
	return s
}

// beside is the text in the second language; empty when there is none.
func (f *form) beside(b bilingual, lang incidents.Lang) string {
	if other := b.in(f.Beside); f.Beside != "" && f.Beside != lang && other != b.in(lang) {
		return other
	}
	return ""
}

// name is an authority or law in the report's language, when it is on file.
func (f *form) name(name string, lang incidents.Lang) string {
	for _, a := range f.Names {
		if a.Is == name && lang == langZH {
			return a.ZH
		}
	}
	return name
}

// template is the field of a common template that a field answers, or nil.
func (f *form) template(key string) *templateField {
	if t, ok := f.Withdrawal[key]; ok {
		return &t
	}
	d, _ := f.find(key)
	return d.Template
}

// find looks a field up by its key.
func (f *form) find(key string) (formField, bool) {
	for _, s := range f.Sections {
		for _, d := range s.Fields {
			if d.Key == key {
				return d, true
			}
		}
	}
	return formField{}, false
}
