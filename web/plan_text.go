package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

// The plans of groups as the form has them, one a line:
//
//	sensitive: email 24, sms
//	place DE US-CA: sms 12, email
//
// The number is how many hours to wait for a receipt.

// plansText writes plans as lines of the form.
func plansText(plans []incidents.GroupPlan) string {
	var b strings.Builder
	for _, g := range plans {
		b.WriteString(string(g.When))
		for _, p := range g.Places {
			b.WriteString(" " + string(p))
		}
		for i, s := range g.Plan {
			sep := ", "
			if i == 0 {
				sep = ": "
			}
			b.WriteString(sep + string(s.Channel))
			if h := int64(s.Wait / time.Hour); h > 0 {
				b.WriteString(" " + strconv.FormatInt(h, 10))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// parsePlans reads what plansText writes; what the words mean is checked by the desk.
func parsePlans(text string) (out []incidents.GroupPlan, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		g, err := parsePlan(line)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

func parsePlan(line string) (g incidents.GroupPlan, err error) {
	bad := func(format string, a ...any) error {
		return incidents.Invalid(format, a...).On("plans").WithHint("write a line like “sensitive: email 24, sms” or “place DE US-CA: sms”")
	}
	who, how, ok := strings.Cut(line, ":")
	words := strings.Fields(strings.ReplaceAll(who, ",", " "))
	if !ok || len(words) == 0 {
		return g, bad("the line %q names no group", line)
	}
	g.When = incidents.When(strings.ToLower(words[0]))
	for _, p := range words[1:] {
		g.Places = append(g.Places, incidents.Place(strings.ToUpper(p)))
	}
	for _, step := range strings.Split(how, ",") {
		parts := strings.Fields(step)
		if len(parts) == 0 || len(parts) > 2 {
			return g, bad("%q is not a channel and its hours", strings.TrimSpace(step))
		}
		s := incidents.Step{Channel: incidents.Channel(strings.ToLower(parts[0]))}
		if len(parts) == 2 {
			hours, err := strconv.Atoi(strings.TrimSuffix(parts[1], "h"))
			if err != nil || hours < 0 || hours > 24*60 {
				return g, bad("the wait %q is not a number of hours", parts[1])
			}
			s.Wait = time.Duration(hours) * time.Hour
		}
		g.Plan = append(g.Plan, s)
	}
	return g, nil
}

// groupName says a group in plain words.
func groupName(g incidents.GroupPlan) string {
	switch g.When {
	case incidents.WhenChild:
		return "People under 14"
	case incidents.WhenMinor:
		return "People under 18"
	case incidents.WhenSensitive:
		return "People whose sensitive data is touched"
	}
	return "People in " + placeList(g.Places)
}

// plansLine says all plans of groups in one line, for a comparison.
func plansLine(plans []incidents.GroupPlan) string {
	words := make([]string, len(plans))
	for i, g := range plans {
		words[i] = fmt.Sprintf("%s: %s", groupName(g), planText(g.Plan))
	}
	return strings.Join(words, "; ")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// routesText says how minors and the deceased are dealt with.
func routesText(r *incidents.Routes) string {
	if r == nil {
		return ""
	}
	out := "minors of 14 and over without a guardian are told directly"
	if r.Minors == incidents.MinorsSuppressed {
		out = "minors without a guardian are not told"
	}
	if r.Representatives {
		return out + "; the dead through their representative"
	}
	return out + "; nobody is told about the dead"
}
