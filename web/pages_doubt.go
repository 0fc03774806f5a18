package web

import (
	"net/url"
	"slices"
	"strconv"

	"tocsin/incidents"
)

// doubtsShown is how many deliveries in doubt stand on one page.
const doubtsShown = 50

// A doubtsView is one page of the deliveries in doubt, and the decision on them
// as it was typed.
type doubtsView struct {
	Rows               []doubtRow
	From, To, Of       int64 // "51 to 100 of 128", from 1
	Previous, Next     int64 // From of the pages beside it; 0: there is none
	Parked, Left       bool  // some were never sent; some were
	Stopped            bool  // nothing is sent again
	Advice             []string
	Decided            bool // the form was sent, and came back
	Why                string
	All                bool
	Persons, MayDecide bool
	Asked              []incidents.GivingUp // wait for a second person
}

type doubtRow struct {
	incidents.Delivery
	Person string // masked; "": who looks may not see persons
	Next   string // what happens by itself, or that a person decides
	On     bool   // ticked
}

func (c *console) doubtsView(p *page, n incidents.Notice, of int64) (v doubtsView, err error) {
	v = doubtsView{Of: of, Stopped: n.Status == incidents.NoticeStopped, From: max(1, number(p.r.FormValue("doubts"))), Decided: p.posted() && p.r.Form.Has("shown"), All: p.form("all") != "",
		MayDecide: p.actor.May(incidents.ActRelease) == nil, Persons: p.actor.May(incidents.ActPersons) == nil}
	if v.From > of { // some were settled since the address was made
		v.From = max(0, of-1)/doubtsShown*doubtsShown + 1
	}
	if v.Decided {
		v.Why = p.form("reason")
	}
	list, err := c.Desk.Doubts(p.r.Context(), p.actor, incidents.DoubtPage{Notice: n.No, Skip: int(v.From - 1), Limit: doubtsShown})
	if err != nil {
		return v, err
	}
	if v.Asked, err = c.Desk.GivingUpsAsked(p.r.Context(), p.actor, n.No); err != nil {
		return v, err
	}
	people := map[int64]incidents.MaskedPerson{}
	if v.Persons {
		if people, err = c.Desk.DoubtedPersons(p.r.Context(), p.actor, n.IncidentID, list); err != nil {
			return v, err
		}
	}
	for _, d := range list {
		row := doubtRow{Delivery: d, Person: people[d.ID.Seq].Masked.Name, Next: doubtNext(n.Status, d), On: slices.Contains(p.r.PostForm["delivery"], d.ID.String())}
		v.Rows = append(v.Rows, row)
		v.Parked, v.Left = v.Parked || d.Parked(), v.Left || !d.Parked()
		says := channelName(d.ID.Channel) + ": " + doubtAdvice(d.ID.Channel)
		switch {
		case v.Stopped:
			says = "The notice is stopped: nothing is sent again. A correction goes to everybody it may have reached."
		case d.Parked():
			says = "What was never sent: the cause is in the log of the service, under the delivery. Mend it, then send; or go on to the next channel."
		}
		if !slices.Contains(v.Advice, says) {
			v.Advice = append(v.Advice, says)
		}
	}
	v.To = v.From + int64(len(list)) - 1
	v.Of = max(v.Of, v.To) // counted a moment before they were listed
	if v.From > 1 {
		v.Previous = max(1, v.From-doubtsShown)
	}
	if v.To < v.Of && len(list) > 0 {
		v.Next = v.To + 1
	}
	return v, nil
}

// number reads a whole number of an address; nonsense is 0.
func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// doubtNext says what happens next to a delivery in doubt: by itself, and when,
// or by a person.
func doubtNext(status incidents.NoticeStatus, d incidents.Delivery) string {
	decides := "waits for a decision"
	switch ch := d.ID.Channel; {
	case d.State == incidents.Manual || d.NextAt == nil:
		return decides
	case status == incidents.NoticeHeld:
		return "rests while the notice is on hold"
	case d.MaybeTwice: // the one resend is spent
		return decides
	case ch == incidents.Email || ch == incidents.Push:
		if status == incidents.NoticeStopped {
			return decides
		}
		return "goes out again by itself at " + d.NextAt.UTC().Format("15:04")
	default:
		return "is looked up at the provider at " + d.NextAt.UTC().Format("15:04")
	}
}

// settleDoubts is a person's one decision on the chosen deliveries.
func (c *console) settleDoubts(p *page) error {
	n, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	chosen := p.r.PostForm["delivery"]
	if p.form("all") != "" {
		chosen = p.r.PostForm["shown"]
	}
	ids := make([]incidents.DeliveryID, len(chosen))
	for i, s := range chosen {
		if ids[i], err = incidents.ParseDeliveryID(s); err != nil {
			return c.backToDelivery(p, n, "", err)
		}
	}
	got, err := c.Desk.SettleDoubts(p.r.Context(), p.actor, n.No, ids, incidents.DeliveryState(p.form("state")), p.form("reason"))
	if err == nil && got.Done == 0 {
		err = incidents.Conflict("none was settled: %s", got.Left[0].Why)
	}
	if err != nil {
		return c.backToDelivery(p, n, "", err)
	}
	at := url.Values{"doubts": {strconv.FormatInt(max(1, number(p.form("doubts"))), 10)}}
	return c.redirect(p, noticePath(n.No)+"/delivery?"+at.Encode()+"#h-doubt", settledSays(got))
}

// settledSays says how many were settled, and which were not.
func settledSays(got incidents.DoubtsSettled) string {
	said := num(int64(got.Done)) + " decided, and written down."
	if got.Asked != "" {
		said = "Asked to give up on " + num(int64(got.Done)) + ". Somebody else confirms it, under Approvals."
	}
	for i, left := range got.Left {
		if i == 5 {
			return said + " " + num(int64(len(got.Left)-i)) + " more were left as they were."
		}
		said += " Not " + left.ID.String() + ": " + left.Why + "."
	}
	return said
}

// withdrawGivingUp takes back what the same person asked for.
func (c *console) withdrawGivingUp(p *page) error {
	if err := c.Desk.WithdrawGivingUp(p.r.Context(), p.actor, p.vars["id"]); err != nil {
		return err
	}
	return c.redirect(p, "/approvals", "Taken back.")
}
