package incidents

import (
	"slices"
	"time"
)

// SubjectKind is what can be approved.
type SubjectKind string

// What an officer approves.
const (
	SubjectNotice       SubjectKind = "notice"
	SubjectAnnouncement SubjectKind = "announcement"
	SubjectReport       SubjectKind = "report"
	SubjectWaiver       SubjectKind = "waiver"
)

// A Subject is exactly what an approval is bound to.
type Subject struct {
	Kind    SubjectKind `json:"kind"`
	ID      string      `json:"id"`
	Version int         `json:"version"`
	Hash    string      `json:"hash"`
}

// An Approval is an officer's decision on one hash.
type Approval struct {
	ID             ApprovalID `json:"id"`
	IncidentID     IncidentID `json:"incident_id"`
	Subject        Subject    `json:"subject"`
	Decision       string     `json:"decision"` // approve, return
	By             AccountID  `json:"by"`
	ByName         string     `json:"by_name"`
	Role           Role       `json:"role"`
	SecondFactorAt time.Time  `json:"second_factor_at"`
	At             time.Time  `json:"at"`
	Comment        string     `json:"comment,omitempty"`
	Void           string     `json:"void,omitempty"` // why it no longer counts
}

// SecondFactorFresh is how old a second factor may be at approval.
const SecondFactorFresh = 5 * time.Minute

// ApprovalMaxAge is how old an approval may be at release: older ones must be given again.
const ApprovalMaxAge = 7 * 24 * time.Hour

// A Gate says how many approvers a subject needs.
type Gate struct {
	TwoAbove int64 // persons above which a notice needs two approvers; 0: never
}

// Needs returns the number of approvals a notice to n persons needs. A drill needs as many as the real thing.
func (g Gate) Needs(n int64) int {
	if g.TwoAbove > 0 && n > g.TwoAbove {
		return 2
	}
	return 1
}

// CheckApprover refuses an approver who wrote any part of the subject, has no
// right to approve, or whose second factor is not fresh.
func CheckApprover(a Actor, editors []AccountID, now time.Time) error {
	if err := a.May(ActApprove); err != nil {
		return err
	}
	if slices.Contains(editors, a.ID) {
		return Forbidden("you wrote or edited this, so somebody else has to approve it")
	}
	if age := now.Sub(a.SecondFactorAt); a.SecondFactorAt.IsZero() || age > SecondFactorFresh || age < 0 {
		return Forbidden("approving needs a fresh second factor").On("code").WithHint("enter a new code of your authenticator")
	}
	return nil
}

// An ApprovedNotice is a notice that may be sent. The zero value may not: the
// only way to a usable one is Admit, which checks every approval again, and
// internal/archtest allows Admit to internal/store alone.
type ApprovedNotice struct {
	notice    Notice
	approvals []Approval
}

// Notice returns the notice as approved.
func (a ApprovedNotice) Notice() Notice { return a.notice }

// Approvals returns the decisions it rests on.
func (a ApprovedNotice) Approvals() []Approval { return a.approvals }

// Valid tells whether a came from Admit.
func (a ApprovedNotice) Valid() bool { return a.notice.Hash != "" && len(a.approvals) > 0 }

// counting is the approvals of exactly this content that count: of different
// people, none of whom wrote it, who may approve and had just proven their
// second factor.
func counting(all []Approval, want Subject, writers []AccountID) (good []Approval) {
	who := slices.Clone(writers)
	for _, a := range all {
		if a.Void != "" || a.Subject != want || a.Decision != "approve" || slices.Contains(who, a.By) || !Allowed(a.Role, ActApprove) || a.Role == RoleSystem {
			continue
		}
		if age := a.At.Sub(a.SecondFactorAt); a.SecondFactorAt.IsZero() || age < 0 || age > SecondFactorFresh {
			continue
		}
		good, who = append(good, a), append(who, a.By)
	}
	return good
}

// Admit checks that the notice is approved by enough different people, none of
// whom wrote it, each bound to exactly its content, and that the content still
// hashes to what they saw. listHash is the incident's list as it stands now.
func Admit(n Notice, in Incident, approvals []Approval, g Gate) (ApprovedNotice, error) {
	hash := n.Content.Hash()
	switch {
	case hash != n.Hash:
		return ApprovedNotice{}, Forbidden("the content of notice N-%d is not what its hash says", n.No)
	case n.Content.Mode != in.Mode:
		return ApprovedNotice{}, Forbidden("notice N-%d is %s but its incident is %s", n.No, n.Content.Mode, in.Mode)
	case n.Content.ListHash != in.ListHash:
		return ApprovedNotice{}, Forbidden("the list changed after notice N-%d was submitted", n.No).WithHint("submit it again, so that the approval covers the present list")
	case n.Content.Incident != in.ID || n.IncidentID != in.ID:
		return ApprovedNotice{}, Forbidden("notice N-%d belongs to another incident", n.No)
	}
	want := Subject{SubjectNotice, string(n.ID), n.Version, hash}
	for _, a := range approvals {
		if a.Void == "" && a.Subject == want && a.Decision == "return" {
			return ApprovedNotice{}, Forbidden("notice N-%d was returned", n.No)
		}
	}
	good := counting(approvals, want, append(slices.Clone(n.Editors), n.Author))
	if need := g.Needs(n.Content.Persons); len(good) < need {
		return ApprovedNotice{}, Forbidden("notice N-%d has %d of %d approvals", n.No, len(good), need)
	}
	return ApprovedNotice{notice: n, approvals: good}, nil
}
