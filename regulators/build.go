package regulators

import (
	"bytes"
	"fmt"
	"strings"

	"tocsin/incidents"
)

// A Problem is something wrong with a pack: where, and what.
type Problem struct {
	File   string
	Line   int // 0 when the whole file is meant
	Rule   string
	Reason string
}

// String is "rules/eu.yaml:12: eu-gdpr-33: reason".
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	if p.Rule != "" {
		s += ": " + p.Rule
	}
	return s + ": " + p.Reason
}

// A builder makes a pack and gathers everything that is wrong with it.
type builder struct {
	files    fileSet
	pack     *Pack
	env      *conditions
	problems []Problem
	parse    []error // of the YAML reader, which names its lines itself
}

func newBuilder(options Options, files fileSet) *builder {
	return &builder{files: files, pack: &Pack{options: options, byID: map[string]*rule{}}}
}

func (b *builder) build() {
	b.loadVersion()
	b.loadPlaces()
	b.loadContent()
	b.loadAuthorities()
	b.loadCalendars()
	b.loadSeverity()
	b.loadRules()
}

// problem notes what is wrong, with the line of the first of the words found
// after the rule's own line.
func (b *builder) problem(file, ruleID, near, format string, args ...any) {
	b.problems = append(b.problems, Problem{File: file, Line: lineOf(b.files[file], ruleID, near), Rule: ruleID, Reason: fmt.Sprintf(format, args...)})
}

// broken notes a file that could not be read at all.
func (b *builder) broken(file string, err error) {
	b.parse = append(b.parse, err)
	b.problems = append(b.problems, Problem{File: file, Reason: err.Error()})
}

// failure is the error of files with problems, or nil: what could not be read
// at all goes first, as its reader said it.
func failure(what string, parse []error, problems []Problem) error {
	if len(parse) > 0 {
		return parse[0]
	}
	if len(problems) == 0 {
		return nil
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return incidents.Invalid("the %s broken: %s", what, strings.Join(lines, "; ")).WithHint("mend the lines named and start again")
}

// lineOf finds the line of a rule and, from there on, of a text in it.
func lineOf(data []byte, ruleID, near string) int {
	lines := bytes.Split(data, []byte("\n"))
	at := 0
	if ruleID != "" {
		at = findLine(lines, 0, ruleID)
	}
	near, _, _ = strings.Cut(strings.TrimSpace(near), "\n")
	if near != "" {
		if n := findLine(lines, max(at-1, 0), near); n > 0 {
			return n
		}
	}
	return at
}

func findLine(lines [][]byte, from int, text string) int {
	for i := from; i < len(lines); i++ {
		if bytes.Contains(lines[i], []byte(text)) {
			return i + 1
		}
	}
	return 0
}
