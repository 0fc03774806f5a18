package incidents

import (
	"context"
	"slices"
	"strings"
	"time"
)

// SubjectGivingUp is the end of deliveries nobody can say about.
const SubjectGivingUp SubjectKind = "giving-up"

// A GivingUp asks an officer to cancel deliveries in doubt. Who asks may not
// confirm it. It is about each as it stood then: one that was decided, answered
// or tried again since is left as it is.
type GivingUp struct {
	ID         string     `json:"id"`
	IncidentID IncidentID `json:"incident_id"`
	Notice     int64      `json:"notice"` // Notice.No
	Deliveries []GivenUp  `json:"deliveries"`
	Reason     string     `json:"reason"`
	By         AccountID  `json:"by"`
	ByName     string     `json:"by_name"`
	At         time.Time  `json:"at"`
	Status     string     `json:"status"` // asked, approved, returned, withdrawn
}

// A GivenUp is a delivery and how often it was tried when it was asked for.
type GivenUp struct {
	ID       DeliveryID `json:"id"`
	Attempts int        `json:"attempts"`
}

// Hash is what the officer's decision is bound to.
func (g GivingUp) Hash() string {
	return hashJSON(struct {
		ID         string
		Incident   IncidentID
		Notice     int64
		Deliveries []GivenUp
		Reason     string
	}{g.ID, g.IncidentID, g.Notice, g.Deliveries, g.Reason})
}

// GivingUpTx keeps who asked to give up on deliveries.
type GivingUpTx interface {
	PutGivingUp(GivingUp) error
	GivingUp(id string) (GivingUp, error)
	GivingUpsAsked(notice int64) ([]GivingUp, error) // that wait for an officer, oldest first; 0: of all notices
	// StillInDoubt returns those of a notice's deliveries that are in doubt, as they are.
	StillInDoubt(notice int64, of []DeliveryID) ([]GivenUp, error)
	// CancelDoubts cancels deliveries of a notice; one that is not in doubt is a conflict.
	CancelDoubts(notice int64, of []DeliveryID, reason string, at time.Time) error
}

// giveUp cancels deliveries of a drill, and asks an officer about others.
func (d *Desk) giveUp(ctx context.Context, a Actor, notice int64, ids []DeliveryID, reason string) (out DoubtsSettled, err error) {
	err = d.write(ctx, a, ActRelease, func(tx Tx) error {
		out = DoubtsSettled{}
		n, err := tx.NoticeByNo(notice)
		if err != nil {
			return err
		}
		g := GivingUp{ID: d.NewID(), IncidentID: n.IncidentID, Notice: notice, Reason: reason, By: a.ID, ByName: a.Name, At: d.Now().UTC().Truncate(time.Second), Status: "asked"}
		if g.Deliveries, out.Left, err = mayGiveUp(tx, notice, ids); err != nil || len(g.Deliveries) == 0 {
			return err
		}
		if out.Done = len(g.Deliveries); n.Content.Mode == Drill {
			return d.cancelDoubts(tx, a, g, g.Deliveries, g.At)
		}
		out.Asked = g.ID
		if err := tx.PutGivingUp(g); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "giving-up.asked", incident: n.IncidentID, subject: g.ID, line: "Asked to give up on " + givenUpText(notice, g.Deliveries) + ":", quote: reason,
			data: map[string]string{"deliveries": listed(g.Deliveries), "hash": g.Hash()}})
	})
	return out, err
}

