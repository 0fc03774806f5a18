package regulators

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tocsin/incidents"
)

// kinds reads counts as an import writes them: "child+minor:basic,health".
func kinds(t *testing.T, counts map[string]int64) map[incidents.PersonKind]int64 {
	t.Helper()
	out := map[incidents.PersonKind]int64{}
	for text, n := range counts {
		var k incidents.PersonKind
		if err := k.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		out[k] += n
	}
	return out
}

// stolen is a theft of a shop's records by somebody unknown.
var stolen = map[string]any{"confidentiality": true, "integrity": false, "availability": false, "confidentiality_effect": "unknown_recipients", "malicious": true, "identifiability": "significant"}

func with(sets ...map[string]any) map[string]any {
	out := map[string]any{}
	for _, set := range sets {
		maps.Copy(out, set)
	}
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == nil })
	return out
}

// short writes a statement on one line: key persons+others level score.
func short(s incidents.RiskStatement) string {
	var out []string
	for _, g := range s.Groups {
		size := fmt.Sprint(g.Persons)
		if g.Others > 0 {
			size += fmt.Sprintf("+%d", g.Others)
		}
		if g.Among {
			size += " among"
		}
		out = append(out, fmt.Sprintf("%s %s %s %g", g.Key, size, g.Level, g.Score))
	}
	return strings.Join(out, "; ")
}

