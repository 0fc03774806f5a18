package regulators

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/incidents"
)

// busyFacts is an incident that touches every jurisdiction on file.
func busyFacts(t testing.TB) incidents.Facts {
	return knownFacts(t, map[string]any{
		"confidentiality": true, "integrity": false, "availability": true, "confidentiality_effect": "unknown_recipients",
		"availability_effect": "temporary", "malicious": true, "cause": "ransomware", "data_items": []string{"name", "ssn", "medical", "online_credentials"},
		"data_categories": []string{"basic", "health"}, "identifiability": "maximum", "encrypted": false, "role": "controller",
		"persons_by_place": map[string]int{"DE": 40000, "FR": 2500, "GB": 900, "CN": 1_200_000, "JP": 3000, "SG": 700, "US-CA": 8000, "US-NY": 6000, "US": 12},
		"establishments":   []string{"CN", "US"}, "sectors": []string{"health"}, "critical_infrastructure": false, "hipaa_role": "covered_entity",
		"unsecured_phi": true, "aware_at": "2026-11-20T09:00:00Z", "detected_at": "2026-11-20T08:00:00Z",
	})
}

func TestAssessIsPure(t *testing.T) {
	p, f := shippedPack(t), busyFacts(t)
	want, err := p.Assess(f, judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	before := maps.Clone(f.Known)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			got, err := p.Assess(f, judgedAt)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("a second look differs: %v", err)
			}
		})
	}
	wait.Wait()
	if !reflect.DeepEqual(before, f.Known) {
		t.Error("the facts were changed")
	}
	again := shippedPack(t)
	if again.Version() != p.Version() {
		t.Error("the same files have two versions")
	}
}

