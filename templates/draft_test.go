package templates

import (
	"strings"
	"sync"
	"testing"

	"tocsin/incidents"
)

func TestDraftClaimsOnlyWhatIsKnown(t *testing.T) {
	b := newBook(t)
	draft := func(f incidents.Facts) incidents.Words {
		w, err := b.Draft(incidents.NoticeBreach, parcelIncident(), f, []incidents.Lang{"en"})
		if err != nil {
			t.Fatal(err)
		}
		return w["en"]
	}
	all := func(w incidents.Words) string { return w.Happened + w.Measures + w.Advice + w.Remedies + w.Contact }
	unknown := all(draft(known(nil)))
	for _, claim := range []string{"On ", "We learned", "contained", "encrypted", "could read", "child", "United States", "{"} {
		if strings.Contains(strings.ReplaceAll(unknown, "{{", ""), claim) {
			t.Errorf("nothing is known, yet the draft says %q", claim)
		}
	}
	for _, tc := range []struct {
		sentence string
		change   map[string]incidents.Fact
		says     string
		not      string
	}{
		{"the date and cause", nil, "On 19 November 2026", "still examining what"},
		{"health: what it means and what to do", map[string]incidents.Fact{"data_categories": {Value: []string{"health"}}}, "learn about your health", "sign in to your account"},
		{"passwords: change them", nil, "Change your password", "doctors"},
		{"payment: watch statements", nil, "Watch your account and card statements", ""},
		{"no evidence that anyone read it", map[string]incidents.Fact{"confidentiality_effect": {Value: "no_evidence"}}, "no sign that anyone did", "could read the data"},
		{"encrypted with a safe key", map[string]incidents.Fact{"encrypted": {Value: true}, "key_safe": {Value: true}}, "was encrypted", ""},
		{"encrypted, key unknown", map[string]incidents.Fact{"encrypted": {Value: true}}, "", "was encrypted"},
		{"unknown answered is not known", map[string]incidents.Fact{"occurred_at": {Unknown: true}}, "A security incident at", "19 November"},
		{"children", map[string]incidents.Fact{"minors_under_14": {Value: true}}, "for the child", ""},
		{"nobody in the United States", map[string]incidents.Fact{"persons_by_place": {Value: map[incidents.Place]int64{"DE": 3, "US-NY": 0}}}, "", "credit bureau"},
		{"our own text only in its language", map[string]incidents.Fact{"summary": {Value: "备份被复制。"}}, "", "备份"},
		{"a text with braces is no placeholder", map[string]incidents.Fact{"summary": {Value: "See {{code}}} there."}}, "See {code} there.", "{{code}}"},
	} {
		got := all(draft(stolenBackup().With(tc.change)))
		if !strings.Contains(got, tc.says) {
			t.Errorf("%s: %q is missing", tc.sentence, tc.says)
		}
		if tc.not != "" && strings.Contains(got, tc.not) {
			t.Errorf("%s: says %q", tc.sentence, tc.not)
		}
	}
}

func TestDraftRefuses(t *testing.T) {
	b := newBook(t)
	if _, err := b.Draft("gossip", parcelIncident(), known(nil), nil); incidents.KindOf(err) != incidents.KindInvalid || err == nil {
		t.Errorf("an unknown kind: %v", err)
	}
	for _, lang := range []incidents.Lang{"fr", "zh-TW", ""} {
		if _, err := b.Draft(incidents.NoticeBreach, parcelIncident(), known(nil), []incidents.Lang{lang}); incidents.KindOf(err) != incidents.KindInvalid || err == nil {
			t.Errorf("the language %q: %v", lang, err)
		}
		if _, err := b.DraftAnnouncement(parcelIncident(), known(nil), []incidents.Lang{lang}); err == nil {
			t.Errorf("an announcement in %q was drafted", lang)
		}
	}
}

func TestAnnouncementHasNoPlaceholders(t *testing.T) {
	b := newBook(t)
	all, err := b.DraftAnnouncement(parcelIncident(), stolenBackup(), b.Languages())
	if err != nil {
		t.Fatal(err)
	}
	for lang, w := range all {
		text := w.Title + w.Short + w.Happened + w.Measures + w.Advice + w.Remedies + w.Contact
		if strings.ContainsAny(text, "{}") || !strings.Contains(text, "1,284,310") || !strings.Contains(w.Title, testOrg.Name) {
			t.Errorf("%s: %s", lang, text)
		}
	}
}

// One compiled notice serves all workers at once.
func TestRenderFromManyGoroutines(t *testing.T) {
	c := compile(t, incidents.NoticeBreach)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			p := person()
			p.Name = strings.Repeat("N", i+1) + "."
			for _, lang := range []incidents.Lang{"en-GB", "zh-TW", "zh-CN", "fr", "en"} {
				r, err := c.Render(incidents.Email, lang, p)
				if err != nil || !strings.Contains(r.Text, p.Name) {
					t.Errorf("%s: %v", lang, err)
				}
			}
		})
	}
	wg.Wait()
}
