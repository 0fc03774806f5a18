package web

import (
	"time"

	"tocsin/incidents"
)

// A clockView is one clock as a page shows it: what is left first and largest.
type clockView struct {
	Heat, Icon, Left, Colour, Due string
	Gone                          float64
}

// clockOf makes the clock of a duty.
func clockOf(o incidents.ObligationState, now time.Time) clockView {
	switch o.Status {
	case incidents.DutyMet, incidents.DutyWaived:
		return clockView{Heat: "met", Icon: "okay", Left: map[incidents.DutyStatus]string{incidents.DutyMet: "Met", incidents.DutyWaived: "Waived"}[o.Status], Colour: "green", Due: short(o.ClosedAt), Gone: 1}
	}
	if o.Due == nil {
		q := o.Qualifier
		if q == "" {
			q = "no number in the law"
		}
		return clockView{Icon: "clock", Left: "Open", Colour: "grey", Due: q}
	}
	v := clockView{Icon: "clock", Colour: "grey", Left: left(o.Due.Sub(now)), Due: o.Due.UTC().Format("Mon 2 Jan 15:04") + " UTC"}
	if o.Soft {
		v.Due += ", our target"
	}
	if o.Start != nil && o.Due.After(*o.Start) {
		v.Gone = float64(now.Sub(*o.Start)) / float64(o.Due.Sub(*o.Start))
	}
	switch {
	case !now.Before(*o.Due):
		v.Heat, v.Icon, v.Colour, v.Left, v.Gone = "hot", "flame", "red", left(now.Sub(*o.Due))+" late", 1
	case o.Due.Sub(now) < 6*time.Hour || v.Gone >= 0.9:
		v.Heat, v.Icon, v.Colour = "hot", "flame", "red"
	case o.Due.Sub(now) < 24*time.Hour || v.Gone >= 0.75:
		v.Heat, v.Icon, v.Colour = "warm", "tri", "amber"
	}
	return v
}

// A stateView is a state: shape, word, colour.
type stateView struct{ Colour, Icon, Word string }

func dutyState(o incidents.ObligationState, now time.Time) stateView {
	switch {
	case o.Status == incidents.DutyMet:
		return stateView{"green", "check", "Met"}
	case o.Status == incidents.DutyWaived:
		return stateView{"", "check", "Waived"}
	case o.Status == incidents.DutyMoot || o.Applies == incidents.AppliesNo:
		return stateView{"", "x", "Does not apply"}
	case o.Applies == incidents.AppliesDepends:
		return stateView{"amber", "ask", "Depends"}
	case o.Due != nil && !now.Before(*o.Due):
		return stateView{"red", "flame", "Overdue"}
	}
	return stateView{"blue", "ring", "Open"}
}

func noticeState(s incidents.NoticeStatus) stateView {
	switch s {
	case incidents.NoticeDraft:
		return stateView{"", "pen", "Draft"}
	case incidents.NoticeSubmitted:
		return stateView{"amber", "shield", "Waits for approval"}
	case incidents.NoticeApproved:
		return stateView{"green", "check", "Approved, not sent"}
	case incidents.NoticeSending:
		return stateView{"blue", "send", "Sending"}
	case incidents.NoticeHeld:
		return stateView{"amber", "pause", "On hold"}
	case incidents.NoticeStopped:
		return stateView{"red", "stop", "Stopped"}
	case incidents.NoticeDone:
		return stateView{"green", "okay", "Done"}
	}
	return stateView{"", "ring", string(s)}
}

func incidentState(s incidents.IncidentStatus) stateView {
	switch s {
	case incidents.IncidentOpen:
		return stateView{"amber", "ring", "Open"}
	case incidents.IncidentContaining:
		return stateView{"blue", "half", "Containing"}
	case incidents.IncidentNotifying:
		return stateView{"blue", "send", "Notifying"}
	case incidents.IncidentClosed:
		return stateView{"green", "check", "Closed"}
	case incidents.IncidentDismissed:
		return stateView{"", "x", "Dismissed"}
	case incidents.IncidentMerged:
		return stateView{"", "half", "Merged"}
	}
	return stateView{"", "ring", string(s)}
}

func announcementState(s incidents.AnnouncementStatus) stateView {
	switch s {
	case incidents.AnnouncementSubmitted:
		return stateView{"amber", "shield", "Waits for approval"}
	case incidents.AnnouncementApproved:
		return stateView{"green", "check", "Approved, not published"}
	case incidents.AnnouncementPublished:
		return stateView{"green", "globe", "Published"}
	case incidents.AnnouncementWithdrawn:
		return stateView{"red", "x", "Withdrawn"}
	}
	return stateView{"", "pen", "Draft"}
}

func reportState(s incidents.ReportStatus) stateView {
	switch s {
	case incidents.ReportSubmitted:
		return stateView{"amber", "shield", "Waits for approval"}
	case incidents.ReportApproved:
		return stateView{"green", "check", "Approved, not filed"}
	case incidents.ReportFiled:
		return stateView{"green", "okay", "Filed"}
	}
	return stateView{"", "pen", "Draft"}
}
