package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/internal/killpoint"
)

// chunkSize is how many places of a list make one chunk of work. It is the
// size of a sealing block, so that a chunk opens with one key.
const chunkSize = blockSize

// chunkOf is the chunk of a place on the list; 0 of 0.
func chunkOf(seq int64) int64 { return (seq + chunkSize - 1) / chunkSize }

// placesOf are the first and the last place on the list of a chunk.
func placesOf(chunk int64) (from, to int64) { return (chunk-1)*chunkSize + 1, chunk * chunkSize }

// A release is what a notice was bound to when it left.
type release struct {
	notice     int64
	id         incidents.NoticeID
	incident   incidents.IncidentID
	list       int64
	listHash   string
	hash       string
	total      int64
	releasedAt time.Time
}

func (t *tx) release(notice int64) (r release, found bool, err error) {
	var at int64
	found, err = t.one(`SELECT notice_no, notice_id, incident_id, list_no, list_hash, hash, total, released_at FROM releases WHERE notice_no = $1`,
		args{notice}, &r.notice, &r.id, &r.incident, &r.list, &r.listHash, &r.hash, &r.total, &at)
	r.releasedAt = fromMS(at)
	return r, found, err
}

// Approved returns the notice if it may be sent now; see incidents.Admit.
func (t *tx) Approved(id incidents.NoticeID) (incidents.ApprovedNotice, error) {
	n, err := t.Notice(id)
	if err != nil {
		return incidents.ApprovedNotice{}, err
	}
	switch n.Status {
	case incidents.NoticeApproved, incidents.NoticeSending, incidents.NoticeHeld:
		return t.admit(n, time.Time{})
	}
	return incidents.ApprovedNotice{}, incidents.Forbidden("notice N-%d is %s", n.No, n.Status)
}

// admit checks a notice against its incident and its approvals. A released
// notice is held against the list as it stood at release: its deliveries were
// written then, and who is added later gets a notice of their own. Approvals
// given before oldest do not count.
func (t *tx) admit(n incidents.Notice, oldest time.Time) (none incidents.ApprovedNotice, err error) {
	in, err := t.Incident(n.IncidentID)
	if err != nil {
		return none, err
	}
	l, err := t.list(in.ID)
	if err != nil {
		return none, err
	}
	if l.mode != n.Content.Mode {
		return none, incidents.Forbidden("notice N-%d is %s but its list is %s", n.No, n.Content.Mode, l.mode)
	}
	r, found, err := t.release(n.No)
	if err != nil {
		return none, err
	}
	if n.Content.Correction() {
		of, err := t.Notice(n.Content.Corrects)
		if err != nil {
			return none, err
		}
		in.ListHash = of.Content.ListHash // its audience is that notice's: the list may go on
	}
	if found {
		if r.id != n.ID || r.hash != n.Hash {
			return none, incidents.Forbidden("notice N-%d is not the one that was released", n.No)
		}
		in.ListHash = r.listHash
	}
	all, err := t.Approvals(incidents.SubjectNotice, string(n.ID))
	if err != nil {
		return none, err
	}
	fresh := all[:0:0]
	for _, a := range all {
		if a.Decision != "approve" || !a.At.Before(oldest) {
			fresh = append(fresh, a)
		}
	}
	an, err := incidents.Admit(n, in, fresh, t.gate())
	if err != nil && len(fresh) < len(all) {
		if _, old := incidents.Admit(n, in, all, t.gate()); old == nil {
			return none, incidents.Forbidden("the approval of notice N-%d is older than %d days", n.No, int(incidents.ApprovalMaxAge.Hours()/24)).
				WithHint("have it approved again")
		}
	}
	return an, err
}

