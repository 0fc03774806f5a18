package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// LintReport looks for contradictions between a report to an authority and what
// people and the public are told: the number of people, the dates, the data, the
// measures and the contact. It reads the report's answers as they are written,
// so that one typed over counts as typed. Nothing it finds blocks.
func (b *Book) LintReport(c incidents.ReportContent, f incidents.Facts, told []incidents.Telling) []incidents.Finding {
	x := reportLinter{linter: linter{b: b, f: f, kind: incidents.NoticeBreach}, c: c}
	for _, t := range told {
		if c.Phase == incidents.PhaseWithdrawal {
			x.withdrawn(t)
			continue
		}
		x.persons(t)
		x.days(t)
		x.data(t)
		x.measures(t)
		x.contact(t)
	}
	return sorted(x.out)
}

// A reportLinter compares one report with what was told.
type reportLinter struct {
	linter
	c incidents.ReportContent
}

func (x *reportLinter) find(rule string, t incidents.Telling, lang incidents.Lang, text, hint string) {
	where := t.What
	if lang != "" {
		where += ", " + string(lang)
	}
	x.add("report-"+rule, levelWarning, where, text, hint)
}

// answers are the answers of the report that rest on one of these facts, a line each.
func (x *reportLinter) answers(facts ...string) string {
	var out []string
	for _, f := range x.c.Fields {
		if f.Value != "" && slices.ContainsFunc(f.Facts, func(key string) bool { return slices.Contains(facts, key) }) {
			out = append(out, f.Value)
		}
	}
	return strings.Join(out, "\n")
}

// typed tells whether a person typed over an answer that rests on the fact.
func (x *reportLinter) typed(fact string) bool {
	return slices.ContainsFunc(x.c.Fields, func(f incidents.ReportField) bool { return f.Edited && slices.Contains(f.Facts, fact) })
}

// textsOf are all texts of a telling in a language.
func textsOf(lang incidents.Lang, w incidents.Words) string {
	var out []string
	for _, fd := range noticeFields(lang, w) {
		out = append(out, fd.text)
	}
	return strings.Join(out, "\n")
}

func (x *reportLinter) withdrawn(t incidents.Telling) {
	if t.Out {
		x.find("withdrawn", t, "", "the report says that it was unfounded, but people were told of a breach", "correct what was told as well, or say why it stands")
	}
}

func (x *reportLinter) persons(t incidents.Telling) {
	said := numbersIn(x.answers("persons_total"))
	if len(said) == 0 {
		return
	}
	most := slices.Max(said)
	allowed := append(said, numbersIn(x.answers("persons_by_place", "sensitive_persons"))...)
	if n, ok := x.f.Count("sensitive_persons"); ok {
		allowed = append(allowed, n)
	}
	places, _ := x.f.Places("persons_by_place")
	for _, n := range places {
		allowed = append(allowed, n)
	}
	if t.Persons > most {
		x.find("persons", t, "", fmt.Sprintf("it goes to %s people, the report says %s are affected", thousands(t.Persons), thousands(most)), "correct the number in the report, or the list")
	}
	for _, lang := range t.Languages() {
		for _, n := range countsIn(textsOf(lang, t.Langs[lang])) {
			if !slices.Contains(allowed, n) {
				x.find("persons", t, lang, fmt.Sprintf("it says %s people, the report says %s", thousands(n), thousands(most)), "correct the number here or there")
			}
		}
	}
}

// days compares the dates of what happened; a day more or less is the time zone.
func (x *reportLinter) days(t incidents.Telling) {
	if len(datesIn(x.answers(timeFacts...))) == 0 {
		return
	}
	var said []day
	for _, f := range x.c.Fields {
		said = append(said, datesIn(f.Value)...)
	}
	for _, lang := range t.Languages() {
		w := t.Langs[lang]
		for _, d := range datesIn(w.Subject + "\n" + w.Happened) {
			if !slices.ContainsFunc(said, func(y day) bool { return y.time().Sub(d.time()).Abs() <= 24*time.Hour }) {
				x.find("dates", t, lang, fmt.Sprintf("it tells of %s, the report knows no such day", d.time().Format(time.DateOnly)), "correct the date here or there")
			}
		}
	}
}

// Words by which a text names an item of data, per language. Items too general
// to look for are not listed.
var itemWords = map[string]map[string][]string{
	"passport":           {"en": {"passport", "passports", "passport number", "passport numbers"}, "zh": {"护照"}},
	"ssn":                {"en": {"social security number", "social security numbers"}, "zh": {"社会保障号", "社会安全号"}},
	"drivers_license":    {"en": {"driving licence", "driver's license", "driver's licence", "driving licences"}, "zh": {"驾驶证"}},
	"bank_account":       {"en": {"bank account", "bank accounts", "account number", "account numbers", "iban"}, "zh": {"银行账号", "银行账户"}},
	"payment_card":       {"en": {"payment card", "payment cards", "credit card", "credit cards", "card number", "card numbers"}, "zh": {"银行卡", "信用卡", "支付卡"}},
	"date_of_birth":      {"en": {"date of birth", "dates of birth"}, "zh": {"出生日期"}},
	"health_insurance":   {"en": {"health insurance"}, "zh": {"医疗保险"}},
	"biometric":          {"en": {"fingerprint", "fingerprints", "biometric"}, "zh": {"指纹", "人脸", "生物识别"}},
	"online_credentials": {"en": {"passwords were", "your password was"}, "zh": {"密码被", "密码泄露"}},
}

