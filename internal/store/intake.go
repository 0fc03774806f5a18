package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"tocsin/incidents"
)

// PutIntake keeps what arrived. When its source delivered the same id before,
// nothing is changed and the first one is returned.
func (t *tx) PutIntake(in incidents.Intake) (first incidents.Intake, fresh bool, err error) {
	open, sealed := t.splitIntake(in)
	n, err := t.run(`INSERT INTO intakes (id, source, delivery_key, received_at, waits, body, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (source, delivery_key) DO NOTHING`,
		string(in.ID), clean(in.Source), deliveryKey(in), ms(in.ReceivedAt), waits(in), open, sealed)
	if err != nil || n == 1 {
		return in, n == 1, err
	}
	first, err = t.intake(`source = $1 AND delivery_key = $2`, clean(in.Source), deliveryKey(in))
	return first, false, err
}

// deliveryKey tells deliveries of a source apart; one without an id is its own.
func deliveryKey(in incidents.Intake) string {
	if in.DeliveryID == "" {
		return "intake/" + string(in.ID)
	}
	return "id/" + key(in.DeliveryID)
}

// SaveIntake writes down what became of an intake: its reason and whether it
// was released. What arrived stays as it is.
func (t *tx) SaveIntake(in incidents.Intake) error {
	was, err := t.Intake(in.ID)
	if err != nil {
		return err
	}
	was.Reason, was.Released, was.Status = in.Reason, in.Released, in.Status
	open, _ := t.splitIntake(was)
	_, err = t.run(`UPDATE intakes SET waits = $1, body = $2 WHERE id = $3`, waits(was), open, string(in.ID))
	return err
}

// Intake returns an intake by id.
func (t *tx) Intake(id incidents.IntakeID) (incidents.Intake, error) {
	return t.intake(`id = $1`, clean(string(id)))
}

func (t *tx) intake(where string, params ...any) (in incidents.Intake, err error) {
	found, err := t.scanOne(intakeColumns+where, params, func(r scanner) error {
		in, err = t.scanIntake(r)
		return err
	})
	if err == nil && !found {
		err = incidents.NotFound("there is no such intake")
	}
	return in, err
}

// Intakes lists what arrived, newest first.
func (t *tx) Intakes(f incidents.IntakeFilter) (out []incidents.Intake, err error) {
	w := filter{conds: []string{"1 = 1"}}
	if f.Source != "" {
		w.and(`source = ?`, clean(f.Source))
	}
	if f.Quarantined {
		w.and(`waits = 1`)
	}
	if f.Before != "" {
		w.and(`id < ?`, clean(string(f.Before)))
	}
	where, params := w.sql("id DESC", limited(f.Limit))
	err = t.rows(`SELECT body, sealed FROM intakes`+where, params, func(r scanner) error {
		in, err := t.scanIntake(r)
		out = append(out, in)
		return err
	})
	return out, err
}

const intakeColumns = `SELECT body, sealed FROM intakes WHERE `

// waits is 1 for what waits in quarantine for somebody to look at it.
func waits(in incidents.Intake) int { return bit(in.Quarantined() && !in.Released) }

// splitIntake is an intake in two parts: what may lie open, and what strangers
// wrote, sealed: headers, alerts and the body.
func (t *tx) splitIntake(in incidents.Intake) (open string, sealed []byte) {
	written, err := json.Marshal(stranger{in.DeliveryID, in.Headers, in.Alerts})
	if err != nil { // an alert's raw part is not JSON: keep the rest
		written = []byte(doc(stranger{in.DeliveryID, in.Headers, nil}))
	}
	plain := binary.AppendUvarint(nil, uint64(len(written)))
	plain = append(append(plain, written...), in.Body...)
	sealed = t.s.o.Box.Seal("intake/"+string(in.ID), plain)
	in.DeliveryID, in.Headers, in.Alerts, in.Body = "", nil, nil, nil
	return doc(in), sealed
}

// A stranger's part of an intake, beside the body.
type stranger struct {
	DeliveryID string            `json:"delivery_id"`
	Headers    map[string]string `json:"headers,omitempty"`
	Alerts     []incidents.Alert `json:"alerts,omitempty"`
}

func (t *tx) scanIntake(r scanner) (in incidents.Intake, err error) {
	var body string
	var sealed []byte
	if err := r.Scan(&body, &sealed); err != nil {
		return in, err
	}
	if in, err = undoc[incidents.Intake](body); err != nil {
		return in, err
	}
	plain, err := t.s.o.Box.Open("intake/"+string(in.ID), sealed)
	if err != nil {
		return in, fmt.Errorf("open intake %s: %w", in.ID, err)
	}
	n, used := binary.Uvarint(plain)
	if used <= 0 || n > uint64(len(plain)-used) {
		return in, errors.New("a stored intake is damaged")
	}
	written := plain[used : used+int(n)]
	p, err := undoc[stranger](string(written))
	if err != nil {
		return in, err
	}
	in.DeliveryID, in.Headers, in.Alerts = p.DeliveryID, p.Headers, p.Alerts
	if body := plain[used+int(n):]; len(body) > 0 {
		in.Body = body
	}
	return in, nil
}
