package templates

import (
	"strings"
	"testing"

	"tocsin/incidents"
)

// Each matter has, in each language, a subject that gives it away and one close
// to it that does not.
var giveAways = map[incidents.Lang]map[string][2]string{
	"en": {
		"health": {"Your medical records", "Your healthy appetite for parcels"}, "sexual_life": {"Your dating profile", "Your updating profile"},
		"belief": {"Your parish register", "Your order register"}, "origin": {"Your ethnic background", "Your background"},
		"politics": {"Your political views", "Your policy"}, "union": {"Your trade union", "Your credit union"},
		"criminal": {"Your conviction", "Your Prisoner of Zenda order"}, "biometric": {"Your fingerprints", "Your prints"},
		"genetic": {"Your DNA sample", "Your sample"}, "finance": {"Your debt", "Your debit card"},
	},
	"zh-Hans": {
		"health": {"您的病历", "您的订单"}, "sexual_life": {"您的性取向", "您的取向"}, "belief": {"您的宗教信息", "您的信息"}, "origin": {"您的民族", "您的住址"},
		"politics": {"您的政治面貌", "您的面貌"}, "union": {"您的工会", "您的会员"}, "criminal": {"您的前科", "您的记录"}, "biometric": {"您的指纹", "您的纹样"},
		"genetic": {"您的基因", "您的样品"}, "finance": {"您的债务", "您的服务"},
	},
}

func TestEachMatterIsSeen(t *testing.T) {
	b := newBook(t)
	for _, lang := range b.Languages() {
		for _, m := range matters {
			pair, ok := giveAways[lang][m]
			if !ok {
				t.Errorf("%s has no case in %s", m, lang)
				continue
			}
			if b.givesAway(pair[0]) == "" {
				t.Errorf("%q passes", pair[0])
			}
			if w := b.givesAway(pair[1]); w != "" {
				t.Errorf("%q is refused for %q", pair[1], w)
			}
		}
	}
}

// No word of the lists stands in a text we ship that others may see.
func TestWhatWeShipGivesNothingAway(t *testing.T) {
	b := newBook(t)
	for lang, lex := range b.lexicons {
		texts := []string{lex.Unnamed.Subject, lex.Unnamed.SMS, lex.Unnamed.PushTitle, lex.Unnamed.PushBody}
		for _, d := range lex.Notices {
			texts = append(texts, d.Subject, d.SMS, d.PushTitle, d.PushBody)
		}
		for _, r := range lex.Readers {
			texts = append(texts, r.Mark)
		}
		for _, s := range texts {
			if w := b.givesAway(withoutSlots(s)); w != "" {
				t.Errorf("%s: %q gives away %q", lang, s, w)
			}
		}
	}
}

// An organisation whose name says it all is left out of what others may see
// when sensitive data may be touched, and named when it is not.
func TestANameThatSaysItAll(t *testing.T) {
	org := testOrg
	org.Name = "Quillfeather Fertility Clinic"
	b, err := New(org, nil)
	if err != nil {
		t.Fatal(err)
	}
	health := stolenBackup()
	health.Known["data_categories"] = incidents.Fact{Value: []string{"basic", "health"}}
	listed := stolenBackup()
	listed.Listed = true
	for name, tc := range map[string]struct {
		facts incidents.Facts
		named bool
	}{"health data": {health, false}, "nothing known": {known(nil), false}, "nothing sensitive": {stolenBackup(), true}, "sensitive on the list alone": {listed, false}} {
		c := content(t, b, incidents.NoticeBreach, tc.facts)
		for lang, w := range c.Langs {
			if named := strings.Contains(w.Subject+w.SMS+w.PushTitle+w.PushBody, "{{org}}"); named != tc.named {
				t.Errorf("%s, %s: the organisation is named: %v", name, lang, named)
			}
		}
		for _, f := range b.Lint(c, tc.facts, nil) {
			if f.Rule == "sensitive-words" && f.Level == levelError {
				t.Errorf("%s: our own draft: %s", name, f.Text)
			}
		}
	}
	c := content(t, b, incidents.NoticeBreach, health)
	edit(&c, "en", func(w *words) { w.Subject = "A message from {{org}}" })
	if !has(b.Lint(c, health, nil), "sensitive-words", levelError) {
		t.Error("the clinic may be named in a subject")
	}
	edit(&c, "en", func(w *words) { w.Subject = "A message about your data" })
	if has(b.Lint(c, health, nil), "sensitive-words", levelError) {
		t.Error("a neutral subject is refused")
	}
}

