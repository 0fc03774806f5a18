package regulators

import (
	"slices"
	"testing"

	"tocsin/incidents"
)

// The vectors are worked out from the method's formula; the choice of factors is ours.
func TestSeverityVectors(t *testing.T) {
	m := shippedPack(t).enisa
	quiet := map[string]any{"confidentiality": false, "integrity": false, "availability": false, "malicious": false}
	with := func(changes map[string]any) map[string]any {
		out := map[string]any{}
		for k, v := range quiet {
			out[k] = v
		}
		for k, v := range changes {
			out[k] = v
		}
		return out
	}
	type vector struct {
		id          string
		facts       map[string]any
		dpc, ei, cb float64
		level       string
		flags       []string
	}
	many := []string{"over_100_individuals"}
	for _, v := range []vector{
		{"d01 contact data of 50 customers to one known wrong recipient", with(map[string]any{"data_items": []string{"name", "phone"}, "identifiability": "maximum", "confidentiality": true, "confidentiality_effect": "known_recipients", "persons_total": 50}), 1, 1, .25, "low", nil},
		{"d02 hospital records encrypted by ransomware, restored with effort", with(map[string]any{"data_categories": []string{"health"}, "identifiability": "maximum", "availability": true, "availability_effect": "temporary", "malicious": true, "persons_total": 5000}), 4, 1, .75, "very_high", many},
		{"d03 a year of bank statements published by an attacker", with(map[string]any{"data_categories": []string{"property"}, "data_context": "more_1", "data_context_reason": "a year of statements", "identifiability": "maximum", "confidentiality": true, "confidentiality_effect": "unknown_recipients", "malicious": true, "persons_total": 101}), 4, 1, 1, "very_high", many},
		{"d04 an encrypted notebook is lost, key safe", with(map[string]any{"data_items": []string{"name"}, "encrypted": true, "key_safe": true, "confidentiality": true, "confidentiality_effect": "no_evidence", "persons_total": 200}), 1, .25, 0, "low", []string{"over_100_individuals", "unintelligible"}},
		{"d05 user names with strong password hashes are stolen", with(map[string]any{"data_items": []string{"password_hash"}, "identifiability": "negligible", "encrypted": true, "key_safe": true, "confidentiality": true, "confidentiality_effect": "unknown_recipients", "malicious": true, "persons_total": 9000}), 1, .25, 1, "low", []string{"over_100_individuals", "unintelligible"}},
		{"d06 the salary of one employee seen by a wrong colleague", with(map[string]any{"data_categories": []string{"property"}, "identifiability": "maximum", "confidentiality": true, "confidentiality_effect": "known_recipients", "persons_total": 1}), 3, 1, .25, "high", nil},
		{"d07 a week of calls on a lost device", with(map[string]any{"data_categories": []string{"communication"}, "identifiability": "limited", "confidentiality": true, "confidentiality_effect": "no_evidence", "persons_total": 1}), 2, .5, 0, "low", nil},
		{"d08 the only paper health logbook is stolen", with(map[string]any{"data_categories": []string{"health"}, "identifiability": "maximum", "confidentiality": true, "confidentiality_effect": "unknown_recipients", "availability": true, "availability_effect": "full", "malicious": true}), 4, 1, 1.5, "very_high", nil},
		{"d09 exactly 2 is medium", with(map[string]any{"data_categories": []string{"location"}, "identifiability": "maximum"}), 2, 1, 0, "medium", nil},
		{"d10 exactly 3 is high", with(map[string]any{"data_categories": []string{"property"}, "identifiability": "maximum"}), 3, 1, 0, "high", nil},
		{"d11 exactly 4 is very high", with(map[string]any{"data_categories": []string{"biometric"}, "identifiability": "maximum"}), 4, 1, 0, "very_high", nil},
		{"d12 the maximum", map[string]any{"data_categories": []string{"health"}, "identifiability": "maximum", "confidentiality": true, "confidentiality_effect": "unknown_recipients", "integrity": true, "integrity_effect": "unrecoverable", "availability": true, "availability_effect": "full", "malicious": true}, 4, 1, 2, "very_high", nil},
		{"d13 the minimum", with(map[string]any{"data_categories": []string{"basic"}, "identifiability": "negligible"}), 1, .25, 0, "low", nil},
		{"d14 1.75 stays low", with(map[string]any{"data_categories": []string{"basic"}, "identifiability": "maximum", "confidentiality": true, "confidentiality_effect": "known_recipients", "malicious": true}), 1, 1, .75, "low", nil},
	} {
		t.Run(v.id, func(t *testing.T) {
			s := m.assess(knownFacts(t, v.facts))
			if s.DPC != v.dpc || s.EI != v.ei || s.CB != v.cb || s.Score != v.dpc*v.ei+v.cb || s.Level != v.level {
				t.Errorf("%g × %g + %g = %g, %s", s.DPC, s.EI, s.CB, s.Score, s.Level)
			}
			if !slices.Equal(s.Flags, v.flags) || len(s.Unknown) > 0 {
				t.Errorf("flags %v, unknown %v", s.Flags, s.Unknown)
			}
			if len(s.Reasons) != 6 {
				t.Errorf("%d figures are explained, not 6", len(s.Reasons))
			}
		})
	}
}

