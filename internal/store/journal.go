package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"tocsin/incidents"
	"tocsin/internal/killpoint"
)

// doubtWait is how long a doubt rests before the reconciler looks at it, when
// no sweep policy says otherwise: a provider needs time to know itself.
var doubtWait = map[incidents.Channel]time.Duration{
	incidents.Email: 15 * time.Minute, incidents.SMS: 2 * time.Minute, incidents.Push: time.Minute,
	incidents.Phone: 2 * time.Minute, incidents.Letter: 15 * time.Minute,
}

// TakeChunk leases a chunk and raises its fence. What an earlier holder left
// attempting is in doubt from then on.
func (s *Store) TakeChunk(ctx context.Context, notice, chunk int64, owner string, lease time.Duration) (c incidents.Chunk, ok bool, err error) {
	err = s.together(ctx, func(t *tx) error {
		c, ok, err = t.takeChunk(notice, chunk, owner, lease)
		return err
	})
	return c, ok, err
}

func (t *tx) takeChunk(notice, chunk int64, owner string, lease time.Duration) (c incidents.Chunk, ok bool, err error) {
	n, err := t.NoticeByNo(notice)
	if err != nil || n.Status != incidents.NoticeSending {
		return c, false, err
	}
	now := t.now()
	c = incidents.Chunk{Notice: notice, No: chunk, Owner: owner, Until: fromMS(ms(now.Add(lease)))}
	var claimed int64
	ok, err = t.one(`UPDATE chunks SET fence = fence + 1, owner = $3, until = $4 WHERE notice_no = $1 AND no = $2 AND until <= $5 RETURNING from_seq, to_seq, fence, claimed`,
		args{notice, chunk, owner, ms(c.Until), ms(now)}, &c.From, &c.To, &c.Fence, &claimed)
	if err != nil || !ok {
		return c, false, err
	}
	if claimed > 0 {
		if _, err := t.doubtStale(notice, chunk, t.s.o.DoubtWait, now); err != nil {
			return c, false, err
		}
	}
	due, err := t.one(`SELECT 1 FROM deliveries d`+t.indexed(`deliveries_open`)+` WHERE d.notice_no = $1 AND d.chunk = $2 AND d.state IN (0, 1, 2, 3, 5) AND d.state IN (0, 1, 2, 5) AND `+dueAt("$3")+` LIMIT 1`,
		args{notice, chunk, ms(now)}, new(int))
	if err != nil || due {
		return c, due, err
	}
	_, err = t.run(`UPDATE chunks SET owner = '', until = 0 WHERE notice_no = $1 AND no = $2`, notice, chunk)
	return c, false, err
}

// doubtStale moves what a lost holder of a chunk left attempting into doubt.
func (t *tx) doubtStale(notice, chunk int64, wait map[incidents.Channel]time.Duration, now time.Time) (int, error) {
	const why = "the worker was lost before it could say what came of it"
	var fence int64
	var text string
	if _, err := t.one(`SELECT fence, flights FROM chunks WHERE notice_no = $1 AND no = $2`, args{notice, chunk}, &fence, &text); err != nil {
		return 0, err
	}
	lost, err := decodeFlights(text)
	if err != nil {
		return 0, err
	}
	s := shift{}
	all := make([]landing, len(lost))
	notes := make([]noted, len(lost))
	for i, f := range lost {
		all[i] = landing{flight: f, change: change{state: stateInDoubt, next: now.Add(waitOf(wait, f.channel)), reason: why, at: now}}
		notes[i] = noted{delivery: f.delivery(notice, chunk, fence), outcome: "lost", reason: why, at: now}
	}
	if err := t.land(s, notice, chunk, fence, now, all); err != nil {
		return 0, err
	}
	older, err := t.attemptingRows(notice, chunk)
	if err != nil {
		return 0, err
	}
	lostRows := make([]changed, len(older))
	for i, d := range older {
		lostRows[i] = changed{d, change{state: stateInDoubt, next: now.Add(waitOf(wait, d.channel)), reason: why, at: now}}
		notes = append(notes, noted{delivery: d, outcome: "lost", reason: why, at: now})
	}
	if err := t.becomeAll(s, notice, lostRows); err != nil {
		return 0, err
	}
	if err := t.noteAll(notice, notes); err != nil {
		return 0, err
	}
	if _, err := t.run(`UPDATE chunks SET flights = '' WHERE notice_no = $1 AND no = $2`, notice, chunk); err != nil {
		return 0, err
	}
	killpoint.If(len(lost) > 0, killpoint.LostWritten)
	return len(lost) + len(older), t.book(s)
}

