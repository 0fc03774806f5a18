package letter

import (
	"bytes"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tocsin/incidents"
	"tocsin/templates"
)

// A word of a PDF, with where it stands; points from the upper left corner.
type word struct {
	page                  int
	x0, y0, x1, y1        float64
	text                  string
	pageWidth, pageHeight float64
}

var (
	pageTag = regexp.MustCompile(`<page width="([\d.]+)" height="([\d.]+)"`)
	wordTag = regexp.MustCompile(`<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*)</word>`)
)

// words reads a PDF as another program does.
func words(t testing.TB, pdf []byte) (out []word, pages int) {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed")
	}
	cmd := exec.Command(tool, "-bbox", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	html, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	num := func(s string) float64 {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var w, h float64
	for line := range strings.Lines(string(html)) {
		if m := pageTag.FindStringSubmatch(line); m != nil {
			pages++
			w, h = num(m[1]), num(m[2])
		}
		if m := wordTag.FindStringSubmatch(line); m != nil {
			text := strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&apos;", "'", "&quot;", `"`).Replace(m[5])
			out = append(out, word{pages, num(m[1]), num(m[2]), num(m[3]), num(m[4]), text, w, h})
		}
	}
	return out, pages
}

func (w word) touches(b box) bool {
	return w.x1 > b.x && w.x0 < b.x+b.w && w.y1 > b.y && w.y0 < b.y+b.h
}

func (w word) inside(b box) bool {
	const slack = 0.5 // of a point: ascenders above the tallest letter
	return w.x0 >= b.x-slack && w.x1 <= b.x+b.w+slack && w.y0 >= b.y-3 && w.y1 <= b.y+b.h+3
}

func text(ws []word) string {
	var b strings.Builder
	for _, w := range ws {
		b.WriteString(w.text)
	}
	return b.String()
}

func dense(s string) string { return strings.Join(strings.Fields(s), "") }

// Nothing but the address, and above it the sender's line, may be read through
// the window, whatever is written in the letter.
func TestOnlyTheAddressIsInTheWindow(t *testing.T) {
	for _, window := range []Window{DIN5008B, US10} {
		for _, lang := range []incidents.Lang{"en", "de", "zh-Hans"} {
			for name, change := range map[string]func(*Sheet){
				"as it is": func(*Sheet) {},
				"long texts everywhere": func(s *Sheet) {
					l := *s.Letter
					l.Subject, l.Greeting, l.Ref.Value = strings.Repeat("long subject ", 40), strings.Repeat("long greeting ", 60), strings.Repeat("INC-2026-0147 ", 6)
					l.Code.Label = strings.Repeat("a long label ", 8)
					s.Letter = &l
				},
				"six lines of address": func(s *Sheet) {
					s.To = "Name of Somebody\nDepartment\nBuilding 5, Floor 3\nA Very Long Street Name of Some Length 123456\n12345 A Town\nGERMANY"
				},
				"a drill": func(s *Sheet) {
					l := *s.Letter
					l.Drill, l.DrillBanner = "DRILL / ÜBUNG / 演练", "An exercise"
					s.Letter = &l
				},
			} {
				t.Run(string(window)+" "+string(lang)+" "+name, func(t *testing.T) {
					p, s := printer(t, form(window)), sample(t, lang, false)
					change(&s)
					pdf, err := p.PDF(s)
					if err != nil {
						t.Fatal(err)
					}
					checkWindow(t, geometries[window], pdf, s)
				})
			}
		}
	}
}

func checkWindow(t *testing.T, g geometry, pdf []byte, s Sheet) {
	t.Helper()
	all, _ := words(t, pdf)
	var address, back []word
	for _, w := range all {
		switch {
		case w.page != 1 || !w.touches(g.window):
		case w.inside(g.address):
			address = append(address, w)
		case g.returnTo.w > 0 && w.inside(g.returnTo):
			back = append(back, w)
		default:
			t.Errorf("%q stands in the window at %.0f,%.0f", w.text, w.x0, w.y0)
		}
	}
	if got, want := dense(text(address)), dense(s.To); got != want {
		t.Errorf("the window shows %q, want %q", got, want)
	}
	if g.returnTo.w > 0 && !strings.Contains(text(back), "Quillfeather") {
		t.Errorf("the line above the address is %q", text(back))
	}
	if all[0].pageWidth != g.width || all[0].pageHeight < g.height-0.1 {
		t.Errorf("a page is %.2f by %.2f", all[0].pageWidth, all[0].pageHeight)
	}
}

// Everything of the letter is on its pages, inside the margins, and each page
// says which it is.
func TestEverythingIsPrinted(t *testing.T) {
	for _, window := range []Window{DIN5008B, US10} {
		for name, s := range map[string]Sheet{"en": sample(t, "en", false), "de drill": sample(t, "de", true), "zh": sample(t, "zh-Hans", true), "long": long(t, 30)} {
			pdf, err := printer(t, form(window)).PDF(s)
			if err != nil {
				t.Fatal(err)
			}
			all, pages := words(t, pdf)
			everything := dense(text(all))
			for p := range s.Letter.Strings {
				for line := range strings.Lines(p) {
					for _, piece := range pieces(line) { // a foot between two pages may cut a text
						if !strings.Contains(everything, piece) {
							t.Errorf("%s %s: %q is not printed", window, name, piece)
						}
					}
				}
			}
			g := geometries[window]
			for page := 1; page <= pages; page++ {
				var here []word
				for _, w := range all {
					if w.page == page {
						here = append(here, w)
					}
				}
				mark := strconv.Itoa(page) + "/" + strconv.Itoa(pages)
				if !strings.Contains(text(here), mark) {
					t.Errorf("%s %s: page %d lacks %s", window, name, page, mark)
				}
				if d := s.Letter.Drill; d != "" && !strings.Contains(text(here), dense(d)) {
					t.Errorf("%s %s: page %d lacks the mark of a drill", window, name, page)
				}
				for _, w := range here {
					if w.x0 < g.left-1 && w.text != dense(s.Letter.Drill) || w.x1 > g.right+1 || w.y1 > g.height-20 {
						t.Errorf("%s %s: %q stands outside the margins", window, name, w.text)
					}
				}
			}
			if name == "long" && pages < 5 {
				t.Errorf("%d pages", pages)
			}
		}
	}
}

// pieces cuts a line into words; of Chinese, into single characters.
func pieces(line string) []string {
	if strings.IndexFunc(line, func(r rune) bool { return r >= 0x2e80 }) >= 0 {
		var out []string
		for _, r := range dense(line) {
			out = append(out, string(r))
		}
		return out
	}
	return strings.Fields(line)
}

func TestWhatCannotBePrintedIsRefused(t *testing.T) {
	p := printer(t, form(DIN5008B))
	for name, c := range map[string]struct {
		change func(*Sheet)
		want   string
	}{
		"printable":                 {func(*Sheet) {}, ""},
		"an Arabic name":            {func(s *Sheet) { s.To = "محمد علي\nHauptstr. 1\n10115 Berlin" }, "name or address"},
		"a Thai name in the text":   {func(s *Sheet) { l := *s.Letter; l.Greeting = "Dear สมชาย,"; s.Letter = &l }, "of the text"},
		"a Hindi text":              {func(s *Sheet) { l := *s.Letter; l.Subject = "सूचना"; s.Letter = &l }, "of the text"},
		"a rare Chinese name":       {func(s *Sheet) { s.To = "𠮷野\nHauptstr. 1" }, "name or address"},
		"an address of nine lines":  {func(s *Sheet) { s.To = strings.Repeat("A line\n", 9) }, "too long for the window"},
		"an address that is empty":  {func(s *Sheet) { s.To = " \n" }, "empty"},
		"no letter in the notice":   {func(s *Sheet) { s.Letter = nil }, "no letter"},
		"a line without end":        {func(s *Sheet) { s.To = "Ada\n" + strings.Repeat("Langestraße ", 60) }, "too long for the window"},
		"a Polish and a Greek name": {func(s *Sheet) { s.To = "Łukasz Żółć\nΑλέξης 1" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := sample(t, "en", false)
			c.change(&s)
			err := p.Check(s)
			_, perr := p.PDF(s)
			if (err == nil) != (c.want == "") || (perr == nil) != (err == nil) {
				t.Fatalf("%v, %v", err, perr)
			}
			if err == nil {
				return
			}
			if !strings.Contains(err.Error(), c.want) || incidents.KindOf(err) != incidents.KindInvalid {
				t.Errorf("%v, want %q", err, c.want)
			}
			for _, secret := range []string{"Ada", "Berlin", "สมชาย", "𠮷"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the reason shows %q", secret)
				}
			}
		})
	}
}

