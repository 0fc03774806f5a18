package regulators

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tocsin/incidents"
)

func TestShippedFilesAreClean(t *testing.T) {
	for _, f := range Lint(Shipped()) {
		t.Error(f)
	}
}

// A minimal good rule file; the cases break it in one place each.
const goodRule = `jurisdiction: XX
name: Somewhere
zone: Europe/Berlin
calendar: EU
rules:
  - id: xx-1
    title: Tell somebody
    title-zh: 告知
    law: Some law
    citation: s. 1
    authority: Somebody
    audience: regulator
    status: in_force
    effective: "2020-01-01"
    confidence: verified
    sources: ["https://example.org/law"]
    checked: "2026-11-23"
    binding: statute
    content: [nature]
    place: DE
    applies:
      - when: residents > 10
        because: More than ten.
        not: Ten or fewer.
    clock:
      start: awareness
      facts: [aware_at]
      length: P3D
      unit: business-days
`

func layered(text string) fstest.MapFS {
	return fstest.MapFS{"rules/xx.yaml": {Data: []byte(text)}}
}

func TestBrokenRuleFiles(t *testing.T) {
	if _, err := Load(Options{}, small(t), layered(goodRule)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, wants string }{
		{"an unknown key", "title: Tell", "tittle: Tell", "tittle"},
		{"a first day of business days", "length: P3D", "length: P3D\n      first-day: true", "first-day wants a length in calendar days"},
		{"a condition that does not parse", "residents > 10", "residents >", "rules/xx.yaml:22: xx-1: the condition does not compile"},
		{"a fact nobody knows", "residents > 10", "residens > 10", "undeclared reference to 'residens'"},
		{"a condition of the wrong type", "residents > 10", "residents", "says int, not yes or no"},
		{"residents of nowhere", "    place: DE\n", "", "residents needs"},
		{"a place that does not exist", "place: DE", "place: Atlantis", "Atlantis"},
		{"a zone that does not exist", "zone: Europe/Berlin", "zone: Europe/Atlantis", "Europe/Atlantis"},
		{"the machine's own zone", "zone: Europe/Berlin", "zone: Local", "Local"},
		{"a length that is no duration", "length: P3D", "length: 3 days", "xx.yaml:28"},
		{"a fraction of a day", "length: P3D", "length: P0.5D", "whole numbers"},
		{"hours as business days", "length: P3D", "length: PT3H", "business days are whole days"},
		{"a calendar nobody knows", "calendar: EU", "calendar: MOON", "MOON"},
		{"a clock fact that is no time", "facts: [aware_at]", "facts: [role]", "no time fact"},
		{"a clock without start", "      facts: [aware_at]\n", "", "facts or after"},
		{"a clock without length and words", "      length: P3D\n      unit: business-days\n", "", "length or the law's own words"},
		{"an audience nobody knows", "audience: regulator", "audience: neighbours", "neighbours"},
		{"a date that does not exist", `effective: "2020-01-01"`, `effective: "2020-02-30"`, "2020-02-30"},
		{"a clause without words", "        because: More than ten.\n", "", "because and not"},
		{"a rule that leans on nothing", "when: residents > 10", "requires: xx-2", `there is no rule "xx-2"`},
		{"a rule that leans on itself", "when: residents > 10", "requires: xx-1", "leans on itself"},
		{"a condition of another file", "when: residents > 10", "use: breach", `no condition "breach"`},
		{"two rules of one id", "id: xx-1", "id: eu-gdpr-33", "two rules"},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := strings.Replace(goodRule, c.old, c.new, 1)
			if broken == goodRule {
				t.Fatal("nothing was broken")
			}
			_, err := Load(Options{}, small(t), layered(broken))
			if err == nil {
				t.Fatal("loaded")
			}
			if !strings.Contains(err.Error(), c.wants) || !strings.Contains(err.Error(), "xx.yaml") {
				t.Fatalf("does not name file and cause: %v", err)
			}
		})
	}
}

// goodSubstitute stands in a rule that is owed to individuals.
const goodSubstitute = `    audience: individuals
    substitute:
      - when: {unreachable: {from: 1, to: 9}}
        by: [telephone, other]
        text: Few.
      - when: {unreachable: {from: 10}, cost-over-usd: 5, hard: true}
        by: [website, media]
        for: P90D
        content: [helpline_phone]
        text: Many.
`

func withSubstitute(old, with string) string {
	return strings.Replace(goodRule, "    audience: regulator\n", strings.Replace(goodSubstitute, old, with, 1), 1)
}

