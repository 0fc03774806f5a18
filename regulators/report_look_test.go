package regulators

import (
	"os"
	"testing"
	"time"

	"tocsin/incidents"
)

func TestLook(t *testing.T) {
	dir := os.Getenv("LOOK")
	if dir == "" {
		t.Skip()
	}
	p, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReports(ReportOptions{Pack: p})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name, form, rule string
		phase            incidents.ReportPhase
		facts            incidents.Facts
		mode             incidents.Mode
	}{
		{"en-initial", "gdpr33", "eu-gdpr-33", "initial", someFacts(t), "live"},
		{"en-final", "gdpr33", "uk-gdpr-33", "final", allFacts(t), "drill"},
		{"zh-initial", "cn-cac", "cn-cac-operator", "initial", someFacts(t), "live"},
		{"zh-final", "cn-cac", "cn-cac-operator", "final", allFacts(t), "drill"},
		{"general", "general", "jp-appi-26-initial", "initial", allFacts(t), "live"},
	} {
		a, err := p.Assess(x.facts, judgedAt)
		if err != nil {
			t.Fatal(err)
		}
		o := dutyOf(t, a, x.rule)
		in := incidents.Incident{ID: "i", Ref: "INC-2026-0147", Mode: x.mode}
		var prev *incidents.ReportContent
		if x.phase != "initial" {
			c, err := r.Fill(x.form, "initial", in, someFacts(t), o, nil)
			if err != nil {
				t.Fatal(err)
			}
			prev = &c
		}
		c, err := r.Fill(x.form, x.phase, in, x.facts, o, prev)
		if err != nil {
			t.Fatal(err)
		}
		m := incidents.ReportMeta{No: 4, Version: 2, Hash: c.Hash(), Ref: in.Ref, Org: "Nordlicht Versand GmbH", Status: incidents.ReportApproved, Made: judgedAt,
			Approved: []incidents.Approval{{Decision: "approve", ByName: "Ada Officer", At: judgedAt.Add(time.Hour), Subject: incidents.Subject{Hash: c.Hash()}}}}
		for _, f := range []string{"pdf", "html", "json"} {
			b, err := r.Render(f, c, m)
			if err != nil {
				t.Fatal(err)
			}
			os.WriteFile(dir+"/"+x.name+"."+f, b, 0o644)
		}
	}
}