// Release writes the deliveries of an approved notice as planned, cuts them
// into chunks, and puts one message per chunk into the outbox. Once only.
func (t *tx) Release(id incidents.NoticeID, at time.Time) error {
	n, err := t.Notice(id)
	if err != nil {
		return err
	}
	if _, found, err := t.release(n.No); err != nil || found {
		if err == nil {
			err = incidents.Conflict("notice N-%d was released before", n.No)
		}
		return err
	}
	if n.Status != incidents.NoticeApproved {
		return incidents.Conflict("notice N-%d is %s, not approved", n.No, n.Status)
	}
	an, err := t.admit(n, at.Add(-incidents.ApprovalMaxAge))
	if err != nil {
		return err
	}
	if n.HoldReason != "" {
		return incidents.Conflict("notice N-%d is on hold", n.No)
	}
	l, err := t.list(n.IncidentID)
	if err != nil {
		return err
	}
	if l.erased {
		return incidents.Conflict("the list of notice N-%d was erased", n.No)
	}
	in, err := t.Incident(n.IncidentID)
	if err != nil {
		return err
	}
	total, err := t.plan(an.Notice(), l.no, in.Persons, at)
	if err != nil {
		return fmt.Errorf("plan notice N-%d: %w", n.No, err)
	}
	if total == 0 {
		return incidents.Conflict("notice N-%d chooses nobody", n.No).WithHint("of a correction: nothing of the notice it corrects has left")
	}
	_, err = t.run(`INSERT INTO releases (notice_no, notice_id, incident_id, list_no, list_hash, hash, total, released_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		n.No, string(n.ID), string(n.IncidentID), l.no, an.Notice().Content.ListHash, n.Hash, total, ms(at))
	if err != nil {
		return err
	}
	n.Status, n.ReleasedAt, n.UpdatedAt = incidents.NoticeSending, &at, at
	if err := t.PutNotice(n); err != nil {
		return err
	}
	upto, err := t.openFirstWave(n.No, at)
	if err != nil {
		return err
	}
	if err := t.queueUpTo(n.No, upto); err != nil {
		return err
	}
	killpoint.At(killpoint.ReleaseWritten)
	return nil
}

// plan writes one delivery per chosen person, on the first channel of their plan
// that reaches them; who is barred or excluded gets a suppressed one, and who cannot be
// reached one without channel. It returns how many. It goes along the list in
// stretches, and tells after each how far it is.
func (t *tx) plan(n incidents.Notice, list, persons int64, at time.Time) (total int64, err error) {
	if n.Content.Correction() {
		t.isAt(0, persons) // it is planned at once, and counted in stretches
		return t.planCorrection(n, list, at)
	}
	const from, to = 2, 3 // places of the stretch among the parameters
	where, params := filterSQL(n.Content.Filter, args{n.No, list, nil, nil, ms(at)})
	channel, step, reach, params := routeSQL(n.Content, params)
	barred := barredSQL(n.Content)
	apart := `CASE WHEN ` + barred + ` <> '' THEN ` + fmt.Sprint(stateSuppressed) + ` WHEN ` + usable + ` & (` + reach + `) = 0 THEN ` + fmt.Sprint(stateRejected)
	room, filled := t.room(apart + ` END`)
	query := `INSERT INTO deliveries (notice_no, seq, channel, step, state, chunk, reason, updated_at` + room + `)
		SELECT CAST($1 AS BIGINT), seq, ` + channel + `, ` + step + `,
			` + apart + ` ELSE ` + fmt.Sprint(statePlanned) + ` END,
			(seq - 1) / ` + fmt.Sprint(chunkSize) + ` + 1,
			CASE WHEN ` + barred + ` <> '' THEN ` + barred + ` WHEN channels & gone & (` + reach + `) <> 0 THEN '` + goneBefore + `'
				WHEN channels & (` + reach + `) = 0 THEN 'no channel of the plan reaches this person' ELSE '' END,
			CAST($5 AS BIGINT)` + filled + `
		FROM persons WHERE list_no = $2 AND seq BETWEEN $3 AND $4` + where + ` ORDER BY seq`
	err = t.stretches(persons, func(first, last int64) error {
		params[from], params[to] = first, last
		k, err := t.run(query, params...)
		total += k
		if err != nil || k == 0 {
			return err
		}
		return t.count(n, first, last, at)
	})
	return total, err
}

// stretchChunks is how many chunks are planned and counted at once: what is
// sorted for it is in memory.
const stretchChunks = 32

// stretches goes along the places of a list up to the last one.
func (t *tx) stretches(upto int64, do func(first, last int64) error) error {
	t.isAt(0, upto)
	for chunk := int64(1); chunk <= chunkOf(upto); chunk += stretchChunks {
		first, _ := placesOf(chunk)
		_, last := placesOf(chunk + stretchChunks - 1)
		last = min(last, upto)
		if err := do(first, last); err != nil {
			return err
		}
		t.isAt(last, upto)
	}
	return nil
}

// Watch has a release say how far it is; see incidents.NoticeTx.
func (t *tx) Watch(far incidents.Far) { t.far = far }

func (t *tx) isAt(done, total int64) {
	if t.far != nil {
		t.far(done, total)
	}
}

// planned counts what was planned and cuts it into chunks.
func (t *tx) planned(n incidents.Notice, total int64, at time.Time, err error) (int64, error) {
	if err != nil || total == 0 {
		return 0, err
	}
	var last int64
	if _, err := t.one(`SELECT MAX(seq) FROM deliveries WHERE notice_no = $1`, args{n.No}, &last); err != nil {
		return 0, err
	}
	return total, t.stretches(last, func(first, last int64) error { return t.count(n, first, last, at) })
}

// count counts what was planned for a stretch of the list and cuts it into chunks.
func (t *tx) count(n incidents.Notice, first, last int64, at time.Time) error {
	_, err := t.run(`INSERT INTO delivery_counts (notice_no, part, channel, step, state, n)
		SELECT notice_no, chunk % `+fmt.Sprint(countParts)+`, channel, step, state, COUNT(*) FROM deliveries WHERE notice_no = $1 AND seq BETWEEN $2 AND $3 GROUP BY 1, 2, 3, 4, 5
		ON CONFLICT (notice_no, part, channel, step, state) DO UPDATE SET n = delivery_counts.n + excluded.n`, n.No, first, last)
	if err != nil {
		return err
	}
	_, err = t.run(`INSERT INTO chunks (notice_no, no, from_seq, to_seq, todo, queued_at)
		SELECT notice_no, chunk, MIN(seq), MAX(seq), SUM(CASE WHEN state = 0 THEN 1 ELSE 0 END), CAST($2 AS BIGINT) FROM deliveries
		WHERE notice_no = $1 AND seq BETWEEN $3 AND $4 GROUP BY notice_no, chunk`, n.No, ms(at), first, last)
	return err
}

// firstChannel writes the plan as SQL over a person's channel bits.
func firstChannel(plan []incidents.Step) (channel, step string, reach int) {
	var c, s strings.Builder
	for i, p := range plan {
		code := channelCode(p.Channel)
		if code < 1 {
			continue
		}
		bit := 1 << (code - 1)
		reach |= bit
		fmt.Fprintf(&c, " WHEN "+usable+" & %d <> 0 THEN %d", bit, code)
		fmt.Fprintf(&s, " WHEN "+usable+" & %d <> 0 THEN %d", bit, i)
	}
	if reach == 0 {
		return "0", "0", 0
	}
	return "CASE" + c.String() + " ELSE 0 END", "CASE" + s.String() + " ELSE 0 END", reach
}

// queueUpTo puts one message per chunk with something to do into the outbox, up
// to the chunk its first wave reaches into.
func (t *tx) queueUpTo(notice, upto int64) error {
	var chunks []int64
	err := t.rows(`SELECT no FROM chunks WHERE notice_no = $1 AND todo > 0 AND no <= $2 ORDER BY no`, args{notice, upto}, func(r scanner) error {
		var no int64
		err := r.Scan(&no)
		chunks = append(chunks, no)
		return err
	})
	for _, no := range chunks {
		if err == nil {
			err = t.emitChunk(notice, no, 1)
		}
	}
	return err
}

// emitChunk announces work on a chunk, for the nth time.
func (t *tx) emitChunk(notice, chunk, nth int64) error {
	data, err := json.Marshal(struct {
		Notice int64 `json:"notice"`
		Chunk  int64 `json:"chunk"`
	}{notice, chunk})
	if err != nil {
		return err
	}
	return t.Emit(incidents.Message{ID: fmt.Sprintf("dispatch-%d-%d-%d", notice, chunk, nth), Subject: fmt.Sprintf("dispatch.%d.%d", notice, chunk), Data: data})
}

// requeue announces a chunk again.
func (t *tx) requeue(notice, chunk int64, at time.Time) error {
	var nth int64
	found, err := t.one(`UPDATE chunks SET queued = queued + 1, queued_at = $3 WHERE notice_no = $1 AND no = $2 RETURNING queued`, args{notice, chunk, ms(at)}, &nth)
	if err != nil {
		return err
	}
	if !found {
		return errors.New("the delivery has no chunk")
	}
	return t.emitChunk(notice, chunk, nth)
}

// lockRelease lets one writer at a time change the deliveries of a notice as a
// whole; turns hold it shared.
func (t *tx) lockRelease(notice int64) error {
	if !t.postgres() {
		return nil // SQLite has one writer
	}
	_, err := t.run(`SELECT 1 FROM releases WHERE notice_no = $1 FOR UPDATE`, notice)
	return err
}

// shareRelease keeps who changes the deliveries of a notice as a whole out until
// the end of the transaction. It is a statement of its own: what the next one
// reads is what they left.
func (t *tx) shareRelease(notice int64) error {
	if !t.postgres() {
		return nil
	}
	return t.later(nil, `SELECT 1 FROM releases WHERE notice_no = $1 FOR SHARE`, notice)
}
