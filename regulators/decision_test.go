package regulators

import (
	"maps"
	"strings"
	"testing"

	"tocsin/incidents"
)

// TestWhatIsProposed judges facts by the shipped rules and reads what Tocsin
// proposes under the GDPR and the UK GDPR.
func TestWhatIsProposed(t *testing.T) {
	// Passport numbers, health data and passwords of customers, in the open.
	grave := map[string]any{"confidentiality": true, "integrity": false, "availability": false, "confidentiality_effect": "unknown_recipients", "malicious": true,
		"data_items": []string{"name", "medical", "online_credentials"}, "data_categories": []string{"basic", "health"}, "identifiability": "maximum",
		"encrypted": false, "role": "controller", "establishments": []string{"EEA"}, "lead_authority": "DE", "persons_by_place": map[string]int{"DE": 40000}, "aware_at": "2026-11-20T09:00:00Z"}
	// Names alone, sent to a known recipient by mistake.
	light := map[string]any{"data_items": []string{"name"}, "data_categories": []string{"basic"}, "identifiability": "limited", "malicious": false, "confidentiality_effect": "known_recipients"}
	uk := map[string]any{"establishments": []string{"UK"}, "lead_authority": nil, "persons_by_place": map[string]int{"GB": 500}}
	for _, c := range []struct {
		name string
		set  []map[string]any
		want string   // "gdpr=course uk-gdpr=course"
		says []string // in the reasons
	}{
		{"readable health data in the open", nil, "gdpr=notify_people", []string{"Art. 34: The risk to people is likely to be high", "Art. 33: It has not been shown that a risk"}},
		{"the same in the United Kingdom", []map[string]any{uk}, "uk-gdpr=notify_people", []string{"Art. 34: "}},
		{"in both", []map[string]any{{"establishments": []string{"EEA", "UK"}, "persons_by_place": map[string]int{"DE": 400, "GB": 30}}}, "gdpr=notify_people uk-gdpr=notify_people", nil},
		{"a risk, but no high one", []map[string]any{light}, "gdpr=notify_authority", []string{"Art. 34: A high risk to people is not likely", "Art. 33: It has not been shown"}},
		{"misuse was found unlikely", []map[string]any{{"misuse_likely": false}}, "gdpr=document", []string{"Art. 33: A risk to people is unlikely", "Art. 33(5): "}},
		{"misuse was found unlikely, in the United Kingdom", []map[string]any{uk, {"misuse_likely": false}}, "uk-gdpr=document", []string{"Art. 33: A risk to people is unlikely"}},
		{"people in the United Kingdom, no establishment there", []map[string]any{uk, {"misuse_likely": false, "establishments": []string{"US"}}}, "uk-gdpr=document", nil},
		{"encrypted, and the key is safe (Art. 34(3)(a))", []map[string]any{{"encrypted": true, "key_safe": true}}, "gdpr=document", []string{"the data was unreadable and the key is safe"}},
		{"harm was prevented afterwards (Art. 34(3)(b))", []map[string]any{{"harm_prevented": true}}, "gdpr=notify_authority", []string{"Art. 34: Measures taken since have made the harm unlikely."}},
		{"telling each is out of proportion (Art. 34(3)(c))", []map[string]any{{"direct_notice_hard": true}}, "gdpr=notify_people", []string{"Art. 34(3)(c): "}},
		{"encryption is not known", []map[string]any{{"encrypted": nil}}, "gdpr=notify_authority", []string{"a first report may be completed later"}},
		{"where the people live is not known", []map[string]any{{"persons_by_place": nil}}, "gdpr=notify_people uk-gdpr?notify_people", []string{"It is not known yet whether the UK GDPR applies"}},
		{"neither that nor whether it was encrypted is known", []map[string]any{{"persons_by_place": nil, "encrypted": nil}}, "gdpr=notify_authority uk-gdpr?notify_authority", []string{"a first report may be completed later"}},
		{"nothing is known", []map[string]any{{"confidentiality": nil, "integrity": nil, "availability": nil}}, "gdpr?", []string{"It is not known yet whether personal data"}},
		{"no data was touched", []map[string]any{{"confidentiality": false}}, "", nil},
		{"we are the processor", []map[string]any{{"role": "processor"}}, "", nil},
		{"nobody there", []map[string]any{{"establishments": []string{"CN"}, "persons_by_place": map[string]int{"CN": 9}}}, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			values := maps.Clone(grave)
			for _, set := range c.set {
				maps.Copy(values, set)
			}
			maps.DeleteFunc(values, func(_ string, v any) bool { return v == nil })
			f := knownFacts(t, values)
			as, err := shippedPack(t).Assess(f, judgedAt)
			if err != nil {
				t.Fatal(err)
			}
			var got, reasons []string
			for _, p := range incidents.Propose(f, as) {
				sign := map[bool]string{false: "=", true: "?"}[p.Unsure]
				got = append(got, p.Regime.ID+sign+string(p.Course))
				reasons = append(reasons, p.Reasons...)
				if p.FactsRev != f.Rev || p.Pack == "" || p.Hash == "" || len(p.Reasons) == 0 {
					t.Errorf("%+v", p)
				}
				consistent(t, p, as)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%v, want %s\n%s", got, c.want, strings.Join(reasons, "\n"))
			}
			for _, want := range c.says {
				if !strings.Contains(strings.Join(reasons, "\n"), want) {
					t.Errorf("no reason says %q:\n%s", want, strings.Join(reasons, "\n"))
				}
			}
		})
	}
}

// consistent compares a proposal with the duties: it never asks for less than
// what applies, nor for more than what may.
func consistent(t *testing.T, p incidents.Proposal, as incidents.Assessment) {
	t.Helper()
	code := map[string]string{"gdpr": "EU", "uk-gdpr": "UK"}[p.Regime.ID]
	for _, o := range as.Obligations {
		if o.Jurisdiction != code || o.Applies != incidents.AppliesYes {
			continue
		}
		if o.Audience == incidents.AudienceIndividuals && p.Course != incidents.CoursePeople || o.Audience == incidents.AudienceRegulator && p.Course == incidents.CourseDocument {
			t.Errorf("%s applies, and proposed is %q", o.ID, p.Course)
		}
	}
}

func TestAProposalIsPure(t *testing.T) {
	f := busyFacts(t)
	as, err := shippedPack(t).Assess(f, judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	a, b := incidents.Propose(f, as), incidents.Propose(f, as)
	if len(a) == 0 || a[0].Hash != b[0].Hash {
		t.Error("a second look differs")
	}
	f.Known["misuse_likely"] = incidents.Fact{Value: false}
	if as, err = shippedPack(t).Assess(f, judgedAt); err != nil {
		t.Fatal(err)
	}
	if c := incidents.Propose(f, as); c[0].Hash == a[0].Hash || c[0].Course == a[0].Course {
		t.Error("other facts, the same proposal")
	}
}
