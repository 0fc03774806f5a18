package typeset

import (
	"fmt"
	"io"
	"time"

	"github.com/signintech/gopdf"
)

// A Mark is one line of text with its baseline at Y, or without text a filled
// box from X and Y on. Sizes are points (1/72 inch), Y grows downwards.
type Mark struct {
	X, Y, W, H float64
	Size       float64
	Ink        Ink
	Face       Face
	Text       string
}

// An Ink is a colour.
type Ink struct{ R, G, B uint8 }

// RGB mixes a colour of red, green and blue, each 0 to 255.
func RGB(r, g, b uint8) Ink { return Ink{R: r, G: g, B: b} }

// Info is what a PDF says of itself.
type Info struct {
	Title, Author, Subject string
	Made                   time.Time
}

// A Document is a PDF in the making. It belongs to one goroutine.
type Document struct {
	pdf        *gopdf.GoPdf
	font       *Font
	has        [3]bool // faces that are in it
	pages      int
	face       Face
	size       float64
	text, fill Ink
	inked      bool
}

// Document begins a PDF of pages of w by h points. Only the glyphs its text
// uses are put into it.
func (f *Font) Document(w, h float64) (*Document, error) {
	if err := f.read(); err != nil {
		return nil, err
	}
	pdf := &gopdf.GoPdf{}
	pdf.Start(gopdf.Config{PageSize: gopdf.Rect{W: w, H: h}})
	pdf.SetTextColor(0, 0, 0)
	return &Document{pdf: pdf, font: f}, nil
}

// Quick leaves pages unpacked, some 14 kB each instead of 4: packing them takes
// twice as long as everything else, which tells in documents of many pages.
func (d *Document) Quick() { d.pdf.SetNoCompression() }

// Info sets what the document says of itself.
func (d *Document) Info(i Info) {
	d.pdf.SetInfo(gopdf.PdfInfo{Title: i.Title, Author: i.Author, Subject: i.Subject, Creator: "Tocsin", CreationDate: i.Made.UTC()})
}

// Page adds a page with its marks; the text of marks must be Drawable.
func (d *Document) Page(marks []Mark) error {
	d.pdf.AddPage()
	d.pages, d.inked = d.pages+1, false
	for i := range marks {
		if err := d.mark(&marks[i]); err != nil {
			return fmt.Errorf("draw page %d: %w", d.pages, err)
		}
	}
	return nil
}

// Pages counts the pages so far.
func (d *Document) Pages() int { return d.pages }

func (d *Document) mark(m *Mark) error {
	if m.Text == "" {
		if m.W > 0 {
			d.box(m)
		}
		return nil
	}
	if d.text != m.Ink {
		d.pdf.SetTextColor(m.Ink.R, m.Ink.G, m.Ink.B)
		d.text = m.Ink
	}
	d.inked = false // text colours what is filled after it
	x := m.X
	for i, r := 0, m.Text; r != ""; r = r[i:] {
		var on Face
		var w float64
		if i, on, w = d.font.run(r, m.Face); w < 0 {
			return fmt.Errorf("a character of the text has no glyph")
		}
		if err := d.choose(on, m.Size); err != nil {
			return err
		}
		d.pdf.SetXY(x, m.Y)
		if err := d.pdf.Text(r[:i]); err != nil {
			return err
		}
		x += w * m.Size
	}
	return nil
}

// run is the first part of a text that one face sets, as bytes, and its width
// at size 1; negative when it has a character without a glyph.
func (f *Font) run(s string, want Face) (n int, on Face, w float64) {
	for i, r := range s {
		x, rw := f.find(r, want)
		switch {
		case rw < 0:
			return i, x, rw
		case i == 0:
			on = x
		case x != on:
			return i, on, w
		}
		w += rw
	}
	return len(s), on, w
}

// choose puts a face into the document when it is first needed.
func (d *Document) choose(x Face, size float64) error {
	switch {
	case !d.has[x]:
		d.has[x] = true
		if err := d.font.faces[x].addTo(d.pdf, x, size); err != nil {
			return err
		}
	case d.face != x:
		if err := d.pdf.SetFont(family[x], "", size); err != nil {
			return err
		}
	case d.size != size:
		if err := d.pdf.SetFontSize(size); err != nil {
			return err
		}
	}
	d.face, d.size = x, size
	return nil
}

// box fills a box; each page begins without a colour, and so does what follows text.
func (d *Document) box(m *Mark) {
	if !d.inked || d.fill != m.Ink {
		d.pdf.SetFillColor(m.Ink.R, m.Ink.G, m.Ink.B)
		d.fill, d.inked = m.Ink, true
	}
	d.pdf.RectFromUpperLeftWithStyle(m.X, m.Y, m.W, m.H, "F")
}

// WriteTo writes the PDF; the document is then at its end.
func (d *Document) WriteTo(w io.Writer) (int64, error) {
	n, err := d.pdf.WriteTo(w)
	if err != nil {
		return n, fmt.Errorf("write the PDF: %w", err)
	}
	return n, nil
}
