package regulators

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
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

// small is the shipped pack with the general law of Europe alone: broken files
// are tried on it, and hundreds of rules would not make them more broken.
func small(t testing.TB) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(Shipped(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path, "rules/") && path != "rules/eu.yaml" {
			return err
		}
		data, err := fs.ReadFile(Shipped(), path)
		out[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