func TestForms(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Form)
		on     string
	}{
		"good":                        {func(*Form) {}, ""},
		"a window of another paper":   {func(f *Form) { f.Window = US10 }, "channels.letter.paper"},
		"no such window":              {func(f *Form) { f.Window = "c4" }, "channels.letter.window"},
		"nobody sends":                {func(f *Form) { f.Sender = nil }, "channels.letter.sender"},
		"a sender nobody can print":   {func(f *Form) { f.Sender = []string{"مؤسسة"} }, "channels.letter.sender"},
		"a sender longer than a line": {func(f *Form) { f.Sender = []string{strings.Repeat("Organisation ", 20)} }, "channels.letter.sender"},
		"a sender of six short lines": {func(f *Form) { f.Sender = []string{"A Ltd", "B", "C", "D", "E", "F"} }, ""},
	} {
		f := form(DIN5008B)
		c.change(&f)
		_, err := NewPrinter(f, now)
		if (err == nil) != (c.on == "") || err != nil && !strings.Contains(fieldOf(err), c.on) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func fieldOf(err error) string {
	if e, ok := err.(*incidents.Error); ok {
		return e.Field
	}
	return ""
}

// Each letter of a batch begins on a front page when both sides are printed.
func TestDuplex(t *testing.T) {
	for _, duplex := range []bool{false, true} {
		f := form(DIN5008B)
		f.Duplex = duplex
		three := long(t, 4)
		sheets := []Sheet{three, sample(t, "en", false), three}
		pdf, places, err := bound(printer(t, f), sheets)
		if err != nil {
			t.Fatal(err)
		}
		if places[0].pages%2 == 0 {
			t.Fatalf("the sample has %d pages: it must be odd", places[0].pages)
		}
		all, pages := words(t, pdf)
		total := 0
		for i, at := range places {
			if duplex && at.first%2 == 0 {
				t.Errorf("letter %d begins on page %d", i, at.first)
			}
			total += at.pages
			found := false
			for _, w := range all {
				found = found || w.page == at.first && strings.HasPrefix(w.text, "1/"+strconv.Itoa(at.pages))
			}
			if !found {
				t.Errorf("letter %d does not begin on page %d", i, at.first)
			}
		}
		if duplex != (pages > total) {
			t.Errorf("duplex %v: %d pages for %d printed", duplex, pages, total)
		}
	}
}

// A page is drawn for one person: nothing of the letters beside it is on it.
func TestLettersDoNotMix(t *testing.T) {
	var sheets []Sheet
	for _, n := range []string{"Ada", "Bo", "Cyd"} {
		s := sample(t, "en", false)
		l := *s.Letter
		l.Greeting, l.Code = "Dear "+n+"-Greeted,", templates.Labelled{Label: "Code", Value: "CODE-" + n}
		s.Letter, s.To = &l, n+"-Addressed\nA Street 1\nA Town"
		sheets = append(sheets, s)
	}
	pdf, places, err := bound(printer(t, form(DIN5008B)), sheets)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := words(t, pdf)
	for i, n := range []string{"Ada", "Bo", "Cyd"} {
		for _, w := range all {
			mine := w.page >= places[i].first && w.page < places[i].first+places[i].pages
			if strings.Contains(w.text, n+"-") && !mine {
				t.Errorf("%q stands on page %d of somebody else", w.text, w.page)
			}
		}
	}
}

func bound(p *Printer, sheets []Sheet) ([]byte, []place, error) {
	doc, places, err := p.bind(sheets)
	if err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	_, err = doc.WriteTo(&b)
	return b.Bytes(), places, err
}
