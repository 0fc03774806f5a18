package regulators

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/typeset"
)

// renderPDF sets a report on pages. The same content and meta give the same
// bytes. The HTML document is the accessible form; the PDF has no tags.
func (r *Reports) renderPDF(c incidents.ReportContent, m incidents.ReportMeta) ([]byte, error) {
	t, err := r.font.Setter(typeset.Han)
	if err != nil {
		return nil, err
	}
	doc, err := r.font.Document(pageW, pageH)
	if err != nil {
		return nil, err
	}
	v := r.view(c, m)
	doc.Info(typeset.Info{Title: v.Title + " – " + v.Running, Author: m.Org, Subject: c.Obligation, Made: m.Made})
	s := newSheet(t)
	s.report(v)
	f := newFrame(t, v)
	if err := draw(doc, s.pages, f, v.Words); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := doc.WriteTo(&b); err != nil {
		return nil, err
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
	if v.Follows {
		s.changes(v)
	}
	for _, section := range v.Sections {
		s.section(section, v.Words)
	}
	s.closing(v)
}

// changes sets what differs from the report before.
func (s *sheet) changes(v reportView) {
	rows := make([]row, len(v.Changes))
	for i, c := range v.Changes {
		rows[i] = row{label: s.lines(c.Label, sizeBody, leading, labelW, inkHead), value: s.lines(c.Value, sizeBody, leading, valueW, inkText), rule: true, changed: true,
			continued: textLine{"… " + v.Words.Words["continued"], sizeSmall, smallLeader, inkSoft}}
	}
	if len(rows) == 0 {
		s.heading(v.Words.Words["changes"], "", leading)
		s.block(s.lines(v.Words.Words["changes-none"], sizeBody, leading, right-left, inkText))
		return
	}
	s.heading(v.Words.Words["changes"], "", rows[0].least())
	for _, r := range rows {
		s.row(r)
	}
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
	if len(s.set.Missing) > 0 {
		codes := make([]string, len(s.set.Missing))
		for i, r := range s.set.Missing {
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
	f := frame{t: t, title: t.Drawable(v.Title), running: t.Drawable(v.Running), hash: "SHA-256 " + t.Drawable(v.Hash)}
	if v.Drill {
		f.rib = t.Drawable(v.Words.Words["drill"] + " · " + v.Words.Words["drill-long"])
	}
	if short := t.Wrap(f.title, sizeSmall, right-left-t.Measure(f.running, sizeSmall)-24); len(short) > 1 {
		f.title = short[0] + " …"
	}
	return f
}

// marks are the head and foot of page x of y.
func (f frame) marks(page string) []mark {
	out := []mark{
		{X: left, Y: 46, Size: sizeSmall, Ink: inkSoft, Text: f.title},
		{X: right - f.t.Measure(f.running, sizeSmall), Y: 46, Size: sizeSmall, Ink: inkSoft, Text: f.running},
		{X: left, Y: 53, W: right - left, H: 0.6, Ink: inkRule},
		{X: left, Y: 798, W: right - left, H: 0.6, Ink: inkRule},
		{X: left, Y: 811, Size: 6.6, Ink: inkSoft, Text: f.hash},
		{X: right - f.t.Measure(page, sizeSmall), Y: 811, Size: sizeSmall, Ink: inkSoft, Text: page},
	}
	if f.rib != "" {
		out = append(out, mark{X: 0, Y: 0, W: pageW, H: 22, Ink: inkAlarm},
			mark{X: (pageW - f.t.Measure(f.rib, 9.5)) / 2, Y: 14.5, Size: 9.5, Ink: typeset.RGB(255, 255, 255), Text: f.rib})
	}
	return out
}

// draw writes the pages into the document, each with its head and foot.
func draw(doc *typeset.Document, pages [][]mark, f frame, w *formWords) error {
	for i, p := range pages {
		page := w.fill("page", "x", strconv.Itoa(i+1), "y", strconv.Itoa(len(pages)))
		if err := doc.Page(append(f.marks(page), p...)); err != nil {
			return err
		}
	}
	return nil
}
