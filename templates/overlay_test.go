package templates

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/incidents"
)

func TestOneFileOfOurOwnStandsInForItsNamesake(t *testing.T) {
	subject, err := fs.ReadFile(embedded, "layouts/email_subject.txt")
	if err != nil {
		t.Fatal(err)
	}
	words, err := fs.ReadFile(embedded, "words/en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own := fstest.MapFS{
		"layouts/email_subject.txt": {Data: append([]byte("Ours: "), subject...)},
		"words/eo.yaml":             {Data: []byte(strings.Replace(string(words), "lang: en", "lang: eo", 1))},
		"words/.eo.yaml.swp":        {Data: []byte("an editor's")},
	}
	fsys, err := Overlay(own)
	if err != nil {
		t.Fatal(err)
	}
	org := Org{Name: "Example Retail Ltd", Domains: []string{"example.com"}, Contact: "care@example.com"}
	plain, err := New(org, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(org, fsys)
	if err != nil {
		t.Fatal(err)
	}
	if b.Layout() == plain.Layout() {
		t.Error("another layout has the same name")
	}
	if got, want := len(b.Languages()), len(plain.Languages())+1; got != want {
		t.Errorf("%d languages, not %d", got, want)
	}
	if got, err := fs.ReadFile(fsys, "layouts/email_subject.txt"); err != nil || !strings.HasPrefix(string(got), "Ours: ") {
		t.Errorf("%q, %v", got, err)
	}
	entries, err := fs.ReadDir(fsys, "layouts")
	if err != nil || len(entries) != len(builtIn("layouts")) {
		t.Errorf("%d layouts, not %d: %v", len(entries), len(builtIn("layouts")), err)
	}
}

func TestWhatStandsInForNothingIsRefused(t *testing.T) {
	for name, own := range map[string]fstest.MapFS{
		"layouts/emial.txt stands in for nothing":               {"layouts/emial.txt": {}},
		"words/en.yml stands in for nothing":                    {"words/en.yml": {}},
		"the folder of layouts and words has neither":           {"email.txt": {}},
		"the folder of layouts and words has neither, as empty": {},
	} {
		_, err := Overlay(own)
		if want, _, _ := strings.Cut(name, ","); incidents.KindOf(err) != incidents.KindInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, not %q", err, want)
		}
	}
}
