package templates

import (
	"strings"
	"testing"

	"tocsin/incidents"
)

// aReport is a report as it was filled from the facts of stolenBackup.
func aReport() incidents.ReportContent {
	return incidents.ReportContent{Form: "gdpr33", Phase: incidents.PhaseInitial, Lang: "en", Fields: []incidents.ReportField{
		{Key: "began", Value: "19 November 2026, 02:10 UTC", Facts: []string{"occurred_at"}},
		{Key: "aware", Value: "21 November 2026, 07:02 UTC", Facts: []string{"aware_at"}},
		{Key: "contained", Value: "21 November 2026, 12:00 UTC", Facts: []string{"contained_at"}},
		{Key: "persons", Value: "1,284,310", Facts: []string{"persons_total", "persons_by_place"}},
		{Key: "categories", Value: "Name and contact details; Accounts and passwords; Property", Facts: []string{"data_categories"}},
		{Key: "measures_taken", Value: "We closed the access and replaced every key.", Facts: []string{"measures_taken"}},
		{Key: "contact", Value: "E-mail: privacy@quillfeather.example\nTelephone: +49 30 5550147", Facts: []string{"contact_email", "contact_phone"}},
		{Key: "police"},
	}}
}

func tellingOf(t testing.TB, b *Book) incidents.Telling {
	return incidents.Telling{What: "N-1", Langs: content(t, b, incidents.NoticeBreach, stolenBackup()).Langs, Persons: 1284310}
}

// A report and a notice drafted from the same facts agree.
func TestReportAndDraftsAgree(t *testing.T) {
	b := newBook(t)
	words, err := b.DraftAnnouncement(parcelIncident(), stolenBackup(), b.Languages())
	if err != nil {
		t.Fatal(err)
	}
	public := incidents.Telling{What: "the announcement", Langs: map[incidents.Lang]incidents.Words{}}
	for l, w := range words {
		public.Langs[l] = incidents.Words{Subject: w.Title, Happened: w.Short + "\n" + w.Happened, Measures: w.Measures, Advice: w.Advice, Remedies: w.Remedies, Contact: w.Contact}
	}
	for _, f := range b.LintReport(aReport(), stolenBackup(), []incidents.Telling{tellingOf(t, b), public}) {
		t.Errorf("%s, %s: %s", f.Rule, f.Where, f.Text)
	}
}

