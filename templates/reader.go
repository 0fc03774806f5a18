package templates

import (
	"slices"
	"strings"
	"sync"

	"tocsin/incidents"
)

// readerWords turn a notice to somebody who is not the person it is about, or
// who should not read it alone.
type readerWords struct {
	Greeting        string `yaml:"greeting"`
	GreetingUnnamed string `yaml:"greeting_unnamed"`
	Note            string `yaml:"note"` // after the greeting of an e-mail
	Mark            string `yaml:"mark"` // before a subject, an SMS and a push title
}

// readers are the versions of a compiled notice for other readers, made when
// the first person needs one.
type readers struct {
	book    *Book
	content incidents.Content
	preview bool
	mu      sync.Mutex
	made    map[incidents.Reader]*Compiled
}

// For returns the notice as it is written to a reader.
func (c *Compiled) For(reader incidents.Reader) (*Compiled, error) {
	if reader == incidents.ReaderPerson {
		return c, nil
	}
	r := &c.readers
	r.mu.Lock()
	defer r.mu.Unlock()
	if made := r.made[reader]; made != nil {
		return made, nil
	}
	out := &Compiled{org: c.org, kind: c.kind, matcher: c.matcher, langs: map[incidents.Lang]*variant{}}
	for lang := range c.langs {
		v, err := r.book.compileLang(r.content, lang, reader, r.preview)
		if err != nil {
			return nil, err
		}
		out.langs[lang] = v
	}
	if r.made == nil {
		r.made = map[incidents.Reader]*Compiled{}
	}
	r.made[reader] = out
	return out, nil
}

// turnTo changes what the layouts see for a reader, and the greeting.
func (x *lexicon) turnTo(reader incidents.Reader, v *view) (*lexicon, error) {
	if reader == incidents.ReaderPerson {
		return x, nil
	}
	w, ok := x.Readers[reader]
	if !ok {
		return nil, incidents.Invalid("there are no words for the reader %q in %s", reader, x.Lang)
	}
	turned := *x
	turned.Fixed.Greeting, turned.Fixed.GreetingUnnamed = w.Greeting, w.GreetingUnnamed
	v.Note = w.Note
	for _, text := range []*string{&v.Subject, &v.SMS, &v.PushTitle, &v.Voice} {
		*text = marked(*text, w.Mark, x.Fixed.SentenceSeparator)
	}
	return &turned, nil
}

// marked puts a mark before a text, behind the 【signature】 that Chinese
// carriers want first in an SMS.
func marked(text, mark, space string) string {
	if text == "" || mark == "" {
		return text
	}
	if sign, rest, ok := strings.Cut(text, "】"); ok && strings.HasPrefix(text, "【") {
		return sign + "】" + mark + space + rest
	}
	return mark + space + text
}

func (x *lexicon) checkReaders() (where, reason string) {
	for _, r := range incidents.Readers() {
		w, ok := x.Readers[r]
		if !ok {
			return "readers." + string(r), "is missing"
		}
		if key := emptyField(w, "mark"); key != "" {
			return "readers." + string(r) + "." + key, "is missing"
		}
		if w.Mark == "" && r != incidents.ReaderMinor {
			return "readers." + string(r) + ".mark", "is missing"
		}
		if !strings.Contains(w.Greeting, "{{name}}") {
			return "readers." + string(r) + ".greeting", "must hold {{name}}"
		}
		for key, text := range map[string]string{"greeting_unnamed": w.GreetingUnnamed, "note": w.Note, "mark": w.Mark} {
			if strings.Contains(text, "{{") {
				return "readers." + string(r) + "." + key, "is the same for everybody and has no placeholder"
			}
		}
	}
	for r := range x.Readers {
		if !slices.Contains(incidents.Readers(), r) {
			return "readers." + string(r), "is not a reader"
		}
	}
	return "", ""
}
