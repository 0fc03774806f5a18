package regulators

import (
	"slices"
	"strings"
	"testing"

	"tocsin/incidents"
)

var allPhases = []incidents.ReportPhase{incidents.PhaseInitial, incidents.PhaseUpdate, incidents.PhaseFinal}

func TestFillWithEverythingKnown(t *testing.T) {
	r := newReporting(t, nil)
	for _, x := range []struct{ form, duty, key, wants string }{
		{"gdpr33", "eu-gdpr-33", "controller", "Nordlicht Versand GmbH"},
		{"gdpr33", "eu-gdpr-33", "nature", "Confidentiality lost: Yes\nIntegrity lost: Yes\nAvailability lost: Yes"},
		{"gdpr33", "eu-gdpr-33", "taxonomy", "Ransomware"},
		{"gdpr33", "eu-gdpr-33", "aware", "20 November 2026, 09:08 UTC"},
		{"gdpr33", "eu-gdpr-33", "subjects_number", "1,234,567"},
		{"gdpr33", "eu-gdpr-33", "residents_number", "Germany (DE): 1,100,000"},
		{"gdpr33", "eu-gdpr-33", "reporting_contact", "E-mail: privacy@nordlicht.example\nTelephone: +49 30 901820"},
		{"gdpr33", "eu-gdpr-33", "countries", "Germany (DE): 1,100,000\nFrance (FR): 120,000\nMainland China (CN): 14,000\nCalifornia (US-CA): 560\nThe United Kingdom (GB): 7\nTotal: 1,234,567"},
		{"gdpr33", "eu-gdpr-33", "risk", "High risk"},
		{"gdpr33", "eu-gdpr-33", "completeness", "Incomplete; information is provided in phases"}, // nobody said how people are told
		{"gdpr33", "uk-gdpr-33", "residents_number", "The United Kingdom (GB): 7"},
		{"cn-cac", "cn-cac-operator", "entity", "Nordlicht Versand GmbH"},
		{"cn-cac", "cn-cac-operator", "legal_basis", "《国家网络安全事件报告管理办法》（国家互联网信息办公室）；Art. 4, Arts. 7-8; annex grading guide"},
		{"cn-cac", "cn-cac-operator", "incident_type", "勒索软件"},
		{"cn-cac", "cn-cac-operator", "persons", "1,234,567 人"},
		{"cn-cac", "cn-cac-operator", "discovered", "2026年11月20日 17:11（北京时间）"},
		{"general", "jp-appi-26-initial", "content_publication_status", ""},
		{"general", "jp-appi-26-initial", "cause", "Cause: Ransomware\nRoot cause: Text of root_cause: 已重置全部受影响账户的密码，并关闭了被利用的接口；we also told the hosting provider to keep every log of the last ninety days."},
	} {
		t.Run(x.form+"/"+x.duty+"/"+x.key, func(t *testing.T) {
			c := r.fill(x.form, "initial", allFacts(t), x.duty, nil)
			if f := r.field(c, x.key); f.Value != x.wants || f.Missing != (x.wants == "") {
				t.Errorf("missing %t, value %q, want %q", f.Missing, f.Value, x.wants)
			}
		})
	}
	uk := r.fill("gdpr33", "initial", allFacts(t), "uk-gdpr-33", nil)
	if !strings.Contains(uk.Authority, "Information Commissioner") || !strings.Contains(uk.Title, "UK GDPR Art. 33") {
		t.Errorf("the British report goes to %q under %q", uk.Authority, uk.Title)
	}
	if c := r.fill("cn-cac", "final", allFacts(t), "cn-cac-operator", nil); c.Lang != "zh-Hans" || c.Authority != "国家互联网信息办公室 / 省级网信部门" || c.Title != "网络安全事件报告（终报）" {
		t.Errorf("the Chinese report is in %s, to %q, titled %q", c.Lang, c.Authority, c.Title)
	}
}

