package web

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/incidents"
)

type decisionsAnswer struct {
	Proposals []incidents.Proposal
	Decisions []incidents.Decision
}

func (w *world) decisions(ref string) (out decisionsAnswer) {
	w.t.Helper()
	w.as("ada", "GET", "/incidents/"+ref+"/decisions", nil).want(http.StatusOK).into(&out)
	return out
}

// TestAnOfficerDecidesWhatTheGDPRAsks decides against a proposal at the console,
// and sees the decision marked when the facts say otherwise.
func TestAnOfficerDecidesWhatTheGDPRAsks(t *testing.T) {
	w := newWorld(t)
	ref, rev := w.breach()
	at := "/incidents/" + ref + "/obligations"
	post := "/incidents/" + ref + "/decisions"
	rita, olga := w.signIn("rita"), w.signIn("olga")
	page := rita.get(at).Body.String()
	sound(t, at, page)
	for _, want := range []string{"Internal decision, GDPR", "Notify the authority and tell the people.", "Art. 34: The risk to people is likely to be high", "Not decided"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, post) {
		t.Error("a responder is offered the decision")
	}
	rita.post(post, "course", "document").want(http.StatusForbidden)
	got := w.decisions(ref)
	if len(got.Proposals) != 1 || len(got.Decisions) != 0 {
		t.Fatalf("%+v", got)
	}
	p := got.Proposals[0]
	page = olga.get(at).Body.String()
	sound(t, at, page)
	if !strings.Contains(page, post) || !strings.Contains(page, `name="proposal" value="`+p.Hash+`"`) {
		t.Error("an officer is not offered the decision")
	}

	// Otherwise than proposed wants a reason, and every decision a code.
	refused := olga.post(post, "regime", "gdpr", "proposal", p.Hash, "course", "notify_authority", "code", w.code("olga")).want(http.StatusUnprocessableEntity).Body.String()
	sound(t, post, refused)
	if !strings.Contains(refused, "Say why, in a few words") || !strings.Contains(refused, `value="notify_authority" required checked`) {
		t.Error("the form is not shown again as it was")
	}
	olga.post(post, "regime", "gdpr", "proposal", p.Hash, "course", "notify_people", "code", "000000").want(http.StatusUnauthorized)
	olga.post(post, "regime", "gdpr", "proposal", p.Hash, "course", "nothing", "reason", "because", "code", w.code("olga")).want(http.StatusUnprocessableEntity)
	olga.post(post, "regime", "gdpr", "proposal", "0", "course", "notify_people", "code", w.code("olga")).want(http.StatusConflict)
	if got := w.decisions(ref); len(got.Decisions) != 0 {
		t.Fatalf("%+v", got.Decisions)
	}
	olga.post(post, "regime", "gdpr", "proposal", p.Hash, "course", "notify_authority", "reason", "the archive was locked again within a minute", "code", w.code("olga")).want(http.StatusSeeOther)
	got = w.decisions(ref)
	if len(got.Decisions) != 1 {
		t.Fatalf("%+v", got)
	}
	d := got.Decisions[0]
	if d.Course != incidents.CourseAuthority || d.Proposal.Hash != p.Hash || d.Proposal.Course != incidents.CoursePeople || d.Proposal.FactsRev != rev || d.Proposal.Pack != p.Pack || d.ByName != "Olga" || d.SecondFactorAt.IsZero() || d.Agrees() || d.Stale != "" {
		t.Errorf("%+v", d)
	}
	page = olga.get(at).Body.String()
	if !strings.Contains(page, "Decided: notify the authority") || !strings.Contains(page, "proposed was “notify the authority and tell the people”") || !strings.Contains(page, "locked again within a minute") {
		t.Error("the decision is not on the page")
	}
	if line := rita.get("/incidents/" + ref + "/timeline").Body.String(); !strings.Contains(line, "Decided under the GDPR: notify the authority; proposed was") {
		t.Error("the decision is not on the timeline")
	}

	// The facts change, and nothing else is proposed: the decision stands.
	w.facts(ref, &rev, "records_total", 7)
	if d := w.decisions(ref).Decisions[0]; d.Stale != "" {
		t.Errorf("stale: %s", d.Stale)
	}
	// Then something else is, and again something else: told once each.
	w.facts(ref, &rev, "misuse_likely", false)
	w.facts(ref, &rev, "records_total", 8)
	got = w.decisions(ref)
	if got.Proposals[0].Course != incidents.CourseDocument || !strings.Contains(got.Decisions[0].Stale, "Tocsin now proposes “document only”") {
		t.Errorf("%+v", got)
	}
	page = olga.get(at).Body.String()
	sound(t, at, page)
	if !strings.Contains(page, "Look again.") || !strings.Contains(page, "made on facts revision") {
		t.Error("the page does not say that the facts changed")
	}
	if n := w.entries("decision.stale"); n != 1 {
		t.Errorf("it was said %d times", n)
	}
	w.facts(ref, &rev, "misuse_likely", true)
	if d := w.decisions(ref).Decisions[0]; d.Stale != "" {
		t.Errorf("the proposal is what it was, and the decision is %s", d.Stale)
	}
	// The law no longer applies: what was decided stays on the page.
	w.facts(ref, &rev, "role", "processor")
	page = olga.get(at).Body.String()
	sound(t, at, page)
	if got := w.decisions(ref); len(got.Proposals) != 0 || !strings.Contains(got.Decisions[0].Stale, "nothing to decide") || !strings.Contains(page, "there is nothing to decide under the GDPR") {
		t.Errorf("%+v", got)
	}
}

