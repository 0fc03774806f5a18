package templates

import (
	"log/slog"
	"strings"
	"time"

	"tocsin/incidents"
)

// A Letter is a notice to be printed for one person, in pieces: what stands
// where on the page is the letter channel's business.
type Letter struct {
	Drill       string       `json:"drill,omitempty"` // mark of a drill, for every page
	DrillBanner string       `json:"drill_banner,omitempty"`
	Org         string       `json:"org"`
	Subject     string       `json:"subject"`
	Greeting    string       `json:"greeting"`
	Note        string       `json:"note,omitempty"` // to somebody who reads on behalf of the person
	Parts       []LetterPart `json:"parts"`
	Verify      LetterPart   `json:"verify"`
	Code        Labelled     `json:"code"`
	VerifyURL   Labelled     `json:"verify_url"` // with the person's code, for a camera
	Ref         Labelled     `json:"ref"`
	Footer      string       `json:"footer"`
}

// String, GoString and LogValue keep a careless line safe: a letter names its person.
func (Letter) String() string       { return "[letter]" }
func (Letter) GoString() string     { return "[letter]" }
func (Letter) LogValue() slog.Value { return slog.StringValue("[letter]") }

// A LetterPart is a heading with what stands below it.
type LetterPart struct {
	Heading string        `json:"heading"`
	Blocks  []LetterBlock `json:"blocks"`
}

// A LetterBlock is a paragraph, or a list.
type LetterBlock struct {
	List  bool     `json:"list,omitempty"`
	Lines []string `json:"lines"`
}

// Labelled is a value with its name in the letter's language.
type Labelled struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// VerifyPage is the address of the verification page as people type it:
// without the code, which they enter there.
func (l Letter) VerifyPage() string {
	page, _, _ := strings.Cut(l.VerifyURL.Value, "?")
	return page
}

// Text is the letter as plain text, everything that is printed in its order.
func (l *Letter) Text() string {
	if l == nil {
		return ""
	}
	var b strings.Builder
	line := func(s string) {
		if s != "" {
			b.WriteString(s)
			b.WriteByte('\n')
		}
	}
	line(l.Drill)
	line(l.DrillBanner)
	line(l.Org)
	line(l.Subject)
	line("\n" + l.Greeting)
	if l.Note != "" {
		line("\n" + l.Note)
	}
	for _, p := range append(l.Parts[:len(l.Parts):len(l.Parts)], l.Verify) {
		line("\n" + p.Heading)
		for _, x := range p.Blocks {
			for _, s := range x.Lines {
				if x.List {
					s = "- " + s
				}
				line(s)
			}
		}
	}
	for _, x := range []Labelled{l.Code, l.VerifyURL, l.Ref} {
		line(x.Label + ": " + x.Value)
	}
	line("\n" + l.Footer)
	return b.String()
}

// Strings yields every text of the letter that is printed in its body.
func (l *Letter) Strings(yield func(string) bool) {
	all := []string{l.Drill, l.DrillBanner, l.Org, l.Subject, l.Greeting, l.Note, l.Code.Label, l.Code.Value, l.VerifyURL.Label, l.VerifyPage(), l.Ref.Label, l.Ref.Value, l.Footer}
	for _, p := range append(l.Parts[:len(l.Parts):len(l.Parts)], l.Verify) {
		all = append(all, p.Heading)
		for _, x := range p.Blocks {
			all = append(all, x.Lines...)
		}
	}
	for _, s := range all {
		if !yield(s) {
			return
		}
	}
}

// Date writes a day as letters in a language do.
func (b *Book) Date(lang incidents.Lang, day time.Time) string {
	lex := b.lexicon(lang)
	if lex == nil {
		return day.Format(time.DateOnly)
	}
	return lex.date(day)
}

// A letterProgram is a letter with its slots still open.
type letterProgram struct {
	fixed    Letter // what is the same for everybody
	subject  program
	greeting program
	parts    []partProgram
	code     program
	verify   program
	ref      program
	footer   program
	check    partProgram // how to verify
	needs    slotMask
}

// A partProgram is one part; one without slots is made once, for everybody.
type partProgram struct {
	heading program
	blocks  []blockProgram
	made    *LetterPart
}

type blockProgram struct {
	list  bool
	lines []program
}

// letter compiles the letter of a language from the same words as the e-mail.
func (v *view) letter(lex *lexicon) letterProgram {
	var needs slotMask
	in := func(s string) program {
		p := cut(s, lex, false)
		needs |= p.needs
		return p
	}
	out := letterProgram{subject: in(v.Subject), greeting: in(v.Greeting), code: in(v.Code), verify: in(v.VerifyURL), ref: in(v.Ref), footer: in(v.Footer),
		check: newPart(v.Fixed.HeadingVerify, []block{{Lines: []string{v.Fixed.Verify}}}, in)}
	out.fixed = Letter{Org: v.Org, Note: v.Note, Code: Labelled{Label: v.Fixed.CodeLabel}, VerifyURL: Labelled{Label: v.Fixed.VerifyLabel}, Ref: Labelled{Label: v.Fixed.RefLabel}}
	if v.Drill {
		out.fixed.Drill, out.fixed.DrillBanner = v.Fixed.DrillMark, v.Fixed.DrillBanner
	}
	for _, p := range v.Parts {
		out.parts = append(out.parts, newPart(p.Heading, p.Blocks, in))
	}
	out.needs = needs
	return out
}

func newPart(heading string, blocks []block, in func(string) program) partProgram {
	p := partProgram{heading: in(heading)}
	slots := p.heading.slots
	for _, x := range blocks {
		b := blockProgram{list: x.List}
		lines := x.Lines
		if !x.List { // one paragraph, its lines as their author wrote them
			lines = []string{strings.Join(x.Lines, "\n")}
		}
		for _, l := range lines {
			one := in(l)
			slots += one.slots
			b.lines = append(b.lines, one)
		}
		p.blocks = append(p.blocks, b)
	}
	if slots == 0 {
		made := p.render(&values{})
		p.made = &made
	}
	return p
}

func (p *partProgram) render(v *values) LetterPart {
	if p.made != nil {
		return *p.made
	}
	out := LetterPart{Heading: p.heading.render(v), Blocks: make([]LetterBlock, len(p.blocks))}
	for i, b := range p.blocks {
		out.Blocks[i] = LetterBlock{List: b.list, Lines: make([]string, len(b.lines))}
		for k := range b.lines {
			out.Blocks[i].Lines[k] = b.lines[k].render(v)
		}
	}
	return out
}

func (p *letterProgram) render(v *values) *Letter {
	out := p.fixed
	out.Subject, out.Greeting, out.Footer = p.subject.render(v), p.greeting.render(v), p.footer.render(v)
	out.Code.Value, out.VerifyURL.Value, out.Ref.Value = p.code.render(v), p.verify.render(v), p.ref.render(v)
	out.Verify = p.check.render(v)
	out.Parts = make([]LetterPart, len(p.parts))
	for i := range p.parts {
		out.Parts[i] = p.parts[i].render(v)
	}
	return &out
}
