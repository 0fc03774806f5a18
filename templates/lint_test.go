package templates

import (
	"cmp"
	"strings"
	"testing"

	"tocsin/incidents"
)

func gdpr34() incidents.Obligation {
	return incidents.Obligation{ID: "eu-gdpr-individuals", Law: "GDPR Art. 34", Audience: incidents.AudienceIndividuals,
		Content: []string{"nature", "dpo_contact", "likely_consequences", "measures_taken", "mitigation_measures"}}
}

func gbt35273() incidents.Obligation {
	return incidents.Obligation{ID: "cn-gbt35273-10.2-individuals", Law: "GB/T 35273 10.2", Audience: incidents.AudienceIndividuals,
		Content: []string{"nature", "likely_consequences", "measures_taken", "measures_planned", "measures_for_individuals", "remedial_measures_offered", "dpo_contact"}}
}

func california() incidents.Obligation {
	return incidents.Obligation{ID: "us-ca-individuals", Law: "Cal. Civ. Code 1798.82", Audience: incidents.AudienceIndividuals,
		Headings: []string{"Notice of Data Breach", "What Happened"},
		Content: []string{"controller_identity", "contact_point", "categories", "time_of_occurrence", "credit_bureau_contacts", "ftc_contact", "ag_contact",
			"fraud_alert_freeze_info", "freeze_free_statement", "police_report_right", "vigilance_advice", "time_of_discovery", "data_items"}}
}

func massachusetts() incidents.Obligation {
	return incidents.Obligation{ID: "us-ma-individuals", Law: "Mass. ch. 93H", Audience: incidents.AudienceIndividuals, Content: []string{"police_report_right"}}
}

// lintRules are the rules of the linter.
var lintRules = []string{"four-parts", "contact", "placeholder", "gap", "language-missing", "language-wrong", "layout", "required-content", "forbidden-content", "prescribed-form", "link", "link-shortener", "link-lookalike", "link-login", "personal-data", "exposed-data", "sensitive-words", "sms-length", "push-length", "voice-length", "voice-link", "voice-markup", "push-alone", "push-last", "code", "contradiction-date", "contradiction-count", "contradiction-category", "end-date", "control-characters", "tone"}

// Every shipped draft, in every language, passes every rule for the laws it is
// written to meet.
func TestShippedDraftsAreClean(t *testing.T) {
	b := newBook(t)
	laws := []incidents.Obligation{gdpr34(), gbt35273(), california()}
	allFacts := stolenBackup().With(map[string]incidents.Fact{
		"data_categories": {Value: optionValues(incidents.DataCategories)}, "minors_under_14": {Value: true}, "integrity": {Value: true},
		"availability": {Value: true}, "encrypted": {Value: true}, "key_safe": {Value: true}})
	cases := map[string]struct {
		kind    incidents.NoticeKind
		facts   incidents.Facts
		answers []incidents.Obligation
	}{
		"breach":                      {incidents.NoticeBreach, stolenBackup(), laws},
		"breach, everything touched":  {incidents.NoticeBreach, allFacts, laws},
		"breach, nothing known":       {incidents.NoticeBreach, known(nil), []incidents.Obligation{gdpr34(), gbt35273()}},
		"breach, only suspected":      {incidents.NoticeBreach, stolenBackup().With(map[string]incidents.Fact{"suspected_only": {Value: true}}), []incidents.Obligation{gdpr34()}},
		"termination":                 {incidents.NoticeTermination, known(nil), nil},
		"policy change with its text": {incidents.NoticePolicyChange, policyFacts(), nil},
	}
	for _, cause := range factOptions("cause") {
		cases["breach by "+cause] = struct {
			kind    incidents.NoticeKind
			facts   incidents.Facts
			answers []incidents.Obligation
		}{incidents.NoticeBreach, stolenBackup().With(map[string]incidents.Fact{"cause": {Value: cause}}), laws}
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, f := range b.Lint(content(t, b, tc.kind, tc.facts), tc.facts, tc.answers) {
				if f.Level == levelInfo || (tc.kind == incidents.NoticePolicyChange && f.Rule == "gap" && strings.HasPrefix(f.Where, "zh")) {
					continue // the facts are in English only: the Chinese text has gaps to fill
				}
				t.Errorf("%s %s %s: %s", f.Level, f.Rule, f.Where, f.Text)
			}
		})
	}
}

