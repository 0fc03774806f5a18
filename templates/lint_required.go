package templates

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tocsin/incidents"
)

// A need says where a required content must be said and how a machine can tell.
// A need without terms or fact is met when the part has any text; that is all a
// machine can check there, and the officer reads the rest.
type need struct {
	part  string              // the part that must say it; "" means anywhere
	terms map[string][]string // one of these, per language
	all   bool                // all terms instead of one
	facts []string            // times: the date of the first known one must be said
}

// needs maps the content keys of the rule files to what is looked for. Keys that
// are not here concern reports, or need a person's judgement.
var needs = map[string]need{
	"nature":                      {part: "happened"},
	"circumstances":               {part: "happened"},
	"cause":                       {part: "happened"},
	"time_of_occurrence":          {part: "happened", facts: []string{"occurred_at"}},
	"time_of_discovery":           {part: "happened", facts: []string{"aware_at", "detected_at"}},
	"likely_consequences":         {part: "happened", terms: effectWords},
	"severity_impact":             {part: "happened", terms: effectWords},
	"secondary_damage":            {part: "happened", terms: effectWords},
	"measures_taken":              {part: "measures"},
	"mitigation_measures":         {part: "measures"},
	"measures_planned":            {part: "measures", terms: map[string][]string{"en": {"will", "plan", "going to"}, "zh": {"将", "计划", "正在"}}},
	"recurrence_prevention":       {part: "measures"},
	"corrective_measures":         {part: "measures"},
	"measures_for_individuals":    {part: "advice"},
	"user_measures":               {part: "advice"},
	"vigilance_advice":            {part: "advice", terms: map[string][]string{"en": {"statements", "credit reports", "review", "watch"}, "zh": {"对账单", "留意", "查看", "警惕"}}},
	"change_password_instruction": {part: "advice", terms: map[string][]string{"en": {"password", "passwords"}, "zh": {"密码"}}},
	"remedial_measures_offered":   {part: "remedies"},
	"rights_and_remedies":         {part: "remedies"},
	"complaint_right":             {terms: map[string][]string{"en": {"complain", "complaint", "authority"}, "zh": {"投诉", "举报"}}},
	"contact_point":               {part: "contact"},
	"dpo_contact":                 {part: "contact"},
	"credit_bureau_contacts":      {terms: map[string][]string{"en": {"equifax", "experian", "transunion"}, "zh": {"equifax", "experian", "transunion"}}, all: true},
	"ftc_contact":                 {terms: map[string][]string{"en": {"federal trade commission"}, "zh": {"federal trade commission", "联邦贸易委员会"}}},
	"ag_contact":                  {terms: map[string][]string{"en": {"attorney general"}, "zh": {"attorney general", "总检察长"}}},
	"fraud_alert_freeze_info":     {terms: map[string][]string{"en": {"fraud alert", "security freeze"}, "zh": {"fraud alert", "security freeze"}}, all: true},
	"freeze_free_statement":       {terms: map[string][]string{"en": {"free of charge", "free", "no charge", "no cost"}, "zh": {"免费"}}},
	"police_report_right":         {terms: map[string][]string{"en": {"police report"}, "zh": {"报警", "报案"}}},
	"fcra_rights":                 {terms: map[string][]string{"en": {"fair credit reporting act"}, "zh": {"fair credit reporting act", "公平信用报告法"}}},
	"le_delay_statement":          {terms: map[string][]string{"en": {"law enforcement"}, "zh": {"执法"}}},
}

// layoutSays are the contents that every message has from its layout.
var layoutSays = []string{"controller_identity", "website_contact"}

// required checks what each obligation wants said.
func (l *linter) required(c incidents.Content, lang incidents.Lang, w incidents.Words, answers []incidents.Obligation) {
	parts := map[string]string{}
	for _, p := range partsOf(w) {
		parts[p.key] = p.text
		parts[""] += "\n" + p.text
	}
	for _, o := range answers {
		if o.Audience != incidents.AudienceIndividuals && o.Audience != incidents.AudiencePublic && o.Audience != incidents.AudienceCustomers {
			l.add("required-content", levelWarning, o.ID, fmt.Sprintf("%s is owed to %s: a notice to people does not meet it", title(o), o.Audience), "take it out of the duties this notice answers")
			continue
		}
		for _, key := range o.Content {
			l.requiredKey(lang, parts, o, key)
		}
		if len(o.Headings) > 0 {
			l.add("prescribed-form", levelInfo, string(lang), fmt.Sprintf("%s prescribes headings: compare the layout with them", title(o)), strings.Join(o.Headings, "; "))
		}
	}
}

func title(o incidents.Obligation) string { return cmp.Or(o.Law, o.ID) }

