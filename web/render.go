package web

import (
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

// parsePages parses every page of the console with the frame round it.
func parsePages() (map[string]*template.Template, error) {
	names, err := fs.Glob(consoleFiles, "templates/console/*.html")
	if err != nil {
		return nil, err
	}
	base := template.New("console").Funcs(consoleFuncs)
	shared := []string{"templates/console/frame.html"}
	for _, n := range names {
		if strings.HasPrefix(path.Base(n), "_") {
			shared = append(shared, n)
		}
	}
	if base, err = base.ParseFS(consoleFiles, shared...); err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, n := range names {
		name := strings.TrimSuffix(path.Base(n), ".html")
		if name == "frame" || strings.HasPrefix(name, "_") {
			continue
		}
		t, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if pages[name], err = t.ParseFS(consoleFiles, n); err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
	}
	return pages, nil
}

var consoleFuncs = template.FuncMap{
	"icon": icon, "num": num, "pct": pct, "iso": iso, "utc": utc, "short": short, "left": left, "hash": shortHash, "initials": initials, "roleName": roleName,
	"sevLevel": sevLevel, "sevWord": sevWord, "riskWord": incidents.RiskWord, "capital": capital, "add": func(a, b int) int { return a + b }, "join": strings.Join, "lines": func(s string) []string { return strings.Split(s, "\n") },
	"sentence": sentence, "langName": langName, "channelName": channelName, "channelIcon": channelIcon, "deliveryState": deliveryState, "doubtAdvice": doubtAdvice, "planText": planText, "exclusionLabel": incidents.ExclusionLabel, "groupName": groupName, "routesText": routesText,
	"webAddress": func(s string) bool { return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") },
	"list":       func(v ...string) []string { return v },
	"plural":     plural, "audience": audienceName, "str": func(v any) string { return fmt.Sprint(v) },
}

// num writes a count with separators: 1,284,310.
func num(v any) string {
	var n int64
	switch x := v.(type) {
	case int:
		n = int64(x)
	case int64:
		n = x
	case float64:
		return strconv.FormatFloat(x, 'f', 1, 64)
	default:
		return fmt.Sprint(v)
	}
	s := strconv.FormatInt(n, 10)
	neg := strings.TrimPrefix(s, "-")
	var b strings.Builder
	if neg != s {
		b.WriteByte('-')
	}
	for i, r := range neg {
		if i > 0 && (len(neg)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// pct writes a share between 0 and 1 as a width.
func pct(f float64) string {
	return strconv.FormatFloat(100*min(max(f, 0), 1), 'f', 2, 64) + "%"
}

func iso(v any) string {
	if t, ok := instantOf(v); ok {
		return t.UTC().Format(time.RFC3339)
	}
	return ""
}

// utc is "Mon 23 Nov 2026, 14:32 UTC".
func utc(v any) string {
	if t, ok := instantOf(v); ok {
		return t.UTC().Format("Mon 2 Jan 2006, 15:04 UTC")
	}
	return "–"
}

// short is "23 Nov 14:32".
func short(v any) string {
	if t, ok := instantOf(v); ok {
		return t.UTC().Format("2 Jan 15:04")
	}
	return "–"
}

func instantOf(v any) (time.Time, bool) {
	switch t := v.(type) {
	case time.Time:
		return t, !t.IsZero()
	case *time.Time:
		if t != nil {
			return *t, !t.IsZero()
		}
	}
	return time.Time{}, false
}

// left says a span as people count it: "5 h 28 min", "4 d 9 h".
func left(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	switch {
	case d < time.Minute:
		return "under 1 min"
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
}

func shortHash(s string) string {
	if len(s) < 20 {
		return s
	}
	return s[:4] + " " + s[4:8] + " … " + s[len(s)-4:]
}

func initials(name string) string {
	out := ""
	for _, w := range strings.Fields(name) {
		out += strings.ToUpper(string([]rune(w)[:1]))
		if len(out) == 2 {
			break
		}
	}
	return out
}

func roleName(r incidents.Role) string {
	switch r {
	case incidents.RoleResponder:
		return "Security team"
	case incidents.RoleOfficer:
		return "Privacy officer"
	case incidents.RoleComms:
		return "Communications"
	case incidents.RoleAuditor:
		return "Auditor"
	case incidents.RoleAdmin:
		return "Administrator"
	case incidents.RoleOwner:
		return "Service owner"
	}
	return string(r)
}

// sevLevel counts the bars of a severity of an alert or an incident.
func sevLevel(v any) int {
	switch fmt.Sprint(v) {
	case "info":
		return 1
	case "low":
		return 1
	case "medium":
		return 2
	case "high":
		return 3
	case "critical", "very_high":
		return 4
	}
	return 0
}

func sevWord(v any) string { return capital(strings.ReplaceAll(fmt.Sprint(v), "_", " ")) }

// capital begins with a capital letter.
func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func langName(l incidents.Lang) string {
	switch l {
	case "en":
		return "English"
	case "zh-Hans":
		return "简体中文"
	}
	return string(l)
}

func channelName(c incidents.Channel) string {
	switch c {
	case incidents.Email:
		return "Email"
	case incidents.SMS:
		return "SMS"
	case incidents.Push:
		return "Push"
	case incidents.Phone:
		return "Telephone"
	case incidents.Letter:
		return "Letter"
	}
	return "None known"
}

func channelIcon(c incidents.Channel) string {
	switch c {
	case incidents.Email:
		return "mail"
	case incidents.SMS:
		return "sms"
	case incidents.Push:
		return "push"
	case incidents.Phone:
		return "phone"
	case incidents.Letter:
		return "letter"
	}
	return "x"
}

// plural picks the word for a count.
func plural(n any, one, many string) string {
	if fmt.Sprint(n) == "1" {
		return one
	}
	return many
}