func TestShippedAnnouncementIsClean(t *testing.T) {
	b := newBook(t)
	for name, f := range map[string]incidents.Facts{"known": stolenBackup(), "unknown": known(nil)} {
		words, err := b.DraftAnnouncement(parcelIncident(), f, b.Languages())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range b.LintAnnouncement(incidents.AnnouncementText{Langs: words, Default: "en"}, f) {
			t.Errorf("%s: %+v", name, x)
		}
	}
}

type words = incidents.Words

// Each rule has a case that triggers it and one, close to it, that does not.
func TestRules(t *testing.T) {
	b := newBook(t)
	type lintCase struct {
		rule, level string
		sentence    string
		lang        incidents.Lang
		edit        func(*words)
		content     func(*incidents.Content)
		facts       map[string]any
		answers     []incidents.Obligation
		kind        incidents.NoticeKind
		silent      bool
	}
	happened := func(s string) func(*words) { return func(w *words) { w.Happened += "\n\n" + s } }
	advice := func(s string) func(*words) { return func(w *words) { w.Advice += "\n\n" + s } }
	subject := func(s string) func(*words) { return func(w *words) { w.Subject = s } }
	sms := func(s string) func(*words) { return func(w *words) { w.SMS = s } }
	voice := func(s string) func(*words) { return func(w *words) { w.Voice = s } }
	steps := func(ways []incidents.Channel) (out []incidents.Step) {
		for _, ch := range ways {
			out = append(out, incidents.Step{Channel: ch})
		}
		return out
	}
	plan := func(ways ...incidents.Channel) func(*incidents.Content) {
		return func(c *incidents.Content) { c.Plan = steps(ways) }
	}
	group := func(ways ...incidents.Channel) func(*incidents.Content) {
		return func(c *incidents.Content) {
			c.Plans = []incidents.GroupPlan{{When: incidents.WhenMinor, Plan: steps(ways)}}
		}
	}
	corrects := func(ways ...incidents.Channel) func(*incidents.Content) {
		return func(c *incidents.Content) { c.Plan, c.Corrects = steps(ways), "n1" }
	}
	plain := func(w *words) {
		w.Happened = "A security incident concerns your data. It can have an effect on you. {{data}}"
	}
	cases := []lintCase{
		{rule: "four-parts", level: "error", sentence: "a part is missing", edit: func(w *words) { w.Remedies = " \n" }},
		{rule: "four-parts", level: "error", sentence: "a part is only a placeholder", edit: func(w *words) { w.Remedies = "{{org}} {{data}}" }},
		{rule: "four-parts", silent: true, sentence: "a part is short", edit: func(w *words) { w.Remedies = "We pay the cost of a new card." }},
		{rule: "contact", level: "error", sentence: "no contact", edit: func(w *words) { w.Contact = "" }},
		{rule: "contact", level: "warning", sentence: "a contact nobody can reach", edit: func(w *words) { w.Contact = "Come and see us" }},
		{rule: "contact", silent: true, sentence: "a telephone number is enough", edit: func(w *words) { w.Contact = "Call +49 30 5550147" }},
		{rule: "placeholder", level: "error", sentence: "unknown", edit: happened("Dear {{nmae}}")},
		{rule: "placeholder", level: "error", sentence: "not closed", edit: happened("Your {{data")},
		{rule: "placeholder", level: "error", sentence: "not opened", edit: happened("Your data}}")},
		{rule: "placeholder", level: "error", sentence: "an end date in a breach", edit: happened("Until {{end_date}}")},
		{rule: "placeholder", level: "warning", sentence: "a name not everybody has", edit: happened("So, {{name}}, this is it.")},
		{rule: "placeholder", silent: true, sentence: "spaces inside are fine, single braces too", edit: happened("The code is {{ code }} {or so}.")},
		{rule: "gap", level: "error", sentence: "a gap", edit: happened("It was [[date]].")},
		{rule: "gap", silent: true, sentence: "one bracket is no gap", edit: happened("It was [sic] so.")},
		{rule: "language-missing", level: "error", sentence: "no default", content: func(c *incidents.Content) { c.Default = "fr" }},
		{rule: "language-missing", level: "error", sentence: "no fixed words", content: func(c *incidents.Content) { c.Langs["fr"] = c.Langs["en"] }},
		{rule: "language-missing", level: "error", sentence: "no tag", content: func(c *incidents.Content) { c.Langs["??"] = c.Langs["en"] }},
		{rule: "language-missing", level: "error", sentence: "a channel of the plan without text", edit: func(w *words) { w.SMS = "" }},
		{rule: "language-missing", level: "warning", sentence: "traditional Chinese is not simplified Chinese", content: func(c *incidents.Content) { c.Filter.Langs = []incidents.Lang{"zh-TW"} }},
		{rule: "language-missing", silent: true, sentence: "British English is English", content: func(c *incidents.Content) { c.Filter.Langs = []incidents.Lang{"en-GB", "zh-CN"} }},
		{rule: "language-missing", silent: true, sentence: "no SMS text where no SMS is planned", edit: sms(""), content: func(c *incidents.Content) { c.Plan = c.Plan[:1] }},
		{rule: "language-wrong", level: "error", sentence: "English under zh-Hans", lang: "zh-Hans", edit: func(w *words) { w.Advice = "Change your password at once." }},
		{rule: "language-wrong", level: "error", sentence: "Chinese under en", edit: func(w *words) { w.Advice = "请更改密码并留意账户交易记录" }},
		{rule: "language-wrong", silent: true, sentence: "a Chinese name in English", edit: happened("The service is called 安心寄 in China.")},
		{rule: "layout", level: "error", sentence: "older layouts", content: func(c *incidents.Content) { c.Layout = "000000000000" }},
		{rule: "layout", silent: true, sentence: "not saved yet", content: func(c *incidents.Content) { c.Layout = "" }},
		{rule: "required-content", level: "error", sentence: "no possible effect", edit: func(w *words) { w.Happened = "A backup was copied on 19 November 2026. {{data}}" }, answers: []incidents.Obligation{gdpr34()}},
		{rule: "required-content", level: "error", sentence: "no date of the incident", edit: func(w *words) { w.Happened = "It can have an effect. {{data}}" }, answers: []incidents.Obligation{california()}},
		{rule: "required-content", level: "error", sentence: "no categories", edit: func(w *words) { w.Happened = "On 19 November 2026 and 21 November 2026 it can be." }, answers: []incidents.Obligation{california()}},
		{rule: "required-content", level: "error", sentence: "no credit bureaus", edit: func(w *words) { w.Advice = "Change your password and review your statements." }, answers: []incidents.Obligation{california()}},
		{rule: "required-content", level: "error", sentence: "one bureau is not all", edit: func(w *words) { w.Advice = strings.ReplaceAll(w.Advice, "xperian", "") }, answers: []incidents.Obligation{california()}},
		{rule: "required-content", level: "warning", sentence: "a duty to a regulator", answers: []incidents.Obligation{{ID: "eu-gdpr-33", Audience: incidents.AudienceRegulator}}},
		{rule: "required-content", level: "info", sentence: "what a machine cannot tell", answers: []incidents.Obligation{{ID: "br", Audience: incidents.AudienceIndividuals, Content: []string{"plain_language"}}}},
		{rule: "required-content", silent: true, sentence: "all is there", answers: []incidents.Obligation{gdpr34(), gbt35273(), california()}},
		{rule: "required-content", silent: true, sentence: "categories by their own words", answers: []incidents.Obligation{california()},
			edit: func(w *words) {
				w.Happened = "On 19 November 2026 it began, on 21 November 2026 we saw it. It can concern your name, your password and your payment card."
			}},
		{rule: "forbidden-content", level: "error", sentence: "Massachusetts: the nature is described", answers: []incidents.Obligation{massachusetts()}},
		{rule: "forbidden-content", level: "error", sentence: "Massachusetts: the number is given", edit: func(w *words) { plain(w); w.Happened += " It concerns 84,310 residents." }, answers: []incidents.Obligation{massachusetts()}},
		{rule: "forbidden-content", level: "error", sentence: "Massachusetts together with a law that wants the nature", edit: plain, answers: []incidents.Obligation{massachusetts(), gdpr34()}},
		{rule: "forbidden-content", silent: true, sentence: "Massachusetts: a notice of its own", edit: plain, answers: []incidents.Obligation{massachusetts()},
			content: func(c *incidents.Content) { delete(c.Langs, "zh-Hans"); c.Filter.Places = []incidents.Place{"US-MA"} }},
		{rule: "prescribed-form", level: "info", sentence: "California", answers: []incidents.Obligation{california()}},
		{rule: "prescribed-form", silent: true, sentence: "GDPR", answers: []incidents.Obligation{gdpr34()}},
		{rule: "link", level: "error", sentence: "elsewhere", edit: advice("See https://help.example.org/x.")},
		{rule: "link", level: "error", sentence: "elsewhere without a scheme", edit: advice("See breach-help.com for more.")},
		{rule: "link", level: "error", sentence: "without https", edit: advice("See http://quillfeather.example/.")},
		{rule: "link", silent: true, sentence: "our own, below our own, and an authority", edit: advice("See https://quillfeather.example/a, www.help.quillfeather.example and https://www.identitytheft.gov.")},
		{rule: "link", silent: true, sentence: "figures and abbreviations are no domains", edit: advice("That is 3.5 per cent, e.g. at no. 5, version 1.2.3, a.m.")},
		{rule: "link-shortener", level: "error", sentence: "bit.ly", edit: sms("{{org}}: read bit.ly/3xYz {{code}}")},
		{rule: "link-shortener", level: "error", sentence: "t.cn in Chinese", lang: "zh-Hans", edit: sms("【{{org}}】请看 https://t.cn/A6x 核验码{{code}}")},
		{rule: "link-shortener", silent: true, sentence: "a path that looks like one", edit: advice("See https://quillfeather.example/bit.ly")},
		{rule: "link-lookalike", level: "error", sentence: "one letter off", edit: advice("See https://quilfeather.example/")},
		{rule: "link-lookalike", level: "error", sentence: "a figure for a letter", edit: advice("See https://qui11feather.example/")},
		{rule: "link-lookalike", level: "error", sentence: "our name at another's", edit: advice("See https://quillfeather-breach.com/")},
		{rule: "link-lookalike", level: "error", sentence: "Cyrillic", edit: advice("See https://quillfeаther.example/")},
		{rule: "link-lookalike", level: "error", sentence: "punycode", edit: advice("See https://xn--quillfether-5ij.example/")},
		{rule: "link-lookalike", level: "error", sentence: "an at sign", edit: advice("See https://quillfeather.example@evil.test/")},
		{rule: "link-lookalike", silent: true, sentence: "another domain altogether is another rule", edit: advice("See https://weather.org/")},
		{rule: "link-login", level: "error", sentence: "a login page", edit: advice("Go to https://quillfeather.example/login?next=x")},
		{rule: "link-login", silent: true, sentence: "a page with news", edit: advice("Go to https://quillfeather.example/incident-2026")},
		{rule: "personal-data", level: "error", sentence: "a card number", edit: happened("Card 4111 1111 1111 1111 was used.")},
		{rule: "personal-data", level: "error", sentence: "a social security number", edit: happened("Number 078-05-1120 was seen.")},
		{rule: "personal-data", level: "error", sentence: "a resident identity number", edit: happened("号码 11010519491231002X 在内。")},
		{rule: "personal-data", level: "error", sentence: "somebody's e-mail", edit: happened("It was john@mail.test.")},
		{rule: "personal-data", level: "error", sentence: "somebody's telephone", edit: happened("It was +44 20 7946 0958.")},
		{rule: "personal-data", level: "error", sentence: "somebody's Chinese mobile", lang: "zh-Hans", edit: happened("电话是13812345678。")},
		{rule: "personal-data", silent: true, sentence: "our own contact, an order number, a count, dates", edit: happened("Write to privacy@quillfeather.example or call +49 (30) 555 0147. Ticket 4111 1111 1111 1112, 1,284,310 people, 2026-11-19.")},
		{rule: "exposed-data", level: "error", sentence: "the name in the subject", edit: subject("{{name}}: a security incident")},
		{rule: "exposed-data", level: "error", sentence: "the data on the lock screen", edit: func(w *words) { w.PushBody = "It concerns {{data}}. {{code}}" }},
		{rule: "exposed-data", silent: true, sentence: "the organisation in the subject", edit: subject("A security incident at {{org}}")},
		{rule: "sensitive-words", level: "error", sentence: "health data, and the subject says so", facts: map[string]any{"data_categories": []string{"health"}}, edit: subject("Your medical data at {{org}}")},
		{rule: "sensitive-words", level: "error", sentence: "in Chinese", lang: "zh-Hans", facts: map[string]any{"data_categories": []string{"health"}}, edit: subject("您在{{org}}的病历")},
		{rule: "sensitive-words", level: "warning", sentence: "nothing sensitive is touched", edit: subject("Your hospital parcels at {{org}}")},
		{rule: "sensitive-words", silent: true, sentence: "Essex is no such word", edit: subject("An incident at our Essex depot")},
		{rule: "sms-length", level: "warning", sentence: "four segments", edit: sms("{{code}} " + strings.Repeat("plain words here ", 32))},
		{rule: "sms-length", level: "error", sentence: "seven segments", edit: sms("{{code}} " + strings.Repeat("plain words here ", 62))},
		{rule: "sms-length", level: "error", sentence: "one accent makes it UCS-2", edit: sms("{{code}} ê " + strings.Repeat("plain words here ", 26))},
		{rule: "sms-length", silent: true, sentence: "two segments", edit: sms("{{code}} " + strings.Repeat("plain words here ", 12))},
		{rule: "push-length", level: "warning", sentence: "phones cut it", edit: func(w *words) { w.PushBody = "{{code}} " + strings.Repeat("plain words here ", 20) }},
		{rule: "push-length", level: "error", sentence: "it does not fit", edit: func(w *words) { w.PushBody = "{{code}} " + strings.Repeat("plain words here ", 200) }},
		{rule: "push-length", silent: true, sentence: "short", edit: func(w *words) { w.PushBody = "Please read it. {{code}}" }},
		{rule: "push-alone", level: "error", sentence: "nothing but push, for what a law asks", content: plan(incidents.Push), answers: []incidents.Obligation{gdpr34()}},
		{rule: "push-alone", level: "error", sentence: "nothing but push for the end of a service", content: plan(incidents.Push), kind: incidents.NoticeTermination},
		{rule: "push-alone", level: "error", sentence: "a group has nothing but push", content: group(incidents.Push), answers: []incidents.Obligation{gdpr34()}},
		{rule: "push-alone", level: "warning", sentence: "nothing but push, for what no law asks", content: plan(incidents.Push)},
		{rule: "push-alone", silent: true, sentence: "push, then another way", content: plan(incidents.Push, incidents.SMS), answers: []incidents.Obligation{gdpr34()}},
		{rule: "push-alone", silent: true, sentence: "a correction goes as what it corrects went", content: corrects(incidents.Push)},
		{rule: "push-last", level: "warning", sentence: "push at the end", content: plan(incidents.Email, incidents.Push), answers: []incidents.Obligation{gdpr34()}},
		{rule: "push-last", level: "warning", sentence: "push at the end of a group's plan", content: group(incidents.SMS, incidents.Push)},
		{rule: "push-last", silent: true, sentence: "push in the middle", content: plan(incidents.Email, incidents.Push, incidents.SMS)},
		{rule: "push-last", silent: true, sentence: "a correction goes as what it corrects went", content: corrects(incidents.Email, incidents.Push)},
		{rule: "voice-length", level: "error", sentence: "two minutes", edit: voice("{{code}} " + strings.Repeat("plain words here ", 110))},
		{rule: "voice-length", level: "error", sentence: "Chinese takes longer a sign", lang: "zh-Hans", edit: voice("{{code}}" + strings.Repeat("请您留意账户交易记录。", 40))},
		{rule: "voice-length", silent: true, sentence: "a minute", edit: voice("{{code}} " + strings.Repeat("plain words here ", 45))},
		{rule: "voice-link", level: "error", sentence: "the page to check it", edit: voice("See {{verify_url}} {{code}}")},
		{rule: "voice-link", level: "error", sentence: "a domain of our own", edit: voice("See quillfeather.example for more. {{code}}")},
		{rule: "voice-link", level: "error", sentence: "an e-mail address", edit: voice("Write to privacy@quillfeather.example, {{code}}")},
		{rule: "voice-link", silent: true, sentence: "a telephone number can be noted", edit: voice("Call us at +49 30 5550147. {{code}}")},
		{rule: "voice-markup", level: "error", sentence: "an element", edit: voice("This is <b>important</b>. {{code}}")},
		{rule: "voice-markup", level: "error", sentence: "an entity", edit: voice("You &amp; us. {{code}}")},
		{rule: "voice-markup", silent: true, sentence: "an ampersand and a sign", edit: voice("Smith & Sons, 3 < 4. {{code}}")},
		{rule: "exposed-data", level: "error", sentence: "the data to whoever picks up", edit: voice("It concerns {{data}}. {{code}}")},
		{rule: "code", level: "warning", sentence: "a call without a code", edit: voice("A security incident at {{org}}.")},
		{rule: "language-missing", level: "error", sentence: "a plan with calls and no words for them", edit: voice(""), content: func(c *incidents.Content) { c.Plan = []incidents.Step{{Channel: incidents.Phone}} }},
		{rule: "language-missing", silent: true, sentence: "no words for calls where none are planned", edit: voice("")},
		{rule: "code", level: "warning", sentence: "no code", edit: sms("{{org}}: please read {{verify_url}}")},
		{rule: "code", silent: true, sentence: "a code", edit: sms("{{org}}: {{code}}")},
		{rule: "contradiction-date", level: "error", sentence: "another day", edit: happened("It began on 18 October 2026.")},
		{rule: "contradiction-date", level: "error", sentence: "another day in Chinese", lang: "zh-Hans", edit: happened("事件始于2026年10月18日。")},
		{rule: "contradiction-date", level: "error", sentence: "American order", edit: happened("It began on October 18, 2026.")},
		{rule: "contradiction-date", level: "warning", sentence: "long ago may be right", edit: happened("The data is from 1 May 2019.")},
		{rule: "contradiction-date", silent: true, sentence: "the day as it was elsewhere on earth", edit: happened("In Honolulu it was 18 November 2026, and the end was 2026-11-21.")},
		{rule: "contradiction-count", level: "error", sentence: "another number", edit: happened("It concerns 1,300,000 people.")},
		{rule: "contradiction-count", level: "error", sentence: "another number in Chinese", lang: "zh-Hans", edit: happened("涉及130万名用户。")},
		{rule: "contradiction-count", silent: true, sentence: "the total, and a country's", edit: happened("It concerns 1,284,310 people, 900,000 customers in Germany, 3 systems.")},
		{rule: "contradiction-category", level: "warning", sentence: "a kind of data the facts do not list", edit: happened("Your passport was in it.")},
		{rule: "contradiction-category", level: "warning", sentence: "the same in Chinese", lang: "zh-Hans", edit: happened("其中有您的护照。")},
		{rule: "contradiction-category", silent: true, sentence: "said not to be touched", edit: happened("Your passport is not affected.")},
		{rule: "end-date", level: "error", sentence: "not set", kind: incidents.NoticeTermination, content: func(c *incidents.Content) { c.EndDate = "" }},
		{rule: "end-date", level: "error", sentence: "not said", kind: incidents.NoticeTermination, edit: func(w *words) { w.Happened = "The service will end soon. {{data}}" }},
		{rule: "end-date", level: "error", sentence: "another day", kind: incidents.NoticeTermination, edit: subject("The service ends on 1 February 2027")},
		{rule: "end-date", silent: true, sentence: "written out", kind: incidents.NoticeTermination, edit: func(w *words) { w.Happened = "The service ends on 31 January 2027. {{data}}" }},
		{rule: "control-characters", level: "error", sentence: "a right-to-left override", edit: happened("This is \u202egnp.")},
		{rule: "control-characters", level: "error", sentence: "two lines in a subject", edit: subject("A security\nincident")},
		{rule: "control-characters", silent: true, sentence: "line ends and an emoji of several parts", edit: happened("One\r\n- two 👩‍⚕️")},
		{rule: "tone", level: "warning", sentence: "an exclamation mark", edit: happened("Please act now!")},
		{rule: "tone", level: "warning", sentence: "a Chinese one", lang: "zh-Hans", edit: happened("请立即处理！")},
		{rule: "tone", level: "warning", sentence: "capitals", edit: happened("PLEASE READ THIS now.")},
		{rule: "tone", level: "warning", sentence: "boasting", edit: happened("We successfully stopped it.")},
		{rule: "tone", level: "warning", sentence: "blame", edit: happened("You should have chosen another password.")},
		{rule: "tone", silent: true, sentence: "abbreviations", edit: happened("GDPR, HIPAA and the FTC apply.")},
	}
	seen := map[string][2]bool{}
	for _, tc := range cases {
		s := seen[tc.rule]
		if tc.silent {
			s[1] = true
		} else {
			s[0] = true
		}
		seen[tc.rule] = s
		t.Run(tc.rule+": "+tc.sentence, func(t *testing.T) {
			f := stolenBackup()
			for k, v := range tc.facts {
				f.Known[k] = incidents.Fact{Value: v}
			}
			kind := incidents.NoticeKind(cmp.Or(string(tc.kind), string(incidents.NoticeBreach)))
			c := content(t, b, kind, f)
			if tc.edit != nil {
				edit(&c, incidents.Lang(cmp.Or(string(tc.lang), "en")), tc.edit)
			}
			if tc.content != nil {
				tc.content(&c)
			}
			found := false
			for _, x := range b.Lint(c, f, tc.answers) {
				if x.Rule != tc.rule {
					continue
				}
				if tc.silent && x.Level != levelInfo {
					t.Errorf("%s: %s", x.Where, x.Text)
				}
				found = found || x.Level == tc.level
			}
			if !tc.silent && !found {
				t.Errorf("nothing found: %v", b.Lint(c, f, tc.answers))
			}
		})
	}
	for _, rule := range lintRules {
		if seen[rule] != [2]bool{true, true} {
			t.Errorf("the rule %s has no case that triggers it and one that does not: %v", rule, seen[rule])
		}
	}
}

