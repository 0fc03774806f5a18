package regulators

import (
	"slices"
	"testing"
)

// Massachusetts forbids words and owes credit monitoring; a duty that does not
// apply says neither.
func TestWhatMustNotBeSaidAndWhatIsOwed(t *testing.T) {
	facts := map[string]any{"confidentiality": true, "role": "controller", "encrypted": false, "data_items": []string{"ssn"}, "persons_by_place": map[string]int{"US-MA": 3}}
	a, err := shippedPack(t).Assess(knownFacts(t, facts), judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	o := dutyOf(t, a, "us-ma-individuals")
	if !slices.Contains(o.Forbidden, "the number of affected residents of Massachusetts") || !slices.Contains(o.Remedies, "credit monitoring for 18 months, when a social security number was touched") {
		t.Errorf("%v %v", o.Forbidden, o.Remedies)
	}
	facts["persons_by_place"] = map[string]int{"US-TX": 3}
	if a, err = shippedPack(t).Assess(knownFacts(t, facts), judgedAt); err != nil {
		t.Fatal(err)
	}
	if o := dutyOf(t, a, "us-ma-individuals"); len(o.Forbidden)+len(o.Remedies) > 0 {
		t.Errorf("%s says %v %v", o.Applies, o.Forbidden, o.Remedies)
	}
}
