package regulators

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// judgedAt is the instant every test judges at.
var judgedAt = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// knownFacts makes facts out of values; text that reads like a time becomes one.
func knownFacts(t testing.TB, values map[string]any) incidents.Facts {
	t.Helper()
	f := incidents.Facts{Rev: 1, Known: map[string]incidents.Fact{}}
	for key, v := range values {
		d, ok := incidents.FactByKey(key)
		if !ok {
			t.Fatalf("there is no fact %q", key)
		}
		f.Known[key] = incidents.Fact{Value: factValue(t, d, v)}
	}
	return f
}

func dutyOf(t testing.TB, a incidents.Assessment, id string) incidents.Obligation {
	t.Helper()
	for _, o := range a.Obligations {
		if o.ID == id {
			return o
		}
	}
	t.Fatalf("there is no obligation %q", id)
	return incidents.Obligation{}
}
