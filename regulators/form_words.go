package regulators

import (
	"strings"

	"tocsin/incidents"
)

// formWords is forms/words/*.yaml: the words of reports in one language.
type formWords struct {
	Lang   incidents.Lang               `yaml:"lang"`
	Words  map[string]string            `yaml:"words"`
	Facts  map[string]factWords         `yaml:"facts"`
	Places map[incidents.Place]string   `yaml:"places"`
	names  func(incidents.Place) string // of the pack, for English
}

// factWords are a fact's name, question and options in one language.
type factWords struct {
	Name    string            `yaml:"name"`
	Ask     string            `yaml:"ask"`
	Options map[string]string `yaml:"options"`
}

// fill is a word with its placeholders filled: fill("page", "x", "1", "y", "3").
func (w *formWords) fill(key string, pairs ...string) string { return fillIn(w.Words[key], pairs...) }

func fillIn(text string, pairs ...string) string {
	old := make([]string, len(pairs))
	for i := range pairs {
		old[i] = pairs[i]
		if i%2 == 0 {
			old[i] = "{" + pairs[i] + "}"
		}
	}
	return strings.NewReplacer(old...).Replace(text)
}

// ask is the question behind a fact.
func (w *formWords) ask(key string) string {
	if q := w.Facts[key].Ask; q != "" {
		return q
	}
	d, _ := incidents.FactByKey(key)
	return d.Question
}

// option is an allowed value in words, in English for want of others.
func (w *formWords) option(d incidents.FactDef, value string) string {
	if s := w.Facts[d.Key].Options[value]; s != "" {
		return s
	}
	return optionLabel(d, value)
}

// place is a place in words with its code: "Germany (DE)".
func (w *formWords) place(p incidents.Place) string {
	name := w.Places[p]
	if name == "" && w.Lang == langEN {
		name = w.names(p)
	}
	switch {
	case name == "" || name == string(p):
		return string(p)
	case w.Lang == langZH:
		return name + "（" + string(p) + "）"
	}
	return strings.ToUpper(name[:1]) + name[1:] + " (" + string(p) + ")"
}
