package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"tocsin/incidents"
)

// APIPrefix is where the JSON API lives on the inside listener.
const APIPrefix = "/api/v1"

// An APIRoute is one address of the JSON API.
type APIRoute struct {
	Method, Path string
	Act          incidents.Act // what the token must be good for
	Does         string        // one sentence, for people
	handle       func(api, *call) (any, error)
}

// APIRoutes lists every address of the JSON API. docs/api.md lists the same;
// a test compares them.
func APIRoutes() []APIRoute {
	const (
		get, post, put, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch

		read, triage, facts, persons = incidents.ActRead, incidents.ActTriage, incidents.ActFacts, incidents.ActPersons
		draft, announce, approve     = incidents.ActDraft, incidents.ActAnnounce, incidents.ActApprove
		release, stop, unmask        = incidents.ActRelease, incidents.ActStop, incidents.ActUnmask
	)
	return []APIRoute{
		{get, "/me", read, "who the token acts for", api.me},
		{get, "/catalogue", read, "every fact that can be set, with its type and options", api.catalogue},
		{get, "/rules", read, "the rules of the present pack", api.rules},
		{get, "/burning", read, "open obligations of every incident, least time left first", api.burning},

		{get, "/alerts", read, "alerts, newest first", api.alerts},
		{get, "/alerts/{alert}", read, "one alert", api.alert},
		{post, "/alerts/{alert}/dismiss", triage, "say an alert is nothing", api.dismissAlert},
		{post, "/alerts/{alert}/move", triage, "put an alert into another incident, or into a new one", api.moveAlert},
		{get, "/quarantine", read, "bodies that could not be read", api.quarantine},
		{get, "/quarantine/{intake}", triage, "one body with its content, redacted", api.intake},
		{post, "/quarantine/{intake}/retry", triage, "read a body again", api.retryIntake},
		{post, "/quarantine/{intake}/release", triage, "take a body out of quarantine", api.releaseIntake},

		{get, "/incidents", read, "incidents, newest first", api.incidents},
		{post, "/incidents", triage, "open an incident by hand", api.openIncident},
		{get, "/incidents/{incident}", read, "everything about one incident but personal data", api.dossier},
		{get, "/incidents/{incident}/facts", read, "the newest facts", api.facts},
		{patch, "/incidents/{incident}/facts", facts, "write a new revision of the facts", api.setFacts},
		{post, "/incidents/{incident}/facts/preview", read, "what a change of facts would do; nothing is written", api.previewFacts},
		{get, "/incidents/{incident}/obligations", read, "the obligations with their due times and reasons", api.obligations},
		{get, "/incidents/{incident}/judgements", read, "how the incident was judged, by which facts and which rule pack", api.judgements},
		{get, "/incidents/{incident}/judgements/{no}", read, "one judgement as it was made", api.judgement},
		{post, "/incidents/{incident}/notes", facts, "add a line to the timeline", api.note},
		{post, "/incidents/{incident}/status", triage, "open, containing or notifying", api.setStatus},
		{post, "/incidents/{incident}/merge", triage, "merge an incident into another", api.merge},
		{post, "/incidents/{incident}/dismiss", triage, "say an incident is nothing", api.dismissIncident},
		{post, "/incidents/{incident}/close", facts, "close an incident whose obligations are all done", api.closeIncident},
		{get, "/incidents/{incident}/waivers", read, "waivers that were asked for", api.waivers},
		{post, "/incidents/{incident}/waivers", facts, "ask an officer to waive an obligation", api.askWaiver},
		{get, "/incidents/{incident}/decisions", read, "what is proposed under the GDPR and the UK GDPR, and what officers decided", api.decisions},
		{post, "/incidents/{incident}/decisions", approve, "decide what an incident asks for under the GDPR or the UK GDPR", api.decideCourse},
		{get, "/incidents/{incident}/risk", read, "the risk to each group of people, and what officers decided", api.risk},
		{post, "/incidents/{incident}/risk", approve, "decide on the risk to a group of people", api.decideRisk},
		{post, "/incidents/{incident}/substitutes", facts, "record that a substitute notice was given, with its receipt", api.recordSubstitute},
		{get, "/incidents/{incident}/evidence", incidents.ActEvidence, "the evidence bundle", api.evidence},
		{get, "/incidents/{incident}/work", read, "how far what takes a while is: a release, an evidence bundle", api.work},

		{post, "/incidents/{incident}/persons", persons, "import a list of affected persons as a stream", api.importList},
		{get, "/incidents/{incident}/persons", persons, "one page of the list, masked", api.persons},
		{post, "/incidents/{incident}/persons/find", persons, "find a person by the list's own id, masked", api.findPerson},
		{post, "/incidents/{incident}/persons/{seq}/exclude", persons, "take a person out of sending, or back in", api.excludePerson},
		{post, "/incidents/{incident}/persons/{seq}/unmask", unmask, "see one person's data", api.unmask},
		{get, "/incidents/{incident}/persons/{seq}/deliveries", persons, "a person's deliveries of one notice", api.personDeliveries},
		{get, "/incidents/{incident}/imports", read, "lists taken in or on their way in, with their counts", api.imports},
		{get, "/incidents/{incident}/imports/{import}", read, "one list, and while it is taken in how far that is", api.oneImport},
		{get, "/incidents/{incident}/files", read, "files kept with an incident", api.files},
		{get, "/files/{file}", read, "download a file: rejected rows, a receipt", api.file},

		{get, "/notices", read, "notices, newest first", api.notices},
		{post, "/incidents/{incident}/notices", draft, "draft a notice", api.draftNotice},
		{get, "/notices/{notice}", read, "one notice with its approvals", api.notice},
		{put, "/notices/{notice}", draft, "write a new version", api.editNotice},
		{get, "/notices/{notice}/versions", read, "every version, oldest first", api.noticeVersions},
		{get, "/notices/{notice}/lint", read, "what submission would say", api.lintNotice},
		{get, "/notices/{notice}/preview", read, "a notice as one channel carries it, with sample data", api.previewNotice},
		{post, "/notices/{notice}/submit", draft, "hand the present version to the officers", api.submitNotice},
		{post, "/notices/{notice}/release", release, "start sending what was approved", api.releaseNotice},
		{post, "/notices/{notice}/hold", stop, "halt sending", api.holdNotice},
		{post, "/notices/{notice}/resume", release, "let a held notice go on", api.resumeNotice},
		{post, "/notices/{notice}/first-wave", release, "let a notice go on whose first wave did not pass", api.passFirstWave},
		{post, "/notices/{notice}/stop", stop, "end a sending for good", api.stopNotice},
		{get, "/notices/{notice}/progress", read, "where a sending stands; the sums always hold", api.progress},
		{get, "/notices/{notice}/forecast", read, "when a sending ends, against each deadline; with what-if rates", api.forecast},
		{get, "/notices/{notice}/in-doubt", read, "deliveries nobody can say about", api.inDoubt},
		{post, "/notices/{notice}/in-doubt", release, "one decision on several deliveries in doubt", api.settleDoubts},
		{post, "/giving-up/{id}/withdraw", release, "take back what you asked to give up on", api.withdrawGivingUp},
		{get, "/notices/{notice}/status.jsonl", persons, "claimed status of every delivery, a line each", api.claimedStatus},
		{post, "/deliveries/{delivery}/settle", release, "decide on one delivery in doubt", api.settleDoubt},

		{post, "/letters/returned", release, "record letters the post brought back", api.returnLetters},

		{get, "/approvals", read, "what waits for an officer, oldest first", api.approvals},
		{get, "/approvals/{kind}/{id}", read, "what one subject waits for", api.approval},
		{post, "/approvals/{kind}/{id}", approve, "approve or return exactly one content", api.decide},

		{get, "/announcements", read, "announcements of every incident", api.announcements},
		{post, "/incidents/{incident}/announcements", announce, "draft an announcement", api.draftAnnouncement},
		{get, "/announcements/{announcement}", read, "one announcement with its approvals", api.announcement},
		{put, "/announcements/{announcement}", announce, "write a new version", api.editAnnouncement},
		{get, "/announcements/{announcement}/lint", read, "what submission would say", api.lintAnnouncement},
		{post, "/announcements/{announcement}/submit", announce, "hand the present version to the officers", api.submitAnnouncement},
		{post, "/announcements/{announcement}/publish", release, "put the approved version on the public site", api.publish},
		{post, "/announcements/{announcement}/withdraw", stop, "take an announcement off the public site", api.withdraw},

		{post, "/incidents/{incident}/reports", draft, "draft a report to an authority", api.draftReport},
		{get, "/reports/{report}", read, "one report with its approvals", api.report},
		{put, "/reports/{report}", draft, "type over fields, or fill again from the facts", api.editReport},
		{get, "/reports/{report}/render", read, "a report as html, pdf, docx, json or txt", api.renderReport},
		{get, "/reports/{report}/lint", read, "contradictions between a report and what people are told", api.lintReport},
		{post, "/reports/{report}/submit", draft, "hand a report to the officers", api.submitReport},
		{post, "/reports/{report}/file", incidents.ActSubmit, "record that a report was handed in, with its receipt", api.fileReport},

		{get, "/terminations", read, "service terminations, newest first", api.terminations},
		{post, "/terminations", incidents.ActTermination, "start a service termination", api.startTermination},
		{get, "/terminations/{termination}", read, "one termination", api.termination},
		{post, "/terminations/{termination}/move", incidents.ActTermination, "set another last day", api.moveTermination},
		{post, "/terminations/{termination}/erase", incidents.ActTermination, "erase the personal data after the end, for good", api.erase},

		{get, "/audit", read, "the audit log, newest first", api.audit},
		{get, "/outbox", read, "messages the sandbox kept instead of sending", api.outbox},
		{post, "/outbox/{capture}/open", unmask, "see one message of the sandbox", api.openCapture},

		{get, "/accounts", incidents.ActAdmin, "the people of the team", api.accounts},
		{post, "/accounts", incidents.ActAdmin, "add an account; its second factor is shown this once", api.addAccount},
		{post, "/accounts/{account}/disable", incidents.ActAdmin, "shut an account: its sessions and tokens end", api.disableAccount},
		{get, "/accounts/{account}/tokens", incidents.ActAdmin, "tokens of an account, without their secrets", api.tokens},
		{post, "/accounts/{account}/tokens", incidents.ActAdmin, "mint a token; it is shown this once", api.mintToken},
	}
}

