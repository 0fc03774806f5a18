package regulators

import (
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// A Finding is something the linter dislikes. An error keeps the pack from
// loading; a warning is for whoever keeps the rules.
type Finding struct {
	Problem
	Warning bool
}

// Lint checks the files of a pack beyond what Load needs: sources, dates,
// content keys, clauses that can never hold, definitions nobody uses, a
// changelog that does not speak of this version.
func Lint(layers ...fs.FS) []Finding {
	files, err := readLayers(layers)
	if err != nil {
		return []Finding{{Problem: Problem{Reason: err.Error()}}}
	}
	b := newBuilder(Options{}, files)
	b.build()
	l := &linter{b: b}
	for _, p := range b.problems {
		l.out = append(l.out, Finding{Problem: p})
	}
	l.changelog()
	for _, r := range b.pack.rules {
		l.rule(r)
	}
	slices.SortStableFunc(l.out, func(a, b Finding) int { return strings.Compare(a.File+a.Rule, b.File+b.Rule) })
	return l.out
}

type linter struct {
	b   *builder
	out []Finding
}

func (l *linter) say(warning bool, r *rule, near, format string, args ...any) {
	p := Problem{File: r.file, Line: lineOf(l.b.files[r.file], r.ID, near), Rule: r.ID, Reason: fmt.Sprintf(format, args...)}
	l.out = append(l.out, Finding{Problem: p, Warning: warning})
}

func (l *linter) rule(r *rule) {
	l.evidence(r)
	l.content(r)
	l.substitutes(r)
	if !r.until.IsZero() && r.until.Before(r.effective) {
		l.say(false, r, "until:", "the rule ends before it begins")
	}
	for _, c := range r.clauses {
		if c.cond != nil {
			l.reachable(r, c.cond)
		}
	}
	l.placeholders(r)
}

// evidence wants every rule to say where it was read and when.
func (l *linter) evidence(r *rule) {
	if r.Citation == "" {
		l.say(false, r, "", "there is no citation")
	}
	if r.Checked == "" {
		l.say(false, r, "", "there is no date on which it was checked")
	}
	if r.TitleZH == "" {
		l.say(false, r, "", "there is no Chinese title")
	}
	switch {
	case len(r.Sources) == 0 && len(r.Locators) == 0:
		l.say(false, r, "", "there is no source and no locator")
	case len(r.Sources) == 0 && r.Confidence == "verified":
		l.say(false, r, "sources", "verified needs a source that was read")
	}
	for _, s := range slices.Concat(r.Sources, r.Locators) {
		if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "github:") {
			l.say(false, r, s, "%q is no address", s)
		}
	}
	if r.Status == "in_force" && r.effective.IsZero() && !slices.Contains(r.Unverified, "effective_date") {
		l.say(true, r, "status", "in force since when?")
	}
}

func (l *linter) content(r *rule) {
	for _, key := range r.Content {
		if _, ok := l.b.pack.content[key]; !ok {
			l.say(false, r, key, "content key %q is not in the vocabulary", key)
		}
	}
	if r.Content == nil && r.Status != "no_obligation" {
		l.say(true, r, "", "the rule asks for no content; content: [] says that the law leaves it open")
	}
}

var placeholders = []string{"{residents}", "{persons}", "{place}", "{grade}", "{grade-reasons}", "{industry-grade}", "{industry-grade-reasons}", "{severity}", "{level}"}

func (l *linter) placeholders(r *rule) {
	for _, c := range r.clauses {
		for _, text := range []string{c.because, c.not, c.unknown} {
			for _, p := range placeholders {
				text = strings.ReplaceAll(text, p, "")
			}
			if strings.ContainsAny(text, "{}") {
				l.say(false, r, text, "a placeholder is not known; there are %s", strings.Join(placeholders, ", "))
			}
		}
	}
}

// reachable tries a condition on samples of every fact it mentions: one that
// always gives the same answer is a mistake.
func (l *linter) reachable(r *rule, c *condition) {
	seen := map[bool]bool{}
	l.samples(c, func(vars variables) bool {
		v, err := c.judge(vars)
		if err != nil {
			l.say(false, r, c.source, "the condition fails on some facts: %s", err)
			return false
		}
		if len(v.unknown) == 0 {
			seen[v.value] = true
		}
		return len(seen) < 2
	})
	switch {
	case !seen[true]:
		l.say(false, r, c.source, "the condition can never hold: %s", c.source)
	case !seen[false]:
		l.say(true, r, c.source, "the condition always holds: %s", c.source)
	}
}

const maxSamples = 20_000