// mayGiveUp leaves out what is not in doubt, and what was asked for already.
func mayGiveUp(tx Tx, notice int64, ids []DeliveryID) (may []GivenUp, left []DoubtLeft, err error) {
	asked, err := tx.GivingUpsAsked(notice)
	if err != nil {
		return nil, nil, err
	}
	doubted, err := tx.StillInDoubt(notice, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range ids {
		i := slices.IndexFunc(doubted, func(x GivenUp) bool { return x.ID == id })
		switch {
		case i < 0:
			left = append(left, DoubtLeft{id, "delivery " + id.String() + " is not in doubt"})
		case slices.ContainsFunc(asked, func(g GivingUp) bool { return slices.Contains(g.Deliveries, doubted[i]) }):
			left = append(left, DoubtLeft{id, "giving it up waits for a second person already"})
		case !slices.Contains(may, doubted[i]):
			may = append(may, doubted[i])
		}
	}
	return may, left, nil
}

// givingUp loads what waits for a decision. It lapses with the last delivery it
// was about.
func (p *Pending) givingUp(tx Tx, id string) (waits bool, in IncidentID, err error) {
	g, err := tx.GivingUp(id)
	if err != nil {
		return false, "", err
	}
	still, err := g.still(tx)
	if err != nil {
		return false, "", err
	}
	p.Subject, p.Title, p.Persons = Subject{SubjectGivingUp, id, 1, g.Hash()}, "giving up on "+givenUpText(g.Notice, g.Deliveries), int64(len(still))
	p.By, p.Editors, p.Since = g.By, []AccountID{g.By}, g.At
	return g.Status == "asked" && len(still) > 0, g.IncidentID, nil
}

// still is what it is about and stands as it did.
func (g GivingUp) still(tx Tx) ([]GivenUp, error) {
	ids := make([]DeliveryID, len(g.Deliveries))
	for i, x := range g.Deliveries {
		ids[i] = x.ID
	}
	now, err := tx.StillInDoubt(g.Notice, ids)
	return slices.DeleteFunc(now, func(x GivenUp) bool { return !slices.Contains(g.Deliveries, x) }), err
}

// gaveUp does what an officer decided.
func (d *Desk) gaveUp(tx Tx, a Actor, p Pending, back bool, now time.Time) error {
	g, err := tx.GivingUp(p.Subject.ID)
	if err != nil {
		return err
	}
	g.Status = pick(back, "returned", "approved")
	if err := tx.PutGivingUp(g); err != nil || back {
		return err
	}
	still, err := g.still(tx)
	if err != nil {
		return err
	}
	return d.cancelDoubts(tx, a, g, still, now)
}

func (d *Desk) cancelDoubts(tx Tx, a Actor, g GivingUp, of []GivenUp, now time.Time) error {
	ids := make([]DeliveryID, len(of))
	for i, x := range of {
		ids[i] = x.ID
	}
	if err := tx.CancelDoubts(g.Notice, ids, "given up: "+g.Reason, now); err != nil {
		return err
	}
	return d.record(tx, a, event{name: "deliveries.given_up", incident: g.IncidentID, subject: g.ID, line: "Gave up on " + givenUpText(g.Notice, of) + ", as " + g.ByName + " asked:", quote: g.Reason,
		data: map[string]string{"deliveries": listed(of), "asked_by": string(g.By), "confirmed_by": string(a.ID)}})
}

// GivingUp returns what somebody asked to give up on.
func (d *Desk) GivingUp(ctx context.Context, a Actor, id string) (GivingUp, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) (GivingUp, error) { return tx.GivingUp(id) })
}

// GivingUpsAsked lists what of a notice somebody asked to give up on, and may still
// be confirmed.
func (d *Desk) GivingUpsAsked(ctx context.Context, a Actor, notice int64) ([]GivingUp, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) (out []GivingUp, err error) {
		asked, err := tx.GivingUpsAsked(notice)
		for _, g := range asked {
			still, err := g.still(tx)
			if err != nil {
				return nil, err
			}
			if g.Deliveries = still; len(still) > 0 {
				out = append(out, g)
			}
		}
		return out, err
	})
}

// WithdrawGivingUp takes back what the same person asked for.
func (d *Desk) WithdrawGivingUp(ctx context.Context, a Actor, id string) error {
	return d.write(ctx, a, ActRelease, func(tx Tx) error {
		g, err := tx.GivingUp(id)
		switch {
		case err != nil:
			return err
		case g.By != a.ID:
			return Forbidden("only who asked for it takes it back").WithHint("an officer returns it")
		case g.Status != "asked":
			return Conflict("it is %s already", g.Status)
		}
		g.Status = "withdrawn"
		if err := tx.PutGivingUp(g); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "giving-up.withdrawn", incident: g.IncidentID, subject: id, line: "No longer asks to give up on " + givenUpText(g.Notice, g.Deliveries) + "."})
	})
}

func givenUpText(notice int64, of []GivenUp) string {
	if len(of) == 1 {
		return "message " + of[0].ID.String() + " of notice N-" + itoa(notice)
	}
	return itoa(len(of)) + " messages of notice N-" + itoa(notice)
}

func listed(of []GivenUp) string {
	ids := make([]string, len(of))
	for i, x := range of {
		ids[i] = x.ID.String()
	}
	return strings.Join(ids, " ")
}
