package regulators

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"tocsin/incidents"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

// samples are one report of each form as an officer sees it.
func samples(r reporting) map[string]incidents.ReportContent {
	t := r.t
	first := r.fill("cn-cac", "initial", someFacts(t), "cn-cac-operator", nil)
	final := typed(r.fill("cn-cac", "final", allFacts(t), "cn-cac-operator", &first))
	final.Follows, final.Mode = "CN-1", incidents.Drill
	eu := r.fill("gdpr33", "initial", someFacts(t), "eu-gdpr-33", nil)
	return map[string]incidents.ReportContent{
		"gdpr33-update":     followed(r.fill("gdpr33", "update", allFacts(t), "eu-gdpr-33", &eu)),
		"gdpr33-withdrawal": withdrawn(r.fill("gdpr33", "withdrawal", someFacts(t), "eu-gdpr-33", &eu)),
		"cn-cac-withdrawal": withdrawn(r.fill("cn-cac", "withdrawal", someFacts(t), "cn-cac-operator", &first)),
		"gdpr33-initial":    r.fill("gdpr33", "initial", someFacts(t), "eu-gdpr-33", nil),
		"gdpr33-final-uk":   typed(r.fill("gdpr33", "final", allFacts(t), "uk-gdpr-33", nil)),
		"cn-cac-initial":    first,
		"cn-cac-final":      final,
		"general-initial":   r.fill("general", "initial", someFacts(t), "jp-appi-26-initial", nil),
	}
}

func TestJSONGoldens(t *testing.T) {
	r := newReporting(t, nil)
	var schema map[string]any
	b, err := os.ReadFile("forms/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	for name, c := range samples(r) {
		t.Run(name, func(t *testing.T) {
			got := r.render("json", c, meta(c))
			var doc any
			if err := json.Unmarshal(got, &doc); err != nil {
				t.Fatal(err)
			}
			for _, p := range againstSchema(schema, doc, "") {
				t.Error(p)
			}
			golden := filepath.Join("testdata", "reports", name+".json")
			if *updateGolden {
				if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs; look at the change and run the test with -update", golden)
			}
		})
	}
}

func TestSchemaChecks(t *testing.T) {
	r := newReporting(t, nil)
	var schema map[string]any
	b, _ := os.ReadFile("forms/report.schema.json")
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	c := r.fill("gdpr33", "initial", someFacts(t), "eu-gdpr-33", nil)
	for name, x := range map[string][2]string{
		"a key too many": {`"open":`, `"opened": 1, "open":`}, "a key too few": {`"hash_holds": true,`, ``},
		"another phase": {`"phase": "initial"`, `"phase": "first"`}, "a wrong type": {`"version": 2`, `"version": "2"`}, "a broken hash": {`"hash": "`, `"hash": "x`},
	} {
		var doc any
		if err := json.Unmarshal([]byte(strings.Replace(string(r.render("json", c, meta(c))), x[0], x[1], 1)), &doc); err != nil {
			t.Fatal(name, err)
		}
		if len(againstSchema(schema, doc, "")) == 0 {
			t.Errorf("%s passes", name)
		}
	}
}

