package incidents

import (
	"context"
	"slices"
	"strings"
	"time"
)

// kindsOf counts everybody on the lists of an incident by kind.
func kindsOf(tx Tx, id IncidentID) (map[PersonKind]int64, error) {
	lists, err := tx.Imports(id)
	return KindsOf(lists), err
}

// A RiskInput is the level an officer gives a group. Proposal is the hash of the
// group as it was looked at.
type RiskInput struct {
	Proposal string
	Level    string
	Reason   string // needed unless it is the level that was proposed
	Raise    bool   // let the incident count as high with it; see raiseFacts
}

// DecideRisk writes down which level an officer gives a group of people. They
// must have proved the second factor just now.
func (d *Desk) DecideRisk(ctx context.Context, a Actor, id IncidentID, in RiskInput) (out RiskDecision, err error) {
	in.Reason = strings.TrimSpace(in.Reason)
	if !slices.Contains(RiskLevels(), in.Level) {
		return out, Invalid("decide on low, medium, high or very_high").On("level")
	}
	if in.Raise {
		if !HighRisk(in.Level) {
			return out, Invalid("the incident can count as high only with a group that is high or very high").On("raise")
		}
		if err := a.May(ActFacts); err != nil {
			return out, err
		}
	}
	err = d.write(ctx, a, ActApprove, func(tx Tx) error {
		inc, err := openIncident(tx, id)
		if err != nil {
			return err
		}
		f, err := tx.Facts(id)
		if err != nil {
			return err
		}
		g, err := d.riskGroup(tx, inc, f, in.Proposal)
		if err != nil {
			return err
		}
		if in.Level != g.Level || in.Reason != "" || in.Raise {
			if err := reasonGiven(in.Reason); err != nil {
				return err
			}
		}
		if err := CheckApprover(a, nil, d.Now()); err != nil {
			return err
		}
		now := d.Now().UTC().Truncate(time.Second)
		out = RiskDecision{ID: d.NewID(), IncidentID: id, Level: in.Level, Reason: in.Reason, Raised: in.Raise, Proposal: g, FactsRev: f.Rev, Pack: d.Rules.Version(),
			By: a.ID, ByName: a.Name, Role: a.Role, SecondFactorAt: a.SecondFactorAt.UTC(), At: now}
		if err := tx.PutRiskDecision(out); err != nil {
			return err
		}
		err = d.record(tx, a, event{name: "risk.decided", incident: id, subject: out.ID, line: out.line(), quote: in.Reason,
			data: map[string]string{"group": g.Key, "level": in.Level, "proposed": g.Level, "rev": itoa(f.Rev), "pack": out.Pack, "proposal_sha256": g.Hash}})
		if err != nil {
			return err
		}
		changes, err := d.raiseFacts(a, f, out)
		if err != nil || len(changes) == 0 {
			return err
		}
		_, err = d.setFacts(tx, a, inc, f, changes, nil)
		return err
	})
	return out, err
}

// riskGroup finds the group that was looked at, if it is still proposed so.
func (d *Desk) riskGroup(tx Tx, in Incident, f Facts, hash string) (RiskGroup, error) {
	if in.Kind != KindBreach {
		return RiskGroup{}, Conflict("a service termination has no risk statement")
	}
	list, err := kindsOf(tx, in.ID)
	if err != nil {
		return RiskGroup{}, err
	}
	for _, g := range d.Rules.Risk(f, list).Groups {
		if g.Hash == hash {
			return g, nil
		}
	}
	return RiskGroup{}, Conflict("this is not the statement as it stands: the facts or the list changed").On("proposal").WithHint("look at the present statement and decide on that")
}

func (d RiskDecision) line() string {
	said := "Risk to “" + d.Proposal.Name + "” decided: " + RiskWord(d.Level)
	switch {
	case d.Agrees():
		said += ", as proposed"
	case d.Proposal.Level == "":
		said += "; nothing was proposed"
	default:
		said += "; proposed was “" + RiskWord(d.Proposal.Level) + "”"
	}
	said += " (facts revision " + itoa(d.FactsRev) + ")"
	if d.Reason != "" {
		return said + ":"
	}
	return said + "."
}

// raiseFacts are the facts a decision changes. Rules that ask for a high risk,
// as GDPR Art. 34 does, read the severity of the incident, which has one place
// for the judgement of people: the context of the data, with its reason. A group
// that is decided high can be put there, if nobody judged the context before;
// whoever decides on that group again takes it back with it.
func (d *Desk) raiseFacts(a Actor, f Facts, x RiskDecision) (map[string]Fact, error) {
	of := f.SetByRisk()
	by := Fact{SetBy: a.ID, SetName: a.Name, SetAt: x.At, How: riskMark + x.Proposal.Key}
	context, reason := by, by
	switch {
	case x.Raised:
		if _, judged := f.Text("data_context"); judged && of == "" {
			return nil, Conflict("how much the context weighs was judged already").On("raise").WithHint("judge it anew on the page of facts (data_context), or decide without raising the incident")
		}
		step, err := d.raisingStep(f, x.Proposal.Key)
		if err != nil {
			return nil, err
		}
		if step == "" {
			return nil, Conflict("the incident counts as high already").On("raise")
		}
		context.Value, reason.Value = step, "The risk to “"+x.Proposal.Name+"” was decided "+RiskWord(x.Level)+": "+x.Reason
	case of == x.Proposal.Key:
		context.Unknown, reason.Unknown = true, true
	default:
		return nil, nil
	}
	return map[string]Fact{"data_context": context, "data_context_reason": reason}, nil
}

// raisingStep is the smallest step that makes the incident high, or the largest
// there is; "" when it is high without this group's.
func (d *Desk) raisingStep(f Facts, group string) (string, error) {
	if f.SetByRisk() == group {
		f = f.With(map[string]Fact{"data_context": {Unknown: true}})
	}
	for _, step := range []string{"", "more_1", "more_2"} {
		with := f
		if step != "" {
			with = f.With(map[string]Fact{"data_context": {Value: step}})
		}
		as, err := d.Rules.Assess(with, d.Now())
		if err != nil || HighRisk(as.Severity.Level) {
			return step, err
		}
	}
	return "more_2", nil
}

// markRisks marks the decisions that stand for what other facts, or another
// list, proposed, and takes the mark off when the proposal is again what it was.
func (d *Desk) markRisks(tx Tx, id IncidentID, now RiskStatement) (stale []string, err error) {
	all, err := tx.RiskDecisions(id)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, x := range all {
		key, was := x.Proposal.Key, x.Stale
		if seen[key] {
			continue // another one stands
		}
		seen[key] = true
		if x.Stale = x.staleness(now); x.Stale == was {
			continue
		}
		if err := tx.PutRiskDecision(x); err != nil {
			return nil, err
		}
		e := event{name: "risk.stale", incident: id, subject: x.ID, line: "The decision on the risk to “" + x.Proposal.Name + "” was " + x.Stale + ".", data: map[string]string{"group": key, "made_rev": itoa(x.FactsRev)}}
		if x.Stale == "" {
			e.name, e.line = "risk.fresh", "The decision on the risk to “"+x.Proposal.Name+"” is again on what Tocsin proposes."
		} else {
			stale = append(stale, "the decision on the risk to “"+x.Proposal.Name+"”")
		}
		if err := d.record(tx, System, e); err != nil {
			return nil, err
		}
	}
	return stale, nil
}
