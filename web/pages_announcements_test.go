package web

import (
	"slices"
	"testing"

	"tocsin/incidents"
)

// TestPreviewsSpeakTheirLanguage reads the headings of a preview, as the public
// page will have them, and what an officer is told about languages that came and went.
func TestPreviewsSpeakTheirLanguage(t *testing.T) {
	words := incidents.AnnouncementWords{Title: "T", Happened: "Something."}
	now := incidents.AnnouncementText{Default: "en", Langs: map[incidents.Lang]incidents.AnnouncementWords{"en": words, "zh-CN": words, "de": words}}
	var heads []string
	for _, v := range publicPreviews(now) {
		heads = append(heads, string(v.Lang)+" "+v.Sections[0].Name)
	}
	if want := []string{"de What happened", "en What happened", "zh-CN 发生了什么"}; !slices.Equal(heads, want) {
		t.Errorf("headings %q, want %q", heads, want)
	}
	was := incidents.AnnouncementText{Default: "en", Langs: map[incidents.Lang]incidents.AnnouncementWords{"en": words, "fr": {Title: "F"}}}
	var where []string
	for _, x := range publicChanges(was, now) {
		where = append(where, x.Where)
	}
	if want := []string{"de, title", "de, what happened", "fr, title", "zh-CN, title", "zh-CN, what happened"}; !slices.Equal(where, want) {
		t.Errorf("changes of %q, want %q", where, want)
	}
}
