package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"tocsin/incidents"
	"tocsin/internal/rulepack"
	"tocsin/regulators"
)

type rulesCmd struct {
	List    rulesListCmd    `cmd:"" help:"List the jurisdictions and duties of the rule pack, with citation, source and confidence."`
	Explain rulesExplainCmd `cmd:"" help:"Judge a file of facts: what the law asks, by when, and why."`
	Check   rulesCheckCmd   `cmd:"" help:"Lint the shipped rules, a folder of your own laid over them, or a pack file."`
	Diff    rulesDiffCmd    `cmd:"" help:"Show what changes from one pack to another."`
	Pack    rulesPackCmd    `cmd:"" help:"Put rules into one signed file."`
	Verify  rulesVerifyCmd  `cmd:"" help:"Check a pack file: its signature, its files, its rules."`
	Keygen  rulesKeygenCmd  `cmd:"" help:"Make a key that signs packs."`
}

// A rulesFlag names the rules that are asked, and whom they must be signed by.
type rulesFlag struct {
	Rules string `help:"A pack file, or a folder of your own rules, laid over the shipped ones." placeholder:"FILE|DIR"`
	keyFlag
}

// A keyFlag is what a pack file is checked against.
type keyFlag struct {
	Key []string `help:"Public key a pack file must be signed with, or a file with it. May be repeated." sep:"none" placeholder:"KEY"`
}

func (f rulesFlag) open(t *terminal) (*regulators.Pack, error) { return openPack(t, f.Rules, f.Key) }

// openPack loads what layers names.
func openPack(t *terminal, name string, keys []string) (*regulators.Pack, error) {
	base, own, err := layers(t, name, keys)
	if err != nil {
		return nil, err
	}
	return regulators.OpenOn(base, own, regulators.Options{})
}

// layers is the pack a name stands for: a file is a whole pack, a folder lies
// over the shipped one, and "shipped" or nothing is that alone.
func layers(t *terminal, name string, keys []string) (base, own fs.FS, err error) {
	if name == "" || name == "shipped" {
		return nil, nil, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, incidents.NotFound("there is no folder and no pack file %q", name).WithHint("give a folder, a pack file, or the word shipped")
	}
	if info.IsDir() {
		return nil, os.DirFS(name), nil
	}
	f, err := readPack(name, keys)
	if err != nil {
		return nil, nil, err
	}
	if !f.Trusted {
		fmt.Fprintf(t.err, "%s is whole; that it is by %s is its own word: give --key to be sure\n", name, f.Signer())
	}
	return f, nil, nil
}

// readPack verifies a pack file against keys given as text or as files.
func readPack(name string, keys []string) (*rulepack.File, error) {
	var trusted []string
	for _, k := range keys {
		key, err := rulepack.PublicKey(k)
		if err != nil {
			return nil, err
		}
		trusted = append(trusted, key)
	}
	return rulepack.Read(name, trusted...)
}

type rulesListCmd struct {
	rulesFlag
	Place string `help:"Only this jurisdiction: DE, US-CA, CN." placeholder:"CODE"`
	JSON  bool   `help:"As JSON, with every field of every duty." name:"json"`
}

// Run lists the pack.
func (c rulesListCmd) Run(t *terminal) error {
	p, err := c.open(t)
	if err != nil {
		return err
	}
	out := struct {
		Pack          string                    `json:"pack"`
		Jurisdictions []regulators.Jurisdiction `json:"jurisdictions"`
		Obligations   []regulators.RuleInfo     `json:"obligations"`
	}{Pack: p.Version()}
	law := c.Place
	for _, j := range p.Jurisdictions() {
		if c.Place == "" || strings.EqualFold(c.Place, j.Code) {
			out.Jurisdictions = append(out.Jurisdictions, j)
			if c.Place != "" && j.Under != "" {
				law = j.Under
			}
		}
	}
	if len(out.Jurisdictions) == 0 {
		return incidents.NotFound("there is no jurisdiction %q in the pack", c.Place)
	}
	for _, r := range p.Rules() {
		if law == "" || strings.EqualFold(law, r.Jurisdiction) {
			out.Obligations = append(out.Obligations, r)
		}
	}
	if c.JSON {
		return writeJSON(t.out, out)
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, r := range out.Obligations {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Jurisdiction, r.ID, r.Audience, orNone(r.Clock), r.Confidence)
	}
	fmt.Fprintf(w, "\n%d obligations in %d jurisdictions, pack %s. Tocsin informs; counsel decides.\n", len(out.Obligations), len(out.Jurisdictions), out.Pack)
	return w.Flush()
}

