package regulators

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

//go:embed forms
var shippedForms embed.FS

// ShippedForms are the report forms that come with the binary.
func ShippedForms() fs.FS { return shippedForms }

// formFiles reads forms/*.yaml and forms/words/*.yaml, a later layer replacing
// files of an earlier one.
func formFiles(layers []fs.FS) (fileSet, error) {
	files := fileSet{}
	for _, layer := range layers {
		for _, dir := range []string{"forms", "forms/words"} {
			if err := files.readDir(layer, dir); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

// A formLoader gathers forms and words and everything that is wrong with them.
type formLoader struct {
	pack     *Pack
	files    fileSet
	forms    map[string]*form
	words    map[incidents.Lang]*formWords
	problems []Problem
	parse    []error
}

func (l *formLoader) load() error {
	english := &formWords{}
	for _, name := range l.files.in("forms/words") {
		w := &formWords{names: l.pack.places.nameOf}
		if l.read(name, w) {
			l.words[w.Lang] = w
		}
		if w.Lang == langEN {
			english = w
		}
	}
	for _, name := range l.files.in("forms") {
		if f := (&form{}); path.Dir(name) == "forms" && l.read(name, f) {
			l.check(name, f)
			l.forms[f.Form] = f
		}
	}
	l.checkWords(english)
	return failure("report forms are", l.parse, l.problems)
}

func (l *formLoader) read(name string, v any) bool {
	if err := strict.Unmarshal(name, l.files[name], v); err != nil {
		l.parse = append(l.parse, err)
		return false
	}
	return true
}

// problem notes what is wrong at the line where near stands after the field's own.
func (l *formLoader) problem(file, field, near, format string, args ...any) {
	at := ""
	if field != "" {
		at = "key: " + field
	}
	l.problems = append(l.problems, Problem{File: file, Line: lineOf(l.files[file], at, near), Rule: field, Reason: fmt.Sprintf(format, args...)})
}

func (l *formLoader) check(file string, f *form) {
	var err error
	if f.zone, err = time.LoadLocation(f.Zone); err != nil || f.Zone == "" {
		l.problem(file, "", "zone:", "there is no zone %q", f.Zone)
	}
	if f.Form != strings.TrimSuffix(path.Base(file), ".yaml") {
		l.problem(file, "", "form:", "the form is called %q but the file is not", f.Form)
	}
	if f.Title.EN == "" || f.Title.ZH == "" {
		l.problem(file, "", "title:", "the form needs a title in both languages")
	}
	for _, lang := range []incidents.Lang{f.Lang, f.Beside} {
		if lang != langEN && lang != langZH && (lang != "" || f.Lang == "") {
			l.problem(file, "", "lang:", "the language is %q; it wants en or zh-Hans", lang)
		}
	}
	if len(f.Sections) == 0 {
		l.problem(file, "", "", "the form has no sections")
	}
	for key, t := range f.Withdrawal {
		if !slices.Contains(withdrawalFields, key) || t.Row < 1 || t.Name == "" {
			l.problem(file, "", key, "withdrawal wants %s, each with its row and name", strings.Join(withdrawalFields, ", "))
		}
	}
	seen := map[string]bool{}
	for _, s := range f.Sections {
		l.checkPhases(file, s.Key, s.Phases)
		if s.Label.EN == "" || s.Label.ZH == "" {
			l.problem(file, s.Key, "", "the section needs a label in both languages")
		}
		for _, d := range s.Fields {
			if d.Key == "" || seen[d.Key] {
				l.problem(file, d.Key, "", "every field needs a key of its own; %q is taken or empty", d.Key)
			}
			seen[d.Key] = true
			l.checkField(file, d)
		}
	}
}

func (l *formLoader) checkField(file string, d formField) {
	if d.Label.EN == "" || d.Label.ZH == "" {
		l.problem(file, d.Key, "", "the field needs a label in both languages")
	}
	if d.typed() && (d.Ask.EN == "" || d.Ask.ZH == "") {
		l.problem(file, d.Key, "", "a field without facts needs a question (ask) in both languages")
	}
	if d.Write != "" && d.Write != "first" {
		l.problem(file, d.Key, "write:", "write is %q; it wants first, or nothing", d.Write)
	}
	l.checkPhases(file, d.Key, d.Phases)
	l.checkPhases(file, d.Key, d.Required)
	for _, key := range d.From {
		if _, is := worked[key]; is && len(d.From) > 1 {
			l.problem(file, d.Key, key, "%s stands alone, without other facts", key)
		} else if !is {
			l.checkFact(file, d.Key, key)
		}
	}
	for key, wants := range d.When {
		l.checkFact(file, d.Key, key)
		def, _ := incidents.FactByKey(key)
		for _, v := range wants {
			if def.Type == incidents.FactChoice && !slices.ContainsFunc(def.Options, func(o incidents.Option) bool { return o.Value == v }) {
				l.problem(file, d.Key, v, "%s is never %q", key, v)
			}
		}
	}
	for _, key := range d.Content {
		if l.pack.ContentText(key) == "" {
			l.problem(file, d.Key, key, "there is no content key %q", key)
		}
	}
	if d.Template != nil && (d.Template.Row < 1 || d.Template.Name == "") {
		l.problem(file, d.Key, "template:", "a field of the template needs its row and its name")
	}
	if d.ByContent && len(d.Content) == 0 {
		l.problem(file, d.Key, "", "a field by-content needs content keys")
	}
}

func (l *formLoader) checkPhases(file, field string, phases []string) {
	for _, p := range phases {
		if !slices.Contains(incidents.Phases(), incidents.ReportPhase(p)) {
			l.problem(file, field, p, "there is no phase %q", p)
		}
	}
}

// checkFact wants the fact in the catalogue, its name in every language and
// its options in Chinese.
func (l *formLoader) checkFact(file, field, key string) {
	d, ok := incidents.FactByKey(key)
	if !ok {
		l.problem(file, field, key, "there is no fact %q", key)
		return
	}
	for lang, w := range l.words {
		have := w.Facts[key]
		switch {
		case have.Name == "":
			l.problem(file, field, key, "the fact %q has no name in forms/words, language %s", key, lang)
		case lang != langEN && have.Ask == "":
			l.problem(file, field, key, "the fact %q has no question in forms/words, language %s", key, lang)
		}
		for _, o := range d.Options {
			if lang != langEN && have.Options[o.Value] == "" {
				l.problem(file, field, key, "option %q of the fact %q has no words in language %s", o.Value, key, lang)
			}
		}
	}
}

// checkWords wants both languages to know the same words, and facts that exist.
func (l *formLoader) checkWords(english *formWords) {
	for _, lang := range []incidents.Lang{langEN, langZH} {
		file, w := "forms/words/"+string(lang)+".yaml", l.words[lang]
		if w == nil {
			l.problem(file, "", "", "the words of language %s are missing", lang)
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(english.Words)) {
			if w.Words[key] == "" {
				l.problem(file, "", "words:", "the word %q is missing", key)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(w.Words)) {
			if english.Words[key] == "" {
				l.problem(file, "", key, "nobody uses the word %q", key)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(w.Facts)) {
			if _, ok := incidents.FactByKey(key); !ok {
				l.problem(file, "", key+":", "there is no fact %q", key)
			}
		}
	}
}
