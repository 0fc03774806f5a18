package store

import (
	"database/sql"
	"time"

	"tocsin/incidents"
)

// openPurse reads, in the transaction that claims, what an incident may still
// spend on a channel; nil when there is no cap. A drill costs nothing. Claims
// of one incident and channel wait for each other here, and only where there is a cap.
func (t *tx) openPurse(w *standing) (*incidents.Purse, error) {
	tariff, ok := t.s.o.Spend[w.Channel]
	if !ok || w.notice.Content.Mode != incidents.Live {
		return nil, nil
	}
	if err := t.spendRow(w.release.incident, w.Channel); err != nil {
		return nil, err
	}
	p, err := t.purse(w.release.incident, w.Channel, tariff, t.forUpdate())
	if err != nil || p.Cap == (incidents.SpendCap{}) {
		return nil, err
	}
	return &p, nil
}

func (t *tx) spendRow(in incidents.IncidentID, ch incidents.Channel) error {
	_, err := t.run(`INSERT INTO spend (incident_id, channel) VALUES ($1, $2) ON CONFLICT (incident_id, channel) DO NOTHING`, string(in), channelCode(ch))
	return err
}

// purse reads what was spent, under the cap of the settings or the raised one.
func (t *tx) purse(in incidents.IncidentID, ch incidents.Channel, tariff incidents.Tariff, lock string) (p incidents.Purse, err error) {
	p.Tariff = tariff
	var messages, money sql.NullInt64
	_, err = t.one(`SELECT messages, money, cap_messages, cap_money FROM spend WHERE incident_id = $1 AND channel = $2`+lock,
		args{string(in), channelCode(ch)}, &p.Spent.Messages, &p.Spent.Money, &messages, &money)
	if messages.Valid {
		p.Cap.Messages = max(p.Cap.Messages, messages.Int64)
	}
	if money.Valid {
		p.Cap.Money = max(p.Cap.Money, money.Int64)
	}
	p.Before = p.Spent
	return p, err
}

// closePurse writes down what the claim spent.
func (t *tx) closePurse(w *standing) error {
	if w.purse == nil {
		return nil
	}
	p := w.purse
	return t.spend(w.release.incident, w.Channel, p.Spent.Messages-p.Before.Messages, p.Spent.Money-p.Before.Money)
}

func (t *tx) spend(in incidents.IncidentID, ch incidents.Channel, messages, money int64) error {
	if messages == 0 && money == 0 {
		return nil
	}
	_, err := t.run(`UPDATE spend SET messages = messages + $1, money = money + $2 WHERE incident_id = $3 AND channel = $4`, messages, money, string(in), channelCode(ch))
	return err
}

// spent is what becomes of a delivery that the cap holds up.
func spent(at time.Time) change {
	return change{state: stateHeld, code: incidents.CodeSpendCap, reason: "spend cap", at: at}
}

