package roster

import (
	"strings"

	"tocsin/incidents"
)

// lang reads a locale as the language a notice is chosen by: the region is
// dropped and a script kept ("en-US" is "en", "sr-Latn-RS" is "sr-Latn").
// Chinese is told apart by script, which region or default give away: "zh" and
// "zh-CN" are "zh-Hans", "zh-TW", "zh-HK" and "zh-MO" are "zh-Hant". Old codes
// become the new ones; what is no locale is "".
func lang(locale string) incidents.Lang {
	switch locale {
	case "":
		return ""
	case "zh-CN":
		return "zh-Hans"
	case "en-US", "en-GB":
		return "en"
	}
	s, _ := tidy(locale)
	s, _, _ = strings.Cut(s, ".") // zh_CN.UTF-8
	parts := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == '-' || r == '_' })
	if len(parts) == 0 || len(parts[0]) < 2 || len(parts[0]) > 3 || strings.Trim(parts[0], lowerLetters) != "" {
		return ""
	}
	if now, ok := newCodes[parts[0]]; ok {
		parts[0] = now
	}
	script := ""
	for _, p := range parts[1:] {
		switch {
		case len(p) == 4 && strings.Trim(p, lowerLetters) == "":
			script = strings.ToUpper(p[:1]) + p[1:]
		case parts[0] == "zh" && script == "" && (p == "tw" || p == "hk" || p == "mo"):
			script = "Hant"
		}
	}
	if parts[0] == "zh" && script == "" {
		script = "Hans"
	}
	if script == "" {
		return incidents.Lang(parts[0])
	}
	return incidents.Lang(parts[0] + "-" + script)
}

const lowerLetters = "abcdefghijklmnopqrstuvwxyz"

var newCodes = map[string]string{"iw": "he", "in": "id", "ji": "yi", "cn": "zh"}
