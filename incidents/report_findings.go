package incidents

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// A Telling is what people or the public are told of an incident, as a report
// is compared with it.
type Telling struct {
	What    string // "N-3", "the announcement"
	Langs   map[Lang]Words
	Persons int64 // whom it goes to, when it goes to everybody; 0: not to be compared
	Out     bool  // it left the house, or stands on the public site
}

// Languages are those it is told in, in their order.
func (t Telling) Languages() []Lang { return slices.Sorted(maps.Keys(t.Langs)) }

// tellings are the notices of a breach and the announcement of an incident, as
// they stand; what was stopped or withdrawn tells nobody anything.
func tellings(tx Tx, id IncidentID) ([]Telling, error) {
	var out []Telling
	notices, err := tx.Notices(NoticeFilter{Incident: id})
	if err != nil {
		return nil, err
	}
	for _, n := range slices.Backward(notices) {
		if n.Status == NoticeStopped && n.ReleasedAt == nil || n.Content.Kind != NoticeBreach && n.Content.Kind != NoticeCorrection {
			continue
		}
		t := Telling{What: "N-" + itoa(n.No), Langs: n.Content.Langs, Out: n.ReleasedAt != nil}
		if f := n.Content.Filter; n.Content.Kind == NoticeBreach && len(f.Places)+len(f.Langs) == 0 {
			t.Persons = n.Content.Persons
		}
		out = append(out, t)
	}
	all, err := tx.Announcements(id)
	if err != nil {
		return nil, err
	}
	for _, n := range slices.Backward(all) {
		if n.Status == AnnouncementWithdrawn {
			continue
		}
		t := Telling{What: "the announcement", Langs: map[Lang]Words{}, Out: len(n.Published) > 0}
		for l, w := range n.Text.Langs {
			t.Langs[l] = Words{Subject: w.Title, Happened: w.Short + "\n" + w.Happened, Measures: w.Measures, Advice: w.Advice, Remedies: w.Remedies, Contact: w.Contact}
		}
		out = append(out, t)
	}
	return out, nil
}

// ReportFindings are the contradictions between a report and the notices and
// the announcement of its incident, as they stand now.
func (d *Desk) ReportFindings(ctx context.Context, a Actor, id ReportID) ([]Finding, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Finding, error) {
		r, err := tx.Report(id)
		if err != nil {
			return nil, err
		}
		return d.reportFindings(tx, r)
	})
}

func (d *Desk) reportFindings(tx Tx, r Report) ([]Finding, error) {
	told, err := tellings(tx, r.IncidentID)
	if err != nil || len(told) == 0 {
		return nil, err
	}
	f, err := tx.FactsAt(r.IncidentID, r.Content.FactsRev)
	if isNotFound(err) { // filled before anything was known
		f, err = tx.Facts(r.IncidentID)
	}
	if err != nil {
		return nil, err
	}
	return d.Words.LintReport(r.Content, f, told), nil
}

// accept writes down the contradictions a report is submitted with, and why.
func (d *Desk) accept(tx Tx, a Actor, r *Report, reason string) error {
	found, err := d.reportFindings(tx, *r)
	if err != nil {
		return err
	}
	r.Findings, r.Accepted, r.AcceptedName = found, "", ""
	if len(found) == 0 {
		return nil
	}
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return Invalid("the report contradicts what people are told: %s: %s", found[0].Where, found[0].Text).On("reason").
			WithHint("correct the report or the text, or submit it with the reason why both are right")
	case len(reason) > 2000:
		return Invalid("keep the reason under 2,000 characters").On("reason")
	}
	r.Accepted, r.AcceptedName = reason, a.Name
	return nil
}

// contradicting says in a timeline line how many findings were accepted.
func contradicting(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", with one contradiction accepted"
	}
	return ", with " + itoa(n) + " contradictions accepted"
}
