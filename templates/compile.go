package templates

import (
	"bytes"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vanng822/go-premailer/premailer"

	"tocsin/incidents"
)

// A Compiled notice renders for one person after another. It never changes and
// is safe for use by several goroutines.
type Compiled struct {
	org     Org
	kind    incidents.NoticeKind
	matcher *matcher
	langs   map[incidents.Lang]*variant
	readers readers
	pageOK  atomic.Pointer[string] // the verification page last found good, without the person's code: most persons share one
}

// A variant is a notice in one language.
type variant struct {
	lang                            incidents.Lang
	subject, text, html             program
	sms, title, body                program
	hello, voice                    program
	again, bye                      string
	hasEmail, hasSMS, hasPush       bool
	form                            Form
	hasVoice                        bool
	emailNeeds, smsNeeds, pushNeeds slotMask
	letter                          letterProgram
	voiceNeeds                      slotMask
}

// Compile prepares a notice for rendering. A content that was written for other
// layouts is a conflict: what would go out is not what was approved.
func (b *Book) Compile(c incidents.Content) (*Compiled, error) { return b.compile(c, false) }

func (b *Book) compile(c incidents.Content, preview bool) (*Compiled, error) {
	if c.Layout != "" && c.Layout != b.layout {
		return nil, incidents.Conflict("the layouts or the organisation's details have changed since this notice was written").
			WithHint("open the draft, look at it again and submit it anew")
	}
	if _, ok := c.Langs[c.Default]; !ok {
		return nil, incidents.Invalid("the default language %q has no text", c.Default).On("default")
	}
	langs := make([]incidents.Lang, 0, len(c.Langs))
	for l := range c.Langs {
		langs = append(langs, l)
	}
	m, err := newMatcher(langs, b.matcher.alsoFor, c.Default)
	if err != nil {
		return nil, err
	}
	out := &Compiled{readers: readers{book: b, content: c, preview: preview}, org: b.org, kind: c.Kind, matcher: m, langs: map[incidents.Lang]*variant{}}
	for _, l := range m.langs {
		if out.langs[l], err = b.compileLang(c, l, incidents.ReaderPerson, preview); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// A view is what the layouts see: words with markers where slots will be.
type view struct {
	Lang, Dir, Org, Subject, Greeting, Footer string
	Note                                      string // to somebody who reads on behalf of the person
	Drill                                     bool
	Fixed                                     fixedWords
	Parts                                     []part
	Code, Ref, VerifyURL                      string
	SMS, PushTitle, PushBody                  string
	VoiceHello, Voice                         string
}

type part struct {
	Heading string
	Blocks  []block
}

// A block is a paragraph, or a list.
type block struct {
	List  bool
	Lines []string
}

func (b *Book) compileLang(c incidents.Content, lang incidents.Lang, reader incidents.Reader, preview bool) (*variant, error) {
	lex := b.lexicon(lang)
	if lex == nil {
		return nil, incidents.Invalid("there are no fixed words for the language %s", lang).On("langs").
			WithHint("write words/%s.yaml, or take the language out of the notice", lang)
	}
	v, err := b.view(c, lang, lex, preview)
	if err != nil {
		return nil, err
	}
	if lex, err = lex.turnTo(reader, v); err != nil {
		return nil, err
	}
	return b.programs(v, c.Langs[lang], lex, lang)
}

func (b *Book) view(c incidents.Content, lang incidents.Lang, lex *lexicon, preview bool) (*view, error) {
	w := c.Langs[lang]
	value, err := b.markers(c, lex)
	if err != nil {
		return nil, err
	}
	v := &view{Lang: string(lang), Dir: direction(lang), Drill: c.Mode == incidents.Drill, Fixed: lex.Fixed,
		Org: Clean(b.org.Name), Greeting: marker(SlotGreeting), Code: marker(SlotCode), Ref: marker(SlotRef), VerifyURL: marker(SlotVerifyURL)}
	var firstErr error
	get := func(where, s string) string {
		out, err := authored(s, value, preview)
		if err != nil && firstErr == nil {
			firstErr = wrapWhere(err, string(lang)+"/"+where)
		}
		return out
	}
	v.Subject = oneLine(get("subject", w.Subject))
	v.SMS = oneLine(get("sms", w.SMS))
	v.PushTitle = oneLine(get("push", w.PushTitle))
	v.PushBody = oneLine(get("push", w.PushBody))
	v.VoiceHello = oneLine(get("voice", lex.Fixed.VoiceHello))
	v.Voice = oneLine(get("voice", w.Voice))
	v.Footer = get("footer", lex.Fixed.Footer)
	for _, p := range partsOf(w) {
		v.Parts = append(v.Parts, part{p.heading(lex), blocks(get(p.key, p.text))})
	}
	if c.Cover {
		v.Parts = lex.covered(v.Parts)
	}
	return v, firstErr
}

func wrapWhere(err error, where string) error {
	if e, ok := err.(*incidents.Error); ok {
		return e.On(where)
	}
	return err
}

// markers gives every placeholder a marker, or its words where the notice fixes
// them for everybody.
func (b *Book) markers(c incidents.Content, lex *lexicon) (func(SlotKind) string, error) {
	end := marker(SlotEndDate)
	if c.EndDate != "" {
		day, err := time.Parse(time.DateOnly, c.EndDate)
		if err != nil {
			return nil, incidents.Invalid("the end date must read like 2026-12-31").On("end_date")
		}
		end = lex.date(day)
	}
	return func(k SlotKind) string {
		switch k {
		case SlotOrg:
			return Clean(b.org.Name)
		case SlotEndDate:
			return end
		}
		return marker(k)
	}, nil
}

// authored fills a text an author wrote with markers.
func authored(s string, value func(SlotKind) string, preview bool) (string, error) {
	if strings.Contains(s, markerOpen) {
		return "", incidents.Invalid("the text holds a reserved word")
	}
	if !preview && hasGap(s) {
		return "", incidents.Invalid("a gap marked [[…]] is still to be filled")
	}
	out, err := fill(s, value)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.ReplaceAll(out, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(strings.Map(cleanRune, l), " ")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n"), nil
}

func hasGap(s string) bool {
	i := strings.Index(s, "[[")
	return i >= 0 && strings.Contains(s[i:], "]]")
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// blocks cuts a text into paragraphs (separated by empty lines) and lists
// (lines that begin with "- ").
func blocks(s string) []block {
	var out []block
	fresh := true
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			fresh = true
			continue
		}
		item, list := strings.CutPrefix(line, "- ")
		if fresh || out[len(out)-1].List != list {
			out = append(out, block{List: list})
		}
		last := &out[len(out)-1]
		last.Lines = append(last.Lines, item)
		fresh = false
	}
	return out
}

// A namedPart is one of the parts of a notice text.
type namedPart struct {
	key, text string
	heading   func(*lexicon) string
}

// partsOf lists the four compulsory parts and the contact, in their order.
func partsOf(w incidents.Words) []namedPart {
	return []namedPart{
		{"happened", w.Happened, func(x *lexicon) string { return x.Fixed.HeadingHappened }},
		{"measures", w.Measures, func(x *lexicon) string { return x.Fixed.HeadingMeasures }},
		{"advice", w.Advice, func(x *lexicon) string { return x.Fixed.HeadingAdvice }},
		{"remedies", w.Remedies, func(x *lexicon) string { return x.Fixed.HeadingRemedies }},
		{"contact", w.Contact, func(x *lexicon) string { return x.Fixed.HeadingContact }},
	}
}

func direction(lang incidents.Lang) string {
	tag, err := parseTag(lang)
	if err != nil {
		return "ltr"
	}
	switch s, _ := tag.Script(); s.String() {
	case "Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm":
		return "rtl"
	}
	return "ltr"
}

// programs carries the layouts out once and cuts the result into segments.
func (b *Book) programs(v *view, w incidents.Words, lex *lexicon, lang incidents.Lang) (*variant, error) {
	out := &variant{lang: lang, hasEmail: w.Subject != "", hasSMS: w.SMS != "", hasPush: w.PushTitle != "" && w.PushBody != "",
		hasVoice: strings.TrimSpace(w.Voice) != "", again: oneLine(lex.Fixed.VoiceAgain), bye: oneLine(lex.Fixed.VoiceBye)}
	for _, p := range partsOf(w) {
		out.hasEmail = out.hasEmail && strings.TrimSpace(p.text) != ""
	}
	for _, t := range []struct {
		file string
		into *program
	}{{"email_subject.txt", &out.subject}, {"email.txt", &out.text}, {"sms.txt", &out.sms}, {"push_title.txt", &out.title}, {"push_body.txt", &out.body}, {"voice_hello.txt", &out.hello}, {"voice.txt", &out.voice}} {
		var buf bytes.Buffer
		if err := b.text.ExecuteTemplate(&buf, t.file, v); err != nil {
			return nil, layoutError(err)
		}
		*t.into = cut(buf.String(), lex, false)
	}
	if out.hasEmail {
		page, err := b.page(v)
		if err != nil {
			return nil, err
		}
		out.html = cut(page, lex, true)
	}
	out.form.v = out
	out.letter = v.letter(lex)
	out.emailNeeds = out.subject.needs | out.text.needs | out.html.needs
	out.smsNeeds = out.sms.needs
	out.pushNeeds = out.title.needs | out.body.needs
	out.voiceNeeds = out.hello.needs | out.voice.needs
	return out, nil
}

// page carries out the HTML layout and moves its style sheet into the elements.
func (b *Book) page(v *view) (string, error) {
	var buf bytes.Buffer
	if err := b.html.ExecuteTemplate(&buf, "email.html", v); err != nil {
		return "", layoutError(err)
	}
	pre, err := premailer.NewPremailerFromString(buf.String(), premailer.NewOptions(premailer.WithCssToAttributes(false)))
	if err != nil {
		return "", incidents.Invalid("layouts/email.html: %s", err)
	}
	page, err := pre.Transform()
	if err != nil {
		return "", incidents.Invalid("layouts/email.css: %s", err)
	}
	return page, nil
}

// Markers stand for slots while the layouts are carried out. They are letters
// only, so that no escaper and no wrapping changes them.
const (
	markerOpen = "qZ7slotX"
	markerShut = "Xtols7Zq"
)

var markerPattern = regexp.MustCompile(markerOpen + "([A-Z])" + markerShut)

func marker(k SlotKind) string { return markerOpen + string(rune('A'+k)) + markerShut }

// cut makes segments of a text with markers.
func cut(s string, lex *lexicon, html bool) program {
	var p program
	for {
		at := markerPattern.FindStringSubmatchIndex(s)
		if at == nil {
			p.add(segment{Static: s, HTML: html})
			return p
		}
		p.add(segment{Static: s[:at[0]], HTML: html})
		p.add(slotSegment(SlotKind(s[at[2]]-'A'), lex, html))
		s = s[at[1]:]
	}
}

func slotSegment(k SlotKind, lex *lexicon, html bool) segment {
	seg := segment{Slot: k, HTML: html}
	if k != SlotGreeting {
		return seg
	}
	seg.Before, seg.After, _ = strings.Cut(lex.Fixed.Greeting, "{{name}}")
	seg.Unnamed = lex.Fixed.GreetingUnnamed
	if html {
		seg.Before, seg.After, seg.Unnamed = escape(seg.Before), escape(seg.After), escape(seg.Unnamed)
	}
	return seg
}
