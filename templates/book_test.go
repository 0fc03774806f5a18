package templates

import (
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/incidents"
)

// shipped copies the embedded files, to be spoiled.
func shipped(t *testing.T) fstest.MapFS {
	t.Helper()
	m := fstest.MapFS{}
	err := fs.WalkDir(embedded, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(embedded, p)
		m[p] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func replaceIn(file, old, with string) func(fstest.MapFS) {
	return func(m fstest.MapFS) {
		if !strings.Contains(string(m[file].Data), old) {
			panic(file + " does not hold " + old)
		}
		m[file] = &fstest.MapFile{Data: []byte(strings.Replace(string(m[file].Data), old, with, 1))}
	}
}

func TestBrokenFilesStopTheStart(t *testing.T) {
	const en, zh, page = "words/en.yaml", "words/zh-Hans.yaml", "layouts/email.html"
	for _, tc := range []struct {
		name  string
		spoil func(fstest.MapFS)
		wants []string // file and line, reason
	}{
		{"an unknown key", replaceIn(en, "\nname: English", "\nnom: English"), []string{en, "nom"}},
		{"broken YAML", replaceIn(zh, "data:\n", "data\n"), []string{zh}},
		{"a legal text is missing", replaceIn(zh, "    remedies: |-\n", "    remedies: \"\"\n    x: |-\n"), []string{zh}},
		{"a legal text is empty", replaceIn(zh, `remedies: "{remedies}"`, `remedies: ""`), []string{zh + ":", "notices.breach.remedies is missing"}},
		{"a kind of notice is missing", replaceIn(en, "  policy_change:\n", "  policy:\n"), []string{en + ":", "notices.policy_change is missing"}},
		{"a category has no word", replaceIn(zh, "  health: 个人健康生理信息\n", ""), []string{zh + ":", "data.health is missing"}},
		{"a cause too many", replaceIn(en, "causes:\n", "causes:\n  aliens: They came.\n"), []string{en + ":", "causes.aliens is not a known key"}},
		{"a fixed word is missing", replaceIn(zh, "  footer:", "  footer: \"\" #"), []string{zh + ":", "fixed.footer is missing"}},
		{"a file under another name", replaceIn(en, "lang: en\n", "lang: fr\n"), []string{en + ":", `"fr"`}},
		{"eleven months", replaceIn(en, ", December]", "]"), []string{en + ":", "twelve months"}},
		{"an unknown placeholder", replaceIn(en, "{{data}}.", "{{date}}."), []string{"{{date}}"}},
		{"a layout that does not parse", replaceIn(page, "{{end}}", "{{edn}}"), []string{"layouts/email.html:", "edn"}},
		{"a layout with an unknown field", replaceIn(page, "{{.Footer}}", "{{.Foooter}}"), []string{"layouts/email.html:", "Foooter"}},
		{"a text layout with an unknown field", replaceIn("layouts/sms.txt", "{{.SMS}}", "{{.SSM}}"), []string{"layouts/sms.txt:1", "SSM"}},
		{"a layout is missing", func(m fstest.MapFS) { delete(m, "layouts/sms.txt") }, []string{"layouts/sms.txt"}},
		{"no words at all", func(m fstest.MapFS) { delete(m, en); delete(m, zh) }, []string{"words/"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := shipped(t)
			tc.spoil(m)
			_, err := New(testOrg, m)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range tc.wants {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error does not say %q: %v", w, err)
				}
			}
			if incidents.KindOf(err) != incidents.KindInvalid {
				t.Errorf("kind %s: %v", incidents.KindOf(err), err)
			}
		})
	}
}

func TestErrorNamesTheLine(t *testing.T) {
	m := shipped(t)
	replaceIn("words/zh-Hans.yaml", `remedies: "{remedies}"`, `remedies: ""`)(m)
	_, err := New(testOrg, m)
	if err == nil {
		t.Fatal("accepted")
	}
	lines := strings.Split(string(m["words/zh-Hans.yaml"].Data), "\n")
	for i, l := range lines {
		if strings.Contains(l, `remedies: ""`) && !strings.Contains(err.Error(), "zh-Hans.yaml:"+itoa(i+1)+":") {
			t.Errorf("line %d is meant: %v", i+1, err)
		}
	}
}

func itoa(n int) string { return thousands(int64(n)) } // below a thousand

func TestOrgIsChecked(t *testing.T) {
	for name, o := range map[string]Org{
		"no name":           {Domains: []string{"a.example"}},
		"an address":        {Name: "A", Domains: []string{"https://a.example"}},
		"a word":            {Name: "A", Domains: []string{"localhost"}},
		"an e-mail address": {Name: "A", Domains: []string{"x@a.example"}},
	} {
		if _, err := New(o, nil); incidents.KindOf(err) != incidents.KindInvalid || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever goes out beside the words of the notice is part of the version.
func TestLayoutChangesWithEverything(t *testing.T) {
	first := newBook(t).Layout()
	if len(first) != 12 || first != newBook(t).Layout() {
		t.Fatalf("not stable: %q", first)
	}
	other := testOrg
	other.Name = "Quillfeather Parcels"
	if b, err := New(other, nil); err != nil || b.Layout() == first {
		t.Error("another name, the same version")
	}
	for name := range shipped(t) {
		m := shipped(t)
		comment := map[string]string{".html": "\n", ".css": "\n", ".txt": "\n", ".yaml": "\n# x\n"}[path.Ext(name)]
		m[name] = &fstest.MapFile{Data: append(m[name].Data, comment...)}
		b, err := New(testOrg, m)
		if err != nil {
			t.Fatal(err)
		}
		if b.Layout() == first {
			t.Errorf("%s changed, the version did not", name)
		}
	}
}

func TestLanguages(t *testing.T) {
	b := newBook(t)
	if got := joinLangs(b.Languages()); got != "en, zh-Hans" {
		t.Errorf("got %s", got)
	}
}

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		sentence, has, fallback, want, got string
	}{
		{"the very language", "en zh-Hans", "en", "zh-Hans", "zh-Hans"},
		{"mainland Chinese is written in simplified characters", "en zh-Hans", "en", "zh-CN", "zh-Hans"},
		{"so is plain Chinese", "en zh-Hans", "en", "zh", "zh-Hans"},
		{"Taiwan is not", "en zh-Hans", "en", "zh-TW", "en"},
		{"nor are traditional characters", "en zh-Hans", "en", "zh-Hant", "en"},
		{"nor Hong Kong", "en zh-Hans", "en", "zh-HK", "en"},
		{"British English", "en zh-Hans", "zh-Hans", "en-GB", "en"},
		{"the nearer region", "en en-GB", "en", "en-AU", "en-GB"},
		{"another language", "en zh-Hans", "zh-Hans", "fr", "zh-Hans"},
		{"Norwegian is Bokmål", "en nb", "en", "no", "nb"},
		{"Serbian in Latin letters is not Serbian in Cyrillic ones", "en sr", "en", "sr-Latn", "en"},
		{"no language", "en zh-Hans", "zh-Hans", "", "zh-Hans"},
		{"nonsense", "en zh-Hans", "zh-Hans", "!!", "zh-Hans"},
	} {
		t.Run(tc.sentence, func(t *testing.T) {
			var langs []incidents.Lang
			for _, l := range strings.Fields(tc.has) {
				langs = append(langs, incidents.Lang(l))
			}
			m, err := newMatcher(langs, nil, incidents.Lang(tc.fallback))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // found, then remembered
				if got := m.match(incidents.Lang(tc.want)); string(got) != tc.got {
					t.Fatalf("%s gets %s", tc.want, got)
				}
			}
		})
	}
}