func TestFillWithNothingKnown(t *testing.T) {
	r := newReporting(t, nil)
	for _, x := range []struct {
		form, duty string
		phase      incidents.ReportPhase
		missing    []string // some of them
		open       []string // asked, but not required yet
	}{
		{"gdpr33", "eu-gdpr-33", "initial", []string{"controller", "aware", "nature", "subjects_number", "data_categories", "consequences", "measures_taken", "dpo"}, []string{"began", "cause", "recurrence", "delay_reasons", "communicated"}},
		{"gdpr33", "eu-gdpr-33", "final", []string{"began", "ended", "cause", "recurrence", "communicated", "countries"}, []string{"delay_reasons", "police", "attachments"}},
		{"cn-cac", "cn-cac-operator", "initial", []string{"entity", "systems", "discovered", "incident_type", "grade", "impact", "measures_taken"}, []string{"cause", "trend", "attacker", "evidence", "ransom"}},
		{"cn-cac", "cn-cac-operator-supplement", "update", []string{"trend", "attacker", "path", "evidence", "assistance", "location"}, nil},
		{"cn-cac", "cn-cac-operator", "final", []string{"cause", "handled", "rectification"}, []string{"responsibility", "other"}},
		{"general", "sg-pdpa-26d-regulator", "initial", []string{"organisation", "circumstances", "chronology", "persons", "content_plan_to_notify"}, []string{"delay"}},
	} {
		t.Run(x.form+"/"+x.duty+"/"+string(x.phase), func(t *testing.T) {
			c, err := r.Fill(x.form, x.phase, r.in, incidents.Facts{}, r.duty(incidents.Facts{}, x.duty), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range x.missing {
				f := r.field(c, key)
				if q := r.Question(c, f); !f.Missing || f.Value != "" || q == "" {
					t.Errorf("%s: missing %t, value %q, question %q", key, f.Missing, f.Value, q)
				}
			}
			for _, key := range x.open {
				if f := r.field(c, key); f.Missing || f.Value != "" {
					t.Errorf("%s: missing %t, value %q, wanted optional and empty", key, f.Missing, f.Value)
				}
			}
		})
	}
	c := r.fill("gdpr33", "initial", incidents.Facts{}, "eu-gdpr-33", nil)
	if q := r.Question(c, r.field(c, "dpo")); q != "How is the data protection officer reached?" {
		t.Errorf("the question is %q", q)
	}
	if f := r.field(c, "risk"); f.Value != "More information needed" {
		t.Errorf("the risk is %q", f.Value)
	}
	c = r.fill("cn-cac", "initial", incidents.Facts{}, "cn-cac-operator", nil)
	if q := r.Question(c, r.field(c, "systems")); q != "哪些系统受影响？" {
		t.Errorf("the Chinese question is %q", q)
	}
	if _, ok := c.Field("handled"); ok {
		t.Error("an initial report asks for the summary after handling")
	}
}

func TestUnknownIsNotNo(t *testing.T) {
	r := newReporting(t, nil)
	f := knownFacts(t, map[string]any{"confidentiality": true})
	f.Known["integrity"] = incidents.Fact{Unknown: true}
	if got := r.field(r.fill("gdpr33", "initial", f, "eu-gdpr-33", nil), "nature"); got.Value != "Confidentiality lost: Yes\nIntegrity lost: not known yet\nAvailability lost: not known yet" {
		t.Errorf("nature is %q", got.Value)
	}
}

func TestRansomIsAskedOnlyOfRansomware(t *testing.T) {
	r := newReporting(t, nil)
	for _, x := range []struct {
		cause, value string
		missing      bool
	}{{"ransomware", "", true}, {"error", "不适用", false}} {
		c := r.fill("cn-cac", "initial", knownFacts(t, map[string]any{"cause": x.cause}), "cn-cac-operator", nil)
		if f := r.field(c, "ransom"); f.Value != x.value || f.Missing != x.missing {
			t.Errorf("after %s: value %q, missing %t", x.cause, f.Value, f.Missing)
		}
	}
}

func TestRiskOutcome(t *testing.T) {
	r := newReporting(t, nil)
	for _, x := range []struct {
		name, wants string
		facts       map[string]any
	}{
		{"a finding against misuse rules it out", "Unlikely to result in a risk", map[string]any{"misuse_likely": false}},
		{"unreadable data and nothing else", "Unlikely to result in a risk", map[string]any{"encrypted": true, "key_safe": true, "integrity": false, "availability": false}},
		{"unreadable data, but lost", "More information needed", map[string]any{"encrypted": true, "key_safe": true, "integrity": false, "availability": true}},
		{"nothing known", "More information needed", map[string]any{}},
	} {
		t.Run(x.name, func(t *testing.T) {
			if f := r.field(r.fill("gdpr33", "initial", knownFacts(t, x.facts), "eu-gdpr-33", nil), "risk"); f.Value != x.wants {
				t.Errorf("the outcome is %q, want %q", f.Value, x.wants)
			}
		})
	}
}

func TestFollowUpMarksWhatChanged(t *testing.T) {
	r := newReporting(t, nil)
	first := r.fill("gdpr33", "initial", someFacts(t), "eu-gdpr-33", nil)
	for i, f := range first.Fields { // a person typed two answers before filing
		switch f.Key {
		case "police":
			first.Fields[i].Value, first.Fields[i].Edited = "Yes, Kiel, 42 Js 7", true
		case "dpo":
			first.Fields[i].Value, first.Fields[i].Edited, first.Fields[i].Missing = "dpo@nordlicht.example", true, false
		}
	}
	facts := someFacts(t).With(knownFacts(t, map[string]any{"records_total": 900, "cause": "hacking"}).Known)
	c := r.fill("gdpr33", "update", facts, "eu-gdpr-33", &first)
	var changed []string
	for _, f := range c.Fields {
		if f.Changed {
			changed = append(changed, f.Key)
		}
	}
	if want := []string{"taxonomy", "records_number"}; !slices.Equal(changed, want) {
		t.Errorf("changed: %q, want %q", changed, want)
	}
	if c.FactsRev != 2 || r.field(c, "notification_type").Value != "Follow-up notification" {
		t.Errorf("facts revision %d, type %q", c.FactsRev, r.field(c, "notification_type").Value)
	}
	for key, want := range map[string]string{"police": "Yes, Kiel, 42 Js 7", "dpo": "dpo@nordlicht.example"} {
		if f := r.field(c, key); f.Value != want || !f.Edited || f.Missing {
			t.Errorf("%s was typed before and is now %+v", key, f)
		}
	}
}

func TestFillRefuses(t *testing.T) {
	r := newReporting(t, nil)
	for name, x := range map[string]struct {
		form  string
		phase incidents.ReportPhase
	}{"an unknown form": {"gdpr99", "initial"}, "an unknown phase": {"gdpr33", "middle"}} {
		if _, err := r.Fill(x.form, x.phase, r.in, incidents.Facts{}, incidents.Obligation{}, nil); incidents.KindOf(err) != incidents.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := r.Fill("", "initial", r.in, incidents.Facts{}, incidents.Obligation{}, nil); err != nil || c.Form != "general" {
		t.Errorf("a duty without a form gets %q, %v", c.Form, err)
	}
}

// Every duty to an authority can be reported in every phase and language, and
// whatever content its law asks for has a field.
func TestEveryDutyHasItsFields(t *testing.T) {
	for _, lang := range []incidents.Lang{"en", "zh-Hans"} {
		langs := map[string]incidents.Lang{"general": lang}
		for _, form := range reportNames {
			if form != "" {
				langs[form] = lang
			}
		}
		r := newReporting(t, langs)
		for _, rule := range r.pack.Rules() {
			if rule.Audience != "regulator" && rule.Audience != "police" {
				continue
			}
			name := rule.Report
			if name == "" {
				name = "general"
			}
			o := incidents.Obligation{ID: rule.ID, Law: rule.Law, Content: rule.Content, Authority: "An authority"}
			for _, key := range o.Content {
				if f := r.forms[name]; !f.answers(key) && !f.ByContent {
					t.Errorf("%s: form %s has no field for %s", rule.ID, name, key)
				}
			}
			for _, phase := range allPhases {
				c, err := r.Fill(name, phase, r.in, allFacts(t), o, nil)
				if err != nil || c.Lang != lang || len(c.Fields) == 0 {
					t.Fatalf("%s %s: %v", rule.ID, phase, err)
				}
				seen := map[string]bool{}
				for _, f := range c.Fields {
					if seen[f.Key] || f.Label == "" || f.Section == "" || strings.ContainsAny(f.Label+f.Section, "{}") {
						t.Errorf("%s %s: field %+v", rule.ID, phase, f)
					}
					seen[f.Key] = true
				}
			}
		}
	}
}

// A Chinese report has no English words but in labels and what people wrote.
func TestChineseValuesAreChinese(t *testing.T) {
	r := newReporting(t, map[string]incidents.Lang{"gdpr33": "zh-Hans", "general": "zh-Hans"})
	c := r.fill("gdpr33", "final", allFacts(t), "eu-gdpr-33", nil)
	for _, f := range c.Fields {
		v := f.Value
		for _, x := range []string{"GDPR Art. 33, Regulation (EU) 2016/679 Art. 33(1), (3), (4)", "GDPR Art. 33；Regulation (EU) 2016/679 Art. 33(1), (3), (4)", "INC-2026-0147", "Nordlicht Versand GmbH", "Ina Beispiel", "privacy@nordlicht.example", "US-CA", "DE", "FR", "CN", "GB", "UTC", "ENISA"} {
			v = strings.ReplaceAll(v, x, "")
		}
		for _, key := range f.Facts {
			if s, ok := allFacts(t).Text(key); ok {
				v = strings.ReplaceAll(v, s, "")
			}
		}
		if strings.ContainsFunc(v, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' }) {
			t.Errorf("%s: %q", f.Key, f.Value)
		}
	}
}