// data compares the kinds and items of data: what is named to people must be in
// the report, and the kinds of the report must be named to people.
func (x *reportLinter) data(t incidents.Telling) {
	if answers := x.answers("data_categories"); answers != "" {
		x.named(t, answers)
	}
	if answers := x.answers("data_items"); answers != "" {
		items, _ := x.f.List("data_items")
		typed := x.typed("data_items")
		for _, lang := range t.Languages() {
			for _, item := range slices.Sorted(maps.Keys(itemWords)) {
				words := itemWords[item]
				known := slices.Contains(items, item)
				if typed {
					known = listed(answers, words)
				}
				if w := x.sayWord(t.Langs[lang].Happened, lang, words[base(lang)]); w != "" && !known {
					x.find("data", t, lang, fmt.Sprintf("it speaks of “%s”, the report does not list it", w), "correct the items here or there")
				}
			}
		}
	}
}

// listed tells whether a typed answer has one of the words, in any language.
func listed(answers string, words map[string][]string) bool {
	return firstWord(answers, words["en"]) != "" || firstWord(answers, words["zh"]) != ""
}

func (x *reportLinter) named(t incidents.Telling, answers string) {
	cats, _ := x.f.List("data_categories")
	typed := x.typed("data_categories")
	for _, o := range incidents.DataCategories {
		c := o.Value
		if c == "basic" || c == "other" {
			continue
		}
		known := slices.Contains(cats, c)
		if typed {
			known = listed(answers, categoryWords[c])
		}
		for _, lang := range t.Languages() {
			words := categoryWords[c][base(lang)]
			w := x.sayWord(t.Langs[lang].Happened, lang, words)
			switch {
			case w != "" && !known:
				x.find("data", t, lang, fmt.Sprintf("it speaks of “%s”, the report does not list that kind of data", w), "correct the kinds of data here or there")
			case known && len(words) > 0 && firstWord(t.Langs[lang].Happened, words) == "" && !uses(t.Langs[lang].Happened)[SlotData]:
				x.find("data", t, lang, fmt.Sprintf("the report lists “%s”, the text does not name it", o.Label), "name it, or correct the report")
			}
		}
	}
}

// sayWord finds the first of the words in a sentence that does not deny it and
// is not one of our own on another kind of data.
func (x *reportLinter) sayWord(text string, lang incidents.Lang, words []string) string {
	cats, _ := x.f.List("data_categories")
	for _, s := range sentencesOf(text) {
		if firstWord(s, negations[base(lang)]) != "" {
			continue
		}
		if w := firstWord(x.withoutStock(s, lang, cats), words); w != "" {
			return w
		}
	}
	return ""
}

// A topic is a measure that is either told on both sides or on none. A sentence
// tells it when it has a word of every group.
type topic struct {
	name   string
	groups map[string][][]string // by language
}

var topics = []topic{
	{"a reset of passwords", map[string][][]string{
		"en": {{"password", "passwords"}, {"reset", "resets", "resetting", "change", "changed", "changing", "new", "replace", "replaced", "set"}},
		"zh": {{"密码", "口令"}, {"重置", "更改", "修改", "更换", "重设"}}}},
	{"credit or identity monitoring", map[string][][]string{
		"en": {{"credit", "identity", "dark web"}, {"monitoring", "protection service", "theft protection"}},
		"zh": {{"信用", "身份"}, {"监测", "监控", "保护服务"}}}},
	{"a report to the police", map[string][][]string{
		"en": {{"police", "criminal complaint", "law enforcement"}},
		"zh": {{"公安", "报警", "警方"}}}},
}

// told reads a text in every language we know words of: what a person typed as
// a fact stands in reports and texts of other languages as it is.
func (p topic) told(text string) bool {
	for lang, groups := range p.groups {
		for _, s := range sentencesOf(text) {
			if firstWord(s, negations[lang]) == "" && !slices.ContainsFunc(groups, func(words []string) bool { return firstWord(s, words) == "" }) {
				return true
			}
		}
	}
	return false
}

// measures compares what each side says was done, or should be done.
func (x *reportLinter) measures(t incidents.Telling) {
	done := x.answers("measures_taken", "measures_planned", "advice", "remedies", "summary", "lessons")
	if x.answers("measures_taken") == "" {
		return // the report says nothing yet
	}
	whole := done
	for _, f := range x.c.Fields {
		if len(f.Facts) == 0 {
			whole += "\n" + f.Value // what a person typed, of the police for example
		}
	}
	for _, p := range topics {
		for _, lang := range t.Languages() {
			w := t.Langs[lang]
			ours := p.told(w.Happened + "\n" + w.Measures + "\n" + w.Remedies) // advice is no measure of ours
			switch {
			case ours && !p.told(whole):
				x.find("measures", t, lang, "it tells of "+p.name+", the report does not", "say it in the report as well, or take it out of the text")
			case !ours && !p.told(w.Advice) && p.told(done):
				x.find("measures", t, lang, "the report tells of "+p.name+", the text does not", "say it to the people as well, or say why not")
			}
		}
	}
}

// contact wants one way at least to be the same on both sides.
func (x *reportLinter) contact(t incidents.Telling) {
	own := x.answers("contact_email", "contact_phone", "contact_name", "dpo_contact")
	for _, lang := range t.Languages() {
		text := t.Langs[lang].Contact
		mails, phones := emailPattern.FindAllString(text, -1), phonesIn(text)
		if len(mails) > 0 && emailPattern.MatchString(own) && !slices.ContainsFunc(mails, func(s string) bool { return strings.Contains(strings.ToLower(own), strings.ToLower(s)) }) {
			x.find("contact", t, lang, "people are given another e-mail address than the authority", "give the same, or say why they differ")
		}
		if len(phones) > 0 && len(phonesIn(own)) > 0 && !slices.ContainsFunc(phones, func(s string) bool { return containsPhone(own, s) }) {
			x.find("contact", t, lang, "people are given another telephone number than the authority", "give the same, or say why they differ")
		}
	}
}