func TestVersionFollowsTheFiles(t *testing.T) {
	a, err := Load(Options{}, Shipped(), layered(goodRule))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Load(Options{}, Shipped(), layered(strings.Replace(goodRule, "> 10", "> 11", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if a.Version() == b.Version() {
		t.Error("a changed rule keeps the version")
	}
}

func TestObligationsAreInOrder(t *testing.T) {
	a, err := shippedPack(t).Assess(busyFacts(t), judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(a.Obligations, func(x, y incidents.Obligation) int { return moreUrgent(&x, &y) }) {
		t.Error("not sorted")
	}
	first := slices.IndexFunc(a.Obligations, func(o incidents.Obligation) bool { return o.Applies == incidents.AppliesYes })
	if o := a.Obligations[first]; o.ID != "cn-cac-operator" || dueText(o.Due) != "2026-11-20T12:00:00Z" {
		t.Errorf("first of those that apply is %s, due %s", o.ID, dueText(o.Due))
	}
	seen := map[string]bool{}
	for _, o := range a.Obligations {
		if seen[o.ID] {
			t.Errorf("%s comes twice", o.ID)
		}
		seen[o.ID] = true
		if len(o.Reasons) == 0 || o.Pack != a.Pack || o.Title == "" || strings.ContainsAny(strings.Join(o.Reasons, ""), "{}") {
			t.Errorf("%s explains itself with %q", o.ID, o.Reasons)
		}
		if (o.Applies == incidents.AppliesDepends) != (len(o.Decides) > 0) {
			t.Errorf("%s: %s, decided by %v", o.ID, o.Applies, o.Decides)
		}
	}
}

func TestObligationsOfAState(t *testing.T) {
	a, err := shippedPack(t).Assess(busyFacts(t), judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	o := dutyOf(t, a, "eu-gdpr-33-each/FR")
	if o.Persons != 2500 || o.Place != "FR" || !strings.Contains(o.Authority, "CNIL") || o.Report != "gdpr33" || o.Rule != "eu-gdpr-33-each" {
		t.Errorf("%+v", o)
	}
	if want := "aware 2026-11-20 09:00 UTC + 72 h = 2026-11-23 09:00 UTC"; o.Arithmetic != want || o.Length != "PT72H" || o.Soft {
		t.Errorf("%q, %q, soft %v", o.Arithmetic, o.Length, o.Soft)
	}
}

func TestTheLeadAuthorityIsNamed(t *testing.T) {
	p := shippedPack(t)
	facts := map[string]any{"confidentiality": true, "encrypted": false, "role": "controller", "establishments": []string{"EEA"}}
	for lead, name := range map[string]string{"ie": "Data Protection Commission", " EL ": "Hellenic Data Protection Authority", "": "competent supervisory authority (Art. 55); lead authority for cross-border processing (Art. 56)"} {
		facts["lead_authority"] = lead
		a, err := p.Assess(knownFacts(t, facts), judgedAt)
		if err != nil {
			t.Fatal(err)
		}
		if o := dutyOf(t, a, "eu-gdpr-33"); o.Authority != name {
			t.Errorf("%q: %q", lead, o.Authority)
		}
	}
}

func TestQuestionsRankTheMostUrgentFirst(t *testing.T) {
	p := shippedPack(t)
	a, err := p.Assess(incidents.Facts{}, judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Questions) < 10 {
		t.Fatalf("only %d questions", len(a.Questions))
	}
	for i, q := range a.Questions {
		if _, ok := incidents.FactByKey(q.Fact); !ok || len(q.Decides) == 0 || q.Weight <= 0 {
			t.Errorf("%+v", q)
		}
		if i > 0 && q.Weight > a.Questions[i-1].Weight {
			t.Errorf("%s comes too late", q.Fact)
		}
	}
	for _, o := range a.Obligations {
		if r := p.byID[o.Rule]; r.inTime(nil, judgedAt) == nil && r.Until == "" && o.Applies != incidents.AppliesDepends {
			t.Errorf("nothing is known, yet %s is %s: %v", o.ID, o.Applies, o.Reasons)
		}
	}
	closed := map[string]any{"confidentiality": true, "encrypted": false, "role": "controller", "establishments": []string{"EEA"}, "lead_authority": "DE"}
	a, _ = p.Assess(knownFacts(t, closed), judgedAt)
	if i := slices.IndexFunc(a.Questions, func(q incidents.Question) bool { return q.Fact == "aware_at" }); i < 0 || !contains(a.Questions[i].Decides, "eu-gdpr-33") {
		t.Error("nobody asks when we became aware, though the clock hangs on it")
	}
}

func TestAFactOfTheWrongTypeIsRefused(t *testing.T) {
	f := incidents.Facts{Known: map[string]incidents.Fact{"persons_total": {Value: "many"}}}
	if _, err := shippedPack(t).Assess(f, judgedAt); incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("%v", err)
	}
}

// A fact set as unknown judges like one that was never set.
func TestUnknownIsUnknown(t *testing.T) {
	p := shippedPack(t)
	f := busyFacts(t)
	a, _ := p.Assess(f, judgedAt)
	g := incidents.Facts{Rev: f.Rev, Known: maps.Clone(f.Known)}
	g.Known["vulnerable_groups"] = incidents.Fact{Unknown: true}
	b, _ := p.Assess(g, judgedAt)
	if !reflect.DeepEqual(a, b) {
		t.Error("they differ")
	}
}

// What is certain stays certain: a rule that answers yes or no while facts are
// unknown answers the same once they are known. Rules that ask what is known,
// or lean on the severity, are the deliberate exceptions.
func TestAnswersSurviveNewFacts(t *testing.T) {
	p := shippedPack(t)
	firm := firmRules(p)
	if len(firm) < 9 {
		t.Fatalf("only %d rules are firm", len(firm))
	}
	rapid.Check(t, func(t *rapid.T) {
		all := drawFacts(t)
		some := incidents.Facts{Known: map[string]incidents.Fact{}}
		for _, k := range slices.Sorted(maps.Keys(all.Known)) {
			if d, _ := incidents.FactByKey(k); d.Type == incidents.FactTime || rapid.Bool().Draw(t, "keep "+k) {
				some.Known[k] = all.Known[k]
			}
		}
		before, after := answers(t, p, some), answers(t, p, all)
		for id := range firm {
			if b := before[id]; b != incidents.AppliesDepends && b != after[id] {
				t.Fatalf("%s: %s, then %s", id, b, after[id])
			}
			if after[id] == incidents.AppliesDepends {
				t.Fatalf("%s: every fact is known, yet it depends", id)
			}
		}
	})
}

func firmRules(p *Pack) map[string]bool {
	firm := map[string]bool{}
	for _, r := range p.rules {
		ok := r.FanOut == ""
		for _, c := range r.clauses {
			if c.requires != "" {
				ok = ok && firm[c.requires]
				continue
			}
			for _, n := range []string{varKnown, varHigh, varMedium, varPersons, varGrade, varIndustry} {
				ok = ok && !contains(c.cond.names, n)
			}
		}
		if ok {
			firm[r.ID] = true
		}
	}
	return firm
}

func answers(t *rapid.T, p *Pack, f incidents.Facts) map[string]incidents.Applies {
	a, err := p.Assess(f, judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]incidents.Applies{}
	for _, o := range a.Obligations {
		out[o.ID] = o.Applies
	}
	return out
}

// drawFacts sets every fact of the catalogue to something it may hold.
func drawFacts(t *rapid.T) incidents.Facts {
	f := incidents.Facts{Rev: 1, Known: map[string]incidents.Fact{}}
	for _, d := range incidents.Catalogue {
		f.Known[d.Key] = incidents.Fact{Value: drawValue(t, d)}
	}
	var total int64
	by, _ := f.Places("persons_by_place")
	for _, n := range by {
		total += n
	}
	f.Known["persons_total"] = incidents.Fact{Value: total} // the two never contradict each other
	return f
}

func drawValue(t *rapid.T, d incidents.FactDef) any {
	var values []string
	for _, o := range d.Options {
		values = append(values, o.Value)
	}
	switch d.Type {
	case incidents.FactTri:
		return rapid.Bool().Draw(t, d.Key)
	case incidents.FactChoice:
		return rapid.SampledFrom(values).Draw(t, d.Key)
	case incidents.FactMulti:
		return rapid.SliceOfNDistinct(rapid.SampledFrom(values), 0, 3, rapid.ID[string]).Draw(t, d.Key)
	case incidents.FactCount:
		return rapid.SampledFrom([]int64{0, 1, 499, 500, 501, 1000, 1001, 1_000_000}).Draw(t, d.Key)
	case incidents.FactPlaces:
		place := rapid.SampledFrom([]incidents.Place{"DE", "FR", "CN", "GB", "JP", "SG", "US-CA", "US-NY", "US-TX", "BR"})
		return rapid.MapOfN(place, rapid.SampledFrom([]int64{0, 1, 500, 501, 5001}), 0, 4).Draw(t, d.Key)
	case incidents.FactTime:
		return time.Unix(rapid.Int64Range(1_790_000_000, 1_800_000_000).Draw(t, d.Key), 0).UTC()
	}
	return rapid.SampledFrom([]string{"", "DE", "x"}).Draw(t, d.Key)
}

func TestAnAssessmentSurvivesJSON(t *testing.T) {
	a, err := shippedPack(t).Assess(busyFacts(t), judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var back incidents.Assessment
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(a, back) {
		t.Errorf("differs after a round trip: %v", err)
	}
}

func BenchmarkAssess(b *testing.B) {
	p, f := shippedPack(b), busyFacts(b)
	for b.Loop() {
		if _, err := p.Assess(f, judgedAt); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
