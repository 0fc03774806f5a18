package incidents

import (
	"encoding/json"
	"strings"
	"testing"
)

// A notice that was approved before there were telephone calls keeps its hash,
// and one with words for a call has another.
func TestWordsForACallChangeTheHashOnlyWhenThereAreAny(t *testing.T) {
	c := Content{Kind: NoticeBreach, Mode: Live, Langs: map[Lang]Words{"en": {Subject: "s", SMS: "x"}}, Default: "en", Plan: []Step{{Channel: Email}}}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "voice") {
		t.Errorf("a content without words for a call names them: %s", b)
	}
	before := c.Hash()
	const asItWas = "3afbf8ebb15c67002ccdfb5a1574c7d025b2c933d1ca0b9f74a88a4a03cd9a95"
	if before != asItWas {
		t.Errorf("the hash is %s, and was %s", before, asItWas)
	}
	c.Langs = map[Lang]Words{"en": {Subject: "s", SMS: "x", Voice: "v"}}
	if c.Hash() == before {
		t.Error("words for a call are not part of what is approved")
	}
}

// Whom the list says nothing of is told the kinds of data the facts name, which
// are approved with the content; one from before keeps its hash.
func TestKindsOfDataAreApprovedWithTheContent(t *testing.T) {
	f := Facts{Known: map[string]Fact{"data_categories": {Value: []string{"basic", "health"}}, "data_items": {Value: []string{"email", "health"}}}}
	with := Content{Kind: NoticeBreach, Data: f.Kinds()}
	if got := strings.Join(with.DataOf(nil), " "); got != "basic health email" {
		t.Errorf("who has no categories is told %q", got)
	}
	if got := strings.Join(with.DataOf([]string{"payment_card"}), " "); got != "payment_card" {
		t.Errorf("who has categories is told %q", got)
	}
	before := Content{Kind: NoticeBreach}
	if b, err := json.Marshal(before); err != nil || strings.Contains(string(b), `"data"`) || with.Hash() == before.Hash() {
		t.Errorf("the hash: %s, %v", b, err)
	}
	if !with.NamesSensitive() || before.NamesSensitive() || before.DataOf(nil) != nil {
		t.Error("what is sensitive is not told apart")
	}
}
