package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tocsin/incidents"
)

// markdown writes an assessment as a page to read and file: the risk to each
// group of people and the timeline of duties first, then what has no number, what is open, and why the other
// duties of the same places do not apply.
func markdown(w io.Writer, a incidents.Assessment) {
	fmt.Fprintf(w, "Severity by the ENISA method: **%s** (%.2f).\n", strings.ReplaceAll(a.Severity.Level, "_", " "), a.Severity.Score)
	riskTable(w, a.Risk)
	var timed, words, open, not []incidents.Obligation
	var places []string
	others := 0
	for _, o := range a.Obligations {
		switch {
		case o.Applies == incidents.AppliesYes && o.Due != nil:
			timed = append(timed, o)
		case o.Applies == incidents.AppliesYes:
			words = append(words, o)
		case o.Applies == incidents.AppliesDepends:
			open = append(open, o)
		}
		if o.Applies == incidents.AppliesYes && !slices.Contains(places, o.Jurisdiction) {
			places = append(places, o.Jurisdiction)
		}
	}
	for _, o := range a.Obligations {
		switch {
		case o.Applies != incidents.AppliesNo:
		case slices.Contains(places, o.Jurisdiction):
			not = append(not, o)
		default:
			others++
		}
	}
	if len(timed) > 0 {
		fmt.Fprint(w, "\n## Timeline\n\n| Due, UTC | Duty | Law | How it is counted |\n| --- | --- | --- | --- |\n")
		for _, o := range timed {
			fmt.Fprintf(w, "| %s | %s | %s | %s |\n", o.Due.Format("2006-01-02 15:04"), cell(o.Title+" (`"+o.ID+"`)"), cell(o.Citation+recalled(o)), cell(o.Arithmetic))
		}
	}
	section(w, "Without a due time", words, func(o incidents.Obligation) string {
		return untimed(o) + ". " + o.Citation + recalled(o)
	})
	section(w, "Depends on what is not known", open, func(o incidents.Obligation) string { return "asks for " + strings.Join(o.Decides, ", ") })
	section(w, "Why the duties above apply", append(slices.Clone(timed), words...), func(o incidents.Obligation) string { return strings.Join(o.Reasons, " ") })
	section(w, "Why the other duties there do not", not, func(o incidents.Obligation) string { return strings.Join(o.Reasons, " ") })
	if others > 0 {
		fmt.Fprintf(w, "\n%d duties of other places do not apply.\n", others)
	}
	fmt.Fprint(w, "\nTocsin informs; counsel decides.\n")
}

// riskTable writes the risk to each group of people, of the facts alone.
func riskTable(w io.Writer, s *incidents.RiskStatement) {
	if s == nil || len(s.Groups)+len(s.Notes) == 0 {
		return
	}
	fmt.Fprint(w, "\n## Risk to each group of people\n")
	if len(s.Groups) > 0 {
		fmt.Fprint(w, "\n| Group | Risk | Why | Likely consequences | What they can do |\n| --- | --- | --- | --- | --- |\n")
	}
	for _, g := range s.Groups {
		fmt.Fprintf(w, "| %s: %s | %s (%.2f) | %s | %s | %s |\n", cell(g.Name), g.Size(), incidents.RiskWord(g.Level), g.Score,
			cell(strings.Join(g.Why, " ")), cell(strings.Join(g.Consequences, " ")), cell(strings.Join(g.Advice, " ")))
	}
	for _, n := range s.Notes {
		fmt.Fprintf(w, "\n%s\n", n)
	}
}

func section(w io.Writer, head string, duties []incidents.Obligation, say func(incidents.Obligation) string) {
	if len(duties) == 0 {
		return
	}
	fmt.Fprintf(w, "\n## %s\n\n", head)
	for _, o := range duties {
		fmt.Fprintf(w, "- %s (`%s`): %s\n", o.Title, o.ID, say(o))
	}
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

func recalled(o incidents.Obligation) string {
	if o.Confidence == "recalled" {
		return " (recalled, not verified)"
	}
	return ""
}
