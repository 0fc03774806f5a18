package regulators

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/signintech/gopdf"

	"tocsin/incidents"
)

// renderPDF sets a report on pages. The same content and meta give the same
// bytes. The HTML document is the accessible form; gopdf writes no tags.
func (r *Reports) renderPDF(c incidents.ReportContent, m incidents.ReportMeta) ([]byte, error) {
	doc, t, err := r.font.document()
	if err != nil {
		return nil, err
	}
	v := r.view(c, m)
	doc.SetInfo(gopdf.PdfInfo{Title: v.Title + " – " + v.Running, Author: m.Org, Subject: c.Obligation, Creator: "Tocsin", CreationDate: m.Made.UTC()})
	s := newSheet(t)
	s.report(v)
	f := newFrame(t, v)
	if err := draw(doc, s.pages, f, v.Words); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := doc.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write the PDF: %w", err)
	}
	return b.Bytes(), nil
}

// report sets everything of a report on the sheet.
func (s *sheet) report(v reportView) {
	s.block(s.lines(v.Title, 17, 23, right-left, inkHead))
	s.y += 8
	for _, h := range v.Head {
		s.row(s.headRow(h))
	}
	s.y += 8
	if v.Open != "" {
		s.notice(v.Open, inkAmber, inkEdge, inkOpen)
	}
	for _, section := range v.Sections {
		s.section(section, v.Words)
	}
	s.closing(v)
}

func (s *sheet) headRow(h viewRow) row {
	return row{label: s.lines(h.Label, 8.8, 12.5, labelW, inkSoft), value: s.lines(h.Value, sizeBody, 12.5, valueW, inkText)}
}

// section keeps its heading with its first row.
func (s *sheet) section(v viewSection, w *formWords) {
	rows := make([]row, len(v.Rows))
	for i, f := range v.Rows {
		rows[i] = s.fieldRow(f, w)
	}
	first := 0.0
	if len(rows) > 0 {
		first = rows[0].least()
	}
	s.heading(v.Title, v.Beside, first)
	for _, r := range rows {
		s.row(r)
	}
}

func (s *sheet) heading(title, beside string, following float64) {
	lines := s.lines(title, 11.5, 16, right-left, inkHead)
	if beside != "" {
		lines = append(lines, s.lines(beside, sizeSmall, smallLeader, right-left, inkSoft)...)
	}
	s.room(14 + height(lines) + 5 + following)
	if s.y > top {
		s.y += 14
	}
	s.block(lines)
	s.y += 2
	s.box(left, s.y, right-left, 1.4, inkHead)
	s.y += 3
}

func (s *sheet) fieldRow(f viewField, w *formWords) row {
	r := row{label: s.lines(f.Label, sizeBody, leading, labelW, inkHead), rule: true, changed: f.Changed, open: f.Question != ""}
	r.continued = textLine{"… " + w.Words["continued"], sizeSmall, smallLeader, inkSoft}
	if f.Beside != "" {
		r.label = append(r.label, s.lines(f.Beside, sizeSmall, smallLeader, labelW, inkSoft)...)
	}
	if f.Changed {
		r.label = append(r.label, s.lines(w.Words["changed"], sizeSmall, smallLeader, labelW, inkChange)...)
	}
	if f.Value != "" {
		r.value = s.lines(f.Value, sizeBody, leading, valueW, inkText)
	}
	switch {
	case f.Question != "":
		r.value = append(r.value, s.lines(w.Words["open"], sizeBody, leading, valueW, inkOpen)...)
		r.value = append(r.value, s.lines(f.Question, 8.5, 12, valueW, inkOpen)...)
	case f.Value == "":
		r.value = s.lines(w.Words["not-given"], 8.5, leading, valueW, inkSoft)
	}
	return r
}