// againstSchema checks the few words of JSON Schema that the document uses.
func againstSchema(schema map[string]any, v any, at string) (problems []string) {
	kind := map[string]bool{}
	switch w := schema["type"].(type) {
	case string:
		kind[w] = true
	case []any:
		for _, k := range w {
			kind[k.(string)] = true
		}
	}
	is := map[bool]string{}
	switch v := v.(type) {
	case nil:
		is[true] = "null"
	case bool:
		is[true] = "boolean"
	case string:
		is[true] = "string"
		if p, ok := schema["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
			problems = append(problems, fmt.Sprintf("%s: %q does not match %s", at, v, p))
		}
	case float64:
		is[true] = "integer"
	case []any:
		is[true] = "array"
		for i, x := range v {
			problems = append(problems, againstSchema(schema["items"].(map[string]any), x, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case map[string]any:
		is[true] = "object"
		properties := schema["properties"].(map[string]any)
		for _, k := range schema["required"].([]any) {
			if _, ok := v[k.(string)]; !ok {
				problems = append(problems, at+": "+k.(string)+" is missing")
			}
		}
		for k, x := range v {
			p, ok := properties[k].(map[string]any)
			if !ok {
				problems = append(problems, at+": "+k+" is not in the schema")
				continue
			}
			problems = append(problems, againstSchema(p, x, at+"/"+k)...)
		}
	}
	if !kind[is[true]] {
		problems = append(problems, fmt.Sprintf("%s is a %s", at, is[true]))
	}
	if allowed, ok := schema["enum"].([]any); ok && !slices.Contains(allowed, v) {
		problems = append(problems, fmt.Sprintf("%s: %v is not one of %v", at, v, allowed))
	}
	return problems
}

// A webPage is what a browser makes of a document.
type webPage struct {
	tags  map[string]int
	lang  string
	text  string
	loose []string // header cells without scope
}

func parsePage(t testing.TB, b []byte) webPage {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	p := webPage{tags: map[string]int{}}
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			p.text += n.Data
		case html.ElementNode:
			p.tags[n.Data]++
			scope := ""
			for _, a := range n.Attr {
				if n.Data == "html" && a.Key == "lang" {
					p.lang = a.Val
				}
				if a.Key == "scope" {
					scope = a.Val
				}
				if a.Key == "src" || a.Key == "href" || strings.HasPrefix(a.Key, "on") {
					p.tags["fetches"]++
				}
			}
			if n.Data == "th" && scope == "" {
				p.loose = append(p.loose, n.Data)
			}
		}
	}
	return p
}

func TestHTMLReport(t *testing.T) {
	r := newReporting(t, nil)
	for name, c := range samples(r) {
		t.Run(name, func(t *testing.T) {
			b := r.render("html", c, meta(c))
			p := parsePage(t, b)
			if p.lang != string(c.Lang) || len(p.loose) > 0 || p.tags["h1"] != 1 || p.tags["script"]+p.tags["link"]+p.tags["fetches"] > 0 {
				t.Errorf("lang %q, %d header cells without scope, tags %v", p.lang, len(p.loose), p.tags)
			}
			wants := []string{c.Title, c.Authority, "INC-2026-0147", "R-4", c.Hash(), "Olga Amt", "BN-77/2026", r.wordsOf(c.Lang).Words["disclaimer"]}
			for _, f := range c.Fields {
				wants = append(wants, f.Value)
				if f.Missing {
					wants = append(wants, r.Question(c, f))
				}
			}
			if c.Mode == incidents.Drill {
				wants = append(wants, "演练文件，并非真实事件，请勿报送。")
			}
			if n := len(c.Missing()); n > 1 {
				wants = append(wants, fmt.Sprint(n, " "))
			}
			for _, w := range wants {
				if !strings.Contains(p.text, w) {
					t.Errorf("%q does not stand in the document", w)
				}
			}
			if bytes.Contains(b, []byte("<no value>")) || bytes.Contains(b, []byte("ZgotmplZ")) {
				t.Error("the template asks for what is not there")
			}
		})
	}
}

func TestAForeignHashIsShown(t *testing.T) {
	r := newReporting(t, nil)
	c := r.fill("gdpr33", "initial", someFacts(t), "eu-gdpr-33", nil)
	m := meta(c)
	c.Fields[0].Value = "something else"
	if p := parsePage(t, r.render("html", c, m)); !strings.Contains(p.text, "does not belong to this content") {
		t.Error("the document does not warn")
	}
	if b := r.render("json", c, m); !bytes.Contains(b, []byte(`"hash_holds": false`)) {
		t.Error("the JSON does not warn")
	}
}

// hostile is text as nobody should write it.
func hostile() map[string]string {
	return map[string]string{
		"markup":        `<script>alert(1)</script><img src=x onerror=alert(1)> "quoted" & 'more'`,
		"right to left": "שלום עולם \u202Egnp.exe تسرب البيانات",
		"a long word":   strings.Repeat("Donaudampfschifffahrt", 200),
		"long Chinese":  strings.Repeat("数据泄露事件正在调查。", 1800),
		"20,000":        strings.Repeat("word ", 4000),
		"controls":      "a\x00b\x07c\td\r\ne\u200b\u00adf \xff\xfe",
		"emoji":         "lock 🔒 family 👨‍👩‍👧 flag 🇩🇪",
		"lines":         strings.Repeat("\n", 300) + "end",
		"spaces":        strings.Repeat(" ", 5000) + "end",
	}
}

func TestHostileTextDoesNoHarm(t *testing.T) {
	r := newReporting(t, nil)
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			c := r.fill("gdpr33", "initial", someFacts(t), "eu-gdpr-33", nil)
			for i := range c.Fields[:3] {
				c.Fields[i].Value, c.Fields[i].Label, c.Fields[i].Section = text, text, text
			}
			c.Title, c.Authority = text, text
			m := meta(c)
			m.Org, m.Filed.Reference = text, text
			if p := parsePage(t, r.render("html", c, m)); p.tags["script"]+p.tags["img"] > 0 {
				t.Error("the text became markup")
			}
			if !json.Valid(r.render("json", c, m)) {
				t.Error("broken JSON")
			}
			if b := r.render("pdf", c, m); !bytes.HasPrefix(b, []byte("%PDF-")) {
				t.Error("no PDF")
			}
			readDOCX(t, r.render("docx", c, m))
			r.render("txt", c, m)
		})
	}
}

func TestRenderRefusesOtherFormats(t *testing.T) {
	if _, err := newReporting(t, nil).Render("odt", incidents.ReportContent{}, incidents.ReportMeta{}); incidents.KindOf(err) != incidents.KindInvalid {
		t.Error(err)
	}
}

// A report of a form that no longer exists can still be read.
func TestForgottenForm(t *testing.T) {
	r := newReporting(t, nil)
	c := incidents.ReportContent{Form: "gone", Lang: "fr", Title: "Old", Fields: []incidents.ReportField{{Key: "a", Section: "S", Label: "L", Missing: true}}}
	for _, format := range []string{"html", "pdf", "docx", "json", "txt"} {
		r.render(format, c, meta(c))
	}
	if b := r.render("html", c, meta(c)); !bytes.Contains(b, []byte("Answer in writing.")) {
		t.Error("the open field asks nothing")
	}
}
