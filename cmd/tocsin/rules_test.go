package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/incidents"
	"tocsin/regulators"
)

func TestRulesList(t *testing.T) {
	out, errs, code := invoke(t, "", "rules", "list", "--json")
	var got struct {
		Pack          string
		Jurisdictions []regulators.Jurisdiction
		Obligations   []regulators.RuleInfo
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 {
		t.Fatal(err, code, errs)
	}
	n := 0
	for _, j := range got.Jurisdictions {
		if j.Under == "" {
			n += j.Obligations
		}
		if j.Name == "" || j.Under != "" && j.Authority == "" {
			t.Errorf("%+v", j)
		}
	}
	if len(got.Jurisdictions) < 110 || len(got.Obligations) < 360 {
		t.Errorf("%d obligations in %d jurisdictions", len(got.Obligations), len(got.Jurisdictions))
	}
	if n != len(got.Obligations) || n == 0 || got.Pack == "" {
		t.Errorf("%d of %d obligations have a jurisdiction, pack %q", n, len(got.Obligations), got.Pack)
	}
	for _, o := range got.Obligations {
		if o.Citation == "" || len(o.Sources)+len(o.Locators) == 0 || o.Confidence == "" || o.Checked == "" {
			t.Errorf("%s says neither where it is written nor when it was read: %+v", o.ID, o)
		}
	}
	if out, _, _ := invoke(t, "", "rules", "list", "--place", "jp"); !strings.Contains(out, "jp-appi-26-initial") || strings.Contains(out, "eu-gdpr") {
		t.Errorf("Japan lists %s", out)
	}
	if out, _, _ := invoke(t, "", "rules", "list", "--place", "DE"); !strings.Contains(out, "eu-gdpr-33") || strings.Contains(out, "uk-gdpr") {
		t.Errorf("Germany lists %s", out)
	}
	if _, errs, code := invoke(t, "", "rules", "list", "--place", "XX"); code == 0 || !strings.Contains(errs, `no jurisdiction "XX"`) {
		t.Errorf("%d %s", code, errs)
	}
}

// invoke runs the program with a standard input.
func invoke(t *testing.T, in string, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), args, &terminal{out: &o, err: &e, in: strings.NewReader(in), env: func(string) string { return "" }})
	return o.String(), e.String(), code
}

const factsOfATest = `
confidentiality: true
role: controller
establishments: [EEA]
encrypted: false
persons_by_place: {DE: 1200}
data_categories: [basic]
aware_at: 2026-11-20T09:00:00Z
`

func TestRulesExplain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "facts.yaml")
	if err := os.WriteFile(file, []byte(factsOfATest), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, code := invoke(t, "", "rules", "explain", "--facts", file, "--at", "2026-11-21T00:00:00Z")
	for _, want := range []string{"Severity", "by 2026-11-23 09:00 UTC", "aware 2026-11-20 09:00 UTC + 72 h", "Next best questions", "do not apply", "counsel decides"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q: %s%s", want, out, errs)
		}
	}
	if code != 0 || strings.Contains(out, "%!") {
		t.Errorf("%d: %s", code, out)
	}
	out, _, _ = invoke(t, factsOfATest, "rules", "explain", "--facts", "-", "--at", "2026-11-21T00:00:00Z", "--json")
	var a incidents.Assessment
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	if a.Risk == nil || len(a.Risk.Groups) == 0 || a.Risk.Groups[0].Level == "" || len(a.Risk.Groups[0].Why) == 0 {
		t.Errorf("risk to groups: %+v", a.Risk)
	}
	for _, o := range a.Obligations {
		if o.ID == "eu-gdpr-33" && (o.Applies != incidents.AppliesYes || o.Due == nil || len(o.Reasons) == 0 || o.Jurisdiction != "EU" || o.Audience == "") {
			t.Errorf("%+v", o)
		}
	}
	if _, errs, code := invoke(t, "encripted: true", "rules", "explain", "--facts", "-"); code == 0 || !strings.Contains(errs, "docs/facts.md") {
		t.Errorf("%d %s", code, errs)
	}
}

// A folder that changes one rule and adds one is checked and compared.
func TestRulesCheckAndDiff(t *testing.T) {
	out, errs, code := invoke(t, "", "rules", "check")
	if code != 0 || !strings.Contains(out, " 0 findings") {
		t.Errorf("%d %s%s", code, out, errs)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "rules"), 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../regulators/rules/ch.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "confidence: verified", "confidence: recalled", 1)
	if err := os.WriteFile(filepath.Join(dir, "rules", "ch.yaml"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, code = invoke(t, "", "rules", "diff", "shipped", dir)
	if code != 0 || !strings.Contains(out, `confidence: "verified" → "recalled"`) || !strings.Contains(out, "1 rules differ") {
		t.Errorf("%d %s%s", code, out, errs)
	}
	if err := os.WriteFile(filepath.Join(dir, "rules", "ch.yaml"), []byte(strings.Replace(changed, "checked:", "chekked:", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := invoke(t, "", "rules", "check", dir); code == 0 || !strings.Contains(errs, "chekked") {
		t.Errorf("%d %s", code, errs)
	}
}