func TestAnotherScriptOnlyWhenDeclared(t *testing.T) {
	m := shipped(t)
	replaceIn("words/zh-Hans.yaml", "also_for: []", "also_for: [zh-Hant, zh-TW]")(m)
	b, err := New(testOrg, m)
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.Compile(content(t, b, incidents.NoticeBreach, stolenBackup()))
	if err != nil {
		t.Fatal(err)
	}
	for want, got := range map[incidents.Lang]incidents.Lang{"zh-TW": "zh-Hans", "zh-Hant-TW": "zh-Hans", "zh-Hant-HK": "zh-Hans", "ja": "en"} {
		if x := c.Match(want); x != got {
			t.Errorf("%s gets %s", want, x)
		}
	}
	if x := compile(t, incidents.NoticeBreach).Match("zh-TW"); x != "en" {
		t.Errorf("undeclared: zh-TW gets %s", x)
	}
}

func TestDataWords(t *testing.T) {
	b := newBook(t)
	for _, tc := range []struct {
		sentence string
		lang     incidents.Lang
		cats     []string
		want     string
	}{
		{"two categories", "en", []string{"health", "location"}, "information about health; location data"},
		{"in Chinese", "zh-Hans", []string{"health", "location"}, "个人健康生理信息；个人位置信息"},
		{"items", "en", []string{"passport", "email"}, "passport number; e-mail address"},
		{"twice the same", "en", []string{"basic", "contact", "BASIC "}, "name, contact details and other basic information"},
		{"nothing is never a hole", "en", nil, "personal data that we hold about you"},
		{"what we have no word for is not left out", "en", []string{"name", "shoe_size"}, "name; other personal information"},
		{"a region of a language", "en-GB", []string{"name"}, "name"},
	} {
		if got := b.DataWords(tc.lang, tc.cats); got != tc.want {
			t.Errorf("%s: %q", tc.sentence, got)
		}
	}
}
