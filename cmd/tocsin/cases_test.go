package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updateCases = flag.Bool("update", false, "write the pages of docs/cases anew")

// The worked incidents of docs/cases are what the program says of their facts.
func TestWorkedIncidents(t *testing.T) {
	files, err := filepath.Glob("../../docs/cases/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d worked incidents: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want := worked(t, file)
			page := strings.TrimSuffix(file, ".yaml") + ".md"
			if *updateCases {
				if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := os.ReadFile(page); err != nil || string(got) != want {
				t.Errorf("%s is not what the program says (%v); look at the change and run the test with -update", page, err)
			}
		})
	}
}

// worked is the page of an incident: the comment at the head of its facts,
// judged the day after it was found.
func worked(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var head []string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		head = append(head, strings.TrimPrefix(strings.TrimPrefix(strings.TrimRight(line, "\n"), "#"), " "))
	}
	out, errs, code := invoke(t, "", "rules", "explain", "--facts", file, "--at", "2026-12-31T00:00:00Z", "--markdown")
	if code != 0 {
		t.Fatal(errs)
	}
	name := filepath.Base(file)
	return "# " + strings.Join(head, "\n") + "\n\nThe facts are in [" + name + "](" + name + "); `tocsin rules explain --facts docs/cases/" + name + " --markdown` makes this page.\n\n" + out
}