func (w *world) facts(ref string, rev *int, key string, value any) {
	w.t.Helper()
	w.as("rita", "PATCH", "/incidents/"+ref+"/facts", body{"base": *rev, "changes": body{key: body{"value": value}}}).want(http.StatusOK)
	*rev++
}

// entries counts entries of the audit log.
func (w *world) entries(event string) int {
	w.t.Helper()
	var out struct{ Items []incidents.AuditEntry }
	w.as("ada", "GET", "/audit?event="+event, nil).into(&out)
	return len(out.Items)
}

func TestADecisionOverTheAPI(t *testing.T) {
	w := newWorld(t)
	ref, rev := w.breach()
	old := w.decisions(ref).Proposals[0]
	w.facts(ref, &rev, "misuse_likely", false)
	p := w.decisions(ref).Proposals[0]
	at := "/incidents/" + ref + "/decisions"
	agree := body{"proposal": p.Hash, "course": "document"}
	w.as("rita", "POST", at, agree, codeHeader, w.code("rita")).want(http.StatusForbidden)
	w.as("olga", "POST", at, agree).want(http.StatusForbidden) // no code
	w.as("olga", "POST", at, body{"proposal": old.Hash, "course": "notify_people"}, codeHeader, w.code("olga")).want(http.StatusConflict)
	w.as("olga", "POST", at, body{"proposal": p.Hash, "course": "document", "reason": strings.Repeat("x", 2001)}, codeHeader, w.code("olga")).want(http.StatusBadRequest)
	var d incidents.Decision
	w.as("olga", "POST", at, agree, codeHeader, w.code("olga")).want(http.StatusCreated).into(&d)
	if !d.Agrees() || d.Reason != "" || d.Proposal.FactsRev != rev {
		t.Errorf("%+v", d)
	}
	// A second decision stands from now on, and the first stays on the record.
	w.as("oscar", "POST", at, body{"proposal": p.Hash, "course": "notify_people", "reason": "the patients expect to hear from us"}, codeHeader, w.code("oscar")).want(http.StatusCreated)
	var dossier struct {
		Proposals []incidents.Proposal
		Decisions []incidents.Decision
	}
	w.as("ada", "GET", "/incidents/"+ref, nil).into(&dossier)
	if len(dossier.Decisions) != 2 || dossier.Decisions[0].Course != incidents.CoursePeople || dossier.Decisions[1].ID != d.ID || len(dossier.Proposals) != 1 {
		t.Errorf("%+v", dossier)
	}
	w.as("rita", "POST", "/incidents/"+ref+"/dismiss", body{"reason": "it was a test of the backup"}).want(http.StatusNoContent)
	w.as("olga", "POST", at, agree, codeHeader, w.code("olga")).want(http.StatusConflict)
	if n := w.entries("decision.made"); n != 2 {
		t.Errorf("%d decisions in the audit log", n)
	}
}
