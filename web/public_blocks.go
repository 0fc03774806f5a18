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