// samples walks the product of sample values of every name in a condition,
// each also unknown, until visit says stop.
func (l *linter) samples(c *condition, visit func(variables) bool) {
	names := slices.DeleteFunc(slices.Clone(c.names), func(n string) bool { return n == varKnown })
	domains := make([][]any, len(names))
	for i, n := range names {
		domains[i] = l.domain(n, c.source)
	}
	for k := range 3 { // all unknown, all empty, all set: corners that a long walk can miss
		v := make([]any, len(domains))
		for i, d := range domains {
			v[i] = d[min(k, len(d)-1)]
		}
		if !visit(together(names, v)) {
			return
		}
	}
	total := 1
	for _, d := range domains {
		total = min(total*len(d), math.MaxInt32)
	}
	stride := 1_000_003 // a prime, so that even a part of the walk sees all corners
	for i := range min(total, maxSamples) {
		if !visit(sample(names, domains, i*stride%total)) {
			return
		}
	}
}

// sample is the n-th combination of the domains.
func sample(names []string, domains [][]any, n int) variables {
	values := make([]any, len(names))
	for i := range names {
		values[i] = domains[i][n%len(domains[i])]
		n /= len(domains[i])
	}
	return together(names, values)
}

// together gives each name its value; nil stands for unknown.
func together(names []string, values []any) variables {
	v := variables{values: map[string]any{}, unknown: map[string][]string{}}
	known := []string{}
	for i, name := range names {
		if values[i] == nil {
			v.unknown[name] = []string{name}
			continue
		}
		v.values[name], known = values[i], append(known, name)
	}
	v.values[varKnown] = known
	return v
}

// domain is a few telling values of a name; nil stands for unknown.
func (l *linter) domain(name, source string) []any {
	switch name {
	case varMedium, varHigh:
		return []any{nil, false, true}
	case varResidents, varPersons:
		return numbers(source)
	case varPlace:
		return []any{"", "DE", "US-CA"}
	case varGrade, varIndustry:
		return []any{nil, "general", "larger", "major", "particularly_major"}
	}
	d, _ := incidents.FactByKey(name)
	switch d.Type {
	case incidents.FactTri:
		return []any{nil, false, true}
	case incidents.FactChoice:
		return choices(d, source)
	case incidents.FactMulti:
		return lists(d, source)
	case incidents.FactCount:
		return numbers(source)
	case incidents.FactPlaces:
		return []any{nil, map[string]int64{}, map[string]int64{"DE": 1}, map[string]int64{"US": 1, "US-CA": 1, "CN": 1}}
	case incidents.FactTime:
		return []any{nil, time.Unix(0, 0).UTC(), time.Unix(1<<32, 0).UTC()}
	}
	out := []any{nil, "", "x"}
	for _, w := range quoted(source) {
		out = append(out, w)
	}
	return out
}

// quoted is the texts a condition mentions.
func quoted(source string) []string {
	var out []string
	for i, part := range strings.Split(source, `"`) {
		if i%2 == 1 {
			out = append(out, part)
		}
	}
	return out
}

func choices(d incidents.FactDef, source string) []any {
	out := []any{nil}
	for _, o := range telling(d.Options, source) {
		out = append(out, o.Value)
	}
	return out
}

// lists are the empty list, each telling option alone, and all of them.
func lists(d incidents.FactDef, source string) []any {
	out, all := []any{nil, []string{}}, []string{}
	for _, o := range telling(d.Options, source) {
		out, all = append(out, []string{o.Value}), append(all, o.Value)
	}
	return append(out, all)
}

// telling are the options a condition mentions and one that it does not; all
// of them when it mentions none. Long lists would drown the samples.
func telling(all []incidents.Option, source string) []incidents.Option {
	words := quoted(source)
	mentioned := func(o incidents.Option) bool {
		return slices.ContainsFunc(words, func(w string) bool { return w != "" && strings.Contains(o.Value, w) })
	}
	var out []incidents.Option
	for _, o := range all {
		if mentioned(o) {
			out = append(out, o)
		}
	}
	if len(out) == 0 {
		return all
	}
	if i := slices.IndexFunc(all, func(o incidents.Option) bool { return !mentioned(o) }); i >= 0 {
		out = append(out, all[i])
	}
	return out
}

// numbers are the numbers a condition mentions and their neighbours.
func numbers(source string) []any {
	out := []any{nil, int64(0), int64(1), int64(math.MaxInt32)}
	for _, word := range strings.FieldsFunc(source, func(r rune) bool { return r < '0' || r > '9' }) {
		var n int64
		if _, err := fmt.Sscan(word, &n); err == nil {
			out = append(out, max(n-1, 0), n, n+1)
		}
	}
	return out
}
