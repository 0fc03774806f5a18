package incidents

import (
	"context"
	"strings"
	"time"
)

// StartTermination opens a service termination: its list, notice and evidence
// hang on an incident of its own. An end date less than 30 full days ahead is refused.
func (d *Desk) StartTermination(ctx context.Context, a Actor, service, endDate, zone string, mode Mode) (t Termination, err error) {
	service = strings.TrimSpace(service)
	if service == "" || len(service) > 200 {
		return t, Invalid("name the service in 1 to 200 characters").On("service")
	}
	if mode != Live && mode != Drill {
		return t, Invalid("a termination is live or drill").On("mode")
	}
	now := d.Now().UTC().Truncate(time.Second)
	t = Termination{ID: TerminationID(d.NewID()), Service: service, EndDate: endDate, Zone: zone, Status: TerminationDraft, Owner: a.ID, CreatedAt: now}
	if err := d.checkTermination(t); err != nil {
		return t, err
	}
	err = d.write(ctx, a, ActTermination, func(tx Tx) error {
		in, err := d.newIncident(tx, a, service, KindTermination, mode, opening{})
		if err != nil {
			return err
		}
		t.IncidentID = in.ID
		if err := tx.PutTermination(t); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "termination.started", incident: in.ID, subject: string(t.ID), line: "The service “" + service + "” ends after " + endDate + " (" + zone + ").",
			data: map[string]string{"end_date": endDate, "zone": zone}})
	})
	return t, err
}

// checkTermination refuses an end date that leaves less than 30 full days from now.
func (d *Desk) checkTermination(t Termination) error {
	ends, err := t.EndsAt()
	if err != nil {
		return err
	}
	return CheckEndDate(ends, d.Now().UTC())
}

// MoveTermination sets another end date. Waiting notices are void: they name the old one.
func (d *Desk) MoveTermination(ctx context.Context, a Actor, id TerminationID, endDate string) (t Termination, err error) {
	err = d.write(ctx, a, ActTermination, func(tx Tx) error {
		if t, err = tx.Termination(id); err != nil {
			return err
		}
		if t.Status != TerminationDraft {
			return Conflict("people were told %s; a later date needs a new notice", t.EndDate)
		}
		t.EndDate = endDate
		if err := d.checkTermination(t); err != nil {
			return err
		}
		if err := tx.PutTermination(t); err != nil {
			return err
		}
		if _, err := d.voidNotices(tx, t.IncidentID, "the end date changed"); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "termination.moved", incident: t.IncidentID, subject: string(id), line: "The last day of service is now " + endDate + ".", data: map[string]string{"end_date": endDate}})
	})
	return t, err
}

// startTelling is the 30-day gate at release.
func (d *Desk) startTelling(tx Tx, in Incident, now time.Time) error {
	t, err := tx.TerminationOf(in.ID)
	if err != nil {
		return err
	}
	ends, err := t.EndsAt()
	if err != nil {
		return err
	}
	if err := CheckEndDate(ends, now); err != nil {
		return err
	}
	t.Status = TerminationTelling
	return tx.PutTermination(t)
}

// toldAll moves a termination on when its notice is done, and says so when the
// last person was told too late for the 30 days.
func (d *Desk) toldAll(tx Tx, n Notice) error {
	t, err := tx.TerminationOf(n.IncidentID)
	if err != nil || t.Status != TerminationTelling {
		return err
	}
	t.Status = TerminationWaiting
	if err := tx.PutTermination(t); err != nil {
		return err
	}
	line := "Everybody on the list was told; the data is to be erased after " + t.EndDate + "."
	if ends, err := t.EndsAt(); err == nil && n.DoneAt != nil && CheckEndDate(ends, *n.DoneAt) != nil {
		line = "The last person was told less than 30 full days before the end: move the end of the service."
	}
	return d.record(tx, System, event{name: "termination.told", incident: n.IncidentID, subject: string(t.ID), line: line})
}

// Terminations lists service terminations, newest first.
func (d *Desk) Terminations(ctx context.Context, a Actor) ([]Termination, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Termination, error) { return tx.Terminations() })
}

