package incidents

import (
	"context"
	"reflect"
	"time"
)

// Taken is what became of one arrived body.
type Taken struct {
	Intake Intake
	Fresh  bool // false: this delivery was taken before, nothing changed
	Alerts []AlertID
}

// Accept takes what an adapter read from one body: in one synced transaction
// shared with whoever else is waiting, the body is kept, its alerts are
// deduplicated by key and revision, and the bus is told. A nil error means it
// can be acknowledged. The same delivery a second time changes nothing.
func (d *Desk) Accept(ctx context.Context, in Intake) (Taken, error) {
	in.ID = IntakeID(d.NewID())
	ids := make([]AlertID, len(in.Alerts))
	for i := range ids {
		ids[i] = AlertID(d.NewID())
	}
	var out Taken
	err := d.Store.Group(ctx, func(tx Tx) error {
		out = Taken{}
		first, fresh, err := tx.PutIntake(in)
		out.Intake, out.Fresh = first, fresh
		if err != nil || !fresh {
			return err
		}
		for i, a := range in.Alerts {
			a.ID, a.IntakeID, a.Source, a.ReceivedAt = ids[i], in.ID, in.Source, in.ReceivedAt
			id, err := d.acceptAlert(tx, a)
			if err != nil {
				return err
			}
			out.Alerts = append(out.Alerts, id)
		}
		return nil
	})
	return out, err
}

// acceptAlert keeps one alert: new, or a newer revision of one we know.
func (d *Desk) acceptAlert(tx Tx, a Alert) (AlertID, error) {
	old, err := tx.AlertByKey(a.DedupKey, a.Test)
	if err != nil && !isNotFound(err) {
		return "", err
	}
	name := "alert.accepted"
	if err == nil {
		if d.Newer != nil && a.Revision != old.Revision && !d.Newer(old.Revision, a.Revision) {
			return old.ID, nil // an older revision never overwrites a newer one
		}
		a.ID, a.IncidentID, a.State, a.Revisions = old.ID, old.IncidentID, old.State, old.Revisions+1
		name = "alert.revised"
	} else {
		a.State, a.Revisions = AlertNew, 1
		if a.Test {
			a.State = AlertTest
		}
	}
	if err := tx.PutAlert(a); err != nil {
		return "", err
	}
	return a.ID, d.record(tx, System, event{name: name, incident: a.IncidentID, subject: string(a.ID),
		data: map[string]string{"source": a.Source, "format": a.Format, "severity": string(a.Severity)}})
}

// Quarantine keeps a body that could not be read, with its reason.
func (d *Desk) Quarantine(ctx context.Context, in Intake) (Intake, error) {
	in.ID, in.Alerts = IntakeID(d.NewID()), nil
	err := d.Store.Group(ctx, func(tx Tx) error {
		first, fresh, err := tx.PutIntake(in)
		if err != nil || !fresh {
			in = first
			return err
		}
		return d.record(tx, System, event{name: "alert.quarantined", subject: string(in.ID),
			data: map[string]string{"source": in.Source, "status": itoa(in.Status)}})
	})
	return in, err
}

// Correlate puts a new alert where it belongs: into the open incident of an
// alert that shares its account, asset, address or group within the window,
// else into a new incident. It may run any number of times for one alert.
func (d *Desk) Correlate(ctx context.Context, id AlertID) error {
	seen, err := read(ctx, d, System, ActRead, func(tx Tx) (placing, error) { return d.place(tx, id) })
	if err != nil || seen.alert.State != AlertNew {
		return err
	}
	var first opening
	if seen.opens() { // judged before the writer's turn, so that no other alert waits for it
		if first, err = d.opening(d.factsOf(seen.alert)); err != nil {
			return err
		}
	}
	return d.Store.Write(ctx, func(tx Tx) error {
		p, err := d.place(tx, id)
		a := p.alert
		switch {
		case err != nil || a.State != AlertNew:
			return err
		case p.how != "":
			return d.join(tx, System, a, p.in, p.how)
		case !p.opens():
			a.State = AlertDismissed // its sender says it is over: it opens nothing, and stays on file
			if err := tx.PutAlert(a); err != nil {
				return err
			}
			return d.record(tx, System, event{name: "alert.dismissed", subject: string(a.ID), data: map[string]string{"sender_status": a.Status}})
		case !reflect.DeepEqual(a, seen.alert) || !seen.opens():
			if first, err = d.opening(d.factsOf(a)); err != nil {
				return err
			}
		}
		in, err := d.newIncident(tx, System, a.Title, KindBreach, Live, first)
		if err != nil {
			return err
		}
		return d.join(tx, System, a, in, "opened the incident")
	})
}

