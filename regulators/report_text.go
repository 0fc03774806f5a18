package regulators

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"tocsin/incidents"
)

// renderText writes a report as plain text in the form's order, to copy from
// when an authority wants its own page filled in.
func (r *Reports) renderText(c incidents.ReportContent, m incidents.ReportMeta) ([]byte, error) {
	v := r.view(c, m)
	w := v.Words.Words
	var b bytes.Buffer
	if v.Drill {
		fmt.Fprintf(&b, "%s · %s\n\n", w["drill"], w["drill-long"])
	}
	fmt.Fprintf(&b, "%s\n%s\n\n", v.Title, v.Running)
	for _, h := range v.Head {
		fmt.Fprintf(&b, "%s%s%s\n", h.Label, w["colon"], h.Value)
	}
	if v.Open != "" {
		fmt.Fprintf(&b, "\n%s\n", v.Open)
	}
	if v.Follows {
		textHeading(&b, w["changes"])
		if len(v.Changes) == 0 {
			fmt.Fprintln(&b, w["changes-none"])
		}
		for _, x := range v.Changes {
			fmt.Fprintf(&b, "\n[%s]\n%s\n", x.Label, x.Value)
		}
	}
	for _, s := range v.Sections {
		textHeading(&b, s.Title)
		for _, f := range s.Rows {
			textField(&b, v.Words, f)
		}
	}
	fmt.Fprintf(&b, "\n%s\nSHA-256 %s\n", v.Disclaimer, v.Hash)
	return b.Bytes(), nil
}

// textHeading underlines a heading over the columns it takes.
func textHeading(b *bytes.Buffer, s string) {
	width := 0
	for _, r := range s {
		if width++; r >= 0x2e80 {
			width++
		}
	}
	fmt.Fprintf(b, "\n%s\n%s\n", s, strings.Repeat("-", width))
}

func textField(b *bytes.Buffer, w *formWords, f viewField) {
	count := w.Words["empty"]
	switch n := utf8.RuneCountInString(f.Value); {
	case f.Question != "" && n == 0:
		count = w.Words["open"]
	case n == 1:
		count = w.Words["character"]
	case n > 1:
		count = w.fill("characters", "n", thousands(int64(n)))
	}
	fmt.Fprintf(b, "\n[%s] (%s)\n", f.Label, strings.Trim(count, "()（）"))
	if f.Value != "" {
		fmt.Fprintln(b, f.Value)
	}
	if f.Question != "" {
		fmt.Fprintf(b, "? %s\n", f.Question)
	}
}
