package regulators

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// at is the instant every test judges at.
var at = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// known makes facts out of values; text that reads like a time becomes one.
func known(t testing.TB, values map[string]any) incidents.Facts {
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

func obligation(t testing.TB, a incidents.Assessment, id string) incidents.Obligation {
	t.Helper()
	for _, o := range a.Obligations {
		if o.ID == id {
			return o
		}
	}
	t.Fatalf("there is no obligation %q", id)
	return incidents.Obligation{}
}
