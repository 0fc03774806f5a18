package typeset

import (
	"bytes"
	"strings"
	"sync"
	"testing"
)

func setter(t testing.TB) *Setter {
	t.Helper()
	var f Font
	s, err := f.Setter(Latin)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLacks(t *testing.T) {
	s := setter(t)
	for name, c := range map[string]struct {
		text string
		want rune
	}{
		"German":                           {"Müller-Lüdenscheidt, Straße 1", 0},
		"European names":                   {"Élodie Œuvrard, Dvořák, Łódź, Şişli, Erdoğan, Ţăran, Őrség, Þórr", 0},
		"Vietnamese, composed":             {"Nguyễn Thị Hạnh", 0},
		"Greek and Cyrillic":               {"Αθήνα Москва", 0},
		"Chinese":                          {"何霞，上海市浦东新区", 0},
		"several lines":                    {"one\ntwo", 0},
		"rare Han beyond the library":      {"𠮷野", '𠮷'},
		"emoji":                            {"hello 🔒", '🔒'},
		"Arabic needs shaping":             {"محمد", 'م'},
		"Hindi needs shaping":              {"नमस्ते", 'न'},
		"Thai needs shaping":               {"สมชาย", 'ส'},
		"a mark above a letter, apart":     {"e\u0301", '\u0301'},
		"a control that turns the reading": {"a\u202eb", '\u202e'},
		"bytes that are no text":           {"a\xffb", '\uFFFD'},
	} {
		got, lacks := s.Lacks(c.text)
		if lacks != (c.want != 0) || got != c.want {
			t.Errorf("%s: lacks %v (U+%04X), want U+%04X", name, lacks, got, c.want)
		}
	}
}

func TestWrapLosesNothingAndFits(t *testing.T) {
	s := setter(t)
	for _, text := range []string{
		"We told the people, in full, on the day we knew; nobody was left out.",
		"我们已通知所有受影响的个人，并说明了可能的影响、已采取的措施以及您可以采取的措施。",
		"https://security.example.org/verify?code=" + strings.Repeat("04H2-9K3M-", 12),
		"混合 mixed 文本 with 数字 12345 and (brackets)，以及“引号”。",
	} {
		lines := s.Wrap(text, 10, 120)
		if strings.ReplaceAll(strings.Join(lines, ""), " ", "") != strings.ReplaceAll(text, " ", "") {
			t.Errorf("%q became %q", text, lines)
		}
		for _, l := range lines {
			if w := s.Measure(l, 10); w > 120.01 {
				t.Errorf("a line is %.1f wide: %q", w, l)
			}
		}
	}
}

func TestDrawableShowsWhatIsMissing(t *testing.T) {
	s := setter(t)
	if got := s.Drawable("a🔒\tb\n"); got != "a□(U+1F512)    b\n" || len(s.Missing) != 1 {
		t.Errorf("%q, missing %q", got, s.Missing)
	}
}

// A document is the same bytes whoever else measures at the same time.
func TestDocumentsAtOnce(t *testing.T) {
	var f Font
	make1 := func() []byte {
		d, err := f.Document(200, 200)
		if err != nil {
			t.Error(err)
			return nil
		}
		s, _ := f.Setter(Latin)
		s.Measure("何霞 Ünlü", 9)
		if err := d.Page([]Mark{{X: 10, Y: 20, Size: 9, Text: "何霞 Łódź"}, {X: 1, Y: 2, W: 3, H: 4, Ink: RGB(255, 0, 0)}}); err != nil {
			t.Error(err)
		}
		var b bytes.Buffer
		if _, err := d.WriteTo(&b); err != nil || d.Pages() != 1 {
			t.Error(err)
		}
		return b.Bytes()
	}
	want := make1()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if !bytes.Equal(make1(), want) {
				t.Error("other bytes")
			}
		})
	}
	wg.Wait()
}