// closing sets who approved, how it was filed, the hash and the notes.
func (s *sheet) closing(v reportView) {
	w := v.Words.Words
	var rows []row
	for _, r := range append([]viewRow{{w["approval"], strings.Join(v.Approvals, "\n")}}, v.Filing...) {
		rows = append(rows, s.fieldRow(viewField{Label: r.Label, Value: r.Value}, v.Words))
	}
	hash := s.fieldRow(viewField{Label: w["hash"]}, v.Words)
	hash.value = s.lines(v.Hash, sizeSmall, leading, valueW, inkText)
	s.heading(w["approval"], "", rows[0].least())
	for _, r := range append(rows, hash) {
		s.row(r)
	}
	s.y += 10
	if v.HashWrong {
		s.notice(w["hash-wrong"], inkRose, inkAlarm, inkAlarm)
	}
	s.block(s.lines(v.Disclaimer, sizeSmall, smallLeader, right-left, inkSoft))
	if len(s.set.missing) > 0 {
		codes := make([]string, len(s.set.missing))
		for i, r := range s.set.missing {
			codes[i] = fmt.Sprintf("U+%04X", r)
		}
		s.y += 4
		s.block(s.lines(w["glyphs"]+v.Words.Words["colon"]+strings.Join(codes, ", "), sizeSmall, smallLeader, right-left, inkSoft))
	}
}

// A frame is what every page carries around its text.
type frame struct {
	t                   *typesetter
	title, running, rib string // rib: the drill mark
	hash                string
}

func newFrame(t *typesetter, v reportView) frame {
	f := frame{t: t, title: t.drawable(v.Title), running: t.drawable(v.Running), hash: "SHA-256 " + t.drawable(v.Hash)}
	if v.Drill {
		f.rib = t.drawable(v.Words.Words["drill"] + " · " + v.Words.Words["drill-long"])
	}
	if short := t.wrap(f.title, sizeSmall, right-left-t.measure(f.running, sizeSmall)-24); len(short) > 1 {
		f.title = short[0] + " …"
	}
	return f
}

// marks are the head and foot of page x of y.
func (f frame) marks(page string) []mark {
	out := []mark{
		{x: left, y: 46, size: sizeSmall, ink: inkSoft, text: f.title},
		{x: right - f.t.measure(f.running, sizeSmall), y: 46, size: sizeSmall, ink: inkSoft, text: f.running},
		{x: left, y: 53, w: right - left, h: 0.6, ink: inkRule},
		{x: left, y: 798, w: right - left, h: 0.6, ink: inkRule},
		{x: left, y: 811, size: 6.6, ink: inkSoft, text: f.hash},
		{x: right - f.t.measure(page, sizeSmall), y: 811, size: sizeSmall, ink: inkSoft, text: page},
	}
	if f.rib != "" {
		out = append(out, mark{x: 0, y: 0, w: pageW, h: 22, ink: inkAlarm},
			mark{x: (pageW - f.t.measure(f.rib, 9.5)) / 2, y: 14.5, size: 9.5, ink: ink{255, 255, 255}, text: f.rib})
	}
	return out
}

// draw writes the pages into the document. Everything is measured before.
func draw(doc *gopdf.GoPdf, pages [][]mark, f frame, w *formWords) error {
	framed := make([][]mark, len(pages))
	for i, p := range pages {
		page := w.fill("page", "x", strconv.Itoa(i+1), "y", strconv.Itoa(len(pages)))
		framed[i] = append(f.marks(page), p...)
	}
	for _, p := range framed {
		doc.AddPage()
		for _, m := range p {
			if err := drawMark(doc, m); err != nil {
				return err
			}
		}
	}
	return nil
}

func drawMark(doc *gopdf.GoPdf, m mark) error {
	if m.text == "" {
		if m.w > 0 {
			doc.SetFillColor(m.ink.r, m.ink.g, m.ink.b)
			doc.RectFromUpperLeftWithStyle(m.x, m.y, m.w, m.h, "F")
		}
		return nil
	}
	doc.SetTextColor(m.ink.r, m.ink.g, m.ink.b)
	if err := doc.SetFontSize(m.size); err != nil {
		return err
	}
	doc.SetXY(m.x, m.y)
	return doc.Text(m.text)
}