// A placing is where a new alert belongs.
type placing struct {
	alert Alert
	in    Incident
	how   string // why there; empty: there is no such incident
}

// opens tells whether the alert opens an incident.
func (p placing) opens() bool {
	return p.how == "" && p.alert.Status != "suppressed" && p.alert.Status != "closed"
}

func (d *Desk) place(tx Tx, id AlertID) (p placing, err error) {
	p.alert, err = tx.Alert(id)
	a := p.alert
	if err != nil || a.State != AlertNew {
		return p, err
	}
	near, err := tx.Neighbours(a, a.ObservedAt.Add(-d.JoinWithin))
	for _, n := range near {
		in, err := openIncident(tx, n.IncidentID)
		if KindOf(err) == KindConflict || err == nil && in.Mode != Live {
			continue // that incident is over
		}
		if err == nil {
			p.in, p.how = in, "joined by "+shared(a, n)
		}
		return p, err
	}
	return p, err
}

func shared(a, b Alert) string {
	for _, c := range []struct {
		name string
		x, y []string
	}{{"account", a.Users, b.Users}, {"asset", a.Assets, b.Assets}, {"address", a.IPs, b.IPs}} {
		for _, v := range c.x {
			for _, w := range c.y {
				if v == w {
					return c.name
				}
			}
		}
	}
	return "group"
}

func (d *Desk) join(tx Tx, who Actor, a Alert, in Incident, how string) error {
	a.State, a.IncidentID = AlertJoined, in.ID
	if err := tx.PutAlert(a); err != nil {
		return err
	}
	if err := d.seedFacts(tx, in, a); err != nil {
		return err
	}
	return d.record(tx, who, event{name: "alert.joined", incident: in.ID, subject: string(a.ID),
		line: "Alert “" + a.Title + "” from " + a.Source + " " + how + "."})
}

// seedFacts lets the first alert of an incident say when it was detected.
func (d *Desk) seedFacts(tx Tx, in Incident, a Alert) error {
	f, err := tx.Facts(in.ID)
	if err != nil {
		return err
	}
	if _, known := f.Time("detected_at"); known {
		return nil
	}
	_, err = d.setFacts(tx, System, in, f, d.factsOf(a), nil)
	return err
}

// factsOf is what an alert tells of an incident it is the first of.
func (d *Desk) factsOf(a Alert) map[string]Fact {
	seen := Fact{Value: a.ObservedAt.UTC().Truncate(time.Second), SetBy: System.ID, SetName: System.Name, SetAt: d.Now().UTC().Truncate(time.Second), How: "first alert"}
	changes := map[string]Fact{"detected_at": seen}
	if a.OccurredAt != nil {
		began := seen
		began.Value = a.OccurredAt.UTC().Truncate(time.Second)
		changes["occurred_at"] = began
	}
	return changes
}

// Alerts lists alerts.
func (d *Desk) Alerts(ctx context.Context, a Actor, f AlertFilter) ([]Alert, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Alert, error) { return tx.Alerts(f) })
}

// CountAlerts counts alerts.
func (d *Desk) CountAlerts(ctx context.Context, a Actor, f AlertFilter) (int64, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) (int64, error) { return tx.CountAlerts(f) })
}

// Alert returns one alert.
func (d *Desk) Alert(ctx context.Context, a Actor, id AlertID) (Alert, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) (Alert, error) { return tx.Alert(id) })
}

