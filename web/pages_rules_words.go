package web

import (
	"regexp"
	"strings"
)

var ruleSpan = regexp.MustCompile(`\bP(T?)(\d+)([HMDWY])\b(?: business (\S+))?`)

var spanWords = map[string][2]string{"TH": {"hour", "hours"}, "TM": {"minute", "minutes"}, "D": {"day", "days"}, "W": {"week", "weeks"}, "M": {"month", "months"}, "Y": {"year", "years"}}

// startWords says the facts that start clocks the way a sentence names them.
var startWords = strings.NewReplacer("detected_at", "the detection", "aware_at", "becoming aware", "determined_at", "the determination", "occurred_at", "the event",
	"ended_at", "its end", "contained_at", "the containment", "handled_at", "the end of the handling", "ransom_paid_at", "the payment")

var otherStart = regexp.MustCompile(`\b[a-z_]+_at\b`)

// clockInWords reads the clock of a rule: "PT72H from aware_at" is "72 hours
// from becoming aware".
func clockInWords(s string) string {
	s = ruleSpan.ReplaceAllStringFunc(s, func(m string) string {
		x := ruleSpan.FindStringSubmatch(m)
		w, ok := spanWords[x[1]+x[3]]
		if !ok {
			return m
		}
		if x[4] != "" {
			return x[2] + " business " + plural(x[2], w[0], w[1]) + " (" + x[4] + ")"
		}
		return x[2] + " " + plural(x[2], w[0], w[1])
	})
	s = otherStart.ReplaceAllStringFunc(startWords.Replace(s), func(m string) string {
		return "when it was " + strings.ReplaceAll(strings.TrimSuffix(m, "_at"), "_", " ")
	})
	return strings.TrimSuffix(s, "; no later than")
}
