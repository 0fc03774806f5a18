package incidents

import "testing"

func TestWhoIsBarred(t *testing.T) {
	tell, keep := &Routes{Minors: MinorsTold}, &Routes{Minors: MinorsSuppressed, Representatives: true}
	for _, c := range []struct {
		name   string
		routes *Routes
		flags  int
		want   string
	}{
		{"an adult", tell, 0, ""},
		{"excluded on the list", tell, FlagSuppress, BarredOnList},
		{"the dead", tell, FlagDeceased, BarredDeceased},
		{"the dead with a representative, not allowed", tell, FlagDeceased | FlagGuardian, BarredDeceased},
		{"the dead with a representative, allowed", keep, FlagDeceased | FlagGuardian, ""},
		{"the dead without one, allowed", keep, FlagDeceased, BarredDeceased},
		{"a dead child goes the way of the dead", keep, FlagDeceased | FlagChild | FlagMinor, BarredDeceased},
		{"a child with a guardian", keep, FlagChild | FlagMinor | FlagGuardian, ""},
		{"a child without one is never told alone", tell, FlagChild | FlagMinor, BarredNoGuardian},
		{"a minor of 14 without one is told", tell, FlagMinor, ""},
		{"a minor of 14 without one is kept out", keep, FlagMinor, BarredNoGuardian},
		{"written before there were routes: minors are told", nil, FlagChild | FlagMinor, ""},
		{"written before there were routes: the dead are not", nil, FlagDeceased | FlagGuardian, BarredDeceased},
	} {
		if got := (Content{Routes: c.routes}).Barred(c.flags); got != c.want {
			t.Errorf("%s: barred for %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPlanOfAGroup(t *testing.T) {
	mail, call := []Step{{Channel: Email}}, []Step{{Channel: SMS}, {Channel: Email}}
	c := Content{Plan: mail, Plans: []GroupPlan{{When: WhenPlace, Places: []Place{"US"}, Plan: call}, {When: WhenSensitive, Plan: call}, {When: WhenChild, Plan: mail}}}
	for _, x := range []struct {
		name  string
		flags int
		at    Place
		want  []Step
	}{
		{"nobody special", 0, "DE", mail},
		{"sensitive data", FlagSensitive, "DE", call},
		{"a country takes its states", 0, "US-CA", call},
		{"and not its namesakes", 0, "USX", mail},
		{"the first group counts", FlagChild, "US", call},
	} {
		if got := c.PlanFor(x.flags, x.at); len(got) != len(x.want) || got[0] != x.want[0] {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
	}
	if got := c.Channels(); len(got) != 2 || got[0] != Email || got[1] != SMS {
		t.Errorf("the channels are %v", got)
	}
}

// A content without what came later hashes as it did before there was any.
func TestOlderContentsKeepTheirHash(t *testing.T) {
	const was = "3a3bc5aca302527519638397db6c44ae3ea04307274bf489c32e56a4958359b8"
	if got := (Content{Kind: NoticeBreach, Mode: Live, Plan: []Step{{Channel: Email}}}).Hash(); got != was {
		t.Errorf("the hash is %s", got)
	}
}

func TestPlansAreChecked(t *testing.T) {
	mail := []Step{{Channel: Email}}
	for name, bad := range map[string]GroupPlan{
		"no such group": {When: "rich", Plan: mail}, "no place": {When: WhenPlace, Plan: mail}, "not a place": {When: WhenPlace, Places: []Place{"Germany"}, Plan: mail},
		"places for a group without": {When: WhenMinor, Places: []Place{"DE"}, Plan: mail}, "no channel": {When: WhenMinor}, "no such channel": {When: WhenMinor, Plan: []Step{{Channel: "pigeon"}}},
	} {
		if err := checkPlans([]GroupPlan{bad}); KindOf(err) != KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := checkPlans([]GroupPlan{{When: WhenPlace, Places: []Place{"US-CA"}, Plan: mail}, {When: WhenSensitive, Plan: mail}}); err != nil {
		t.Error(err)
	}
}
