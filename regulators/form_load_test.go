package regulators

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/incidents"
)

func TestBrokenFormsStopTheStart(t *testing.T) {
	const good = "forms/gdpr33.yaml"
	for _, x := range []struct{ name, file, old, new, wants string }{
		{"a key nobody knows", good, "lang: en\n", "lang: en\ncolour: red\n", "colour"},
		{"a fact nobody knows", good, "from: [controller_name]", "from: [controler_name]", `gdpr33.yaml:30: controller: there is no fact "controler_name"`},
		{"a worked-out answer nobody knows", good, `["@persons"]`, `["@people"]`, `subjects_number: there is no fact "@people"`},
		{"a worked-out answer in company", good, `["@persons"]`, `["@persons", records_total]`, "stands alone"},
		{"a phase nobody knows", good, "required: [update, final], template", "required: [soon], template", `there is no phase "soon"`},
		{"a content key nobody knows", good, "content: [nature]", "content: [natur]", `there is no content key "natur"`},
		{"a label in one language", good, "label: {en: Controller, zh: 控制者}", "label: {en: Controller}", "controller: the field needs a label in both languages"},
		{"a typed field without a question", good, "content: [security_measures_before], ask:", "content: [security_measures_before], Ask:", "Ask"},
		{"a field twice", good, "{key: role,", "{key: controller,", "a key of its own"},
		{"a zone nobody knows", good, "zone: UTC", "zone: Mars/Olympus", `gdpr33.yaml:6: there is no zone "Mars/Olympus"`},
		{"a language nobody knows", good, "lang: en\n", "lang: fr\n", `the language is "fr"`},
		{"another name than the file's", good, "form: gdpr33", "form: gdpr34", "the file is not"},
		{"a condition on a value that never is", "forms/cn-cac.yaml", "cause: [ransomware]", "cause: [ransom]", `cause is never "ransom"`},
		{"a missing word", "forms/words/zh-Hans.yaml", "  open: 尚不清楚\n", "", `the word "open" is missing`},
		{"a word nobody uses", "forms/words/zh-Hans.yaml", "  open: 尚不清楚\n", "  open: 尚不清楚\n  opne: x\n", `zh-Hans.yaml:7: nobody uses the word "opne"`},
		{"an option without Chinese words", "forms/words/zh-Hans.yaml", "malware: 恶意程序, ", "", `option "malware" of the fact "cause"`},
		{"words for a fact nobody knows", "forms/words/en.yaml", "  malicious: {", "  malicius: {name: x}\n  malicious: {", `there is no fact "malicius"`},
		{"no words at all", "forms/words/zh-Hans.yaml", "lang: zh-Hans", "lang: zh-Hant", "words of language zh-Hans are missing"},
		{"no YAML", good, "form: gdpr33", "form: [gdpr33", "gdpr33.yaml"},
	} {
		t.Run(x.name, func(t *testing.T) {
			b, err := os.ReadFile(x.file)
			if err != nil || !strings.Contains(string(b), x.old) {
				t.Fatalf("nothing to break: %v", err)
			}
			layer := fstest.MapFS{x.file: {Data: []byte(strings.Replace(string(b), x.old, x.new, 1))}}
			_, err = NewReports(ReportOptions{Pack: shippedPack(t), Forms: []fs.FS{ShippedForms(), layer}})
			if err == nil || !strings.Contains(err.Error(), x.wants) {
				t.Fatalf("wanted %q in: %v", x.wants, err)
			}
			if incidents.KindOf(err) != incidents.KindInvalid {
				t.Errorf("the error is %s", incidents.KindOf(err))
			}
		})
	}
}

func TestReportsWantAPack(t *testing.T) {
	if _, err := NewReports(ReportOptions{}); err == nil {
		t.Error("reports without law")
	}
	if _, err := NewReports(ReportOptions{Pack: shippedPack(t), Langs: map[string]incidents.Lang{"gdpr33": "fr"}}); err == nil {
		t.Error("a language without words")
	}
}
