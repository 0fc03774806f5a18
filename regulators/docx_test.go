package regulators

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"
	"testing"

	"tocsin/incidents"
)

// A wordFile is what a word processor reads of a document.
type wordFile struct {
	parts  map[string][]byte
	paras  []wordPara
	header string
	footer string
	tables int
}

type wordPara struct{ style, text string }

func (w wordFile) text() string {
	var b strings.Builder
	for _, p := range w.paras {
		b.WriteString(p.text + "\n")
	}
	return b.String()
}

func (w wordFile) styled(style string) (out []string) {
	for _, p := range w.paras {
		if p.style == style {
			out = append(out, p.text)
		}
	}
	return out
}

// readDOCX opens a document the way a word processor does: by its types and
// relations, and refuses what Word would refuse.
func readDOCX(t testing.TB, b []byte) wordFile {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	w := wordFile{parts: map[string][]byte{}}
	for i, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 && f.Name != "[Content_Types].xml" {
			t.Errorf("the file begins with %s", f.Name)
		}
		w.parts[f.Name] = data
		wellFormedXML(t, f.Name, data)
	}
	types := string(w.parts["[Content_Types].xml"])
	for name := range w.parts {
		if name != "[Content_Types].xml" && !strings.HasSuffix(name, ".rels") && !strings.Contains(types, `PartName="/`+name+`"`) {
			t.Errorf("the part %s has no type", name)
		}
	}
	for name, folder := range map[string]string{"_rels/.rels": "", "word/_rels/document.xml.rels": "word"} {
		var rels struct {
			Relationship []struct {
				Target string `xml:",attr"`
			}
		}
		if err := xml.Unmarshal(w.parts[name], &rels); err != nil || len(rels.Relationship) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		for _, r := range rels.Relationship {
			if w.parts[path.Join(folder, r.Target)] == nil {
				t.Errorf("%s names %s, which is not there", name, r.Target)
			}
		}
	}
	w.paras, w.tables = parasOf(t, w.parts["word/document.xml"])
	styles := string(w.parts["word/styles.xml"])
	for _, part := range []string{"word/document.xml", "word/header1.xml", "word/footer1.xml"} {
		for _, s := range strings.Split(string(w.parts[part]), `Style w:val="`)[1:] {
			if id, _, _ := strings.Cut(s, `"`); !strings.Contains(styles, `w:styleId="`+id+`"`) {
				t.Errorf("%s uses the style %s, which is not there", part, id)
			}
		}
	}
	head, _ := parasOf(t, w.parts["word/header1.xml"])
	foot, _ := parasOf(t, w.parts["word/footer1.xml"])
	w.header, w.footer = wordFile{paras: head}.text(), wordFile{paras: foot}.text()
	return w
}

func wellFormedXML(t testing.TB, name string, data []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// parasOf reads the paragraphs of a part, and wants every cell to end with one.
func parasOf(t testing.TB, data []byte) (out []wordPara, tables int) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(data))
	inText, last, before := false, "", ""
	for {
		tok, err := d.Token()
		if err != nil {
			return out, tables
		}
		switch x := tok.(type) {
		case xml.StartElement:
			switch x.Name.Local {
			case "p":
				out = append(out, wordPara{})
			case "pStyle":
				out[len(out)-1].style = x.Attr[0].Value
			case "t":
				inText = true
			case "br":
				out[len(out)-1].text += "\n"
			case "tab":
				if len(out) > 0 && last != "tabs" {
					out[len(out)-1].text += "\t"
				}
			case "tbl":
				tables++
				if before == "tbl" {
					t.Error("two tables touch")
				}
			}
			last, before = x.Name.Local, ""
		case xml.EndElement:
			if x.Name.Local == "tc" && before != "p" {
				t.Error("a cell does not end with a paragraph")
			}
			inText = inText && x.Name.Local != "t"
			before = x.Name.Local
		case xml.CharData:
			if inText {
				out[len(out)-1].text += string(x)
			}
		}
	}
}

func TestDOCXSaysEverything(t *testing.T) {
	r := newReporting(t, nil)
	for name, c := range samples(r) {
		t.Run(name, func(t *testing.T) {
			m := meta(c)
			w := readDOCX(t, r.render("docx", c, m))
			v := r.view(c, m)
			text := w.text()
			wants := []string{c.Title, c.Authority, "INC-2026-0147", "Olga Amt", "BN-77/2026", "receipt.pdf", c.Hash(), v.Disclaimer}
			for _, f := range c.Fields {
				wants = append(wants, f.Value)
				if f.Missing {
					wants = append(wants, r.Question(c, f))
				}
			}
			for _, x := range v.Changes {
				wants = append(wants, x.Value)
			}
			for _, want := range wants {
				if !strings.Contains(text, want) {
					t.Errorf("%q does not stand in the document", want)
				}
			}
			if titles := w.styled("Title"); len(titles) != 1 || titles[0] != c.Title {
				t.Errorf("the titles are %q", titles)
			}
			if n := len(w.styled("Heading1")); n < len(v.Sections)+1 || w.tables < n {
				t.Errorf("%d headings and %d tables for %d sections", n, w.tables, len(v.Sections))
			}
			if !strings.Contains(w.header, "INC-2026-0147") || !strings.Contains(w.footer, c.Hash()) || bytes.Count(w.parts["word/footer1.xml"], []byte("fldSimple")) != 4 {
				t.Errorf("the head is %q, the foot %q", w.header, w.footer)
			}
			drill := v.Words.Words["drill-long"]
			if got := strings.Contains(w.header, drill) && strings.Contains(text, drill); got != (c.Mode == incidents.Drill) {
				t.Errorf("marked as a drill: %t", got)
			}
			lang := `w:val="en-GB" w:eastAsia="zh-CN"`
			if c.Lang == langZH {
				lang = `w:val="zh-CN" w:eastAsia="zh-CN"`
			}
			if !bytes.Contains(w.parts["word/styles.xml"], []byte(lang)) || !bytes.Contains(w.parts["word/styles.xml"], []byte(`w:eastAsia="Microsoft YaHei"`)) {
				t.Error("the language or the Chinese font is not set")
			}
			if again := r.render("docx", c, m); !bytes.Equal(again, r.render("docx", c, m)) {
				t.Error("the same report gives other bytes")
			}
		})
	}
}

func TestTextSaysEverythingInOrder(t *testing.T) {
	r := newReporting(t, nil)
	for name, c := range samples(r) {
		t.Run(name, func(t *testing.T) {
			text := string(r.render("txt", c, meta(c)))
			first, _ := r.forms[c.Form].splitLabel(c.Fields[0], c.Lang)
			at := strings.Index(text, "\n["+first+"]") // what changed stands before
			for _, f := range c.Fields {
				label, _ := r.forms[c.Form].splitLabel(f, c.Lang)
				i := strings.Index(text[at:], "["+label+"]")
				if i < 0 {
					t.Fatalf("%s is missing or out of order", f.Key)
				}
				at += i
				if !strings.Contains(text[at:], f.Value) {
					t.Errorf("%s: %q is not there", f.Key, f.Value)
				}
			}
			if c.Mode == incidents.Drill && !strings.HasPrefix(text, "演练") {
				t.Error("the drill is not marked first")
			}
		})
	}
}
