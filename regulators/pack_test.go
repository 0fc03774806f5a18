package regulators

import (
	"strings"
	"testing"
)

func shippedPack(t testing.TB) *Pack {
	t.Helper()
	p, err := Open(nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestShippedPackLoads(t *testing.T) {
	p := shippedPack(t)
	if len(p.Rules()) < 40 || len(p.authorities) == 0 || p.Version() == "" {
		t.Fatalf("%d rules, %d directories, version %q", len(p.Rules()), len(p.authorities), p.Version())
	}
}

func TestRulesReadWithoutAnIncident(t *testing.T) {
	p := shippedPack(t)
	for _, r := range p.Rules() {
		if len(r.Conditions) == 0 || r.Clock == "" || r.TitleZH == "" || len(r.Sources)+len(p.byID[r.ID].Locators) == 0 {
			t.Errorf("%s says too little: %+v", r.ID, r)
		}
		for _, c := range r.Conditions {
			if strings.ContainsAny(c, "{}") || !strings.HasSuffix(c, ".") {
				t.Errorf("%s: %q", r.ID, c)
			}
		}
	}
	r := p.info(p.byID["us-ca-individuals"])
	if r.Conditions[0] != "Some of the people affected live in California." {
		t.Errorf("%q", r.Conditions)
	}
}

func TestEveryStateHasItsAuthority(t *testing.T) {
	p := shippedPack(t)
	places := append(p.places.Groups["EEA"].Members, "GB")
	if len(places) != 31 {
		t.Errorf("%d states", len(places))
	}
	for _, place := range places {
		a, ok := p.AuthorityOf("data-protection", place)
		if !ok || a.Confidence == "" || len(a.Languages) == 0 {
			t.Errorf("%s: %+v", place, a)
		}
	}
	if a, _ := p.AuthorityOf("data-protection", "EL"); a.Place != "GR" {
		t.Error("Greece is not found under the code of practice")
	}
}

func TestContentKeysHaveWords(t *testing.T) {
	p := shippedPack(t)
	if len(p.content) == 0 {
		t.Fatal("there are no content keys")
	}
	for key := range p.content {
		if p.ContentText(key) == "" || p.ContentText(key) == key {
			t.Errorf("%s has no words", key)
		}
	}
	if p.ContentTextZH("categories") != "个人信息种类" {
		t.Error(p.ContentTextZH("categories"))
	}
}
