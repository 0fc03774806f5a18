package regulators

import (
	"testing"
)

func shippedPack(t testing.TB) *Pack {
	t.Helper()
	p, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestShippedPackLoads(t *testing.T) {
	p := shippedPack(t)
	if len(p.Rules()) < 40 || len(p.Authorities()) < 31 || p.Version() == "" {
		t.Fatalf("%d rules, %d authorities, version %q", len(p.Rules()), len(p.Authorities()), p.Version())
	}
}
