package regulators

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

//go:embed forms/docx.styles.xml
var docxStyles string

// The parts of a document that are the same in every report.
const (
	xmlHead   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	docxTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
		`<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
		`<Override PartName="/word/settings.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml"/>` +
		`<Override PartName="/word/fontTable.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.fontTable+xml"/>` +
		`<Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/>` +
		`<Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>` +
		`<Override PartName="/docProps/app.xml" ContentType="application/vnd.openxmlformats-officedocument.extended-properties+xml"/></Types>`
	relType  = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	docxRels = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="` + relType + `officeDocument" Target="word/document.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/>` +
		`<Relationship Id="rId3" Type="` + relType + `extended-properties" Target="docProps/app.xml"/></Relationships>`
	docxPartRels = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="` + relType + `styles" Target="styles.xml"/><Relationship Id="rId2" Type="` + relType + `settings" Target="settings.xml"/>` +
		`<Relationship Id="rId3" Type="` + relType + `fontTable" Target="fontTable.xml"/><Relationship Id="rId4" Type="` + relType + `header" Target="header1.xml"/>` +
		`<Relationship Id="rId5" Type="` + relType + `footer" Target="footer1.xml"/></Relationships>`
	wordSpace    = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	docxSettings = xmlHead + `<w:settings ` + wordSpace + `><w:zoom w:percent="100"/><w:defaultTabStop w:val="720"/><w:characterSpacingControl w:val="compressPunctuation"/>` +
		`<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>`
	docxFonts = xmlHead + `<w:fonts ` + wordSpace + `><w:font w:name="Arial"><w:altName w:val="Liberation Sans"/><w:charset w:val="00"/><w:family w:val="swiss"/><w:pitch w:val="variable"/></w:font>` +
		`<w:font w:name="Microsoft YaHei"><w:altName w:val="Noto Sans CJK SC"/><w:charset w:val="86"/><w:family w:val="swiss"/><w:pitch w:val="variable"/></w:font></w:fonts>`
	docxApp = xmlHead + `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>Tocsin</Application></Properties>`
)

// renderDOCX writes a report as WordprocessingML, for authorities and counsel
// who work in a word processor. The same content and meta give the same bytes.
func (r *Reports) renderDOCX(c incidents.ReportContent, m incidents.ReportMeta) ([]byte, error) {
	v := r.view(c, m)
	parts := []struct{ name, text string }{
		{"[Content_Types].xml", docxTypes}, {"_rels/.rels", docxRels},
		{"docProps/core.xml", docxCore(v, m)}, {"docProps/app.xml", docxApp},
		{"word/document.xml", docxBody(v)}, {"word/_rels/document.xml.rels", docxPartRels},
		{"word/styles.xml", strings.NewReplacer("{lang}", docxLang(v.Lang), "{hint}", docxHint(v.Lang)).Replace(docxStyles)},
		{"word/settings.xml", docxSettings + `<w:themeFontLang w:val="` + docxLang(v.Lang) + `" w:eastAsia="zh-CN"/></w:settings>`},
		{"word/fontTable.xml", docxFonts}, {"word/header1.xml", docxHeader(v)}, {"word/footer1.xml", docxFooter(v)},
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		h := &zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: zipTime(m.Made)}
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(p.text)); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// zipTime is a time the format can hold.
func zipTime(t time.Time) time.Time {
	if first := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC); t.Before(first) {
		return first
	}
	return t.UTC().Truncate(2 * time.Second)
}

func docxLang(lang incidents.Lang) string {
	if lang == langZH {
		return "zh-CN"
	}
	return "en-GB"
}

// docxHint tells a word processor that quotation marks and dashes are Chinese.
func docxHint(lang incidents.Lang) string {
	if lang == langZH {
		return ` w:hint="eastAsia"`
	}
	return ""
}

func docxCore(v reportView, m incidents.ReportMeta) string {
	made := m.Made.UTC().Format(time.RFC3339)
	return xmlHead + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<dc:title>` + xmlText(v.Title+" – "+v.Running) + `</dc:title><dc:creator>` + xmlText(m.Org) + `</dc:creator><dc:language>` + docxLang(v.Lang) + `</dc:language>` +
		`<cp:revision>` + strconv.Itoa(max(m.Version, 1)) + `</cp:revision><dcterms:created xsi:type="dcterms:W3CDTF">` + made + `</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">` + made + `</dcterms:modified></cp:coreProperties>`
}

func docxHeader(v reportView) string {
	var d docx
	d.raw(xmlHead + `<w:hdr ` + wordSpace + `>`)
	if v.Drill {
		d.para("DrillMark", v.Words.Words["drill"]+" · "+v.Words.Words["drill-long"])
	}
	d.raw(`<w:p><w:pPr><w:pStyle w:val="Header"/></w:pPr>`)
	d.run("", v.Title)
	d.raw(`<w:r><w:tab/></w:r>`)
	d.run("", v.Running)
	d.raw(`</w:p></w:hdr>`)
	return d.String()
}

// docxFooter has the hash and the number of the page, which the word processor counts.
func docxFooter(v reportView) string {
	var d docx
	d.raw(xmlHead + `<w:ftr ` + wordSpace + `><w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr>`)
	d.run("Hash", "SHA-256 "+v.Hash)
	d.raw(`<w:r><w:tab/></w:r>`)
	before, rest, _ := strings.Cut(v.Words.Words["page"], "{x}")
	between, after, _ := strings.Cut(rest, "{y}")
	d.run("", before)
	d.field("PAGE")
	d.run("", between)
	d.field("NUMPAGES")
	d.run("", after)
	d.raw(`</w:p></w:ftr>`)
	return d.String()
}