// Termination returns one termination.
func (d *Desk) Termination(ctx context.Context, a Actor, id TerminationID) (Termination, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) (Termination, error) { return tx.Termination(id) })
}

// DueTerminations marks terminations whose service has ended as due for
// erasure; it is run by the clock.
func (d *Desk) DueTerminations(ctx context.Context) error {
	return d.Store.Write(ctx, func(tx Tx) error {
		all, err := tx.Terminations()
		if err != nil {
			return err
		}
		for _, t := range all {
			ends, err := t.EndsAt()
			if err != nil || t.Status != TerminationWaiting || d.Now().Before(ends) {
				continue
			}
			t.Status = TerminationDue
			if err := tx.PutTermination(t); err != nil {
				return err
			}
			if err := d.record(tx, System, event{name: "termination.due", incident: t.IncidentID, subject: string(t.ID), line: "The service has ended: the personal data is to be erased now."}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Erase destroys the personal data of a terminated service and issues the
// certificate. typed must be the incident's reference. It cannot be undone.
func (d *Desk) Erase(ctx context.Context, a Actor, id TerminationID, typed string) (cert Certificate, err error) {
	var t Termination
	var in Incident
	_, err = read(ctx, d, a, ActTermination, func(tx Tx) (struct{}, error) {
		if t, err = tx.Termination(id); err != nil {
			return struct{}{}, err
		}
		in, err = tx.Incident(t.IncidentID)
		return struct{}{}, err
	})
	if err != nil {
		return cert, err
	}
	ends, err := t.EndsAt()
	if err != nil {
		return cert, err
	}
	switch {
	case t.Status == TerminationErased && t.Certificate != nil:
		return *t.Certificate, nil
	case strings.TrimSpace(typed) != in.Ref:
		return cert, Invalid("type the reference: %s", in.Ref).On("ref")
	case t.Status != TerminationDue && t.Status != TerminationWaiting:
		return cert, Conflict("the termination is %s; people have to be told first", t.Status)
	case d.Now().Before(ends):
		return cert, Conflict("the service runs until %s", ends.Format(time.RFC3339)).WithHint("erase after its last day")
	}
	blocks, keys, err := d.Roll.EraseList(ctx, in.ID)
	if err != nil {
		return cert, err
	}
	now := d.Now().UTC().Truncate(time.Second)
	cert = Certificate{IncidentRef: in.Ref, Persons: in.Persons, Blocks: blocks, KeyIDsSHA256: keys, ListHash: in.ListHash, ErasedAt: now, By: a.Name,
		Method: "destruction of the encryption keys of every block of the list (crypto-shredding) and removal of the sealed rows",
		Text:   "The personal data of " + itoa(in.Persons) + " persons on the list of " + in.Ref + " was erased at " + now.Format(time.RFC3339) + ". Hashes and counts are kept as evidence."}
	err = d.write(ctx, a, ActTermination, func(tx Tx) error {
		t.Status, t.ErasedAt, t.Certificate = TerminationErased, &now, &cert
		if err := tx.PutTermination(t); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "termination.erased", incident: in.ID, subject: string(id), line: "Erased the personal data of " + itoa(in.Persons) + " persons.",
			data: map[string]string{"persons": itoa(in.Persons), "blocks": itoa(blocks), "key_ids_sha256": keys, "certificate_sha256": hashJSON(cert)}})
	})
	return cert, err
}

// AuditLog returns entries of the audit log, newest first.
func (d *Desk) AuditLog(ctx context.Context, a Actor, f AuditFilter) ([]AuditEntry, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]AuditEntry, error) { return tx.Recent(f) })
}

// Record writes down an act of another part of the house (accounts, evidence).
func (d *Desk) Record(ctx context.Context, a Actor, name string, in IncidentID, subject, line string, data map[string]string) error {
	return d.Store.Write(ctx, func(tx Tx) error {
		return d.record(tx, a, event{name: name, incident: in, subject: subject, line: line, data: data})
	})
}
