package incidents

import "time"

// A Role is what an account may do; see Allowed.
type Role string

// The roles of the response team.
const (
	RoleResponder Role = "responder"
	RoleOfficer   Role = "officer" // privacy officer
	RoleComms     Role = "comms"
	RoleAuditor   Role = "auditor"
	RoleAdmin     Role = "admin"
	RoleOwner     Role = "owner" // service owner: runs terminations
	RoleSystem    Role = "system"
)

// Roles lists the roles an account can hold.
func Roles() []Role {
	return []Role{RoleResponder, RoleOfficer, RoleComms, RoleAuditor, RoleAdmin, RoleOwner}
}

// An Actor is who acts. It is an argument of every use case, never a value
// hidden in a context.
type Actor struct {
	ID   AccountID
	Name string
	Role Role
	// SecondFactorAt is when the actor last proved the second factor; zero: never.
	SecondFactorAt time.Time
	// Scopes narrows an API token to these acts; nil means everything the role may do.
	Scopes []Act
	// Via is "console", "api" or "system".
	Via string
}

// System is the actor of what the service does by itself.
var System = Actor{ID: "system", Name: "Tocsin", Role: RoleSystem, Via: "system"}

// An Act is something a role may or may not do.
type Act string

// The acts.
const (
	ActRead        Act = "read"        // see everything but personal data
	ActTriage      Act = "triage"      // alerts, quarantine, correlation
	ActFacts       Act = "facts"       // facts, timeline, obligations
	ActPersons     Act = "persons"     // import and export lists, see status per person
	ActUnmask      Act = "unmask"      // see one person's data, with a reason
	ActDraft       Act = "draft"       // notices and reports
	ActAnnounce    Act = "announce"    // draft announcements
	ActApprove     Act = "approve"     // approve or return drafts and waivers
	ActRelease     Act = "release"     // start, hold and resume what was approved
	ActStop        Act = "stop"        // the stop button
	ActSubmit      Act = "submit"      // record the submission of a report
	ActTermination Act = "termination" // run a service termination
	ActEvidence    Act = "evidence"    // download evidence bundles
	ActAdmin       Act = "admin"       // accounts, tokens, providers, keys
	ActIntake      Act = "intake"      // post alerts over the API
)

// Acts lists every act, in the order of the permission table.
func Acts() []Act {
	return []Act{ActRead, ActTriage, ActFacts, ActPersons, ActUnmask, ActDraft, ActAnnounce, ActApprove,
		ActRelease, ActStop, ActSubmit, ActTermination, ActEvidence, ActAdmin, ActIntake}
}

var permissions = map[Role][]Act{
	RoleResponder: {ActRead, ActTriage, ActFacts, ActPersons, ActUnmask, ActDraft, ActAnnounce, ActRelease, ActStop, ActSubmit, ActEvidence, ActIntake},
	RoleOfficer:   {ActRead, ActFacts, ActPersons, ActUnmask, ActDraft, ActApprove, ActRelease, ActStop, ActSubmit, ActEvidence},
	RoleComms:     {ActRead, ActDraft, ActAnnounce, ActStop},
	RoleAuditor:   {ActRead, ActEvidence},
	RoleAdmin:     {ActRead, ActStop, ActAdmin},
	RoleOwner:     {ActRead, ActPersons, ActDraft, ActTermination, ActRelease, ActStop, ActEvidence},
	RoleSystem:    Acts(),
}

// Allowed tells whether a role may do an act at all.
func Allowed(role Role, act Act) bool {
	for _, a := range permissions[role] {
		if a == act {
			return true
		}
	}
	return false
}

// May returns nil when the actor may do act, and a forbidden error that names
// the act when not.
func (a Actor) May(act Act) error {
	if !Allowed(a.Role, act) {
		return Forbidden("the role %q may not do this (%s)", a.Role, act)
	}
	if a.Scopes == nil {
		return nil
	}
	for _, s := range a.Scopes {
		if s == act {
			return nil
		}
	}
	return Forbidden("this token has no scope %q", act).WithHint("mint a token with that scope: tocsin account token --scope %s", act)
}
