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

// worked is the page of an incident: the comment at the head of its facts, the
// judgement, and the comment at their end, of whoever compared it with the law.
func worked(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, checked := comments(string(data))
	if len(head) == 0 || len(checked) == 0 {
		t.Fatalf("%s wants a comment above its facts, and one below that says what was checked by hand", file)
	}
	out, errs, code := invoke(t, "", "rules", "explain", "--facts", file, "--at", "2026-12-31T00:00:00Z", "--markdown")
	if code != 0 {
		t.Fatal(errs)
	}
	name := filepath.Base(file)
	return "# " + strings.Join(head, "\n") + "\n\nThe facts are in [" + name + "](" + name + "); `tocsin rules explain --facts docs/cases/" + name + " --markdown` makes this page but for its end.\n\n" + out +
		"\n## Checked by hand\n\n" + strings.Join(checked, "\n") + "\n"
}

// comments are those above the facts of a file and those below them.
func comments(text string) (above, below []string) {
	facts := false
	for line := range strings.Lines(text) {
		comment, is := strings.CutPrefix(strings.TrimRight(line, "\n"), "#")
		switch comment = strings.TrimPrefix(comment, " "); {
		case !is:
			facts = true
		case facts:
			below = append(below, comment)
		default:
			above = append(above, comment)
		}
	}
	return above, below
}