// Each contradiction is found, and its near miss is not.
func TestReportContradictions(t *testing.T) {
	b := newBook(t)
	say := func(lang incidents.Lang, edit func(*words)) func(*incidents.Telling, *incidents.ReportContent) {
		return func(n *incidents.Telling, _ *incidents.ReportContent) {
			w := n.Langs[lang]
			edit(&w)
			n.Langs[lang] = w
		}
	}
	typed := func(key, value string) func(*incidents.Telling, *incidents.ReportContent) {
		return func(_ *incidents.Telling, c *incidents.ReportContent) {
			for i, f := range c.Fields {
				if f.Key == key {
					c.Fields[i].Value, c.Fields[i].Edited = value, true
				}
			}
		}
	}
	for _, x := range []struct {
		name, rule, where, text string // an empty rule: nothing is found
		edit                    func(*incidents.Telling, *incidents.ReportContent)
	}{
		{"another number", "report-persons", "N-1, en", "says 900 people, the report says 1,284,310", say("en", func(w *words) { w.Happened += " We write to 900 people." })},
		{"another number in Chinese", "report-persons", "N-1, zh-Hans", "says 120,000 people", say("zh-Hans", func(w *words) { w.Happened += "受影响的共有12万人。" })},
		{"the number of a place", "", "", "", say("en", func(w *words) { w.Happened += " In Germany 900,000 people are affected." })},
		{"a number typed over in the report", "report-persons", "N-1", "goes to 1,284,310 people, the report says 1,200", typed("persons", "1,200")},
		{"more people than the report knows", "report-persons", "N-1", "goes to 1,300,000 people", func(n *incidents.Telling, _ *incidents.ReportContent) { n.Persons = 1300000 }},
		{"a part of the list", "", "", "", func(n *incidents.Telling, _ *incidents.ReportContent) { n.Persons = 0 }},
		{"another day", "report-dates", "N-1, en", "tells of 2026-11-02", say("en", func(w *words) { w.Happened += " It began on 2 November 2026." })},
		{"the day before, in another zone", "", "", "", say("en", func(w *words) { w.Happened += " It began on 18 November 2026." })},
		{"a plan in the measures", "", "", "", say("en", func(w *words) { w.Measures += " We will write again on 1 March 2027." })},
		{"a day typed over in the report", "report-dates", "N-1", "tells of 2026-11-19", typed("began", "1 November 2026, 02:10 UTC")},
		{"data the report does not list", "report-data", "N-1, en", "speaks of “health”", say("en", func(w *words) { w.Happened += " Your health records were read." })},
		{"data that is denied", "", "", "", say("en", func(w *words) { w.Happened += " Your health records were not read." })},
		{"data the text leaves out", "report-data", "N-1, en", "the text does not name it", say("en", func(w *words) { w.Happened = "Somebody read what we keep about you." })},
		{"items the report does not list", "report-data", "N-1, en", "“passport”", func(n *incidents.Telling, c *incidents.ReportContent) {
			c.Fields = append(c.Fields, incidents.ReportField{Key: "items", Value: "Name", Facts: []string{"data_items"}})
			say("en", func(w *words) { w.Happened += " A copy of your passport was taken." })(n, c)
		}},
		{"a reset only people hear of", "report-measures", "N-1, en", "it tells of a reset of passwords, the report does not", say("en", func(w *words) { w.Measures += " We have reset your password." })},
		{"advice is no measure", "", "", "", say("en", func(w *words) { w.Advice += " Set a new password." })},
		{"a reset only the authority hears of", "report-measures", "N-1, en", "the report tells of a reset of passwords, the text does not", func(n *incidents.Telling, c *incidents.ReportContent) {
			typed("measures_taken", "All passwords were reset.")(n, c)
			say("en", func(w *words) { w.Advice = "Be careful with messages you do not expect." })(n, c)
		}},
		{"the police, in Chinese", "report-measures", "N-1, zh-Hans", "a report to the police", say("zh-Hans", func(w *words) { w.Measures += "我们已向公安机关报案。" })},
		{"the police, typed into the report", "", "", "", func(n *incidents.Telling, c *incidents.ReportContent) {
			typed("police", "Yes, the police in Kiel")(n, c)
			say("en", func(w *words) { w.Measures += " We have told the police." })(n, c)
		}},
		{"the police, told in English in a Chinese report", "", "", "", func(n *incidents.Telling, c *incidents.ReportContent) {
			typed("measures_taken", "The police were told.")(n, c)
			c.Lang = "zh-Hans"
			say("en", func(w *words) { w.Measures += " We have told the police." })(n, c)
			say("zh-Hans", func(w *words) { w.Measures += "我们已报警。" })(n, c)
		}},
		{"another address", "report-contact", "N-1, en", "another e-mail address", say("en", func(w *words) { w.Contact = "Write to help@quillfeather.example." })},
		{"another number to call", "report-contact", "N-1, en", "another telephone number", say("en", func(w *words) { w.Contact = "privacy@quillfeather.example, +49 30 1112223" })},
		{"one more address", "", "", "", say("en", func(w *words) { w.Contact += " help@quillfeather.example" })},
		{"a withdrawal after people were told", "report-withdrawn", "N-1", "was unfounded", func(n *incidents.Telling, c *incidents.ReportContent) {
			n.Out, c.Phase = true, incidents.PhaseWithdrawal
		}},
		{"a withdrawal before anybody was told", "", "", "", func(_ *incidents.Telling, c *incidents.ReportContent) { c.Phase = incidents.PhaseWithdrawal }},
	} {
		t.Run(x.name, func(t *testing.T) {
			n, c := tellingOf(t, b), aReport()
			x.edit(&n, &c)
			found := b.LintReport(c, stolenBackup(), []incidents.Telling{n})
			hit := false
			for _, f := range found {
				hit = hit || f.Rule == x.rule && strings.HasPrefix(f.Where, x.where) && strings.Contains(f.Text, x.text)
				if f.Level != levelWarning || f.Hint == "" {
					t.Errorf("a finding that blocks, or gives no advice: %+v", f)
				}
			}
			if x.rule == "" && len(found) > 0 || x.rule != "" && !hit {
				t.Errorf("found %+v", found)
			}
		})
	}
}
