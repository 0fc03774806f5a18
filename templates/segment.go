package templates

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/incidents"
)

// Slots are the values of one person. Org and EndDate are used only where the
// notice itself does not fix them.
type Slots struct {
	Name, Data, Code, Ref, VerifyURL, Org, EndDate string
}

// A segment is a piece of a compiled message: static text, or a slot. In an
// HTML part the static text is ready and the value is escaped on its way in.
type segment struct {
	Static string // of SlotNone
	Slot   SlotKind
	HTML   bool
	// Before and After stand round the name of a SlotGreeting, Unnamed in place
	// of it when there is no name.
	Before, After, Unnamed string
}

// values are the cleaned values of one person, ready to be put into segments.
type values struct {
	plain, html [slotKinds]string
}

// write adds the segment with this person's value to b.
func (s *segment) write(b *strings.Builder, v *values) {
	if s.Slot == SlotNone {
		b.WriteString(s.Static)
		return
	}
	vals := &v.plain
	if s.HTML {
		vals = &v.html
	}
	if s.Slot != SlotGreeting {
		b.WriteString(vals[s.Slot])
		return
	}
	if vals[SlotName] == "" {
		b.WriteString(s.Unnamed)
		return
	}
	b.WriteString(s.Before)
	b.WriteString(vals[SlotName])
	b.WriteString(s.After)
}

// A program is one compiled part of a message.
type program struct {
	segs   []segment
	static int      // bytes of static text
	needs  slotMask // slots that must have a value
	slots  int
}

type slotMask uint16

func (m slotMask) has(k SlotKind) bool { return m&(1<<k) != 0 }

func (p *program) add(s segment) {
	if s.Slot == SlotNone && s.Static == "" {
		return
	}
	p.segs = append(p.segs, s)
	p.static += len(s.Static) + len(s.Before) + len(s.After) + len(s.Unnamed)
	if s.Slot != SlotNone {
		p.slots++
		if s.Slot != SlotGreeting {
			p.needs |= 1 << s.Slot
		}
	}
}

func (p *program) render(v *values) string {
	if len(p.segs) == 1 && p.segs[0].Slot == SlotNone {
		return p.segs[0].Static
	}
	var b strings.Builder
	n := p.static
	for i := range p.segs {
		k := p.segs[i].Slot
		if k == SlotGreeting {
			k = SlotName
		}
		if p.segs[i].HTML {
			n += len(v.html[k])
		} else {
			n += len(v.plain[k])
		}
	}
	b.Grow(n)
	for i := range p.segs {
		p.segs[i].write(&b, v)
	}
	return b.String()
}

// resolve cleans and escapes the values needed, and refuses a missing one.
func (s *Slots) resolve(needs slotMask, html bool, v *values) error {
	raw := [slotKinds]string{SlotName: s.Name, SlotData: s.Data, SlotCode: s.Code, SlotRef: s.Ref,
		SlotVerifyURL: s.VerifyURL, SlotOrg: s.Org, SlotEndDate: s.EndDate}
	for k := SlotName; k < SlotGreeting; k++ {
		if raw[k] != "" {
			v.plain[k] = Clean(raw[k])
		}
		if v.plain[k] == "" && needs.has(k) {
			return incidents.Invalid("there is no value for {{%s}}", k).On(k.String())
		}
		if html {
			v.html[k] = escape(v.plain[k])
		}
	}
	return nil
}

// Clean makes a value safe to stand in one line of a message: control
// characters become spaces or go, invisible formatting goes (it could turn the
// text round it), joiners inside words and emoji stay, spaces at the ends go.
func Clean(s string) string {
	clean := s != "" && s[0] != ' ' && s[len(s)-1] != ' '
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] >= ' ' && s[i] < 0x7f
	}
	if clean {
		return s
	}
	return strings.TrimSpace(strings.Map(cleanRune, strings.ToValidUTF8(s, string(utf8.RuneError))))
}

func cleanRune(r rune) rune {
	switch {
	case r == '\t' || r == '\n' || r == '\r' || r == 0x2028 || r == 0x2029:
		return ' '
	case r == 0x200c || r == 0x200d: // joiners
		return r
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co):
		return -1
	}
	return r
}

var htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

// escape makes s safe as text and as a quoted attribute of HTML.
func escape(s string) string {
	if strings.ContainsAny(s, `&<>"'`) {
		return htmlEscaper.Replace(s)
	}
	return s
}
