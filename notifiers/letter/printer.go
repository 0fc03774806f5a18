package letter

import (
	"bytes"
	"time"

	"tocsin/incidents"
	"tocsin/internal/typeset"
)

// DateWords writes a day as letters in a language do.
type DateWords func(incidents.Lang, time.Time) string

// A Printer lays letters out and makes PDFs of them. It sends nothing, and is
// safe for use by several goroutines.
type Printer struct {
	form Form
	now  func() time.Time
	font *typeset.Font
}

// NewPrinter checks the form and the sender's lines in it.
func NewPrinter(form Form, now func() time.Time) (*Printer, error) {
	if err := form.Check(); err != nil {
		return nil, err
	}
	p := &Printer{form: form, now: now, font: typeset.Shared()}
	c, err := p.composer(nil)
	if err != nil {
		return nil, err
	}
	for _, s := range form.Sender {
		if _, lacks := c.latin.Lacks(s); lacks {
			return nil, incidents.Invalid("the fonts of the letter lack a character of the sender").On("channels.letter.sender").WithHint("write it in Latin or Chinese letters")
		}
	}
	f := &flow{composer: c}
	if r := c.page.returnTo; r.w > 0 {
		if line, size := f.returnLine(r.w); c.latin.Measure(line, size) > r.w {
			return nil, incidents.Invalid("the sender's lines are too long for the line above the address").On("channels.letter.sender").WithHint("shorten them: they stand in one line of 78 mm")
		}
	}
	return p, nil
}

// A place is where a letter stands in a PDF.
type place struct {
	first, pages int // page of the PDF, from 1; pages that are printed
	refused      string
}

// Check tells why a letter cannot be printed, as an error that names no person.
func (p *Printer) Check(s Sheet) error {
	c, err := p.composer(nil)
	if err != nil {
		return err
	}
	if why := c.refusal(s); why != "" {
		return incidents.Invalid("%s", why)
	}
	return nil
}

// PDF makes one PDF of letters, for looking at it. A letter that cannot be
// printed is an error.
func (p *Printer) PDF(sheets ...Sheet) ([]byte, error) {
	doc, places, err := p.bind(sheets)
	if err != nil {
		return nil, err
	}
	for _, x := range places {
		if x.refused != "" {
			return nil, incidents.Invalid("%s", x.refused)
		}
	}
	var b bytes.Buffer
	if _, err := doc.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// bind lays letters out in one document and says where each stands. A document
// of many is not packed; one that none of them can be printed in has no pages.
func (p *Printer) bind(sheets []Sheet) (*typeset.Document, []place, error) {
	now := p.now().UTC()
	c, err := p.composer(func(l incidents.Lang) string { return p.form.Date(l, now) })
	if err != nil {
		return nil, nil, err
	}
	doc, err := p.font.Document(c.page.width, c.page.height)
	if err != nil {
		return nil, nil, err
	}
	if len(sheets) > 1 {
		doc.Quick()
	}
	doc.Info(typeset.Info{Title: "Letters", Author: p.form.Sender[0], Made: now})
	places := make([]place, len(sheets))
	for i, s := range sheets {
		if places[i].refused = c.refusal(s); places[i].refused != "" {
			continue
		}
		if places[i], err = p.add(doc, c, s); err != nil {
			return nil, nil, err
		}
	}
	return doc, places, nil
}

func (p *Printer) add(doc *typeset.Document, c *composer, s Sheet) (place, error) {
	pages, err := c.letter(s)
	if err != nil {
		return place{}, err
	}
	at := place{first: doc.Pages() + 1, pages: len(pages)}
	for _, m := range pages {
		if err := doc.Page(m); err != nil {
			return at, err
		}
	}
	if p.form.Duplex && len(pages)%2 == 1 {
		return at, doc.Page(nil)
	}
	return at, nil
}
