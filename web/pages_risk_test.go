package web

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/incidents"
)

type riskTold struct {
	incidents.RiskStatement
	Decisions []incidents.RiskDecision
}

func (w *world) risk(ref string) (out riskTold) {
	w.t.Helper()
	w.as("ada", "GET", "/incidents/"+ref+"/risk", nil).want(http.StatusOK).into(&out)
	return out
}

func (w *world) group(ref, key string) incidents.RiskGroup {
	w.t.Helper()
	g, ok := w.risk(ref).Group(key)
	if !ok {
		w.t.Fatalf("nobody is in the group %q", key)
	}
	return g
}

// leak is an incident with two children, one account and one address on its
// list; it is medium.
func (w *world) leak() (ref string, rev int) {
	w.t.Helper()
	ref = w.incidentWithList(0)
	w.upload(ref, "subject_id,name,email,date_of_birth,data_categories\n"+
		"1,Ann,ann@example.org,2016-02-01,basic\n2,Ben,ben@example.org,2015-02-01,basic;education_work\n3,Cy,cy@example.org,1980-02-01,basic;identity\n4,Di,di@example.org,1981-02-01,basic\n").want(http.StatusCreated)
	var f struct{ Rev int }
	w.as("rita", "GET", "/incidents/"+ref+"/facts", nil).into(&f)
	rev = f.Rev
	w.as("rita", "PATCH", "/incidents/"+ref+"/facts", body{"base": rev, "changes": body{"role": body{"value": "controller"}, "encrypted": body{"value": false}, "establishments": body{"value": []string{"EEA"}},
		"data_categories": body{"value": []string{"basic", "education_work", "identity"}}, "identifiability": body{"value": "maximum"}, "confidentiality": body{"value": true}, "confidentiality_effect": body{"value": "known_recipients"},
		"integrity": body{"value": false}, "availability": body{"value": false}, "malicious": body{"value": false}, "minors_under_14": body{"value": false}}}).want(http.StatusOK)
	return ref, rev + 1
}

