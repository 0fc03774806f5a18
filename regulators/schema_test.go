package regulators

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// docs/rules.schema.json says what the loader takes; every shipped file keeps it.
func TestRulesSchema(t *testing.T) {
	const name = "../docs/rules.schema.json"
	want := rulesSchema(t)
	if *updateGolden {
		if err := os.WriteFile(name, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s is not what the loader takes (%v); run the test with -update", name, err)
	}
	schema := compiled(t, want)
	files, err := fs.Glob(Shipped(), "rules/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := fs.ReadFile(Shipped(), f)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(asJSON(t, f, data)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	if schema.Validate(asJSON(t, "bad", []byte("jurisdiction: XX\nname: X\nrules: [{id: x, cloak: {}}]"))) == nil {
		t.Error("the schema takes a key nobody knows")
	}
}

// The schema of facts takes the examples of the page, and no other key.
func TestFactsSchema(t *testing.T) {
	schema := compiled(t, factsSchema(t))
	for _, d := range incidents.Catalogue {
		if err := schema.Validate(asJSON(t, d.Key, []byte(d.Key+": "+exampleOf(t, d)))); err != nil {
			t.Errorf("%s: %v", d.Key, err)
		}
	}
	for _, bad := range []string{"encripted: true", "encrypted: perhaps", "role: boss", "persons_by_place: {Berlin: 3}", "persons_total: -1"} {
		if schema.Validate(asJSON(t, bad, []byte(bad))) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
}

func compiled(t *testing.T, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asJSON(t *testing.T, name string, yaml []byte) any {
	t.Helper()
	var v any
	if err := strict.Unmarshal(name, yaml, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func rulesSchema(t *testing.T) []byte {
	t.Helper()
	defs := map[string]any{}
	root := schemaOf(reflect.TypeFor[jurisdictionFile](), defs)
	b, err := json.MarshalIndent(map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Rules of a jurisdiction",
		"$ref": root["$ref"], "$defs": defs}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// closed are the keys with a closed list of values.
var closed = map[string][]string{
	"ruleSpec.audience": audiences(), "ruleSpec.status": statuses, "ruleSpec.confidence": confidences, "ruleSpec.binding": bindings,
	"ruleSpec.report": reportNames, "ruleSpec.via": vias, "clockSpec.start": starts, "clockSpec.unit": units, "clockSpec.pick": picks, "remedySpec.what": remedies,
}

// wanted are the keys that must be there.
var wanted = map[string][]string{
	"jurisdictionFile": {"jurisdiction", "name", "rules"},
	"ruleSpec":         {"id", "title", "title-zh", "law", "citation", "authority", "audience", "status", "confidence", "checked", "binding", "applies", "clock"},
	"clockSpec":        {"start"},
}

func schemaOf(t reflect.Type, defs map[string]any) map[string]any {
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), defs)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem(), defs)}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem(), defs)}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Struct:
		ref := map[string]any{"$ref": "#/$defs/" + t.Name()}
		if defs[t.Name()] != nil {
			return ref
		}
		def := map[string]any{"type": "object", "additionalProperties": false}
		defs[t.Name()] = def
		properties := map[string]any{}
		for i := range t.NumField() {
			key, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
			p := schemaOf(t.Field(i).Type, defs)
			if list := closed[t.Name()+"."+key]; list != nil {
				p = map[string]any{"enum": list}
			}
			properties[key] = p
		}
		def["properties"] = properties
		if keys := wanted[t.Name()]; keys != nil {
			def["required"] = keys
		}
		return ref
	}
	return map[string]any{"type": "string"}
}
