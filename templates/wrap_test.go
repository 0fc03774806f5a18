package templates

import (
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	for _, tc := range []struct{ sentence, in, want string }{
		{"short text stays", "A short line.", "A short line."},
		{"words break at spaces", strings.Repeat("word ", 20), strings.TrimSpace(strings.Repeat("word ", 14)) + "\n" + strings.TrimSpace(strings.Repeat("word ", 6))},
		{"Chinese breaks anywhere", strings.Repeat("字", 40), strings.Repeat("字", 36) + "\n" + strings.Repeat("字", 4)},
		{"but not before a closing mark", strings.Repeat("字", 36) + "。", strings.Repeat("字", 35) + "\n字。"},
		{"nor after an opening one", strings.Repeat("字", 35) + "（字）", strings.Repeat("字", 35) + "\n（字）"},
		{"a long word stays whole", "see " + strings.Repeat("x", 90), "see\n" + strings.Repeat("x", 90)},
	} {
		if got := wrapText(tc.in); got != tc.want {
			t.Errorf("%s:\n%s", tc.sentence, got)
		}
	}
	if got := itemText(strings.Repeat("word ", 20)); !strings.HasPrefix(got, "- word") || !strings.Contains(got, "\n  word") {
		t.Error(got)
	}
}

func TestMeasureSMS(t *testing.T) {
	for _, tc := range []struct {
		sentence, text, encoding string
		units, segments          int
	}{
		{"nothing", "", "GSM-7", 0, 0},
		{"one full segment", strings.Repeat("a", 160), "GSM-7", 160, 1},
		{"one more needs two", strings.Repeat("a", 161), "GSM-7", 161, 2},
		{"two full", strings.Repeat("a", 306), "GSM-7", 306, 2},
		{"three", strings.Repeat("a", 307), "GSM-7", 307, 3},
		{"the euro counts twice", strings.Repeat("€", 80), "GSM-7", 160, 1},
		{"and is not cut in two", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), "GSM-7", 306, 3},
		{"Chinese, one", strings.Repeat("字", 70), "UCS-2", 70, 1},
		{"Chinese, two", strings.Repeat("字", 71), "UCS-2", 71, 2},
		{"an emoji is two units", strings.Repeat("🔒", 35), "UCS-2", 70, 1},
		{"and is not cut in two either", strings.Repeat("字", 66) + "🔒" + strings.Repeat("字", 66), "UCS-2", 134, 3},
		{"umlauts are in the basic set", "Zürich, Ärger, Straße", "GSM-7", 21, 1},
	} {
		if got := MeasureSMS(tc.text); got != (SMSSize{tc.encoding, tc.units, tc.segments}) {
			t.Errorf("%s: %+v", tc.sentence, got)
		}
	}
}

func TestClean(t *testing.T) {
	for _, tc := range []struct{ sentence, in, want string }{
		{"plain", "Ann Lee", "Ann Lee"},
		{"line ends become spaces", "Ann\r\nBcc: x", "Ann  Bcc: x"},
		{"controls go", "A\x00n\x1bn\x7f", "Ann"},
		{"overrides go", "\u202eAnn\u2066", "Ann"},
		{"Arabic stays", "محمد", "محمد"},
		{"joined emoji stay", "👩‍🚀", "👩‍🚀"},
		{"broken UTF-8 becomes a mark", "A\xffn", "A\ufffdn"},
		{"markup is left to the escaper", "<b>=1+1", "<b>=1+1"},
		{"spaces at the ends go", "  Ann ", "Ann"},
	} {
		if got := Clean(tc.in); got != tc.want {
			t.Errorf("%s: %q", tc.sentence, got)
		}
	}
}