// TestAnOfficerDecidesOnTheRiskToAGroup reads the statement at the console, says
// that the children are at high risk, lets the incident count as high, and sees
// the decision marked when the list grows.
func TestAnOfficerDecidesOnTheRiskToAGroup(t *testing.T) {
	w := newWorld(t)
	ref, _ := w.leak()
	at := "/incidents/" + ref + "/risk"
	rita, olga := w.signIn("rita"), w.signIn("olga")
	page := rita.get(at).Body.String()
	sound(t, at, page)
	for _, want := range []string{"Children under 14", "2 people", "Recital 38", "People whose identity documents or numbers were touched", "1 person", "Contracts, credit or accounts", "contact data alone", "minors_under_14"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, `name="level"`) {
		t.Error("a responder is offered the decision")
	}
	rita.post(at, "level", "high").want(http.StatusForbidden)
	if page := rita.get("/incidents/" + ref).Body.String(); !strings.Contains(page, at+"#children") {
		t.Error("the groups are not in the room of the incident")
	}
	child := w.group(ref, "children")
	if child.Persons != 2 || child.Level != "medium" || w.risk(ref).Unnamed != 0 {
		t.Fatalf("%+v", child)
	}

	form := []string{"group", "children", "proposal", child.Hash, "code", ""}
	send := func(more ...string) reply {
		form[5] = w.code("olga")
		return olga.post(at, append(more, form...)...)
	}
	refused := send("level", "high").want(http.StatusUnprocessableEntity).Body.String()
	sound(t, at, refused)
	if !strings.Contains(refused, "Say why, in a few words") || !strings.Contains(refused, `value="high" required checked`) {
		t.Error("the form is not shown again as it was")
	}
	send("level", "grave", "reason", "because").want(http.StatusUnprocessableEntity)
	send("level", "low", "reason", "they are known to us", "raise", "yes").want(http.StatusUnprocessableEntity)
	olga.post(at, "group", "children", "proposal", child.Hash, "level", "medium", "code", "000000").want(http.StatusUnauthorized)
	olga.post(at, "group", "children", "proposal", "0", "level", "medium", "code", w.code("olga")).want(http.StatusConflict)
	if got := w.risk(ref); len(got.Decisions) != 0 {
		t.Fatalf("%+v", got.Decisions)
	}

	// Decided higher, with the incident: Art. 34 asks, for the officer's reason.
	if got := w.article34(ref); got != incidents.AppliesNo {
		t.Fatalf("Art. 34 %s before anybody decided", got)
	}
	send("level", "high", "reason", "the pictures show where they go to school").want(http.StatusSeeOther)
	for _, path := range []string{at, "/incidents/" + ref} {
		page := olga.get(path).Body.String()
		sound(t, path, page)
		if !strings.Contains(page, "A group is at high risk, and the incident by its facts is not") {
			t.Errorf("%s does not say that the decision changed no duty", path)
		}
	}
	send("level", "high", "reason", "the pictures show where they go to school", "raise", "yes").want(http.StatusSeeOther)
	got := w.risk(ref)
	if len(got.Decisions) != 2 {
		t.Fatalf("%+v", got)
	}
	d := got.Decisions[0]
	if d.Level != "high" || !d.Raised || d.Proposal.Hash != child.Hash || d.Proposal.Level != "medium" || d.ByName != "Olga" || d.SecondFactorAt.IsZero() || d.Agrees() || d.Stale != "" {
		t.Errorf("%+v", d)
	}
	if w.group(ref, "children").Hash != child.Hash {
		t.Error("what was decided changed what is proposed")
	}
	if got := w.article34(ref); got != incidents.AppliesYes {
		t.Errorf("Art. 34 %s after the incident was raised", got)
	}
	page = olga.get(at).Body.String()
	sound(t, at, page)
	for _, want := range []string{"Decided: high", "proposed was “medium”", "where they go to school", "counts as high because of what was decided for “Children under 14”"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if line := rita.get("/incidents/" + ref + "/timeline").Body.String(); !strings.Contains(line, "Risk to “Children under 14” decided: high; proposed was “medium”") {
		t.Error("the decision is not on the timeline")
	}
	if facts := rita.get("/incidents/" + ref + "/facts").Body.String(); !strings.Contains(facts, "The risk to “Children under 14” was decided high: the pictures show") {
		t.Error("the fact does not name its reason")
	}
	if page := rita.get("/incidents/" + ref + "/judgements/1"); !strings.Contains(page.Body.String(), "Risk to each group of people, as proposed") {
		t.Error("the judgement does not have the groups")
	}

	var report struct{ ID string }
	w.as("rita", "POST", "/incidents/"+ref+"/reports", body{"obligation": "eu-gdpr-33", "phase": "initial"}).want(http.StatusCreated).into(&report)
	draft := rita.get("/reports/" + report.ID).Body.String()
	sound(t, "/reports", draft)
	if !strings.Contains(draft, "2 people. Risk high (decided). Disadvantage at school") {
		t.Error("the draft of a report does not show the statement beside its likely consequences")
	}

	// The list grows: the decision was made for two.
	w.upload(ref, "subject_id,name,email,date_of_birth,data_categories\n5,Ed,ed@example.org,2016-03-01,basic\n").want(http.StatusCreated)
	page = olga.get(at).Body.String()
	sound(t, at, page)
	if !strings.Contains(page, "Look again.") || !strings.Contains(page, "it is about 3 people now, and was about 2 people") {
		t.Error("the page does not say that the list changed")
	}
	if n := w.entries("risk.stale"); n != 1 {
		t.Errorf("it was said %d times", n)
	}
	// Decided again as proposed: the incident counts as high no longer.
	child = w.group(ref, "children")
	olga.post(at, "group", "children", "proposal", child.Hash, "level", "medium", "code", w.code("olga")).want(http.StatusSeeOther)
	if got := w.article34(ref); got != incidents.AppliesNo {
		t.Errorf("Art. 34 %s after it was taken back", got)
	}
	if d := w.risk(ref).Decisions[0]; d.Stale != "" || !d.Agrees() {
		t.Errorf("%+v", d)
	}
}

func (w *world) article34(ref string) incidents.Applies {
	w.t.Helper()
	var out struct{ Assessment incidents.Assessment }
	w.as("ada", "GET", "/incidents/"+ref, nil).into(&out)
	for _, o := range out.Assessment.Obligations {
		if o.ID == "eu-gdpr-34" {
			return o.Applies
		}
	}
	w.t.Fatal("there is no Art. 34")
	return ""
}

func TestARiskDecisionOverTheAPI(t *testing.T) {
	w := newWorld(t)
	ref, rev := w.leak()
	at := "/incidents/" + ref + "/risk"
	old := w.group(ref, "identity")
	w.facts(ref, &rev, "confidentiality_effect", "unknown_recipients")
	g := w.group(ref, "identity")
	if g.Hash == old.Hash || len(g.Why) == 0 || len(g.Advice) == 0 || len(g.Consequences) == 0 {
		t.Fatalf("%+v", g)
	}
	down := body{"proposal": g.Hash, "level": "low", "reason": "the numbers had expired"}
	w.as("rita", "POST", at, down, codeHeader, w.code("rita")).want(http.StatusForbidden)
	w.as("olga", "POST", at, down).want(http.StatusForbidden) // no code
	w.as("olga", "POST", at, body{"proposal": old.Hash, "level": "low", "reason": "the numbers had expired"}, codeHeader, w.code("olga")).want(http.StatusConflict)
	w.as("olga", "POST", at, body{"proposal": g.Hash, "level": "low"}, codeHeader, w.code("olga")).want(http.StatusBadRequest)
	var d incidents.RiskDecision
	w.as("olga", "POST", at, down, codeHeader, w.code("olga")).want(http.StatusCreated).into(&d)
	if d.Level != "low" || d.Proposal.Level != "medium" || d.FactsRev != rev || d.Pack == "" {
		t.Errorf("%+v", d)
	}
	var dossier struct {
		Risk  incidents.RiskStatement
		Again []incidents.RiskDecision `json:"risk_decisions"`
	}
	w.as("ada", "GET", "/incidents/"+ref, nil).into(&dossier)
	if len(dossier.Risk.Groups) != 3 || len(dossier.Again) != 1 || dossier.Again[0].ID != d.ID {
		t.Errorf("%+v", dossier)
	}
	// The same level for other reasons, then the same again, then another level.
	w.facts(ref, &rev, "confidentiality_effect", "known_recipients")
	if d := w.risk(ref).Decisions[0]; !strings.Contains(d.Stale, "other reasons") {
		t.Errorf("stale: %q", d.Stale)
	}
	w.facts(ref, &rev, "confidentiality_effect", "unknown_recipients")
	if d := w.risk(ref).Decisions[0]; d.Stale != "" {
		t.Errorf("the proposal is what it was, and the decision is %s", d.Stale)
	}
	w.facts(ref, &rev, "data_context", "more_1")
	if d := w.risk(ref).Decisions[0]; !strings.Contains(d.Stale, "Tocsin now proposes “high”") {
		t.Errorf("stale: %q", d.Stale)
	}
	// What the team judged is not overwritten by raising the incident.
	w.as("olga", "POST", at, body{"proposal": w.group(ref, "contact").Hash, "level": "high", "reason": "they are known dissidents", "raise": true}, codeHeader, w.code("olga")).want(http.StatusConflict)
	w.facts(ref, &rev, "confidentiality", false)
	if got := w.risk(ref); len(got.Groups) != 0 || !strings.Contains(got.Decisions[0].Stale, "nobody is in the group") {
		t.Errorf("%+v", got)
	}
	page := w.signIn("olga").get("/incidents/" + ref + "/risk").Body.String()
	sound(t, at, page)
	if !strings.Contains(page, "nobody is in this group") {
		t.Error("what was decided is gone from the page")
	}
	w.as("rita", "POST", "/incidents/"+ref+"/dismiss", body{"reason": "it was a test of the backup"}).want(http.StatusNoContent)
	w.as("olga", "POST", at, down, codeHeader, w.code("olga")).want(http.StatusConflict)
	if n := w.entries("risk.decided"); n != 1 {
		t.Errorf("%d decisions in the audit log", n)
	}
}