func TestLintAnnouncement(t *testing.T) {
	b := newBook(t)
	for _, tc := range []struct {
		rule, sentence string
		spoil          func(*incidents.AnnouncementText)
	}{
		{"four-parts", "no title", func(a *incidents.AnnouncementText) { public(a, func(w *incidents.AnnouncementWords) { w.Title = "" }) }},
		{"four-parts", "no measures", func(a *incidents.AnnouncementText) {
			public(a, func(w *incidents.AnnouncementWords) { w.Measures = "" })
		}},
		{"contact", "no contact", func(a *incidents.AnnouncementText) {
			public(a, func(w *incidents.AnnouncementWords) { w.Contact = "" })
		}},
		{"placeholder", "a placeholder", func(a *incidents.AnnouncementText) {
			public(a, func(w *incidents.AnnouncementWords) { w.Short += " {{data}}" })
		}},
		{"contradiction-count", "another number", func(a *incidents.AnnouncementText) {
			public(a, func(w *incidents.AnnouncementWords) { w.Short += " It concerns 2,000 people." })
		}},
		{"contradiction-date", "another day", func(a *incidents.AnnouncementText) {
			public(a, func(w *incidents.AnnouncementWords) { w.Short += " It was on 1 October 2026." })
		}},
		{"personal-data", "somebody's e-mail", func(a *incidents.AnnouncementText) {
			public(a, func(w *incidents.AnnouncementWords) { w.Happened += " Ask a.b@mail.test" })
		}},
		{"link", "elsewhere", func(a *incidents.AnnouncementText) {
			public(a, func(w *incidents.AnnouncementWords) { w.Advice += " https://other.test/" })
		}},
		{"language-missing", "no default", func(a *incidents.AnnouncementText) { a.Default = "de" }},
		{"language-missing", "nothing at all", func(a *incidents.AnnouncementText) { a.Langs = nil }},
	} {
		t.Run(tc.rule+": "+tc.sentence, func(t *testing.T) {
			langs, err := b.DraftAnnouncement(parcelIncident(), stolenBackup(), b.Languages())
			if err != nil {
				t.Fatal(err)
			}
			a := incidents.AnnouncementText{Langs: langs, Default: "en"}
			tc.spoil(&a)
			for _, x := range b.LintAnnouncement(a, stolenBackup()) {
				if x.Rule == tc.rule && x.Level == levelError {
					return
				}
			}
			t.Errorf("nothing found: %v", b.LintAnnouncement(a, stolenBackup()))
		})
	}
}