// attemptingRows lists what a version of this program that knew no flights
// wrote down as attempting in a chunk: in the deliveries' own rows.
func (t *tx) attemptingRows(notice, chunk int64) (out []delivery, err error) {
	err = t.rows(deliveryColumns+`FROM deliveries d`+t.indexed(`deliveries_open`)+` WHERE d.notice_no = $1 AND d.chunk = $2 AND d.state IN (0, 1, 2, 3, 5) AND d.state = 3 ORDER BY d.seq, d.channel`,
		args{notice, chunk}, func(r scanner) error {
			d, err := scanDelivery(r)
			out = append(out, d)
			return err
		})
	return out, err
}

func waitOf(wait map[incidents.Channel]time.Duration, channel int) time.Duration {
	if w, ok := wait[channelOf(channel)]; ok {
		return w
	}
	return doubtWait[channelOf(channel)]
}

// Admitted returns the approved notice of a number.
func (s *Store) Admitted(ctx context.Context, notice int64) (an incidents.ApprovedNotice, err error) {
	err = s.read(ctx, func(t *tx) error {
		n, err := t.NoticeByNo(notice)
		if err != nil {
			return err
		}
		an, err = t.Approved(n.ID)
		return err
	})
	return an, err
}

// LeaveChunk gives the lease back; a chunk that somebody else took stays theirs.
func (s *Store) LeaveChunk(ctx context.Context, c incidents.Chunk) error {
	return s.together(ctx, func(t *tx) error {
		_, err := t.run(`UPDATE chunks SET until = 0, owner = '' WHERE notice_no = $1 AND no = $2 AND fence = $3 AND claimed = 0`, c.Notice, c.No, c.Fence)
		return err
	})
}

// Turn records the outcomes of one window and claims the next, in one synced transaction.
func (s *Store) Turn(ctx context.Context, turn incidents.Turn) (c incidents.Claims, err error) {
	err = s.together(ctx, func(t *tx) error {
		c, err = t.turn(turn)
		killpoint.If(err == nil && len(c.Next) > 0, killpoint.ClaimWritten)
		killpoint.If(err == nil && len(turn.Done) > 0, killpoint.RecordWritten)
		return err
	})
	killpoint.If(err == nil && len(c.Next) > 0, killpoint.Claimed)
	killpoint.If(err == nil && len(turn.Done) > 0, killpoint.Recorded)
	return c, err
}

// A standing is the place of a worker in its chunk, while one turn runs.
type standing struct {
	incidents.Turn
	gate
	flights flights // of the chunk: in flight before the turn, then after it
	no      int64   // of the window this turn records
	shift   shift
	purse   *incidents.Purse // nil: no spend cap
	wave    *wave            // nil: everything may leave
}

