package incidents

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCodes(t *testing.T) {
	b := NewCodeBook([]byte("a key of the test"))
	code := b.Code(12, 345678)
	n, q, ok := b.Check(code)
	if !ok || n != 12 || q != 345678 {
		t.Fatalf("%s reads as %d %d %v", code, n, q, ok)
	}
	if _, _, ok := b.Check(strings.ToLower(strings.ReplaceAll(code, "-", " "))); !ok {
		t.Error("a code typed in lower case with blanks is refused")
	}
	if _, _, ok := NewCodeBook([]byte("another")).Check(code); ok {
		t.Error("a code of another organisation is taken")
	}
	for i := range code {
		if code[i] == '-' {
			continue
		}
		for _, c := range "0123456789ABCDEFGHJKMNPQRSTVWXYZ" {
			other := code[:i] + string(c) + code[i+1:]
			if n, q, ok := b.Check(other); ok && (n != 12 || q != 345678) {
				t.Fatalf("%s is taken for another person", other)
			}
		}
	}
}

func TestContactsMaskThemselves(t *testing.T) {
	c := Contact{Ref: "R-1", Name: "Ada Example", Email: "ada@example.com", Phone: "+14155550158", Address: "1 Sample Street"}
	js, err := json.Marshal(map[string]any{"who": c, "list": []Contact{c}})
	if err != nil {
		t.Fatal(err)
	}
	m := c.Mask()
	for _, s := range []string{fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s", c, c, c, c), string(js), c.LogValue().String(), fmt.Sprint(m)} {
		for _, secret := range []string{"Ada", "ada@", "4155550158", "Sample"} {
			if strings.Contains(s, secret) {
				t.Errorf("%q shows %q", s, secret)
			}
		}
	}
}

func TestFactsComeBackAsTheyWere(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	f := Facts{Rev: 4, Known: map[string]Fact{
		"malicious": {Value: true, SetBy: "rita"}, "data_categories": {Value: []string{"basic", "health"}}, "persons_total": {Value: int64(12)},
		"persons_by_place": {Value: map[Place]int64{"DE": 10, "US-CA": 2}}, "aware_at": {Value: at}, "cause": {Value: "hacking"}, "encrypted": {Unknown: true},
	}}
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var g Facts
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	if v, ok := g.Time("aware_at"); !ok || !v.Equal(at) {
		t.Errorf("aware_at is %v", v)
	}
	if v, ok := g.Places("persons_by_place"); !ok || v["US-CA"] != 2 {
		t.Errorf("persons_by_place is %v", v)
	}
	if v, ok := g.Count("persons_total"); !ok || v != 12 {
		t.Errorf("persons_total is %v", v)
	}
	if _, ok := g.Bool("encrypted"); ok {
		t.Error("an unknown fact became known")
	}
	if g.Known["malicious"].SetBy != "rita" {
		t.Error("who set it is lost")
	}
	if hashJSON(f) != hashJSON(g) {
		t.Error("the same facts have two hashes")
	}
}

func TestBadFactsAreRefusedWithAReason(t *testing.T) {
	for key, bad := range map[string]string{
		"malicious": `"perhaps"`, "cause": `"aliens"`, "data_categories": `["basic","shoe size"]`, "persons_total": `-1`,
		"persons_by_place": `{"Atlantis": 3}`, "aware_at": `"yesterday"`, "no_such_fact": `1`,
	} {
		_, err := parseChanges(map[string]FactChange{key: {Value: json.RawMessage(bad)}})
		if KindOf(err) != KindInvalid || !strings.Contains(err.Error(), key) {
			t.Errorf("%s = %s: %v", key, bad, err)
		}
	}
}

func TestCatalogueKeysAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range Catalogue {
		if seen[d.Key] || d.Question == "" {
			t.Errorf("fact %q is there twice or asks nothing", d.Key)
		}
		seen[d.Key] = true
	}
}

func TestThirtyFullDays(t *testing.T) {
	told := time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name string
		ends time.Time
		ok   bool
	}{
		{"exactly 30 days after the last person is told", told.Add(30 * 24 * time.Hour), true},
		{"a second less", told.Add(30*24*time.Hour - time.Second), false},
		{"the same day", told, false},
		{"in the past", told.Add(-time.Hour), false},
		{"two months on", told.AddDate(0, 2, 0), true},
	} {
		if err := CheckEndDate(tc.ends, told); (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	ends, err := Termination{EndDate: "2027-03-27", Zone: "Europe/Berlin"}.EndsAt()
	if err != nil || !ends.Equal(time.Date(2027, 3, 27, 23, 0, 0, 0, time.UTC)) {
		t.Errorf("the day before the clocks change ends at %v (%v)", ends, err)
	}
	ends, err = Termination{EndDate: "2027-03-28", Zone: "Europe/Berlin"}.EndsAt()
	if err != nil || !ends.Equal(time.Date(2027, 3, 28, 22, 0, 0, 0, time.UTC)) {
		t.Errorf("the day the clocks change ends at %v (%v)", ends, err)
	}
}

func TestClockSteps(t *testing.T) {
	start := noon
	due := noon.Add(100 * time.Hour)
	for hours, want := range map[int]int{0: 0, 49: 0, 50: 50, 74: 50, 75: 75, 89: 75, 90: 90, 99: 90, 100: 100, 500: 100} {
		o := ObligationState{Obligation: Obligation{Applies: AppliesYes, Start: &start, Due: &due}, Status: DutyOpen}
		if got := clockStep(o, noon.Add(time.Duration(hours)*time.Hour)); got != want {
			t.Errorf("after %d of 100 hours: step %d, want %d", hours, got, want)
		}
		o.Status = DutyMet
		if clockStep(o, noon.Add(time.Duration(hours)*time.Hour)) != 0 {
			t.Error("a met duty escalates")
		}
	}
}

func TestRejectFilesDoNotEvaluate(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "+49": "'+49", "-2": "'-2", "@x": "'@x", "＝1": "'＝1", " =1": "' =1", "plain": "plain", "": "", "a=b": "a=b", "\tx": "'\tx"} {
		if got := SafeCell(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestDeliveryIDsComeBack(t *testing.T) {
	for _, c := range Channels() {
		id := DeliveryID{12, 345, c}
		if back, err := ParseDeliveryID(id.String()); err != nil || back != id {
			t.Errorf("%s comes back as %v (%v)", id, back, err)
		}
	}
	for _, bad := range []string{"", "1-2", "1-2-x", "a-2-e", "1-b-e", "1-2-e-3"} {
		if _, err := ParseDeliveryID(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
