package templates

import (
	"strings"

	"tocsin/incidents"
)

// A SlotKind says which value goes into a slot.
type SlotKind uint8

// The kinds of slot. Greeting is the whole salutation: with the name, or
// without one when the name is not known.
const (
	SlotNone SlotKind = iota // a static segment
	SlotName
	SlotData
	SlotCode
	SlotRef
	SlotVerifyURL
	SlotOrg
	SlotEndDate
	SlotGreeting
	slotKinds
)

var slotNames = [slotKinds]string{"", "name", "data", "code", "ref", "verify_url", "org", "end_date", "greeting"}

// String is the name of the placeholder.
func (k SlotKind) String() string { return slotNames[k] }

// placeholders are those an author may write.
var placeholders = map[string]SlotKind{"name": SlotName, "data": SlotData, "code": SlotCode, "ref": SlotRef,
	"verify_url": SlotVerifyURL, "org": SlotOrg, "end_date": SlotEndDate}

// fill replaces every placeholder of s by what value says.
func fill(s string, value func(SlotKind) string) (string, error) {
	var b strings.Builder
	for {
		open := strings.Index(s, "{{")
		if shut := strings.Index(s, "}}"); shut >= 0 && (open < 0 || shut < open) {
			return "", incidents.Invalid("a }} without its {{")
		}
		if open < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		inner, rest, ok := strings.Cut(s[open+2:], "}}")
		if !ok || strings.ContainsAny(inner, "{}\n") {
			return "", incidents.Invalid("a {{ without its }}")
		}
		kind, known := placeholders[strings.TrimSpace(inner)]
		if !known {
			return "", incidents.Invalid("there is no placeholder {{%s}}", strings.TrimSpace(inner)).
				WithHint("there are {{name}}, {{data}}, {{code}}, {{ref}}, {{verify_url}}, {{org}} and {{end_date}}")
		}
		b.WriteString(s[:open])
		b.WriteString(value(kind))
		s = rest
	}
}

// uses lists the placeholders of s; an unreadable text uses none.
func uses(s string) map[SlotKind]bool {
	out := map[SlotKind]bool{}
	_, err := fill(s, func(k SlotKind) string { out[k] = true; return "" })
	if err != nil {
		return nil
	}
	return out
}
