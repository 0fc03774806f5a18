package store

import (
	"reflect"
	"testing"

	"tocsin/incidents"
)

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t testing.TB, kind incidents.Kind, err error) {
	t.Helper()
	if err == nil || incidents.KindOf(err) != kind {
		t.Fatalf("got %v, want an error of kind %s", err, kind)
	}
}

func same(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// fill writes one of everything that is never changed.
func fill(t testing.TB, s *Store) {
	t.Helper()
	ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
		for _, err := range []error{
			openIncident(tx, "i1"),
			tx.PutFacts("i1", incidents.Facts{Rev: 1}),
			tx.PutAssessment("i1", incidents.Assessment{FactsRev: 1, At: noon}.Verdict()),
			tx.AddTimeline(incidents.TimelineEntry{IncidentID: "i1", At: noon, Text: "Opened."}),
			tx.PutNotice(incidents.Notice{ID: "n1", No: 1, IncidentID: "i1", Version: 1}),
			tx.PutApproval(incidents.Approval{ID: "a1", IncidentID: "i1", Subject: incidents.Subject{Kind: incidents.SubjectNotice, ID: "n1", Version: 1}, At: noon}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	}))
}
