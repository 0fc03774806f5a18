package incidents

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A DecisionInput is what an officer decides. Proposal is the hash of the
// proposal that was looked at.
type DecisionInput struct {
	Proposal string
	Course   Course
	Reason   string // needed unless it is what was proposed
}

// DecideCourse writes down what an officer decided an incident asks for. They
// must have proved the second factor just now.
func (d *Desk) DecideCourse(ctx context.Context, a Actor, id IncidentID, in DecisionInput) (out Decision, err error) {
	in.Reason = strings.TrimSpace(in.Reason)
	if !slices.Contains(Courses(), in.Course) {
		return out, Invalid("decide on document, notify_authority or notify_people").On("course")
	}
	err = d.write(ctx, a, ActApprove, func(tx Tx) error {
		if _, err := openIncident(tx, id); err != nil {
			return err
		}
		p, err := proposal(tx, id, in.Proposal)
		if err != nil {
			return err
		}
		if in.Course != p.Course || in.Reason != "" {
			if err := reasonGiven(in.Reason); err != nil {
				return err
			}
		}
		if err := CheckApprover(a, nil, d.Now()); err != nil {
			return err
		}
		out = Decision{ID: d.NewID(), IncidentID: id, Course: in.Course, Reason: in.Reason, Proposal: p, By: a.ID, ByName: a.Name, Role: a.Role,
			SecondFactorAt: a.SecondFactorAt.UTC(), At: d.Now().UTC().Truncate(time.Second)}
		if err := tx.PutDecision(out); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "decision.made", incident: id, subject: out.ID, line: out.line(), quote: in.Reason,
			data: map[string]string{"regime": p.Regime.ID, "course": string(in.Course), "proposed": string(p.Course), "rev": itoa(p.FactsRev), "pack": p.Pack, "proposal_sha256": p.Hash}})
	})
	return out, err
}

// proposal finds the proposal that was looked at, if it still stands.
func proposal(tx Tx, id IncidentID, hash string) (Proposal, error) {
	f, err := tx.Facts(id)
	if err != nil {
		return Proposal{}, err
	}
	as, err := tx.Assessment(id)
	if err != nil && !isNotFound(err) {
		return Proposal{}, err
	}
	for _, p := range Propose(f, as) {
		if p.Hash == hash {
			return p, nil
		}
	}
	return Proposal{}, Conflict("this is not the proposal as it stands: the facts or the rules changed").On("proposal").WithHint("look at the present proposal and decide on that")
}

func (d Decision) line() string {
	said := "Decided under the " + d.Proposal.Regime.Name + ": " + d.Course.Label()
	switch {
	case d.Agrees():
		said += ", as proposed"
	case d.Proposal.Course == "":
		said += "; nothing was proposed"
	default:
		said += "; proposed was “" + d.Proposal.Course.Label() + "”"
	}
	said += " (facts revision " + itoa(d.Proposal.FactsRev) + ")"
	if d.Reason != "" {
		return said + ":"
	}
	return said + "."
}

// markDecisions marks the decisions that stand for what other facts proposed,
// and takes the mark off when the proposal is again what it was.
func (d *Desk) markDecisions(tx Tx, id IncidentID, now []Proposal) (stale []string, err error) {
	all, err := tx.Decisions(id)
	if err != nil {
		return nil, err
	}
	for _, r := range gdprFamily {
		x, ok := Latest(all, r.ID)
		if !ok {
			continue
		}
		was := x.Stale
		if x.Stale = x.staleness(now); x.Stale == was {
			continue
		}
		if err := tx.PutDecision(x); err != nil {
			return nil, err
		}
		e := event{name: "decision.stale", incident: id, subject: x.ID, line: "The decision under the " + r.Name + " was " + x.Stale + ".", data: map[string]string{"made_rev": itoa(x.Proposal.FactsRev)}}
		if x.Stale == "" {
			e.name, e.line = "decision.fresh", "The decision under the "+r.Name+" is again on what Tocsin proposes."
		} else {
			stale = append(stale, "the decision under the "+r.Name)
		}
		if err := d.record(tx, System, e); err != nil {
			return nil, err
		}
	}
	return stale, nil
}
