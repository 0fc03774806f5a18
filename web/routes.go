package web

import (
	"net/http"

	"tocsin/incidents"
)

// A consoleRoute is one address of the console and the act it needs.
type consoleRoute struct {
	method, path string
	act          incidents.Act
	handle       func(*console, *page) error
	open         bool // without signing in
	upload       bool // the handler reads the body itself
}

// consoleRoutes is every address of the console, in one place.
func consoleRoutes() []consoleRoute {
	const get, post = http.MethodGet, http.MethodPost
	const read = incidents.ActRead
	return []consoleRoute{
		{method: get, path: "/sign-in", handle: (*console).signInPage, open: true},
		{method: post, path: "/sign-in", handle: (*console).signIn, open: true},
		{method: post, path: "/sign-out", handle: (*console).signOut, open: true},

		{method: get, path: "/", act: read, handle: (*console).overview},
		{method: get, path: "/rail", act: read, handle: (*console).rail},
		{method: get, path: "/events", act: read, handle: (*console).events},
		{method: get, path: "/events/{incident}", act: read, handle: (*console).events},
		{method: get, path: "/search", act: read, handle: (*console).search},
		{method: get, path: "/calendar", act: read, handle: (*console).calendarPage},
		{method: post, path: "/calendar", act: read, handle: (*console).mintCalendar},
		{method: post, path: "/calendar/withdraw", act: read, handle: (*console).withdrawCalendar},

		{method: get, path: "/alerts", act: read, handle: (*console).alerts},
		{method: get, path: "/alerts/{alert}", act: read, handle: (*console).alert},
		{method: post, path: "/alerts/{alert}/triage", act: incidents.ActTriage, handle: (*console).triageAlert},
		{method: get, path: "/quarantine", act: read, handle: (*console).quarantine},
		{method: get, path: "/quarantine/{intake}", act: incidents.ActTriage, handle: (*console).intake},
		{method: post, path: "/quarantine/{intake}", act: incidents.ActTriage, handle: (*console).releaseIntake},

		{method: get, path: "/incidents", act: read, handle: (*console).incidents},
		{method: post, path: "/incidents", act: incidents.ActTriage, handle: (*console).openIncident},
		{method: get, path: "/incidents/{incident}", act: read, handle: (*console).room},
		{method: post, path: "/incidents/{incident}/act", act: incidents.ActFacts, handle: (*console).actOnIncident},
		{method: get, path: "/incidents/{incident}/facts", act: read, handle: (*console).facts},
		{method: post, path: "/incidents/{incident}/facts", act: incidents.ActFacts, handle: (*console).saveFacts},
		{method: get, path: "/incidents/{incident}/obligations", act: read, handle: (*console).obligations},
		{method: get, path: "/incidents/{incident}/judgements", act: read, handle: (*console).judgements},
		{method: get, path: "/incidents/{incident}/judgements/{no:[0-9]+}", act: read, handle: (*console).judgement},
		{method: post, path: "/incidents/{incident}/waivers", act: incidents.ActFacts, handle: (*console).askWaiver},
		{method: post, path: "/incidents/{incident}/decisions", act: incidents.ActApprove, handle: (*console).decideCourse},
		{method: get, path: "/incidents/{incident}/risk", act: read, handle: (*console).risk},
		{method: post, path: "/incidents/{incident}/risk", act: incidents.ActApprove, handle: (*console).decideRisk},
		{method: post, path: "/incidents/{incident}/substitutes", act: incidents.ActFacts, handle: (*console).recordSubstitute, upload: true},
		{method: get, path: "/incidents/{incident}/timeline", act: read, handle: (*console).timeline},

		{method: get, path: "/incidents/{incident}/notices", act: read, handle: (*console).notices},
		{method: post, path: "/incidents/{incident}/notices", act: incidents.ActDraft, handle: (*console).draftNotice},
		{method: get, path: "/notices/{no}", act: read, handle: (*console).notice},
		{method: post, path: "/notices/{no}", act: incidents.ActDraft, handle: (*console).saveNotice},
		{method: post, path: "/notices/{no}/submit", act: incidents.ActDraft, handle: (*console).submitNotice},
		{method: post, path: "/notices/{no}/release", act: incidents.ActRelease, handle: (*console).releaseNotice},
		{method: get, path: "/notices/{no}/top", act: read, handle: (*console).noticeTop},
		{method: get, path: "/notices/{no}/preview/{lang}", act: read, handle: (*console).previewMail},
		{method: get, path: "/notices/{no}/preview/{lang}/letter.pdf", act: read, handle: (*console).previewLetter},
		{method: get, path: "/notices/{no}/delivery", act: read, handle: (*console).delivery},
		{method: get, path: "/notices/{no}/progress", act: read, handle: (*console).progress},
		{method: get, path: "/notices/{no}/status.jsonl", act: incidents.ActPersons, handle: (*console).statusLines},
		{method: post, path: "/notices/{no}/steer", act: incidents.ActStop, handle: (*console).steerNotice},
		{method: post, path: "/notices/{no}/wave", act: incidents.ActRelease, handle: (*console).passFirstWave},
		{method: post, path: "/notices/{no}/correction", act: incidents.ActDraft, handle: (*console).draftCorrection},
		{method: post, path: "/notices/{no}/correct", act: incidents.ActRelease, handle: (*console).sendCorrection},
		{method: post, path: "/notices/{no}/doubt", act: incidents.ActRelease, handle: (*console).settleDoubts},
		{method: post, path: "/giving-up/{id}/withdraw", act: incidents.ActRelease, handle: (*console).withdrawGivingUp},
		{method: post, path: "/notices/{no}/returned", act: incidents.ActRelease, handle: (*console).returnedLetters, upload: true},
		{method: post, path: "/notices/{no}/cap", act: incidents.ActRelease, handle: (*console).askCapRaise},
		{method: get, path: "/deliveries", act: read, handle: (*console).deliveries},
		{method: get, path: "/providers", act: read, handle: (*console).providers},

		{method: get, path: "/approvals", act: read, handle: (*console).approvals},
		{method: get, path: "/approvals/{kind}/{id}", act: read, handle: (*console).approval},
		{method: post, path: "/approvals/{kind}/{id}", act: incidents.ActApprove, handle: (*console).decide},

		{method: get, path: "/incidents/{incident}/people", act: read, handle: (*console).people},
		{method: post, path: "/incidents/{incident}/people", act: incidents.ActPersons, handle: (*console).importPeople, upload: true},
		{method: get, path: "/incidents/{incident}/persons", act: incidents.ActPersons, handle: (*console).persons},
		{method: post, path: "/incidents/{incident}/persons", act: incidents.ActPersons, handle: (*console).findPerson},
		{method: get, path: "/incidents/{incident}/persons/{seq}", act: incidents.ActPersons, handle: (*console).person},
		{method: post, path: "/incidents/{incident}/persons/{seq}/unmask", act: incidents.ActUnmask, handle: (*console).unmaskPerson},
		{method: post, path: "/incidents/{incident}/persons/{seq}/exclude", act: incidents.ActPersons, handle: (*console).excludePerson},
		{method: get, path: "/incidents/{incident}/evidence", act: incidents.ActEvidence, handle: (*console).evidence},
		{method: get, path: "/files/{file}", act: read, handle: (*console).file},

		{method: get, path: "/announcements", act: read, handle: (*console).announcements},
		{method: get, path: "/incidents/{incident}/announcements", act: read, handle: (*console).incidentAnnouncements},
		{method: post, path: "/incidents/{incident}/announcements", act: incidents.ActAnnounce, handle: (*console).draftAnnouncement},
		{method: get, path: "/announcements/{announcement}", act: read, handle: (*console).announcement},
		{method: post, path: "/announcements/{announcement}", act: incidents.ActAnnounce, handle: (*console).saveAnnouncement},
		{method: post, path: "/announcements/{announcement}/submit", act: incidents.ActAnnounce, handle: (*console).submitAnnouncement},
		{method: post, path: "/announcements/{announcement}/publish", act: incidents.ActRelease, handle: (*console).publishAnnouncement},
		{method: post, path: "/announcements/{announcement}/withdraw", act: incidents.ActStop, handle: (*console).withdrawAnnouncement},

		{method: get, path: "/incidents/{incident}/reports", act: read, handle: (*console).reports},
		{method: post, path: "/incidents/{incident}/reports", act: incidents.ActDraft, handle: (*console).draftReport},
		{method: get, path: "/reports/{report}", act: read, handle: (*console).report},
		{method: get, path: "/reports/{report}/copy", act: read, handle: (*console).copySheet},
		{method: post, path: "/reports/{report}", act: incidents.ActDraft, handle: (*console).saveReport},
		{method: post, path: "/reports/{report}/submit", act: incidents.ActDraft, handle: (*console).submitReport},
		{method: get, path: "/reports/{report}/render.{format}", act: read, handle: (*console).renderReport},
		{method: post, path: "/reports/{report}/file", act: incidents.ActSubmit, handle: (*console).fileReport, upload: true},

		{method: get, path: "/terminations", act: read, handle: (*console).terminations},
		{method: post, path: "/terminations", act: incidents.ActTermination, handle: (*console).startTermination},
		{method: get, path: "/terminations/{termination}", act: read, handle: (*console).termination},
		{method: post, path: "/terminations/{termination}/move", act: incidents.ActTermination, handle: (*console).moveTermination},
		{method: post, path: "/terminations/{termination}/erase", act: incidents.ActTermination, handle: (*console).eraseTermination},

		{method: get, path: "/outbox", act: read, handle: (*console).outbox},
		{method: get, path: "/outbox/{capture}", act: incidents.ActUnmask, handle: (*console).capture},
		{method: post, path: "/outbox/{capture}", act: incidents.ActUnmask, handle: (*console).openCapture},
		{method: get, path: "/outbox/{capture}/html", act: incidents.ActUnmask, handle: (*console).captureHTML},
		{method: get, path: "/outbox/{capture}/letter.pdf", act: incidents.ActUnmask, handle: (*console).captureLetter},

		{method: get, path: "/accounts", act: incidents.ActAdmin, handle: (*console).accounts},
		{method: post, path: "/accounts", act: incidents.ActAdmin, handle: (*console).addAccount},
		{method: post, path: "/accounts/token", act: incidents.ActAdmin, handle: (*console).mintToken},
		{method: post, path: "/accounts/{id}/disable", act: incidents.ActAdmin, handle: (*console).disableAccount},

		{method: get, path: "/rules", act: read, handle: (*console).rules},
		{method: get, path: "/audit", act: read, handle: (*console).audit},
	}
}