// The kind of data itself is no subject either.
func TestTheKindOfDataIsNoSubject(t *testing.T) {
	b := newBook(t)
	f := stolenBackup()
	f.Known["data_categories"] = incidents.Fact{Value: []string{"basic", "other"}}
	c := content(t, b, incidents.NoticeBreach, f)
	edit(&c, "en", func(w *words) { w.Subject = "Other personal information of yours" })
	if !has(b.Lint(c, f, nil), "sensitive-words", levelError) {
		t.Error("a subject names the category")
	}
}

// Facts that know of nothing sensitive do not speak for the list: what it names
// for anybody is kept out of what others may see.
func TestWhatTheListNamesIsKeptIn(t *testing.T) {
	org := testOrg
	org.Name = "Berlin HIV Clinic"
	b, err := New(org, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := stolenBackup()
	for subject, level := range map[string][2]string{
		"A security incident at {{org}}":       {levelWarning, levelError},
		"Your diagnosis was read":              {levelWarning, levelError},
		"Other personal information of yours":  {"", levelError},
		"Important news about your data":       {"", ""},
		"A message about your payment account": {"", ""},
	} {
		for i, listed := range []bool{false, true} {
			c := content(t, b, incidents.NoticeBreach, f)
			c.Sensitive = listed
			for lang := range c.Langs {
				edit(&c, lang, func(w *words) { w.Subject, w.SMS, w.PushTitle, w.PushBody = "X", "X {{code}}", "X", "X {{code}}" })
			}
			edit(&c, "en", func(w *words) { w.Subject = subject })
			got := ""
			for _, x := range b.Lint(c, f, nil) {
				if x.Rule == "sensitive-words" {
					got = x.Level
				}
			}
			if got != level[i] {
				t.Errorf("%q, on the list %v: %q, want %q", subject, listed, got, level[i])
			}
		}
	}
}

func has(fs []incidents.Finding, rule, level string) bool {
	for _, f := range fs {
		if f.Rule == rule && f.Level == level {
			return true
		}
	}
	return false
}

// A covered notice is not in the e-mail, and the page shows it without anybody's data.
func TestACoveredNoticeIsReadOnThePage(t *testing.T) {
	b := newBook(t)
	f := stolenBackup()
	f.Known["data_categories"] = incidents.Fact{Value: []string{"basic", "health"}}
	c := content(t, b, incidents.NoticeBreach, f)
	plain, err := b.Preview(c, incidents.Email, "en")
	if err != nil {
		t.Fatal(err)
	}
	c.Cover = true
	covered, err := b.Preview(c, incidents.Email, "en")
	if err != nil {
		t.Fatal(err)
	}
	const tells = "learn about your health"
	if !strings.Contains(oneLine(plain.Text), tells) || strings.Contains(oneLine(covered.Text+covered.HTML), tells) {
		t.Error("the cover does not cover")
	}
	for _, want := range []string{"Where to read it", "QF7K-2M9D-XH4P", "/verify", "privacy@quillfeather.example"} {
		if !strings.Contains(covered.Text, want) || !strings.Contains(covered.HTML, want) {
			t.Errorf("the covered e-mail lacks %q", want)
		}
	}
	subject, parts := b.Passages(c, "en")
	if len(parts) != 5 || !strings.Contains(parts[0].Text, tells) || !strings.Contains(subject, testOrg.Name) {
		t.Errorf("the page shows %q and %d parts", subject, len(parts))
	}
	for _, p := range parts {
		if strings.Contains(p.Text, "{{") {
			t.Errorf("%s has a hole", p.Key)
		}
	}
	if _, parts := b.Passages(c, "fr"); parts != nil {
		t.Error("words in a language the notice has not")
	}
}