func orNone(clock string) string {
	if clock == "" {
		return "no number in the law"
	}
	return clock
}

type rulesExplainCmd struct {
	rulesFlag
	Facts string    `required:"" help:"File of facts, YAML or JSON; - is the standard input. docs/facts.md shows every field." placeholder:"FILE"`
	At    time.Time `help:"Judge as of this moment, RFC 3339; now without it." placeholder:"TIME"`
	All   bool      `help:"Name the duties that do not apply too."`
	JSON  bool      `help:"As JSON: severity, obligations, questions, risk to each group of people." name:"json" xor:"form"`
	Page  bool      `help:"As a page in Markdown, with the timeline of duties." name:"markdown" xor:"form"`
}

// Run judges facts and says why. It changes nothing.
func (c rulesExplainCmd) Run(t *terminal) error {
	f, err := readFactsFile(t, c.Facts)
	if err != nil {
		return err
	}
	p, err := c.open(t)
	if err != nil {
		return err
	}
	at := c.At
	if at.IsZero() {
		at = time.Now()
	}
	a, err := p.Assess(f, at)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(t.out, a)
	}
	if c.Page {
		markdown(t.out, a)
		return nil
	}
	explain(t.out, a, c.All)
	return nil
}

func readFactsFile(t *terminal, name string) (incidents.Facts, error) {
	var data []byte
	var err error
	if name == "-" {
		name = "standard input"
		data, err = io.ReadAll(t.in)
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return incidents.Facts{}, incidents.Invalid("the facts cannot be read: %s", err)
	}
	return regulators.ReadFacts(name, data)
}

// explain prints an assessment the way a person reads it: how bad, what is
// asked by when, what is open, and what would settle it.
func explain(w io.Writer, a incidents.Assessment, all bool) {
	fmt.Fprintf(w, "Severity %s, %.2f (ENISA). Pack %s, judged as of %s.\n", strings.ReplaceAll(a.Severity.Level, "_", " "), a.Severity.Score, a.Pack, a.At.Format(time.RFC3339))
	for _, r := range a.Severity.Reasons {
		fmt.Fprintf(w, "  %s %+.2g: %s\n", r.Part, r.Value, r.Text)
	}
	explainRisk(w, a.Risk)
	none := 0
	for _, s := range []struct {
		applies incidents.Applies
		head    string
	}{{incidents.AppliesYes, "Applies"}, {incidents.AppliesDepends, "Depends on what is not known yet"}, {incidents.AppliesNo, "Does not apply"}} {
		first := true
		for _, o := range a.Obligations {
			if o.Applies != s.applies {
				continue
			}
			if s.applies == incidents.AppliesNo && !all {
				none++
				continue
			}
			if first {
				fmt.Fprintf(w, "\n%s\n", s.head)
				first = false
			}
			explainDuty(w, o)
		}
	}
	if none > 0 {
		fmt.Fprintf(w, "\n%d duties do not apply; --all names them with the reasons.\n", none)
	}
	if len(a.Questions) > 0 {
		fmt.Fprintln(w, "\nNext best questions")
		for i, q := range a.Questions[:min(5, len(a.Questions))] {
			d, _ := incidents.FactByKey(q.Fact)
			fmt.Fprintf(w, "  %d. %s (%s, decides or starts %d)\n", i+1, d.Question, q.Fact, len(q.Decides))
		}
	}
	fmt.Fprintln(w, "\nTocsin informs; counsel decides.")
}

