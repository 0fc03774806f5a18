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
