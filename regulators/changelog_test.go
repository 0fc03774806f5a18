package regulators

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheShippedChangelogSpeaksOfTheShippedPack(t *testing.T) {
	p := shippedPack(t)
	if len(p.Changelog()) == 0 || p.Changelog()[0].Version != p.Number() || !strings.HasPrefix(p.Version(), p.Number()+"+") {
		t.Fatalf("pack %s, changelog %+v", p.Version(), p.Changelog())
	}
	items := p.Changelog()[0].Items()
	if len(items) < 2 || strings.Contains(items[0], "\n") || strings.HasPrefix(items[0], "- ") {
		t.Errorf("%q", items)
	}
}

func TestTheLinterReadsTheChangelog(t *testing.T) {
	number := shippedPack(t).Number()
	for _, c := range []struct{ name, text, wants string }{
		{"of this version", "## " + number + ", 2026-11-29\n\n- More law.\n\n## 1, 2025-01-01\n\nThe first.\n", ""},
		{"empty", "", "no entry says what changed"},
		{"of another version", "# Changes\n\n## 2020.01, 2020-01-01\n\n- Old.\n", "CHANGELOG.md:3: the newest entry is about 2020.01, the pack is " + number},
		{"without words", "## " + number + ", 2026-11-29\n", "does not say what changed"},
		{"of a day that does not exist", "## " + number + ", 2026-02-30\n\n- x\n", "2026-02-30 is no date"},
		{"in the wrong order", "## " + number + ", 2026-01-01\n\n- x\n\n## 0, 2026-02-01\n\n- y\n", "stands below an older one"},
		{"of one version twice", "## " + number + ", 2026-01-02\n\n- x\n\n## " + number + ", 2026-01-01\n\n- y\n", "two entries"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said []string
			for _, f := range Lint(Shipped(), fstest.MapFS{changelogName: {Data: []byte(c.text)}}) {
				if f.File == changelogName {
					said = append(said, f.String())
					if !f.Warning {
						t.Errorf("it would keep the pack from loading: %s", f)
					}
				}
			}
			if c.wants == "" && len(said) > 0 || !strings.Contains(strings.Join(said, "\n"), c.wants) {
				t.Errorf("it says %q", said)
			}
		})
	}
}

// A change in the changelog is a change of the pack: its hash differs.
func TestTheHashCoversTheChangelog(t *testing.T) {
	p, err := Open(fstest.MapFS{"rules/xx.yaml": {Data: []byte(goodRule)}, changelogName: {Data: []byte("## 1, 2026-01-01\n\nx\n")}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	q, err := Open(layered(goodRule), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Version() == q.Version() || p.Number() != q.Number() {
		t.Errorf("%s and %s", p.Version(), q.Version())
	}
	files, err := Files(Shipped())
	if err != nil || !slices.Contains(fileSet(files).in("rules"), "rules/eu.yaml") || len(files[changelogName]) == 0 {
		t.Errorf("%d files, %v", len(files), err)
	}
}