func (l *linter) requiredKey(lang incidents.Lang, parts map[string]string, o incidents.Obligation, key string) {
	level := levelError
	if o.Applies == incidents.AppliesDepends {
		level = levelWarning // it may not be asked for
	}
	missing := func(where, what, hint string) {
		l.add("required-content", level, string(lang)+"/"+cmp.Or(where, "advice"), fmt.Sprintf("%s wants %s (%s)", title(o), strings.ReplaceAll(key, "_", " "), what), hint)
	}
	switch {
	case slices.Contains(layoutSays, key):
		return
	case key == "categories" || key == "data_items":
		l.requiredCategories(lang, parts["happened"], missing)
		return
	case key == "helpline_phone":
		if len(phonesIn(parts["contact"])) == 0 {
			missing("contact", "no telephone number", "add the number of the help line")
		}
		return
	case key == "approx_number":
		if n, ok := l.f.Count("persons_total"); ok && !slices.Contains(numbersIn(parts["happened"]), n) {
			missing("happened", "the number of people is not there", "say that it concerns "+thousands(n)+" people")
		}
		return
	}
	n, ok := needs[key]
	if !ok {
		l.add("required-content", levelInfo, string(lang), fmt.Sprintf("%s wants %s: a machine cannot tell, please read for it", title(o), strings.ReplaceAll(key, "_", " ")), "")
		return
	}
	l.requiredNeed(lang, n, parts[n.part], missing)
}

func (l *linter) requiredNeed(lang incidents.Lang, n need, text string, missing func(where, what, hint string)) {
	if letters(text) < 4 && digits(text) == "" {
		missing(n.part, "the part is empty", "")
		return
	}
	if terms := n.terms[base(lang)]; len(terms) > 0 {
		found := 0
		for _, t := range terms {
			if firstWord(text, []string{t}) != "" {
				found++
			}
		}
		if found == 0 || n.all && found < len(terms) {
			missing(n.part, "not found in the text", "it is recognised by words like "+strings.Join(terms, ", "))
		}
	}
	for _, key := range n.facts {
		if at, ok := l.f.Time(key); ok {
			if !slices.ContainsFunc(datesIn(text), func(d day) bool { return d.near(at) }) {
				missing(n.part, "the date is not there", "say "+at.Format("2 January 2006"))
			}
			return
		}
	}
}

// requiredCategories is content with {{data}}, which is each person's own, or
// with a word for every category.
func (l *linter) requiredCategories(lang incidents.Lang, text string, missing func(where, what, hint string)) {
	if uses(text)[SlotData] {
		return
	}
	cats, known := l.f.List("data_categories")
	if !known {
		missing("happened", "the text has no {{data}}", "add {{data}}: it becomes that person's own categories")
		return
	}
	for _, c := range cats {
		if words := categoryWords[c][base(lang)]; len(words) > 0 && firstWord(text, words) == "" {
			missing("happened", fmt.Sprintf("nothing is said about %s", c), "add {{data}}: it becomes that person's own categories")
		}
	}
}

// forbidden checks what a law does not want said to people.
func (l *linter) forbidden(c incidents.Content, lang incidents.Lang, fields []field, answers []incidents.Obligation) {
	for _, o := range answers {
		massachusetts := strings.HasPrefix(o.ID, "us-ma")
		if (!massachusetts && !strings.HasPrefix(o.ID, "us-il")) || o.Audience != incidents.AudienceIndividuals {
			continue
		}
		for _, fd := range fields {
			if w := firstWord(fd.text, natureWords[base(lang)]); massachusetts && w != "" && fd.key != "advice" && fd.key != "remedies" && fd.key != "contact" {
				l.add("forbidden-content", levelError, fd.where(), fmt.Sprintf("%s forbids to describe the nature of the breach, and %q does", title(o), w), "send the people of that state a notice of their own")
			}
			if len(countsIn(fd.text)) > 0 {
				l.add("forbidden-content", levelError, fd.where(), title(o)+" forbids to say how many residents are affected", "take the number out")
			}
		}
		l.apart(c, lang, o, answers)
	}
}

// apart warns when one notice is to meet a law that forbids what another wants.
func (l *linter) apart(c incidents.Content, lang incidents.Lang, o incidents.Obligation, answers []incidents.Obligation) {
	if !strings.HasPrefix(o.ID, "us-ma") {
		return
	}
	for _, other := range answers {
		if other.ID != o.ID && (slices.Contains(other.Content, "nature") || slices.Contains(other.Content, "circumstances") || slices.Contains(other.Content, "cause")) {
			l.add("forbidden-content", levelError, string(lang), fmt.Sprintf("%s wants what %s forbids", title(other), title(o)), "make one notice for US-MA and one for everybody else")
			return
		}
	}
	if len(c.Filter.Places) != 1 || c.Filter.Places[0] != "US-MA" {
		l.add("forbidden-content", levelWarning, string(lang), "this notice goes to more people than those of US-MA", "choose US-MA alone in its filter")
	}
}
