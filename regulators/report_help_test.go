package regulators

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// A reporting is reports in a test, with an incident and its duties.
type reporting struct {
	t testing.TB
	*Reports
	in incidents.Incident
}

func newReporting(t testing.TB, langs map[string]incidents.Lang) reporting {
	t.Helper()
	r, err := NewReports(ReportOptions{Pack: shippedPack(t), Langs: langs})
	if err != nil {
		t.Fatal(err)
	}
	return reporting{t, r, incidents.Incident{ID: "0198-incident", Ref: "INC-2026-0147", Mode: incidents.Live}}
}

func (r reporting) duty(f incidents.Facts, id string) incidents.Obligation {
	r.t.Helper()
	a, err := r.pack.Assess(f, judgedAt)
	if err != nil {
		r.t.Fatal(err)
	}
	return dutyOf(r.t, a, id)
}

func (r reporting) fill(form string, phase incidents.ReportPhase, f incidents.Facts, duty string, prev *incidents.ReportContent) incidents.ReportContent {
	r.t.Helper()
	c, err := r.Fill(form, phase, r.in, f, r.duty(f, duty), prev)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r reporting) render(format string, c incidents.ReportContent, m incidents.ReportMeta) []byte {
	r.t.Helper()
	b, err := r.Render(format, c, m)
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r reporting) field(c incidents.ReportContent, key string) incidents.ReportField {
	r.t.Helper()
	f, ok := c.Field(key)
	if !ok {
		r.t.Fatalf("the report has no field %q", key)
	}
	return f
}

// meta is what an approved and filed report says about itself.
func meta(c incidents.ReportContent) incidents.ReportMeta {
	return incidents.ReportMeta{
		No: 4, Version: 2, Hash: c.Hash(), Ref: "INC-2026-0147", Org: "Nordlicht Versand GmbH", Status: incidents.ReportFiled, Made: judgedAt,
		Approved: []incidents.Approval{
			{Decision: "return", ByName: "Otto Amt", Role: incidents.RoleOfficer, At: judgedAt.Add(time.Hour), Void: "the report was edited", Comment: "one number is wrong"},
			{Decision: "approve", ByName: "Olga Amt", Role: incidents.RoleOfficer, At: judgedAt.Add(2 * time.Hour), Subject: incidents.Subject{Hash: c.Hash()}},
		},
		Filed: &incidents.Filing{At: judgedAt.Add(3 * time.Hour), ByName: "Ina Beispiel", Channel: "portal", Reference: "BN-77/2026", ReceiptName: "receipt.pdf", ReceiptSHA256: c.Hash()},
	}
}

// followed is a follow-up as the desk hands it over.
func followed(c incidents.ReportContent) incidents.ReportContent {
	c.Follows = "BN-77/2026"
	return c
}

// withdrawn is a withdrawal as the desk hands it over.
func withdrawn(c incidents.ReportContent) incidents.ReportContent {
	for i, f := range c.Fields {
		if v := map[string]string{"withdrawn_report": "BN-77/2026", "withdrawal_reason": "The alarm came from a test; 测试引发的告警。", "withdrawn_by": "Ina Beispiel"}[f.Key]; v != "" {
			c.Fields[i].Value, c.Fields[i].Missing = v, false
		}
	}
	return followed(c)
}

// typed puts an answer into every field that is still empty.
func typed(c incidents.ReportContent) incidents.ReportContent {
	fields := make([]incidents.ReportField, len(c.Fields))
	for i, f := range c.Fields {
		if f.Value == "" {
			f.Value, f.Missing, f.Edited = "Answer for "+f.Key, false, true
		}
		fields[i] = f
	}
	c.Fields = fields
	return c
}
