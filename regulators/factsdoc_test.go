package regulators

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"tocsin/incidents"
)

// docs/facts.md and docs/facts.schema.json say what the catalogue says.
func TestFactsAreDocumented(t *testing.T) {
	for name, want := range map[string][]byte{"../docs/facts.md": factsPage(t), "../docs/facts.schema.json": factsSchema(t)} {
		if *updateGolden {
			if err := os.WriteFile(name, want, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the catalogue says (%v); run the test with -update", name, err)
		}
	}
}

// Every example of the page is a file of facts that can be read.
func TestExamplesOfFactsCanBeRead(t *testing.T) {
	var all strings.Builder
	for _, d := range incidents.Catalogue {
		all.WriteString(d.Key + ": " + exampleOf(t, d) + "\n")
		if d.Question == "" || !strings.HasSuffix(d.Question, "?") {
			t.Errorf("%s asks nothing: %q", d.Key, d.Question)
		}
	}
	f, err := ReadFacts("examples.yaml", []byte(all.String()))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range incidents.Catalogue {
		if _, ok := f.Value(d.Key); !ok {
			t.Errorf("%s was not read", d.Key)
		}
	}
	if _, err := shippedPack(t).Assess(f, judgedAt); err != nil {
		t.Error(err)
	}
}

func TestFactsThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"a key nobody knows": {"aware: 2026-11-20T09:00:00Z", `no fact "aware"; is it aware_at?`},
		"a wrong type":       {"encrypted: perhaps", "encrypted wants true or false"},
		"an option":          {"role: boss", "role wants one of controller"},
		"two at once":        {"encrypted: 3\nrole: 4", "role wants"},
		"no object":          {"- a", "mapping is expected"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadFacts("f.yaml", []byte(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
	f, err := ReadFacts("f.json", []byte(`{"encrypted": null, "aware_at": "2026-11-20T10:00:00+01:00", "persons_by_place": {"NO": 3}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := f.Value("encrypted"); ok {
		t.Error("null is not unknown")
	}
	if at, _ := f.Time("aware_at"); at.Hour() != 9 {
		t.Errorf("aware %v", at)
	}
}

func exampleOf(t *testing.T, d incidents.FactDef) string {
	t.Helper()
	var v any
	switch d.Type {
	case incidents.FactTri:
		v = true
	case incidents.FactChoice:
		v = d.Options[0].Value
	case incidents.FactMulti:
		v = []string{d.Options[0].Value, d.Options[len(d.Options)-1].Value}
	case incidents.FactCount:
		v = 1200
	case incidents.FactPlaces:
		v = map[string]int{"DE": 1200, "US-CA": 700}
	case incidents.FactTime:
		v = "2026-11-20T09:00:00Z"
	default:
		v = "free text"
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var factTypes = map[incidents.FactType]string{
	incidents.FactTri: "true or false", incidents.FactChoice: "one of the values", incidents.FactMulti: "a list of the values",
	incidents.FactCount: "a whole number", incidents.FactPlaces: "persons by ISO 3166 code", incidents.FactTime: "a time, RFC 3339", incidents.FactText: "text",
}

func factsPage(t *testing.T) []byte {
	var b strings.Builder
	b.WriteString(`# Facts

What an incident can have: the file of ` + "`tocsin rules explain --facts FILE`" + ` is a YAML or JSON object of these keys, and the console and the API use the same.
A key that is left out, or null, means "not known yet"; the answer then says what depends on it. ` + "`facts.schema.json`" + ` is the same as JSON Schema.
This page is written from the catalogue by a test.

`)
	group := ""
	for _, d := range incidents.Catalogue {
		if d.Group != group {
			group = d.Group
			fmt.Fprintf(&b, "## %s\n\n| Fact | Asks | Example |\n| --- | --- | --- |\n", group)
		}
		asks := d.Question
		if d.Help != "" {
			asks += " " + d.Help
		}
		asks += " *" + factTypes[d.Type] + "*"
		if len(d.Options) > 0 {
			values := make([]string, len(d.Options))
			for i, o := range d.Options {
				values[i] = "`" + o.Value + "` " + o.Label
			}
			asks += ": " + strings.Join(values, "; ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s: %s` |\n", d.Key, strings.ReplaceAll(asks, "|", "\\|"), d.Key, exampleOf(t, d))
		if next := after(d.Key); next == "" || next != group {
			b.WriteString("\n")
		}
	}
	return []byte(strings.TrimRight(b.String(), "\n") + "\n")
}

// after is the group of the fact behind one.
func after(key string) string {
	for i, d := range incidents.Catalogue {
		if d.Key == key && i+1 < len(incidents.Catalogue) {
			return incidents.Catalogue[i+1].Group
		}
	}
	return ""
}

func factsSchema(t *testing.T) []byte {
	properties := map[string]any{}
	for _, d := range incidents.Catalogue {
		p := map[string]any{"description": strings.TrimSpace(d.Question + " " + d.Help)}
		values := make([]string, len(d.Options))
		for i, o := range d.Options {
			values[i] = o.Value
		}
		switch d.Type {
		case incidents.FactTri:
			p["type"] = []string{"boolean", "null"}
		case incidents.FactChoice:
			p["enum"] = append(toAny(values), nil)
		case incidents.FactMulti:
			p["type"], p["items"] = []string{"array", "null"}, map[string]any{"enum": values}
		case incidents.FactCount:
			p["type"], p["minimum"] = []string{"integer", "null"}, 0
		case incidents.FactPlaces:
			p["type"], p["additionalProperties"] = []string{"object", "null"}, map[string]any{"type": "integer", "minimum": 0}
			p["propertyNames"] = map[string]any{"pattern": "^[A-Z]{2}(-[A-Z0-9]{1,3})?$"}
		case incidents.FactTime:
			p["type"], p["format"] = []string{"string", "null"}, "date-time"
		default:
			p["type"] = []string{"string", "null"}
		}
		properties[d.Key] = p
	}
	b, err := json.MarshalIndent(map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Facts of an incident",
		"type": "object", "additionalProperties": false, "properties": properties}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func toAny(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