func TestBrokenSubstitutes(t *testing.T) {
	if _, err := Load(Options{}, small(t), layered(withSubstitute("", ""))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, wants string }{
		{"a sentence instead of data", "- when: {unreachable: {from: 1, to: 9}}", "- Few.", "xx.yaml"},
		{"an unknown key", "for: P90D", "fore: P90D", "fore"},
		{"no condition", "{unreachable: {from: 1, to: 9}}", "{}", "when wants at least one"},
		{"a range that ends before it begins", "{from: 1, to: 9}", "{from: 10, to: 9}", "from at least 1"},
		{"nobody", "{from: 1, to: 9}", "{from: 0}", "from at least 1"},
		{"a negative cost", "cost-over-usd: 5", "cost-over-usd: -5", "not negative"},
		{"a means nobody knows", "[website, media]", "[pigeons]", "pigeons"},
		{"no means", "by: [website, media]", "by: []", "by what means"},
		{"no text", "        text: Many.\n", "", "wants a text"},
		{"months", "for: P90D", "for: P3M", "days like P90D"},
		{"a confidence nobody knows", "text: Few.", "text: Few.\n        confidence: rumoured", "rumoured"},
		{"another audience", "audience: individuals", "audience: regulator", "stands in for telling individuals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(Options{}, small(t), layered(withSubstitute(c.old, c.new)))
			if err == nil || !strings.Contains(err.Error(), c.wants) {
				t.Fatalf("%v does not say %q", err, c.wants)
			}
		})
	}
	for _, c := range []struct{ name, old, new, wants string }{
		{"a content key nobody knows", "[helpline_phone]", "[moods]", "moods"},
		{"something kept that nobody can see", "text: Few.", "text: Few.\n        for: P9D", "nothing stays up"},
		{"the stronger first", "{from: 10}", "{from: 1}", "put the weakest first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range Lint(small(t), layered(withSubstitute(c.old, c.new))) {
				if strings.Contains(f.Reason, c.wants) && f.Rule == "xx-1" && f.Line > 0 {
					return
				}
			}
			t.Fatal("not found")
		})
	}
}

// What the rules say of substitute notice, in words and to the desk.
func TestSubstitutesAreShown(t *testing.T) {
	p := shippedPack(t)
	for _, r := range p.Rules() {
		if r.ID != "us-hipaa-individuals" {
			continue
		}
		text := strings.Join(r.Substitutes, "\n")
		for _, want := range []string{"If 1 to 9 people cannot be reached: another written notice, telephone or other means.", "If 10 or more people cannot be reached: a conspicuous posting on the website or major print or broadcast media, kept for 90 days."} {
			if !strings.Contains(text, want) {
				t.Errorf("%q does not say %q", text, want)
			}
		}
	}
	as, err := p.Assess(incidents.Facts{}, time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, o := range as.Obligations {
		got[o.Rule] = len(o.Substitutes)
	}
	for rule, want := range map[string]int{"us-hipaa-individuals": 2, "eu-gdpr-34": 1, "us-ny-individuals": 1, "eu-gdpr-33": 0} {
		if got[rule] != want {
			t.Errorf("%s has %d conditions, want %d", rule, got[rule], want)
		}
	}
}

func TestLintFindsWhatLoadLetsPass(t *testing.T) {
	for _, c := range []struct{ name, old, new, wants string }{
		{"no citation", "    citation: s. 1\n", "", "citation"},
		{"no date", "    checked: \"2026-11-23\"\n", "", "checked"},
		{"no source", `    sources: ["https://example.org/law"]` + "\n", "", "no source"},
		{"a source that is no address", "https://example.org/law", "my memory", "no address"},
		{"no Chinese title", "    title-zh: 告知\n", "", "Chinese"},
		{"a content key nobody knows", "content: [nature]", "content: [nature, moods]", "moods"},
		{"no content", "    content: [nature]\n", "", "leaves it open"},
		{"a condition that never holds", "residents > 10", "residents > 10 && residents < 5", "can never hold"},
		{"a condition that always holds", "residents > 10", "residents > 10 || residents < 20", "always holds"},
		{"an end before the beginning", "effective:", "until: \"2019-01-01\"\n    effective:", "ends before"},
		{"a placeholder nobody fills", "More than ten.", "More than {ten}.", "placeholder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range Lint(small(t), layered(strings.Replace(goodRule, c.old, c.new, 1))) {
				if strings.Contains(f.Reason, c.wants) && f.Rule == "xx-1" && f.Line > 0 {
					return
				}
			}
			t.Fatal("not found")
		})
	}
}

// A law may prescribe no content, and a condition may look into a text.
func TestLintLetsPass(t *testing.T) {
	for _, c := range []struct{ name, old, new string }{
		{"a law that leaves the content open", "content: [nature]", "content: []"},
		{"a text that holds a word", "residents > 10", `us_business_states.contains("TX")`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range Lint(small(t), layered(strings.Replace(goodRule, c.old, c.new, 1))) {
				t.Error(f)
			}
		})
	}
}
