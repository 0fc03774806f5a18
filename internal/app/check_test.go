package app

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tocsin/incidents/siem"
	"tocsin/internal/settings"
)

func TestTheExampleNamesFormatsThereAre(t *testing.T) {
	named := regexp.MustCompile(`(?m)^#    format: (\S+)$`).FindAllStringSubmatch(settings.Example(), -1)
	if len(named) == 0 {
		t.Fatal("the example shows no source")
	}
	for _, m := range named {
		if !slices.Contains(siem.Formats(), m[1]) {
			t.Errorf("the example shows a source of the format %s, which there is not", m[1])
		}
	}
}

func TestTheManualListsEveryFormat(t *testing.T) {
	b, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range siem.Formats() {
		if !strings.Contains(string(b), "`"+f+"`") {
			t.Errorf("docs/operate.md does not name the format %s", f)
		}
	}
}
