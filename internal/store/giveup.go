package store

import (
	"time"

	"tocsin/incidents"
)

// PutGivingUp inserts or replaces who asks to give up on deliveries.
func (t *tx) PutGivingUp(g incidents.GivingUp) error {
	_, err := t.run(`INSERT INTO giving_ups (id, notice_no, status, body) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET status = excluded.status, body = excluded.body`,
		g.ID, g.Notice, g.Status, doc(g))
	return err
}

// GivingUp returns one by id.
func (t *tx) GivingUp(id string) (incidents.GivingUp, error) {
	return document[incidents.GivingUp](t, "proposal to give up", `SELECT body FROM giving_ups WHERE id = $1`, clean(id))
}

// GivingUpsAsked lists those that wait for an officer, oldest first; 0 is every notice's.
func (t *tx) GivingUpsAsked(notice int64) ([]incidents.GivingUp, error) {
	return documents[incidents.GivingUp](t, `SELECT body FROM giving_ups WHERE status = 'asked' AND ($1 = 0 OR notice_no = $1) ORDER BY id`, notice)
}

// StillInDoubt returns those that are in doubt, with how often they were tried.
func (t *tx) StillInDoubt(notice int64, of []incidents.DeliveryID) (out []incidents.GivenUp, err error) {
	all, err := t.inDoubt(notice, of)
	for _, d := range all {
		out = append(out, incidents.GivenUp{ID: d.id(), Attempts: d.attempts})
	}
	return out, err
}

func (t *tx) inDoubt(notice int64, of []incidents.DeliveryID) (out []delivery, err error) {
	ids := make([][]any, len(of))
	for i, id := range of {
		ids[i] = []any{id.Seq, channelCode(id.Channel)}
	}
	err = t.rows(deliveryColumns+`FROM deliveries d WHERE d.notice_no = $1 AND d.apart IN (7, 8)
		AND (d.seq, d.channel) IN (SELECT v.seq, v.channel FROM `+t.table("$2", "seq:int", "channel:int")+` v) ORDER BY d.seq, d.channel`,
		args{notice, asJSON(ids)}, func(r scanner) error {
			d, err := scanDelivery(r)
			out = append(out, d)
			return err
		})
	return out, err
}

// CancelDoubts ends deliveries nobody can say about: nothing more is sent of
// them, and nobody counts as told by them. They may have left once, so a
// correction follows them all the same.
func (t *tx) CancelDoubts(notice int64, of []incidents.DeliveryID, reason string, at time.Time) error {
	all, err := t.inDoubt(notice, of)
	if err != nil {
		return err
	}
	if len(all) != len(of) {
		return incidents.Conflict("%d of %d deliveries are no longer in doubt", len(of)-len(all), len(of))
	}
	to, notes := make([]changed, len(all)), make([]noted, len(all))
	for i, d := range all {
		to[i] = changed{d, change{state: stateCancelled, twice: !d.domain().Parked(), code: d.code, reason: clean(reason), tries: d.tries, at: at}}
		notes[i] = noted{d, "resolved " + string(incidents.Cancelled), "", d.code, clean(reason), at}
	}
	s := shift{}
	if err := t.becomeAll(s, notice, to); err != nil {
		return err
	}
	if err := t.noteAll(notice, notes); err != nil {
		return err
	}
	return t.book(s)
}
