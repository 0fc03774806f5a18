package web

import (
	"html"
	"regexp"
	"strings"
)

// A block is one piece of a plain text as a page shows it: a paragraph or a list.
type block struct {
	Kind  string // "p", "ul", "ol"
	Lines []string
}

var numbered = regexp.MustCompile(`^\d{1,2}[.)、]\s*`)

// blocks reads a plain text: paragraphs between blank lines, "- " and "1. " lists.
func blocks(text string) (out []block) {
	open := false // whether the last block goes on
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		kind := "p"
		switch {
		case line == "":
			open = false
			continue
		case strings.HasPrefix(line, "- "), strings.HasPrefix(line, "• "), strings.HasPrefix(line, "* "):
			_, line, _ = strings.Cut(line, " ")
			kind = "ul"
		case numbered.MatchString(line):
			line = numbered.ReplaceAllString(line, "")
			kind = "ol"
		}
		if n := len(out); n > 0 && out[n-1].Kind == kind && (open || kind != "p") {
			out[n-1].Lines = append(out[n-1].Lines, line)
		} else {
			out = append(out, block{kind, []string{line}})
		}
		open = true
	}
	return out
}

// blocksHTML is a text as escaped HTML, for feeds.
func blocksHTML(text string) string {
	var b strings.Builder
	for _, bl := range blocks(text) {
		if bl.Kind == "p" {
			b.WriteString("<p>")
			for i, l := range bl.Lines {
				if i > 0 {
					b.WriteString("<br>")
				}
				b.WriteString(html.EscapeString(l))
			}
			b.WriteString("</p>")
			continue
		}
		b.WriteString("<" + bl.Kind + ">")
		for _, l := range bl.Lines {
			b.WriteString("<li>" + html.EscapeString(l) + "</li>")
		}
		b.WriteString("</" + bl.Kind + ">")
	}
	return b.String()
}

// A mend is one line of a comparison: kept, added or removed.
type mend struct {
	Kind string // "same", "added", "removed"
	Text string
}

// mends compares two texts line by line, by their longest common lines. Texts
// are bounded by the desk; a very long one is shown as replaced.
func mends(old, now string) (out []mend) {
	a, b := lines(old), lines(now)
	if len(a)*len(b) > 1<<20 {
		return append(all("removed", a), all("added", b)...)
	}
	// common[i][j] is the number of common lines of a[i:] and b[j:].
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, mend{"same", a[i]})
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			out = append(out, mend{"removed", a[i]})
			i++
		default:
			out = append(out, mend{"added", b[j]})
			j++
		}
	}
	return append(append(out, all("removed", a[i:])...), all("added", b[j:])...)
}

func all(kind string, list []string) []mend {
	out := make([]mend, len(list))
	for i, s := range list {
		out[i] = mend{kind, s}
	}
	return out
}

func lines(s string) (out []string) {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
