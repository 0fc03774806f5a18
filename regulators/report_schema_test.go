package regulators

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tocsin/incidents"
)

// docs/report.schema.json is the schema of forms/report.schema.json with the
// fields of every form and the names they have in the common template; every
// report in every phase keeps it.
func TestReportSchema(t *testing.T) {
	const name = "../docs/report.schema.json"
	r := newReporting(t, nil)
	want := reportSchema(t, r)
	if *updateGolden {
		if err := os.WriteFile(name, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s is not what the forms say (%v); run the test with -update", name, err)
	}
	schema := compiled(t, want)
	read := func(b []byte) any {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	duty := incidents.Obligation{ID: "x", Law: "A law", Citation: "s. 1", Authority: "An authority", Place: "DE", Content: []string{"nature", "other", "rights_and_remedies", "ransom_details"}}
	for _, form := range slices.Sorted(maps.Keys(r.forms)) {
		for _, phase := range incidents.Phases() {
			for _, f := range []incidents.Facts{{}, someFacts(t), allFacts(t)} {
				c, err := r.Fill(form, phase, r.in, f, duty, nil)
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(read(r.render("json", c, meta(c)))); err != nil {
					t.Errorf("%s, %s: %v", form, phase, err)
				}
			}
		}
	}
	good := string(r.render("json", r.fill("gdpr33", "initial", someFacts(t), "eu-gdpr-33", nil), meta(incidents.ReportContent{})))
	for what, x := range map[string][2]string{
		"a field of another form":             {`"key": "controller"`, `"key": "entity"`},
		"a name the template does not have":   {`"name": "Name of the organisation"`, `"name": "Name of the company"`},
		"a row the template does not have":    {`"row": 12,`, `"row": 13,`},
		"a phase nobody knows":                {`"phase": "initial"`, `"phase": "first"`},
		"a name that stands at another field": {`"row": 12,`, `"row": 21,`},
	} {
		bad := bytes.Replace([]byte(good), []byte(x[0]), []byte(x[1]), 1)
		if bytes.Equal(bad, []byte(good)) || schema.Validate(read(bad)) == nil {
			t.Errorf("%s passes, or is not there to be spoilt", what)
		}
	}
}

// reportSchema is the schema of all reports with a part for each form.
func reportSchema(t *testing.T, r reporting) []byte {
	t.Helper()
	b, err := os.ReadFile("forms/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	var parts []any
	for _, name := range slices.Sorted(maps.Keys(r.forms)) {
		f := r.forms[name]
		keys := slices.Clone(withdrawalFields)
		var fields []any
		for _, s := range f.Sections {
			for _, d := range s.Fields {
				keys = append(keys, d.Key)
			}
		}
		for _, key := range keys {
			if x := f.template(key); x != nil {
				fields = append(fields, object{"if": object{"properties": object{"key": object{"const": key}}}, "then": object{"required": []string{"template"},
					"properties": object{"template": object{"properties": object{"row": object{"const": x.Row}, "name": object{"const": x.Name}}}}}, "else": true})
			}
		}
		allowed := []any{object{"enum": keys}}
		if f.ByContent {
			allowed = append(allowed, object{"pattern": "^content_"})
		}
		item := object{"properties": object{"key": object{"anyOf": allowed}}}
		if len(fields) > 0 {
			item["allOf"] = fields
		}
		parts = append(parts, object{"if": object{"properties": object{"form": object{"const": name}}}, "then": object{"properties": object{"fields": object{"items": item}}}})
	}
	schema["allOf"] = parts
	out, err := json.MarshalIndent(schema, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

// Every shipped form says where it comes from, how sure that is, and what it is
// not; the forms rules may name are there.
func TestFormsSayTheirSources(t *testing.T) {
	r := newReporting(t, nil)
	for name, f := range r.forms {
		if f.Note == "" || f.Checked == "" || !slices.Contains(confidences, f.Confidence) || len(f.Sources) == 0 && name != generalForm {
			t.Errorf("%s: note %q, checked %q, confidence %q, %d sources", name, f.Note, f.Checked, f.Confidence, len(f.Sources))
		}
	}
	for _, name := range reportNames {
		if name != "" && r.forms[name] == nil {
			t.Errorf("rules may name the form %q, which is not there", name)
		}
	}
}

// Each authority's form answers what its own duties ask for, in the order of
// the law, without a field left over.
func TestFormsOfAuthoritiesFitTheirDuties(t *testing.T) {
	r := newReporting(t, nil)
	for form, duties := range map[string][]string{
		"uk-ico": {"uk-gdpr-33", "uk-gdpr-33-4"}, "us-hhs": {"us-hipaa-hhs-500", "us-hipaa-hhs-under-500"}, "us-nydfs": {"us-nydfs-72h", "us-nydfs-72h-update", "us-nydfs-24h", "us-nydfs-30d"},
		"sg-pdpc": {"sg-pdpa-26d-regulator"}, "jp-ppc": {"jp-appi-26-initial", "jp-appi-26-final", "jp-appi-26-final-wrongful"},
		"kr-pipc": {"kr-pipa-art34-regulator", "kr-pipa-art34-regulator-update"}, "br-anpd": {"br-lgpd-48-regulator", "br-lgpd-48-regulator-small", "br-lgpd-48-regulator-update"}, "au-oaic": {"au-ndb-26wk-regulator"},
	} {
		for _, id := range duties {
			rule, ok := ruleOf(r, id)
			if !ok {
				t.Errorf("there is no rule %s", id)
				continue
			}
			for _, key := range rule.Content {
				if !r.forms[form].answers(key) {
					t.Errorf("%s asks for %s, the form %s has no field for it", id, key, form)
				}
			}
			o := incidents.Obligation{ID: id, Law: rule.Law, Citation: rule.Citation, Authority: rule.Authority, Content: rule.Content}
			c, err := r.Fill(form, "initial", r.in, allFacts(t), o, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, format := range []string{"pdf", "html", "docx", "txt"} {
				if len(r.render(format, c, meta(c))) == 0 {
					t.Errorf("%s as %s is empty", form, format)
				}
			}
		}
	}
}

func ruleOf(r reporting, id string) (RuleInfo, bool) {
	for _, x := range r.pack.Rules() {
		if x.ID == id {
			return x, true
		}
	}
	return RuleInfo{}, false
}