// An api answers the JSON API.
type api struct{ Deps }

// A call is one request on its way through the API.
type call struct {
	w     http.ResponseWriter
	r     *http.Request
	ctx   context.Context
	actor incidents.Actor
	vars  map[string]string
}

// routeAPI adds the API to a router.
func routeAPI(r *mux.Router, d Deps) {
	a := api{d}
	for _, route := range APIRoutes() {
		r.Handle(APIPrefix+route.Path, a.handler(route)).Methods(methods(route.Method)...)
	}
}

// methods lets HEAD ask what GET would say.
func methods(m string) []string {
	if m == http.MethodGet {
		return []string{http.MethodGet, http.MethodHead}
	}
	return []string{m}
}

func (a api) handler(route APIRoute) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r, ctx: r.Context(), vars: mux.Vars(r)}
		v, err := a.serve(route, c)
		if err != nil {
			a.problem(c, err)
			return
		}
		a.answer(c, v)
	})
}

// serve lets in who may do this. The desk checks again.
func (a api) serve(route APIRoute, c *call) (any, error) {
	token, ok := bearer(c.r)
	if !ok {
		return nil, incidents.Unauthenticated("the API wants a token").WithHint("send the header Authorization: Bearer TOKEN; mint one: tocsin account token")
	}
	actor, err := a.Accounts.Bearer(c.ctx, token)
	if err != nil {
		return nil, err
	}
	if err := actor.May(route.Act); err != nil {
		return nil, err
	}
	c.actor = actor
	return route.handle(a, c)
}

