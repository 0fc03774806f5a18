package templates

import (
	"testing"
	"time"

	"tocsin/incidents"
)

var testOrg = Org{Name: "Quillfeather Parcel", Domains: []string{"quillfeather.example"}, Contact: "privacy@quillfeather.example, +49 30 5550147",
	Verify: "https://quillfeather.example/verify"}

func newBook(t testing.TB) *Book {
	t.Helper()
	b, err := New(testOrg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func known(pairs map[string]any) incidents.Facts {
	f := incidents.Facts{Rev: 3, Known: map[string]incidents.Fact{}}
	for k, v := range pairs {
		f.Known[k] = incidents.Fact{Value: v}
	}
	return f
}

func at(s string) time.Time {
	t, err := time.Parse(time.DateTime, s)
	if err != nil {
		panic(err)
	}
	return t
}

// stolenBackup is an incident with most facts known.
func stolenBackup() incidents.Facts {
	return known(map[string]any{
		"confidentiality": true, "confidentiality_effect": "unknown_recipients", "cause": "hacking",
		"data_categories": []string{"basic", "network_identity", "property"},
		"occurred_at":     at("2026-11-19 02:10:00"), "aware_at": at("2026-11-21 07:02:00"), "contained_at": at("2026-11-21 12:00:00"),
		"persons_total": int64(1284310), "persons_by_place": map[incidents.Place]int64{"DE": 900000, "CN": 300000, "US-CA": 84310},
		"measures_taken": "We closed the access and replaced every key.", "remedies": "我们开通了免费咨询热线。",
		"contact_email": "privacy@quillfeather.example", "contact_phone": "+49 30 5550147", "dpo_contact": "dpo@quillfeather.example",
	})
}

// parcelIncident is the incident the facts belong to.
func parcelIncident() incidents.Incident {
	return incidents.Incident{ID: "i1", Ref: "INC-2026-0147", Kind: incidents.KindBreach, Title: "Backup copied", Mode: incidents.Live}
}

func content(t testing.TB, b *Book, kind incidents.NoticeKind, f incidents.Facts) incidents.Content {
	t.Helper()
	in := parcelIncident()
	if kind == incidents.NoticeTermination {
		in.Kind, in.Title = incidents.KindTermination, "Quillfeather Locker"
	}
	words, err := b.Draft(kind, in, f, b.Languages())
	if err != nil {
		t.Fatal(err)
	}
	c := incidents.Content{Kind: kind, Mode: incidents.Live, Incident: in.ID, Langs: words, Default: "en", Layout: b.Layout(), Data: []string{"basic", "network_identity"},
		Plan: []incidents.Step{{Channel: incidents.Email}, {Channel: incidents.Push}, {Channel: incidents.SMS}}}
	if kind == incidents.NoticeTermination {
		c.EndDate = "2027-01-31"
	}
	return c
}

func policyFacts() incidents.Facts {
	f := stolenBackup()
	return f.With(map[string]incidents.Fact{
		"summary":      {Value: "From 1 March 2027 we also use your delivery address to plan our routes."},
		"consequences": {Value: "Your address is kept for 90 days instead of 30."}})
}

func compile(t testing.TB, kind incidents.NoticeKind) *Compiled {
	t.Helper()
	b := newBook(t)
	c, err := b.Compile(content(t, b, kind, stolenBackup()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func person() Slots {
	return Slots{Name: "Zoë Müller", Data: "name and address", Code: "QF7K-2M9D-XH4P", Ref: "INC-2026-0147", VerifyURL: "https://www.quillfeather.example/verify"}
}