func (t *tx) turn(turn incidents.Turn) (c incidents.Claims, err error) {
	g, err := t.gateOf(turn.Chunk.Notice)
	if err != nil {
		return c, err
	}
	w := &standing{Turn: turn, gate: g, shift: shift{}}
	if w.wave, err = t.waveOf(g); err != nil { // before the chunk: whoever judges the wave takes them in this order
		return c, err
	}
	if err := t.stand(w); err != nil {
		return c, err
	}
	if c.Fallback, err = t.record(w); err != nil {
		return c, err
	}
	if c.Halt = w.halt(turn.Notice); turn.Want > 0 && c.Halt == "" && w.notice.Status == incidents.NoticeSending {
		if c.Next, err = t.claim(w); err != nil {
			return c, err
		}
	}
	c.Judge = w.wave != nil && (len(turn.Done) > 0 || turn.Want > len(c.Next))
	chunk, todo, claimed := chunkKey{turn.Chunk.Notice, turn.Chunk.No}, int64(0), int64(0)
	counts, chunks := w.shift.sums()
	if x, ok := chunks[chunk]; ok {
		todo, claimed = x.todo, x.claimed
		delete(chunks, chunk)
	}
	if err := t.later(nil, `UPDATE chunks SET until = $1, flights = $2, turn = $3, todo = todo + $4, claimed = claimed + $5 WHERE notice_no = $6 AND no = $7`,
		ms(w.Now.Add(w.Lease)), w.flights.encode(), w.no, todo, claimed, chunk.notice, chunk.chunk); err != nil {
		return c, err
	}
	return c, t.bookSums(counts, chunks)
}

// stand makes sure that the chunk is still the worker's, keeps others from
// taking it, and reads what is in flight there.
func (t *tx) stand(w *standing) error {
	lock := ``
	if t.postgres() {
		lock = ` FOR UPDATE`
	}
	var text string
	found, err := t.one(`SELECT flights, turn FROM chunks WHERE notice_no = $1 AND no = $2 AND fence = $3 AND owner = $4`+lock,
		args{w.Chunk.Notice, w.Chunk.No, w.Chunk.Fence, w.Chunk.Owner}, &text, &w.no)
	if err != nil {
		return err
	}
	if !found {
		return incidents.Conflict("chunk %d of notice %d was taken over", w.Chunk.No, w.Chunk.Notice)
	}
	w.flights, err = decodeFlights(text)
	return err
}

func orNotFound(err error, format string, a ...any) error {
	if err != nil {
		return err
	}
	return incidents.NotFound(format, a...)
}

// record writes the outcomes of a window down. Only what this holder of the
// chunk wrote down as attempting can have an outcome.
func (t *tx) record(w *standing) (fallback bool, err error) {
	if len(w.Done) == 0 {
		return false, nil
	}
	mine := make(map[flightKey]flight, len(w.flights))
	for _, f := range w.flights {
		mine[f.key()] = f
	}
	all := make([]landing, 0, len(w.Done))
	notes := make([]noted, 0, len(w.Done))
	var failed []delivery
	seqs := make([]int64, len(w.Done))
	for i, done := range w.Done {
		seqs[i] = done.ID.Seq
	}
	plan, err := t.plansOf(w.release, w.notice.Content, seqs)
	if err != nil {
		return false, err
	}
	for _, done := range w.Done {
		k := flightKey{done.ID.Seq, channelCode(done.ID.Channel)}
		f, ok := mine[k]
		if !ok || done.ID.Notice != w.Chunk.Notice {
			return false, incidents.Conflict("delivery %s is not attempted by this worker", done.ID)
		}
		delete(mine, k)
		d := f.delivery(w.Chunk.Notice, w.Chunk.No, w.Chunk.Fence)
		c := t.listen(d, outcome(d, done, plan(d.seq), w.Backoff, t.s.o.DoubtWait), plan(d.seq))
		if c.state == stateRetryWait && w.notice.Status == incidents.NoticeStopped {
			c.state, c.next, c.reason = stateCancelled, time.Time{}, "stopped before it left"
		}
		all = append(all, landing{f, c, done.Receipt.Outcome == incidents.OutcomeKept, done.Receipt.Provider})
		notes = append(notes, noted{d, string(done.Receipt.Outcome), done.Receipt.ProviderID, done.Receipt.Code, done.Receipt.Reason, done.Receipt.Provider, done.At})
		if c.state == stateRejected {
			failed = append(failed, d.after(c))
		}
	}
	w.flights = slices.DeleteFunc(w.flights, func(f flight) bool { _, flying := mine[f.key()]; return !flying })
	if err := t.land(w.shift, w.Chunk.Notice, w.Chunk.No, w.Chunk.Fence, w.Now, all); err != nil {
		return false, err
	}
	if err := t.pace(w.Chunk.Notice, w.Chunk.No, w.Now, all); err != nil {
		return false, err
	}
	if w.notice.Status != incidents.NoticeStopped {
		gone, err := t.fallBack(w.shift, w.release, w.notice.Content, failed, w.Now)
		if err != nil {
			return false, err
		}
		fallback = len(gone) > 0
	}
	w.no++
	lines, err := t.window(w.Chunk.Notice, w.Chunk.No, w.no, notes)
	if err != nil {
		return false, err
	}
	if err := t.refund(w); err != nil {
		return false, err
	}
	return fallback, t.auditWindow(w, lines)
}

