package regulators

import (
	"encoding/xml"
	"strings"
)

// A docx is one part of a document as it is written.
type docx struct{ strings.Builder }

func (d *docx) raw(s string) { d.WriteString(s) }

// xmlText escapes a text; what XML cannot hold becomes U+FFFD.
func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}

// run writes a text in one look; its lines are broken where it breaks them.
func (d *docx) run(style, text string) {
	if text == "" {
		return
	}
	d.raw(`<w:r>`)
	if style != "" {
		d.raw(`<w:rPr><w:rStyle w:val="` + style + `"/></w:rPr>`)
	}
	for i, line := range strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n") {
		if i > 0 {
			d.raw(`<w:br/>`)
		}
		for j, piece := range strings.Split(line, "\t") {
			if j > 0 {
				d.raw(`<w:tab/>`)
			}
			if piece != "" {
				d.raw(`<w:t xml:space="preserve">` + xmlText(piece) + `</w:t>`)
			}
		}
	}
	d.raw(`</w:r>`)
}

// field is a number the word processor works out.
func (d *docx) field(name string) {
	d.raw(`<w:fldSimple w:instr=" ` + name + ` "><w:r><w:t>1</w:t></w:r></w:fldSimple>`)
}

func (d *docx) para(style, text string) {
	d.raw(`<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr>`)
	d.run("", text)
	d.raw(`</w:p>`)
}

// The columns of a table in twentieths of a point: A4 less its margins.
const (
	docxLabelW = "3118"
	docxValueW = "6520"
	docxWidth  = "9638"
)

// table begins a table of labels and values; a word processor reads its title
// aloud, and repeats its heads on every page.
func (d *docx) table(title string, heads ...string) {
	d.raw(`<w:tbl><w:tblPr><w:tblStyle w:val="Report"/><w:tblW w:w="` + docxWidth + `" w:type="dxa"/><w:tblLayout w:type="fixed"/>` +
		`<w:tblLook w:val="0480" w:firstRow="0" w:lastRow="0" w:firstColumn="1" w:lastColumn="0" w:noHBand="0" w:noVBand="1"/><w:tblCaption w:val="` + xmlText(title) + `"/></w:tblPr>` +
		`<w:tblGrid><w:gridCol w:w="` + docxLabelW + `"/><w:gridCol w:w="` + docxValueW + `"/></w:tblGrid>`)
	if len(heads) == 2 {
		d.raw(`<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>`)
		for i, w := range []string{docxLabelW, docxValueW} {
			d.cell(w, "", func() { d.para("ColumnHead", heads[i]) })
		}
		d.raw(`</w:tr>`)
	}
}

// endTable closes a table; two tables must not touch, or they become one.
func (d *docx) endTable() { d.raw(`</w:tbl>`) }

func (d *docx) cell(width, fill string, inside func()) {
	d.raw(`<w:tc><w:tcPr><w:tcW w:w="` + width + `" w:type="dxa"/>`)
	if fill != "" {
		d.raw(`<w:shd w:val="clear" w:color="auto" w:fill="` + fill + `"/>`)
	}
	d.raw(`</w:tcPr>`)
	inside()
	d.raw(`</w:tc>`)
}

// row writes a label, what stands small beside it, and its value.
func (d *docx) row(f viewField, w *formWords) {
	d.raw(`<w:tr>`)
	d.cell(docxLabelW, "", func() {
		d.para("Label", f.Label)
		if f.Beside != "" {
			d.para("Beside", f.Beside)
		}
		if f.Changed {
			d.para("ChangeMark", w.Words["changed"])
		}
	})
	fill := ""
	if f.Question != "" {
		fill = "FFF4D6"
	}
	d.cell(docxValueW, fill, func() {
		switch {
		case f.Value != "":
			d.para("Value", f.Value)
		case f.Question == "":
			d.para("NotGiven", w.Words["not-given"])
		}
		if f.Question != "" {
			d.para("Open", w.Words["open"])
			d.para("Question", f.Question)
		}
	})
	d.raw(`</w:tr>`)
}

func docxBody(v reportView) string {
	var d docx
	w := v.Words.Words
	d.raw(xmlHead + `<w:document ` + wordSpace + `><w:body>`)
	if v.Drill {
		d.para("Alarm", w["drill"]+" · "+w["drill-long"])
	}
	d.para("Title", v.Title)
	d.table(w["report"])
	for _, h := range v.Head {
		d.row(viewField{Label: h.Label, Value: h.Value}, v.Words)
	}
	d.endTable()
	if v.Open != "" {
		d.para("Callout", v.Open)
	}
	if v.Follows {
		d.changes(v)
	}
	for _, s := range v.Sections {
		d.raw(`<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr>`)
		d.run("", s.Title)
		if s.Beside != "" {
			d.run("HeadingBeside", "  "+s.Beside)
		}
		d.raw(`</w:p>`)
		d.table(s.Title, w["field"], w["value"])
		for _, f := range s.Rows {
			d.row(f, v.Words)
		}
		d.endTable()
	}
	d.closing(v)
	d.raw(`<w:sectPr><w:headerReference w:type="default" r:id="rId4"/><w:footerReference w:type="default" r:id="rId5"/>` +
		`<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1417" w:right="1134" w:bottom="1247" w:left="1134" w:header="567" w:footer="510" w:gutter="0"/></w:sectPr></w:body></w:document>`)
	return d.String()
}

func (d *docx) changes(v reportView) {
	w := v.Words.Words
	d.para("Heading1", w["changes"])
	if len(v.Changes) == 0 {
		d.para("Normal", w["changes-none"])
		return
	}
	d.table(w["changes"])
	for _, c := range v.Changes {
		d.row(viewField{Label: c.Label, Value: c.Value}, v.Words)
	}
	d.endTable()
}

// closing says who approved it, how it was filed, and what it is worth.
func (d *docx) closing(v reportView) {
	w := v.Words.Words
	d.para("Heading1", w["approval"])
	d.table(w["approval"])
	rows := append([]viewRow{{w["approval"], strings.Join(v.Approvals, "\n")}}, v.Filing...)
	for _, r := range append(rows, viewRow{w["hash"], v.Hash}) {
		d.row(viewField{Label: r.Label, Value: r.Value}, v.Words)
	}
	d.endTable()
	if v.HashWrong {
		d.para("Alarm", w["hash-wrong"])
	}
	d.para("Disclaimer", v.Disclaimer)
}