func TestRiskOfEachGroup(t *testing.T) {
	p := shippedPack(t)
	all := []string{"basic", "network_identity", "health"}
	for _, c := range []struct {
		name  string
		facts map[string]any
		list  map[string]int64
		want  string
		notes []string // each is in a note; none: there is no note
	}{
		{"minors, passwords, and contact data alone", with(stolen, map[string]any{"data_categories": all, "vulnerable_groups": true}),
			map[string]int64{"minor:basic,network_identity": 30, ":basic,network_identity": 200, ":basic": 1000, ":health": 4},
			"minors 30 very_high 4; vulnerable 0+1234 among very_high 4; sensitive 4 very_high 4; credentials 200 high 3.25; contact 1000 low 1.75", nil},
		{"children on the list alone", with(stolen, map[string]any{"data_categories": []string{"basic"}}), map[string]int64{"child+minor:basic": 12, ":basic": 88},
			"children 12 medium 2.5; contact 88 low 1.75", []string{"The list has 12 under 14"}},
		{"who has died is of no other group", with(stolen, map[string]any{"data_categories": []string{"health"}}), map[string]int64{"deceased:health": 1, ":health": 1},
			"deceased 1 very_high 4; sensitive 1 very_high 4", nil},
		{"facts alone, in three classes", with(stolen, map[string]any{"data_categories": all, "persons_total": 500}), nil,
			"sensitive 0+500 very_high 4; credentials 0+500 high 3.25; contact 0+500 low 1.75", []string{"Of 500 people nobody has said"}},
		{"facts alone, of one class: everybody is in it", with(stolen, map[string]any{"data_categories": []string{"basic"}, "persons_total": 500}), nil, "contact 500 low 1.75", nil},
		{"facts that count the sensitive", with(stolen, map[string]any{"data_categories": []string{"basic", "health"}, "persons_total": 500, "sensitive_persons": 20}), nil,
			"sensitive 20 very_high 4; contact 480 low 1.75", nil},
		{"facts that count the sensitive and name no such data", with(stolen, map[string]any{"data_categories": []string{"basic"}, "persons_total": 500, "sensitive_persons": 20}), nil,
			"contact 500 low 1.75", nil},
		{"facts that say there are none", with(stolen, map[string]any{"data_categories": []string{"basic", "health"}, "persons_total": 500, "sensitive_persons": 0}), nil, "contact 500 low 1.75", nil},
		{"children by the facts, nobody counted", with(stolen, map[string]any{"data_categories": []string{"basic"}, "minors_under_14": true, "persons_total": 500}), nil,
			"children 0+500 among medium 2.5; contact 500 low 1.75", nil},
		{"nobody knows how many", with(stolen, map[string]any{"data_categories": []string{"basic", "identity"}}), nil, "identity 0 medium 2.5; contact 0 low 1.75", []string{"How many people"}},
		{"nobody knows which data", with(stolen, map[string]any{"persons_total": 9}), nil, "", []string{"Which data is touched is not known"}},
		{"a list names what the facts do not", with(stolen, map[string]any{"data_categories": []string{"basic"}}), map[string]int64{":identity": 3, ":basic": 5},
			"identity 3 medium 2.5; contact 5 low 1.75", []string{"data that the facts do not (data_categories): Identity documents"}},
		{"the facts name what nobody on the list has", with(stolen, map[string]any{"data_categories": all}), map[string]int64{":basic": 5}, "contact 5 low 1.75", []string{"nobody on the list has"}},
		{"half of the list says nothing", with(stolen, map[string]any{"data_categories": []string{"basic", "identity"}}), map[string]int64{":identity": 3, ":": 7},
			"identity 3+7 medium 2.5; contact 0+7 low 1.75", []string{"Of 7 people"}},
		{"a list shorter than the facts", with(stolen, map[string]any{"data_categories": []string{"basic", "identity"}, "persons_total": 10}), map[string]int64{":identity": 3},
			"identity 3+7 medium 2.5; contact 0+7 low 1.75", []string{"Of 7 people"}},
		{"hashes of passwords weigh less than passwords", with(stolen, map[string]any{"data_items": []string{"name", "password_hash"}}), map[string]int64{":network_identity": 5, ":basic": 1},
			"credentials 5 low 1.75; contact 1 low 1.75", nil},
		{"the team judged the context", with(stolen, map[string]any{"data_categories": []string{"basic"}, "data_context": "same", "minors_under_14": true}), map[string]int64{"child+minor:basic": 1, ":basic": 1},
			"children 1 low 1.75; contact 1 low 1.75", nil},
		{"encrypted, and the key is safe", map[string]any{"confidentiality": true, "integrity": false, "availability": false, "malicious": false, "confidentiality_effect": "no_evidence", "data_categories": []string{"health"}, "encrypted": true, "key_safe": true}, map[string]int64{":health": 5},
			"sensitive 5 low 1", nil},
		{"nothing happened to data", map[string]any{"confidentiality": false, "integrity": false, "availability": false, "data_categories": all}, map[string]int64{":basic": 5}, "", []string{"No personal data was"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, f := kinds(t, c.list), knownFacts(t, c.facts)
			s := p.Risk(f, list)
			if got := short(s); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if len(s.Notes) != len(c.notes) {
				t.Errorf("notes: %q", s.Notes)
			}
			for i, want := range c.notes {
				if i < len(s.Notes) && !strings.Contains(s.Notes[i], want) {
					t.Errorf("note %q does not say %q", s.Notes[i], want)
				}
			}
			adds(t, s)
			if again := p.Risk(f, list); short(again) != short(s) || len(again.Groups) > 0 && again.Groups[0].Hash != s.Groups[0].Hash {
				t.Error("asked again it says something else")
			}
		})
	}
}

// adds checks what holds of every statement.
func adds(t *testing.T, s incidents.RiskStatement) {
	t.Helper()
	var sum int64
	hashes := map[string]bool{}
	for _, g := range s.Groups {
		if !g.Among {
			sum += g.Persons
		}
		if g.Hash == "" || hashes[g.Hash] {
			t.Errorf("%s: hash %q", g.Key, g.Hash)
		}
		hashes[g.Hash] = true
		if len(g.Why) < 2 || len(g.Consequences) == 0 || g.Advice == nil || len(g.Figures) != 6 {
			t.Errorf("%s says too little: %+v", g.Key, g)
		}
	}
	if len(s.Groups) > 0 && sum+s.Unnamed != s.Persons {
		t.Errorf("%d in groups and %d unnamed are not %d", sum, s.Unnamed, s.Persons)
	}
}