// after is the row as a change leaves it.
func (d delivery) after(c change) delivery {
	d.state, d.code, d.reason, d.next, d.tries = c.state, c.code, c.reason, ms(c.next), c.tries
	if c.next.IsZero() {
		d.next = 0
	}
	if c.provider != "" {
		d.provider = c.provider
	}
	d.twice, d.conflict = d.twice || c.twice, d.conflict || c.conflict
	return d
}

// outcome is what becomes of an attempt; a pure function.
func outcome(d delivery, done incidents.Recorded, plan []incidents.Step, backoff func(incidents.Channel, int) time.Duration, doubt map[incidents.Channel]time.Duration) change {
	r := done.Receipt
	c := change{provider: r.ProviderID, code: r.Code, reason: r.Reason, at: done.At}
	switch r.Outcome {
	case incidents.OutcomeAccepted:
		c.state = stateAccepted
		c.next = heardBy(d, plan, done.At)
	case incidents.OutcomeRetry:
		c.state = stateRetryWait
		wait := r.RetryAfter
		if wait <= 0 {
			wait = time.Minute
			if backoff != nil {
				wait = backoff(channelOf(d.channel), d.attempts)
			}
		}
		c.next = done.At.Add(wait)
	case incidents.OutcomeKept:
		c.state, c.next = stateRetryWait, done.At.Add(r.RetryAfter)
	case incidents.OutcomeRefused, incidents.OutcomeGone:
		c.state = stateRejected
	case incidents.OutcomeBroken:
		return parked(d, c, backoff)
	default: // what nobody can name is in doubt
		c.state = stateInDoubt
		c.next = done.At.Add(waitOf(doubt, d.channel))
	}
	return c
}

// auditWindow puts a window into the audit log: counts, and the hash of its lines.
func (t *tx) auditWindow(w *standing, lines string) error {
	counts := map[incidents.Outcome]int{}
	for _, d := range w.Done {
		counts[d.Receipt.Outcome]++
	}
	sum := sha256.Sum256([]byte(lines))
	data := map[string]string{"notice": fmt.Sprint(w.Chunk.Notice), "chunk": fmt.Sprint(w.Chunk.No), "turn": fmt.Sprint(w.no), "channel": string(w.Channel),
		"fence": fmt.Sprint(w.Chunk.Fence), "lines_sha256": hex.EncodeToString(sum[:])}
	for o, n := range counts {
		data[string(o)] = fmt.Sprint(n)
	}
	return t.Audit(systemEntry("dispatch.window", w.release, w.Now, data))
}

// systemEntry is an audit entry of what the service does by itself.
func systemEntry(event string, r release, at time.Time, data map[string]string) incidents.AuditEntry {
	a := incidents.System
	return incidents.AuditEntry{At: at.UTC().Truncate(time.Second), Actor: a.ID, Role: a.Role, Via: a.Via, Event: event,
		Incident: r.incident, Subject: string(r.id), Data: data}
}