// Intakes lists what arrived; with Quarantined only what could not be read.
func (d *Desk) Intakes(ctx context.Context, a Actor, f IntakeFilter) ([]Intake, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Intake, error) { return tx.Intakes(f) })
}

// Intake returns one arrived body.
func (d *Desk) Intake(ctx context.Context, a Actor, id IntakeID) (Intake, error) {
	return read(ctx, d, a, ActTriage, func(tx Tx) (Intake, error) { return tx.Intake(id) })
}

// RetryIntake reads a quarantined body again, after an adapter or a source's
// settings were mended. What it can read now is taken as if it had just arrived.
func (d *Desk) RetryIntake(ctx context.Context, a Actor, id IntakeID) (Taken, error) {
	in, err := read(ctx, d, a, ActTriage, func(tx Tx) (Intake, error) { return tx.Intake(id) })
	if err != nil {
		return Taken{}, err
	}
	if !in.Quarantined() || in.Released {
		return Taken{}, Conflict("this body is not in quarantine")
	}
	again, err := d.Reparse(in)
	if err != nil {
		return Taken{}, err
	}
	again.DeliveryID, again.Reason, again.Status = "retry:"+string(id), "", 202
	out, err := d.Accept(ctx, again)
	if err != nil {
		return out, err
	}
	return out, d.releaseIntake(ctx, a, id, "read again")
}

// ReleaseIntake takes a body out of quarantine without reading it; it stays on file.
func (d *Desk) ReleaseIntake(ctx context.Context, a Actor, id IntakeID, reason string) error {
	if err := reasonGiven(reason); err != nil {
		return err
	}
	return d.releaseIntake(ctx, a, id, reason)
}

func (d *Desk) releaseIntake(ctx context.Context, a Actor, id IntakeID, reason string) error {
	return d.write(ctx, a, ActTriage, func(tx Tx) error {
		in, err := tx.Intake(id)
		if err != nil || in.Released {
			return err
		}
		in.Released = true
		if err := tx.SaveIntake(in); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "quarantine.released", subject: string(id), quote: reason})
	})
}

// DismissAlert says an alert is nothing, with a reason. It can be moved later.
func (d *Desk) DismissAlert(ctx context.Context, a Actor, id AlertID, reason string) error {
	if err := reasonGiven(reason); err != nil {
		return err
	}
	return d.write(ctx, a, ActTriage, func(tx Tx) error {
		al, err := tx.Alert(id)
		if err != nil {
			return err
		}
		from := al.IncidentID
		al.State, al.IncidentID = AlertDismissed, ""
		if err := tx.PutAlert(al); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "alert.dismissed", incident: from, subject: string(id), line: "Dismissed alert “" + al.Title + "”.", quote: reason})
	})
}

// MoveAlert puts an alert into another incident; an empty target splits it off
// into a new one. It returns the incident the alert is in now.
func (d *Desk) MoveAlert(ctx context.Context, a Actor, id AlertID, into IncidentID) (to IncidentID, err error) {
	err = d.write(ctx, a, ActTriage, func(tx Tx) error {
		al, err := tx.Alert(id)
		if err != nil {
			return err
		}
		if al.Test {
			return Conflict("a sender's test message belongs to no incident")
		}
		from := al.IncidentID
		var in Incident
		if into == "" {
			var first opening
			if first, err = d.opening(d.factsOf(al)); err != nil {
				return err
			}
			in, err = d.newIncident(tx, a, al.Title, KindBreach, Live, first)
		} else {
			in, err = openIncident(tx, into)
		}
		if err != nil {
			return err
		}
		if in.Mode == Drill {
			return Forbidden("a real alert cannot join a drill")
		}
		to = in.ID
		if err := d.join(tx, a, al, in, "was moved here"); err != nil || from == "" || from == in.ID {
			return err
		}
		return d.record(tx, a, event{name: "alert.split", incident: from, subject: string(id), line: "Alert “" + al.Title + "” was moved to " + in.Ref + "."})
	})
	return to, err
}
