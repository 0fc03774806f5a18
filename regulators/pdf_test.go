package regulators

import (
	"bytes"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"unicode"

	"tocsin/incidents"
	"tocsin/internal/typeset"
)

// readPDF is the text of a PDF by pages, without white space: lines are broken
// where the column ends.
func readPDF(t testing.TB, b []byte) []string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed")
	}
	cmd := exec.Command(tool, "-enc", "UTF-8", "-raw", "-", "-")
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(dense(string(out), true), "\f"), "\f")
}

func dense(s string, pages bool) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) && !(pages && r == '\f') {
			return -1
		}
		return r
	}, s)
}

func TestPDFSaysEverything(t *testing.T) {
	r := newReporting(t, nil)
	for name, c := range samples(r) {
		t.Run(name, func(t *testing.T) {
			pages := readPDF(t, r.render("pdf", c, meta(c)))
			// what stands on every page would cut values that go over two
			all := strings.Join(pages, "")
			wants := []string{c.Title, c.Authority, "INC-2026-0147", "Olga Amt", "BN-77/2026", "receipt.pdf", c.Follows}
			for _, f := range c.Fields {
				for line := range strings.Lines(f.Value) { // a long list can go over two pages
					wants = append(wants, strings.Split(line, "; ")...)
				}
				if f.Missing {
					wants = append(wants, r.Question(c, f))
				}
			}
			for _, w := range wants {
				if !strings.Contains(all, dense(w, false)) {
					t.Errorf("%q does not stand in the PDF", w)
				}
			}
			for i, p := range pages {
				marks := []string{dense(r.wordsOf(c.Lang).fill("page", "x", itoa(i+1), "y", itoa(len(pages))), false), c.Hash(), "INC-2026-0147"}
				if c.Mode == incidents.Drill {
					marks = append(marks, "演练文件，并非真实事件，请勿报送。")
				}
				for _, m := range marks {
					if !strings.Contains(p, m) {
						t.Errorf("page %d lacks %q", i+1, m)
					}
				}
			}
		})
	}
}

func itoa(n int) string { return thousands(int64(n)) }

func TestPDFShowsWhatTheFontLacks(t *testing.T) {
	r := newReporting(t, nil)
	c := r.fill("gdpr33", "initial", someFacts(t), "eu-gdpr-33", nil)
	c.Fields[0].Value = "lock 🔒, ש and \u202e, rare 𠮷"
	all := strings.Join(readPDF(t, r.render("pdf", c, meta(c))), "")
	for _, w := range []string{"lock□(U+1F512),□(U+05E9)and□(U+202E),rare□(U+20BB7)", "codepoint:U+1F512,U+05E9,U+202E,U+20BB7"} {
		if !strings.Contains(all, w) {
			t.Errorf("%q does not stand in the PDF", w)
		}
	}
}

// Nothing of a very long answer is lost over the pages, and each further page
// says which answer goes on.
func TestPDFLongAnswer(t *testing.T) {
	r := newReporting(t, nil)
	c := r.fill("gdpr33", "initial", someFacts(t), "eu-gdpr-33", nil)
	var long strings.Builder
	for i := range 2500 {
		long.WriteString("数据" + itoa(i) + "；")
	}
	for i, f := range c.Fields {
		if f.Key == "circumstances" {
			c.Fields[i].Value = long.String()
		}
	}
	var values strings.Builder
	goesOn := 0
	for _, page := range layout(t, r, c) {
		for _, m := range page {
			switch {
			case m.X == valueX:
				values.WriteString(m.Text)
			case m.Text == "… continued":
				goesOn++
			}
		}
	}
	if !strings.Contains(dense(values.String(), false), long.String()) {
		t.Error("a part of the answer is lost")
	}
	if goesOn < 5 {
		t.Errorf("%d pages say that the answer goes on", goesOn)
	}
	if all := readPDF(t, r.render("pdf", c, meta(c))); len(all) < 8 {
		t.Errorf("%d pages", len(all))
	}
}

func TestPDFIsTheSameTwice(t *testing.T) {
	r, again := newReporting(t, nil), newReporting(t, nil)
	for name, c := range samples(r) {
		if !bytes.Equal(r.render("pdf", c, meta(c)), again.render("pdf", c, meta(c))) {
			t.Errorf("%s: the same content makes other bytes", name)
		}
	}
}

func TestManyPDFsAtOnce(t *testing.T) {
	r := newReporting(t, nil)
	c := r.fill("cn-cac", "initial", someFacts(t), "cn-cac-operator", nil)
	want := r.render("pdf", c, meta(c))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got, err := r.Render("pdf", c, meta(c)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("another PDF, %v", err)
			}
		})
	}
	wg.Wait()
}

// No label stands at the foot of a page without its value, no heading without a row.
func TestPDFRowsStayTogether(t *testing.T) {
	r := newReporting(t, nil)
	for n := range 40 {
		c := r.fill("gdpr33", "initial", someFacts(t), "eu-gdpr-33", nil)
		c.Fields[0].Value = strings.Repeat("line\n", n) + "end"
		for i, p := range layout(t, r, c) {
			low := 0.0
			var last mark
			for _, m := range p {
				if m.Text != "" && m.Y > low {
					low, last = m.Y, m
				}
				if m.Y+m.H > bottom+1 {
					t.Fatalf("with %d lines: page %d runs over at %.0f: %q", n, i+1, m.Y, m.Text)
				}
			}
			if last.Size == 11.5 {
				t.Errorf("with %d lines: page %d ends with the heading %q", n, i+1, last.Text)
			}
			values := 0
			for _, m := range p {
				if m.X == valueX && m.Text != "" && m.Y > low-60 {
					values++
				}
			}
			if last.X == left && last.Size == sizeBody && values == 0 {
				t.Errorf("with %d lines: page %d ends with the label %q alone", n, i+1, last.Text)
			}
		}
	}
}

func layout(t *testing.T, r reporting, c incidents.ReportContent) [][]mark {
	t.Helper()
	set, err := r.font.Setter(typeset.Han)
	if err != nil {
		t.Fatal(err)
	}
	s := newSheet(set)
	s.report(r.view(c, meta(c)))
	return s.pages
}

func TestWrap(t *testing.T) {
	set, err := newReporting(t, nil).font.Setter(typeset.Han)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range hostile() {
		shown := set.Drawable(text)
		lines := set.Wrap(text, 10, 120)
		if dense(strings.Join(lines, ""), false) != dense(shown, false) {
			t.Errorf("%s: wrapping lost or made text", name)
		}
		for _, l := range lines {
			if w := set.Measure(l, 10); w > 120.01 {
				t.Errorf("%s: a line is %.1f wide: %q", name, w, l)
			}
		}
	}
	if got := set.Wrap("We told the people, in full.", 10, 70); len(got) != 2 || strings.HasPrefix(got[1], " ") {
		t.Errorf("broken as %q", got)
	}
}

func BenchmarkPDF(b *testing.B) {
	r := newReporting(b, nil)
	for name, c := range samples(r) {
		m := meta(c)
		r.render("pdf", c, m)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r.render("pdf", c, m)
			}
		})
	}
}