// refund gives back what was taken for messages that definitely were not sent.
func (t *tx) refund(w *standing) error {
	tariff, ok := t.s.o.Spend[w.Channel]
	if !ok || w.notice.Content.Mode != incidents.Live {
		return nil
	}
	var rows [][]any
	for _, d := range w.Done {
		switch d.Receipt.Outcome {
		case incidents.OutcomeKept, incidents.OutcomeRetry, incidents.OutcomeRefused, incidents.OutcomeGone, incidents.OutcomeBroken:
			rows = append(rows, []any{d.ID.Seq})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	var messages, money int64
	err := t.rows(`SELECT p.place, p.lang FROM `+t.table("$1", "seq:int")+` v CROSS JOIN persons p WHERE p.list_no = $2 AND p.seq = v.seq`, args{asJSON(rows), w.list.no}, func(r scanner) error {
		var place incidents.Place
		var lang incidents.Lang
		err := r.Scan(&place, &lang)
		messages, money = messages+1, money+tariff.PriceTo(place)*w.notice.Content.Parts(w.Channel, lang)
		return err
	})
	if err != nil {
		return err
	}
	return t.spend(w.release.incident, w.Channel, -messages, -money)
}

// Spends lists the channels of an incident that have a cap.
func (t *tx) Spends(in incidents.IncidentID) (out []incidents.Spend, err error) {
	notices, err := t.numbersOf(`SELECT notice_no FROM releases WHERE incident_id = $1 ORDER BY notice_no`, string(in))
	if err != nil {
		return nil, err
	}
	for _, ch := range channelList {
		tariff, ok := t.s.o.Spend[ch]
		if !ok {
			continue
		}
		p, err := t.purse(in, ch, tariff, ``)
		if err != nil {
			return nil, err
		}
		if p.Cap == (incidents.SpendCap{}) {
			continue
		}
		x := incidents.Spend{Incident: in, Channel: ch, Messages: p.Spent.Messages, Money: p.Spent.Money, Cap: p.Cap, Currency: tariff.Currency, Tariff: tariff}
		for _, no := range notices {
			err := t.counted(no, func(channel, _, state int, n int64) {
				if channel == channelCode(ch) && state == stateHeld {
					x.Held += n
				}
			})
			if err != nil {
				return nil, err
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// RaiseCap sets an incident's cap on a channel and lets go what the old one held.
func (t *tx) RaiseCap(in incidents.IncidentID, ch incidents.Channel, to incidents.SpendCap, at time.Time) (released int64, err error) {
	if err := t.spendRow(in, ch); err != nil {
		return 0, err
	}
	if _, err := t.run(`UPDATE spend SET cap_messages = $1, cap_money = $2 WHERE incident_id = $3 AND channel = $4`, to.Messages, to.Money, string(in), channelCode(ch)); err != nil {
		return 0, err
	}
	notices, err := t.numbersOf(`SELECT notice_no FROM releases WHERE incident_id = $1 ORDER BY notice_no`, string(in))
	for _, no := range notices {
		n := int64(0)
		if err == nil {
			n, err = t.letGo(no, ch, at)
		}
		released += n
	}
	return released, err
}

// letGo makes ready what a spend cap held of one notice, and announces its chunks.
func (t *tx) letGo(notice int64, ch incidents.Channel, at time.Time) (n int64, err error) {
	if err := t.lockRelease(notice); err != nil {
		return 0, err
	}
	s := shift{}
	chunks := map[int64]bool{}
	err = t.rows(`UPDATE deliveries SET state = 2, code = '', reason = '', updated_at = $1`+t.apart(`2`, `next_at`)+` WHERE notice_no = $2 AND channel = $3 AND state = 1 AND code = $4 RETURNING chunk, step`,
		args{ms(at), notice, channelCode(ch), incidents.CodeSpendCap}, func(r scanner) error {
			var chunk int64
			var step int
			err := r.Scan(&chunk, &step)
			s.move(notice, chunk, channelCode(ch), step, stateHeld, stateReady)
			chunks[chunk] = true
			n++
			return err
		})
	if err != nil || n == 0 {
		return n, err
	}
	if err := t.revise(notice, chunks); err != nil {
		return n, err
	}
	if err := t.book(s); err != nil {
		return n, err
	}
	r, found, err := t.release(notice)
	if err != nil || !found {
		return n, orNotFound(err, "notice %d was never released", notice)
	}
	doc, err := t.NoticeByNo(notice)
	if err != nil {
		return n, err
	}
	return n, t.wake(r, doc, chunks, at)
}

// PutCapRaise inserts or replaces a raise.
func (t *tx) PutCapRaise(c incidents.CapRaise) error {
	_, err := t.run(`INSERT INTO cap_raises (id, incident_id, at, body) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
		c.ID, string(c.IncidentID), ms(c.At), doc(c))
	return err
}

// CapRaise returns a raise by id.
func (t *tx) CapRaise(id string) (incidents.CapRaise, error) {
	return document[incidents.CapRaise](t, "raise of a spend cap", `SELECT body FROM cap_raises WHERE id = $1`, clean(id))
}

// CapRaises lists raises, newest first; "" is every incident's.
func (t *tx) CapRaises(id incidents.IncidentID) ([]incidents.CapRaise, error) {
	return documents[incidents.CapRaise](t, `SELECT body FROM cap_raises WHERE ($1 = '' OR incident_id = $1) ORDER BY id DESC LIMIT 1000`, clean(string(id)))
}
