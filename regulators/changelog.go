package regulators

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// changelogName lies beside the folders of a pack.
const changelogName = "CHANGELOG.md"

// A Release is one entry of a pack's changelog, the newest first.
type Release struct {
	Version string `json:"version"`
	Date    string `json:"date"` // YYYY-MM-DD
	Text    string `json:"text"` // what changed and why, Markdown
	line    int
}

// Items are the points of an entry, each in one line.
func (r Release) Items() (out []string) {
	for _, line := range strings.Split(r.Text, "\n") {
		item, begins := strings.CutPrefix(line, "- ")
		line = strings.TrimSpace(item)
		switch {
		case line == "":
		case begins || len(out) == 0:
			out = append(out, line)
		default:
			out[len(out)-1] += " " + line
		}
	}
	return out
}

// Changelog is what changed in the pack, the newest entry first.
func (p *Pack) Changelog() []Release { return p.changelog }

// Number is the pack's own version without the hash.
func (p *Pack) Number() string { return p.number }

// releaseHead is "## 2026.12, 2026-11-29".
var releaseHead = regexp.MustCompile(`^## (\S+), (\d{4}-\d{2}-\d{2})$`)

// parseChangelog reads the entries; what does not read as a heading of one is
// text of the one above.
func parseChangelog(data []byte) (out []Release) {
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimRight(line, " \r")
		if m := releaseHead.FindStringSubmatch(line); m != nil {
			out = append(out, Release{Version: m[1], Date: m[2], line: i + 1})
		} else if len(out) > 0 {
			out[len(out)-1].Text += line + "\n"
		}
	}
	for i := range out {
		out[i].Text = strings.TrimSpace(out[i].Text)
	}
	return out
}

// changelog wants the newest entry to be about this version of the pack. All of
// it is for who keeps the rules: a pack loads without a changelog.
func (l *linter) changelog() {
	say := func(line int, format string, args ...any) {
		l.out = append(l.out, Finding{Problem: Problem{File: changelogName, Line: line, Reason: fmt.Sprintf(format, args...)}, Warning: true})
	}
	entries := l.b.pack.changelog
	if len(entries) == 0 {
		say(0, "no entry says what changed: begin one with “## %s, YYYY-MM-DD”", l.b.pack.number)
		return
	}
	if e := entries[0]; e.Version != l.b.pack.number {
		say(e.line, "the newest entry is about %s, the pack is %s", e.Version, l.b.pack.number)
	}
	seen := map[string]bool{}
	for i, e := range entries {
		if _, err := time.Parse(time.DateOnly, e.Date); err != nil {
			say(e.line, "%s is no date", e.Date)
		}
		if i > 0 && e.Date > entries[i-1].Date {
			say(e.line, "the entry of %s stands below an older one", e.Date)
		}
		if seen[e.Version] {
			say(e.line, "%s has two entries", e.Version)
		}
		if seen[e.Version] = true; e.Text == "" {
			say(e.line, "the entry does not say what changed")
		}
	}
}