func TestUnknownFactsCountAtTheirWorst(t *testing.T) {
	m := shippedPack(t).enisa
	s := m.assess(incidents.Facts{})
	if s.Score != 6 || s.Level != "" {
		t.Errorf("nothing known: %g, level %q", s.Score, s.Level)
	}
	want := []string{"availability", "confidentiality", "data_categories", "identifiability", "integrity", "malicious"}
	if !slices.Equal(s.Unknown, want) {
		t.Errorf("assumed at worst: %v", s.Unknown)
	}
	least, most := m.bounds(incidents.Facts{})
	if least != .25 || most != 6 {
		t.Errorf("bounds %g to %g", least, most)
	}
}

func TestChildrenWeighOneStepMore(t *testing.T) {
	m := shippedPack(t).enisa
	facts := map[string]any{"data_items": []string{"name"}, "minors_under_14": true}
	if s := m.assess(knownFacts(t, facts)); s.DPC != 2 {
		t.Errorf("DPC %g", s.DPC)
	}
	facts["data_context"] = "same" // somebody has judged it
	if s := m.assess(knownFacts(t, facts)); s.DPC != 1 {
		t.Errorf("DPC %g after a person judged the context", s.DPC)
	}
}

func TestContextStaysWithinOneAndFour(t *testing.T) {
	m := shippedPack(t).enisa
	for step, want := range map[string]float64{"less_2": 2, "more_2": 4} {
		if s := m.assess(knownFacts(t, map[string]any{"data_categories": []string{"health"}, "data_context": step})); s.DPC != want {
			t.Errorf("%s: DPC %g", step, s.DPC)
		}
	}
}

func TestChinaGrade(t *testing.T) {
	p := shippedPack(t)
	for _, c := range []struct {
		name    string
		facts   map[string]any
		grade   string
		unknown bool
	}{
		{"nothing known", nil, "general", true},
		{"below every figure, nobody chose", map[string]any{"persons_total": 999_999}, "general", true},
		{"exactly a million people", map[string]any{"persons_total": 1_000_000}, "larger", false},
		{"people by place add up", map[string]any{"persons_by_place": map[string]int{"CN": 9_999_999, "DE": 1}}, "major", false},
		{"a list that has outgrown the estimate", map[string]any{"persons_total": 900_000, "persons_by_place": map[string]int{"CN": 1_000_000}}, "larger", false},
		{"a hundred million", map[string]any{"persons_total": 100_000_000}, "particularly_major", false},
		{"five million yuan", map[string]any{"direct_economic_loss_cny": 5_000_000}, "larger", false},
		{"an hour's outage of critical infrastructure", map[string]any{"critical_infrastructure": true, "service_outage_minutes": 60}, "larger", false},
		{"an hour's outage of a shop", map[string]any{"critical_infrastructure": false, "service_outage_minutes": 60, "cn_grade": "general"}, "general", false},
		{"chosen higher than the figures", map[string]any{"persons_total": 10, "cn_grade": "major"}, "major", false},
		{"chosen lower than the figures", map[string]any{"persons_total": 10_000_000, "cn_grade": "larger"}, "major", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := p.ChinaGrade(knownFacts(t, c.facts))
			if g.Name != c.grade || (len(g.Unknown) > 0) != c.unknown {
				t.Errorf("%s, unknown %v, because %v", g.Name, g.Unknown, g.Reasons)
			}
		})
	}
}

// The plan for industry also counts people whose sensitive data is touched, and
// outages of telecommunications.
func TestIndustryGrade(t *testing.T) {
	p := shippedPack(t)
	telecom := []string{"telecom"}
	for _, c := range []struct {
		name    string
		facts   map[string]any
		grade   string
		unknown bool
	}{
		{"below every figure, nobody chose", map[string]any{"persons_total": 999_999, "sensitive_persons": 99_999}, "general", true},
		{"exactly a hundred thousand with sensitive data", map[string]any{"persons_total": 100_000, "sensitive_persons": 100_000}, "larger", false},
		{"exactly a million with sensitive data", map[string]any{"sensitive_persons": 1_000_000}, "major", false},
		{"fifty million yuan, ten times the bound of the other scheme", map[string]any{"direct_economic_loss_cny": 50_000_000}, "larger", false},
		{"a network down for eight hours", map[string]any{"sectors": telecom, "service_outage_minutes": 480}, "larger", false},
		{"a network down for twelve hours", map[string]any{"sectors": telecom, "service_outage_minutes": 720}, "major", false},
		{"a factory down for twelve hours", map[string]any{"sectors": []string{"industry"}, "service_outage_minutes": 720, "cn_industry_grade": "general"}, "general", false},
		{"a choice under the other scheme says nothing", map[string]any{"cn_grade": "major"}, "general", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := p.industry.grade(knownFacts(t, c.facts))
			if g.Name != c.grade || (len(g.Unknown) > 0) != c.unknown {
				t.Errorf("%s, unknown %v, because %v", g.Name, g.Unknown, g.Reasons)
			}
		})
	}
}