func bearer(r *http.Request) (string, bool) {
	kind, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(kind, "Bearer")
}

// me says who a token acts for.
func (a api) me(c *call) (any, error) {
	return struct {
		ID     incidents.AccountID `json:"id"`
		Name   string              `json:"name"`
		Role   incidents.Role      `json:"role"`
		Scopes []incidents.Act     `json:"scopes"`
	}{c.actor.ID, c.actor.Name, c.actor.Role, c.actor.Scopes}, nil
}

// query returns a parameter of the address.
func (c *call) query(name string) string { return c.r.URL.Query().Get(name) }

// limit reads ?limit=, 50 unless said, 500 at most.
func (c *call) limit() (int, error) {
	n, err := c.number("limit", 50)
	if err == nil && (n < 1 || n > 500) {
		err = incidents.Invalid("the limit is 1 to 500").On("limit")
	}
	return int(n), err
}

func (c *call) number(name string, otherwise int64) (int64, error) {
	s := c.query(name)
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, incidents.Invalid("%s is a whole number, 0 or more", name).On(name)
	}
	return n, nil
}

// incident finds the incident of the address, by id or by reference.
func (a api) incident(c *call) (incidents.Incident, error) {
	return a.Desk.Find(c.ctx, c.actor, c.vars["incident"])
}
