package incidents

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func approvedCase() (Notice, Incident, []Approval) {
	in := Incident{ID: "inc-1", Ref: "INC-2026-0001", Mode: Live, ListHash: "list-1"}
	c := Content{Kind: NoticeBreach, Mode: Live, Incident: in.ID, ListHash: in.ListHash, Persons: 10,
		Langs: map[Lang]Words{"en": {Subject: "About your data", Happened: "A list was copied."}}, Default: "en", Plan: DefaultPlan}
	n := Notice{ID: "n-1", No: 1, IncidentID: in.ID, Version: 3, Content: c, Hash: c.Hash(), Author: "rita", Editors: []AccountID{"rita", "carl"}, Status: NoticeApproved}
	a := Approval{ID: "a-1", IncidentID: in.ID, Subject: Subject{SubjectNotice, "n-1", 3, n.Hash}, Decision: "approve", By: "olga", Role: RoleOfficer,
		SecondFactorAt: noon.Add(-time.Minute), At: noon}
	return n, in, []Approval{a}
}

// Every way round the gate that needs no database: the pure check must refuse it.
func TestAdmitRefusesEveryWayRound(t *testing.T) {
	for _, tc := range []struct {
		name string
		bend func(*Notice, *Incident, *[]Approval, *Gate)
	}{
		{"nobody approved", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { *as = nil }},
		{"the author approved", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].By = "rita" }},
		{"an editor approved", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].By = "carl" }},
		{"the approval is of an older version", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].Subject.Version = 2 }},
		{"the approval is of another notice", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].Subject.ID = "n-2" }},
		{"the approval is of another kind of thing", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].Subject.Kind = SubjectReport }},
		{"a word was changed afterwards", func(n *Notice, _ *Incident, _ *[]Approval, _ *Gate) {
			n.Content.Langs = map[Lang]Words{"en": {Subject: "About your data", Happened: "Nothing happened."}}
		}},
		{"a word was changed and the hash with it", func(n *Notice, _ *Incident, _ *[]Approval, _ *Gate) {
			n.Content.Default = "zh-Hans"
			n.Hash = n.Content.Hash()
		}},
		{"the persons were changed by the filter", func(n *Notice, _ *Incident, _ *[]Approval, _ *Gate) { n.Content.Filter.Places = []Place{"DE"} }},
		{"the channel plan was changed", func(n *Notice, _ *Incident, _ *[]Approval, _ *Gate) { n.Content.Plan = []Step{{SMS, 0}} }},
		{"the list grew", func(_ *Notice, in *Incident, _ *[]Approval, _ *Gate) { in.ListHash = "list-2" }},
		{"the second factor was old", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].SecondFactorAt = noon.Add(-time.Hour) }},
		{"there was no second factor", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].SecondFactorAt = time.Time{} }},
		{"the second factor lies ahead", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].SecondFactorAt = noon.Add(time.Hour) }},
		{"the approval was voided", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].Void = "edited" }},
		{"it was returned", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].Decision = "return" }},
		{"a responder decided", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].Role = RoleResponder }},
		{"the service approved itself", func(_ *Notice, _ *Incident, as *[]Approval, _ *Gate) { (*as)[0].Role = RoleSystem }},
		{"one officer approved twice where two are asked", func(_ *Notice, _ *Incident, as *[]Approval, g *Gate) {
			g.TwoAbove = 5
			*as = append(*as, (*as)[0])
		}},
		{"a drill's notice in a live incident", func(n *Notice, _ *Incident, _ *[]Approval, _ *Gate) { n.Content.Mode = Drill }},
		{"a live notice in a drill", func(_ *Notice, in *Incident, _ *[]Approval, _ *Gate) { in.Mode = Drill }},
		{"the notice was carried to another incident", func(n *Notice, in *Incident, _ *[]Approval, _ *Gate) { in.ID, n.IncidentID = "inc-2", "inc-2" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, in, as := approvedCase()
			g := Gate{}
			tc.bend(&n, &in, &as, &g)
			got, err := Admit(n, in, as, g)
			if err == nil || got.Valid() {
				t.Fatal("it was admitted")
			}
			if KindOf(err) != KindForbidden {
				t.Fatalf("refused as %s: %v", KindOf(err), err)
			}
		})
	}
}

func TestAdmitTakesWhatIsApproved(t *testing.T) {
	n, in, as := approvedCase()
	if got, err := Admit(n, in, as, Gate{}); err != nil || !got.Valid() || got.Notice().ID != n.ID {
		t.Fatalf("one officer for ten persons: %v", err)
	}
	second := as[0]
	second.By = "oscar"
	if _, err := Admit(n, in, append(as, second), Gate{TwoAbove: 5}); err != nil {
		t.Fatalf("two officers where two are asked: %v", err)
	}
	if (ApprovedNotice{}).Valid() {
		t.Fatal("the zero value may be sent")
	}
}

func TestCheckApprover(t *testing.T) {
	fresh := Actor{ID: "olga", Role: RoleOfficer, SecondFactorAt: noon.Add(-time.Minute)}
	for _, tc := range []struct {
		name string
		who  func(Actor) Actor
		ok   bool
	}{
		{"an officer with a fresh second factor may", func(a Actor) Actor { return a }, true},
		{"a responder may not", func(a Actor) Actor { a.Role = RoleResponder; return a }, false},
		{"an administrator may not", func(a Actor) Actor { a.Role = RoleAdmin; return a }, false},
		{"an auditor may not", func(a Actor) Actor { a.Role = RoleAuditor; return a }, false},
		{"an officer who edited may not", func(a Actor) Actor { a.ID = "carl"; return a }, false},
		{"an officer with an old second factor may not", func(a Actor) Actor { a.SecondFactorAt = noon.Add(-6 * time.Minute); return a }, false},
		{"a token without the scope may not", func(a Actor) Actor { a.Scopes = []Act{ActRead}; return a }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := CheckApprover(tc.who(fresh), []AccountID{"rita", "carl"}, noon)
			if (err == nil) != tc.ok {
				t.Fatalf("got %v", err)
			}
		})
	}
}