// What the list says beyond the facts aside, no group is judged worse than the
// incident, and one is judged as bad, if every person has been placed.
func TestTheWorstGroupIsTheIncident(t *testing.T) {
	p := shippedPack(t)
	for _, data := range [][]string{{"basic"}, {"basic", "identity"}, {"network_identity", "location"}, {"basic", "property", "health"}, {"education_work", "contacts"}} {
		for _, children := range []bool{false, true} {
			for _, context := range []any{nil, "less_1", "same", "more_1"} {
				f := knownFacts(t, with(stolen, map[string]any{"data_categories": data, "minors_under_14": children, "data_context": context, "persons_total": 50}))
				worst := 0.0
				for _, g := range p.Risk(f, nil).Groups {
					worst = max(worst, g.Score)
				}
				if got := p.enisa.assess(f).Score; got != worst {
					t.Errorf("%v, children %v, context %v: incident %g, worst group %g", data, children, context, got, worst)
				}
			}
		}
	}
}

func TestRiskSaysWhyAndWhatToDo(t *testing.T) {
	p := shippedPack(t)
	f := knownFacts(t, with(stolen, map[string]any{"data_categories": []string{"basic", "network_identity", "health"}, "availability": true, "availability_effect": "full"}))
	s := p.Risk(f, kinds(t, map[string]int64{"child+minor:basic,health": 7, ":network_identity": 2}))
	child, _ := s.Group("children")
	has(t, child.Why, "Recital 38", "Health and physiological data (7)", "counts as sensitive data", "unknown number of recipients", "on purpose")
	has(t, child.Consequences, "Discrimination", "records are missing", "gone for good", "years")
	has(t, child.Advice, "guardian")
	if slices.ContainsFunc(child.Consequences, func(c string) bool { return strings.Contains(c, "signs in as them") }) {
		t.Error("children are warned of passwords that were not theirs")
	}
	account, _ := s.Group("credentials")
	has(t, account.Advice, "Change the password")
	unread := with(map[string]any{"confidentiality": true, "integrity": false, "availability": false, "data_categories": []string{"health"}, "encrypted": true, "key_safe": true})
	locked, _ := p.Risk(knownFacts(t, unread), kinds(t, map[string]int64{":health": 1})).Group("sensitive")
	has(t, locked.Consequences, "cannot be read")
	if len(locked.Consequences) != 1 {
		t.Errorf("%q", locked.Consequences)
	}
}

func has(t *testing.T, lines []string, want ...string) {
	t.Helper()
	all := strings.Join(lines, "\n")
	for _, w := range want {
		if !strings.Contains(all, w) {
			t.Errorf("%q is not in:\n%s", w, all)
		}
	}
}

// A context that an officer's decision on one group set says nothing of the others.
func TestAContextOfOneGroupIsNotEverybodys(t *testing.T) {
	p := shippedPack(t)
	f := knownFacts(t, with(stolen, map[string]any{"data_categories": []string{"basic"}}))
	list := kinds(t, map[string]int64{"child+minor:basic": 1, ":basic": 1})
	before := p.Risk(f, list)
	judged := f.With(map[string]incidents.Fact{"data_context": {Value: "more_2", How: "risk statement, group children"}})
	if after := p.Risk(judged, list); after.Groups[0].Hash != before.Groups[0].Hash || after.Groups[1].Hash != before.Groups[1].Hash {
		t.Errorf("%s became %s", short(before), short(after))
	}
	team := f.With(map[string]incidents.Fact{"data_context": {Value: "more_2", How: "the team"}})
	if after := p.Risk(team, list); after.Groups[1].Level != "high" {
		t.Errorf("the team's judgement is left aside: %s", short(after))
	}
}

func TestEveryCategoryAndItemHasAPlace(t *testing.T) {
	for _, o := range incidents.DataCategories {
		if n := len(slices.DeleteFunc(slices.Clone(riskClasses), func(c riskClass) bool { return !slices.Contains(c.data, o.Value) })); n != 1 {
			t.Errorf("%s is in %d classes", o.Value, n)
		}
	}
	items, _ := incidents.FactByKey("data_items")
	for _, o := range items.Options {
		if incidents.CategoryOf(o.Value) == "" {
			t.Errorf("the item %s has no category", o.Value)
		}
	}
}
