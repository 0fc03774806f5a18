package templates

import (
	"strings"

	"tocsin/incidents"
)

// A Form is the e-mail of a notice in one language, cut where a person's
// values go. It never changes; its address tells it from others, so that what
// is made of it once can be kept.
type Form struct {
	v *variant
}

// A Part is one text of a Form.
type Part int

// The parts of an e-mail.
const (
	PartSubject Part = iota
	PartText
	PartHTML
)

func (f *Form) program(p Part) *program {
	switch p {
	case PartSubject:
		return &f.v.subject
	case PartText:
		return &f.v.text
	}
	return &f.v.html
}

// Lang is the language of the form.
func (f *Form) Lang() incidents.Lang { return f.v.lang }

// Pieces is how many pieces a part has.
func (f *Form) Pieces(p Part) int { return len(f.program(p).segs) }

// Static returns the text of a piece, and false when a person's value goes there.
func (f *Form) Static(p Part, i int) (string, bool) {
	s := &f.program(p).segs[i]
	return s.Static, s.Slot == SlotNone
}

// Filled is an e-mail to one person as its form and the values that go there.
type Filled struct {
	Form *Form
	vals values
}

// Value adds what stands at a piece for this person to b, as the part needs it:
// escaped in HTML.
func (f *Filled) Value(b []byte, p Part, i int) []byte {
	s := &f.Form.program(p).segs[i]
	vals := &f.vals.plain
	if s.HTML {
		vals = &f.vals.html
	}
	switch {
	case s.Slot == SlotNone:
		return append(b, s.Static...)
	case s.Slot != SlotGreeting:
		return append(b, vals[s.Slot]...)
	case vals[SlotName] == "":
		return append(b, s.Unnamed...)
	}
	b = append(b, s.Before...)
	b = append(b, vals[SlotName]...)
	return append(b, s.After...)
}

// Fill makes the e-mail for one person without putting its texts together: its
// Rendered has the subject and Filled, and Whole makes the rest.
func (c *Compiled) Fill(lang incidents.Lang, p Slots) (Rendered, error) {
	v, needs, err := c.channel(incidents.Email, lang)
	if err != nil {
		return Rendered{}, err
	}
	out := Rendered{Lang: v.lang, Filled: &Filled{Form: &v.form}}
	if err := c.resolve(&p, needs, true, &out.Filled.vals); err != nil {
		return Rendered{}, err
	}
	out.Subject = v.subject.render(&out.Filled.vals)
	return out, nil
}

// Whole puts the texts of a filled form together.
func (r Rendered) Whole() Rendered {
	if f := r.Filled; f != nil {
		r.Text, r.HTML, r.Filled = f.Form.v.text.render(&f.vals), f.Form.v.html.render(&f.vals), nil
	}
	return r
}

// Fixed tells whether a part is the same for everybody, and its text then.
func (f *Form) Fixed(p Part) (string, bool) {
	var b strings.Builder
	for i := range f.Pieces(p) {
		s, ok := f.Static(p, i)
		if !ok {
			return "", false
		}
		b.WriteString(s)
	}
	return b.String(), true
}