func public(a *incidents.AnnouncementText, change func(*incidents.AnnouncementWords)) {
	w := a.Langs["en"]
	change(&w)
	a.Langs["en"] = w
}

// A finding is shown and logged: it must not repeat the personal data it found.
func TestFindingsHoldNoPersonalData(t *testing.T) {
	b := newBook(t)
	c := content(t, b, incidents.NoticeBreach, stolenBackup())
	edit(&c, "en", func(w *words) { w.Happened += " 4111 1111 1111 1111, 078-05-1120, john@mail.test, +44 20 7946 0958" })
	personal := 0
	for _, f := range b.Lint(c, stolenBackup(), nil) {
		if f.Rule == "personal-data" {
			personal++
		}
		for _, s := range []string{"4111", "1120", "john", "7946"} {
			if strings.Contains(f.Text+f.Hint, s) {
				t.Errorf("%+v", f)
			}
		}
	}
	if personal != 4 {
		t.Errorf("%d findings of personal data, want one for each of the four", personal)
	}
}

func FuzzLint(f *testing.F) {
	b := newBook(f)
	c := content(f, b, incidents.NoticeBreach, stolenBackup())
	f.Add("{{data}} https://a@b/ 1,2 2026-13-45 +49")
	f.Add("{{{{}}}} www. 万名 \xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		edit(&c, "en", func(w *words) { w.Happened, w.Subject, w.SMS, w.PushBody = s, s, s, s })
		b.Lint(c, stolenBackup(), []incidents.Obligation{california(), massachusetts()})
		_, _ = b.Preview(c, incidents.Email, "en")
	})
}

func BenchmarkLint(b *testing.B) {
	book := newBook(b)
	c := content(b, book, incidents.NoticeBreach, stolenBackup())
	for b.Loop() {
		book.Lint(c, stolenBackup(), []incidents.Obligation{gdpr34(), california()})
	}
}