// explainRisk prints the risk to each group of people, of the facts alone.
func explainRisk(w io.Writer, s *incidents.RiskStatement) {
	if s == nil || len(s.Groups)+len(s.Notes) == 0 {
		return
	}
	fmt.Fprintln(w, "\nRisk to each group of people")
	for _, g := range s.Groups {
		fmt.Fprintf(w, "- %s: %s, %.2f. %s.\n", g.Name, incidents.RiskWord(g.Level), g.Score, upperFirst(g.Size()))
		for _, lines := range []struct {
			mark string
			of   []string
		}{{"· ", g.Why}, {"can mean: ", g.Consequences}, {"can do: ", g.Advice}} {
			for _, line := range lines.of {
				fmt.Fprintf(w, "  %s%s\n", lines.mark, line)
			}
		}
	}
	for _, n := range s.Notes {
		fmt.Fprintf(w, "  %s\n", n)
	}
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func explainDuty(w io.Writer, o incidents.Obligation) {
	due := ""
	switch {
	case o.Due != nil && o.Soft:
		due = ", by " + o.Due.Format("2006-01-02 15:04 UTC") + " (a target, not the law)"
	case o.Due != nil:
		due = ", by " + o.Due.Format("2006-01-02 15:04 UTC")
	case o.Applies != incidents.AppliesNo:
		due = ", " + untimed(o)
	}
	fmt.Fprintf(w, "- %s%s\n  %s: %s. %s\n", o.Title, due, o.ID, o.Citation, mark(o))
	if o.Arithmetic != "" && o.Applies != incidents.AppliesNo {
		fmt.Fprintf(w, "  %s\n", o.Arithmetic)
	}
	for _, r := range o.Reasons {
		fmt.Fprintf(w, "  · %s\n", r)
	}
	for _, f := range o.Forbidden {
		fmt.Fprintf(w, "  must not say: %s\n", f)
	}
	for _, m := range o.Remedies {
		fmt.Fprintf(w, "  owed besides: %s\n", m)
	}
}

// untimed is when a duty is to be done that has no due time: as the law says
// it, or once its clock runs.
func untimed(o incidents.Obligation) string {
	words := strings.TrimSuffix(strings.ReplaceAll(orNone(o.Qualifier), "_", " "), "no later than")
	if o.Length == "" {
		return words
	}
	if o.Qualifier == "" || words == "" {
		return o.Length + " (" + o.Arithmetic + ")"
	}
	return words + ", " + o.Length + " (" + o.Arithmetic + ")"
}

func mark(o incidents.Obligation) string {
	if o.Confidence == "recalled" {
		return "Recalled, not verified."
	}
	return "Checked " + o.Checked + "."
}

type rulesCheckCmd struct {
	Rules string `arg:"" optional:"" help:"A pack file, or a folder of your own rules, laid over the shipped ones."`
	keyFlag
}

// Run lints a pack.
func (c rulesCheckCmd) Run(t *terminal) error {
	base, own, err := layers(t, c.Rules, c.Key)
	if err != nil {
		return err
	}
	found := regulators.Lint(stack(base, own)...)
	wrong := printFindings(t, "", found)
	if wrong > 0 {
		return incidents.Invalid("the rules have %d errors", wrong).WithHint("mend the lines named above")
	}
	p, err := regulators.OpenOn(base, own, regulators.Options{})
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%d obligations in %d jurisdictions, %d findings, pack %s\n", len(p.Rules()), len(p.Jurisdictions()), len(found), p.Version())
	return nil
}

// stack is the layers a pack is read from.
func stack(base, own fs.FS) []fs.FS {
	if base == nil {
		base = regulators.Shipped()
	}
	if own == nil {
		return []fs.FS{base}
	}
	return []fs.FS{base, own}
}

// printFindings says what the linter found and counts the errors.
func printFindings(t *terminal, before string, found []regulators.Finding) (wrong int) {
	for _, f := range found {
		level := "warning"
		if !f.Warning {
			level = "error"
			wrong++
		}
		fmt.Fprintf(t.err, "%s%s: %s\n", before, level, f)
	}
	return wrong
}

type rulesDiffCmd struct {
	A string `arg:"" help:"A pack file, a folder of rules, or: shipped."`
	B string `arg:"" help:"A pack file, a folder of rules, or: shipped."`
	keyFlag
	JSON bool `help:"As JSON, with what stood before and after." name:"json"`
}

// Run compares two packs rule by rule.
func (c rulesDiffCmd) Run(t *terminal) error {
	a, err := openPack(t, c.A, c.Key)
	if err != nil {
		return err
	}
	b, err := openPack(t, c.B, c.Key)
	if err != nil {
		return err
	}
	changes, err := regulators.Diff(a, b)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(t.out, struct {
			From    string              `json:"from"`
			To      string              `json:"to"`
			Changes []regulators.Change `json:"changes"`
		}{a.Version(), b.Version(), changes})
	}
	for _, x := range changes {
		fmt.Fprintf(t.out, "%s %s: %s\n", x.Kind, x.ID, x.Title)
		for _, f := range x.Fields {
			fmt.Fprintf(t.out, "    %s: %s → %s\n", f.Field, orNothing(f.Before), orNothing(f.After))
		}
	}
	fmt.Fprintf(t.out, "%d rules differ between %s and %s\n", len(changes), a.Version(), b.Version())
	if incidents.OlderPack(b.Version(), a.Version()) {
		fmt.Fprintf(t.out, "%s is the older pack\n", b.Number())
	}
	return nil
}

func orNothing(b json.RawMessage) string {
	if len(b) == 0 {
		return "nothing"
	}
	return string(b)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