// claim writes the next window down as attempting. Who was excluded or erased
// since the release is suppressed instead, and whose night it is is held until
// their morning.
func (t *tx) claim(w *standing) (out []incidents.Claimed, err error) {
	if w.purse, err = t.openPurse(w); err != nil {
		return nil, err
	}
	for len(out) < w.Want {
		next, barred, err := t.dueInWave(w, w.Want-len(out))
		if err != nil {
			return nil, err
		}
		if err := t.becomeAll(w.shift, w.Chunk.Notice, barred); err != nil {
			return nil, err
		}
		out = append(out, next...)
		if len(barred) == 0 {
			break
		}
	}
	if err := t.keepWave(w, out); err != nil {
		return nil, err
	}
	return out, t.closePurse(w)
}

// dueAt is the condition that a delivery's time has come; what is held without
// a time waits for somebody.
func dueAt(now string) string {
	return `(d.next_at IS NULL AND d.state <> 1 OR d.next_at <= ` + now + `)`
}

// due reads deliveries that may leave now and takes them into flight.
func (t *tx) due(w *standing, want int, among string) (next []incidents.Claimed, barred []changed, err error) {
	at := ms(w.Now)
	night := t.night(w.notice, w.Channel, w.Now)
	err = t.rows(`SELECT d.step, d.state, d.attempts, d.fence, COALESCE(d.first_at, 0), d.maybe_twice, p.seq, p.lang, p.place, p.zone, p.flags, p.excluded, p.sealed
		FROM deliveries d`+t.indexed(`deliveries_open`)+` CROSS JOIN persons p WHERE p.list_no = `+t.unseen("$1")+` AND p.seq = d.seq
		AND d.notice_no = `+t.unseen("$2")+` AND d.chunk = `+t.unseen("$3")+` AND d.channel = `+t.unseen("$4")+` AND d.state IN (0, 1, 2, 3, 5) AND d.state IN (0, 1, 2, 5) AND `+dueAt(t.unseen("$5"))+`
		AND d.seq NOT IN (`+t.numbers("$6")+`)`+among+` ORDER BY d.seq LIMIT `+t.unseen("$7"),
		args{w.list.no, w.Chunk.Notice, w.Chunk.No, channelCode(w.Channel), at, w.flights.seqs(), want}, func(row scanner) error {
			d := delivery{notice: w.Chunk.Notice, chunk: w.Chunk.No, channel: channelCode(w.Channel)}
			var p incidents.Person
			err := row.Scan(&d.step, &d.state, &d.attempts, &d.fence, &d.first, (*flag)(&d.twice), &p.Seq, &p.Lang, &p.Place, &p.Zone, &p.Flags, &p.Excluded, &p.Sealed)
			if err != nil {
				return err
			}
			d.seq = p.Seq
			w.list.owns(&p)
			if p.Excluded != "" || p.Sealed == nil {
				why := p.Excluded
				if why == "" {
					why = "erased"
				}
				barred = append(barred, changed{d, change{state: stateSuppressed, reason: why, at: w.Now}})
				return nil
			}
			if open, morning := night.gate(p); !open {
				barred = append(barred, changed{d, change{state: stateHeld, next: morning, reason: heldByNight, at: w.Now}})
				return nil
			}
			if w.purse != nil && !w.purse.Pay(p.Place) {
				barred = append(barred, changed{d, spent(w.Now)})
				return nil
			}
			w.shift.move(d.notice, d.chunk, d.channel, d.step, d.state, stateAttempting)
			f := flight{d.seq, d.channel, d.step, d.attempts + 1, at}
			w.flights = append(w.flights, f)
			now := f.delivery(d.notice, d.chunk, w.Chunk.Fence)
			now.twice, now.first, now.upd = d.twice, cmp.Or(d.first, at), at
			next = append(next, incidents.Claimed{Delivery: now.domain(), Person: p, First: fromMS(now.first), Wave: w.wave != nil})
			return nil
		})
	return next, barred, err
}
