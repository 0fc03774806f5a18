package store

import (
	"cmp"
	"context"
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

// TakeChunk leases a chunk and raises its fence. Nothing leaves before the first
// claim, whose commit takes this one to the disk. What an earlier holder left
// attempting is in doubt from then on.
func (s *Store) TakeChunk(ctx context.Context, notice, chunk int64, owner string, lease time.Duration) (c incidents.Chunk, ok bool, err error) {
	err = s.carried(ctx, func(t *tx) error {
		c, ok, err = t.takeChunk(notice, chunk, owner, lease)
		return err
	})
	return c, ok, err
}

func (t *tx) takeChunk(notice, chunk int64, owner string, lease time.Duration) (c incidents.Chunk, ok bool, err error) {
	if err := t.shareRelease(notice); err != nil { // before the chunk, as turns do
		return c, false, err
	}
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
	from, to := placesOf(chunk)
	due, err := t.one(`SELECT 1 FROM deliveries d WHERE d.notice_no = $1 AND d.seq BETWEEN $2 AND $3 AND `+isDue("$4")+` LIMIT 1`,
		args{notice, from, to, ms(now)}, new(int))
	if err != nil || due {
		return c, due, err
	}
	_, err = t.run(`UPDATE chunks SET owner = '', until = 0 WHERE notice_no = $1 AND no = $2`, notice, chunk)
	return c, false, err
}

// doubtStale moves what a lost holder of a chunk left attempting into doubt; what
// it had an answer for is landed.
func (t *tx) doubtStale(notice, chunk int64, wait map[incidents.Channel]time.Duration, now time.Time) (int, error) {
	const why = "the worker was lost before it could say what came of it"
	var fence int64
	var turns [2]int64
	var text string
	if _, err := t.one(`SELECT fence, flights, landed, turn FROM chunks WHERE notice_no = $1 AND no = $2`, args{notice, chunk}, &fence, &text, &turns[0], &turns[1]); err != nil {
		return 0, err
	}
	flown, err := decodeFlights(text)
	if err != nil {
		return 0, err
	}
	r, found, err := t.release(notice)
	if err != nil || !found {
		return 0, orNotFound(err, "notice %d was never released", notice)
	}
	s := shift{}
	told, lost := flown.split()
	if err := t.landTold(s, chunkKey{notice, chunk}, fence, told, turns, r, now); err != nil {
		return 0, err
	}
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
	if _, err := t.run(`UPDATE chunks SET flights = '', landed = turn WHERE notice_no = $1 AND no = $2`, notice, chunk); err != nil {
		return 0, err
	}
	killpoint.If(len(lost) > 0, killpoint.LostWritten)
	return len(lost) + len(older), t.book(s)
}

// attemptingRows lists what a version of this program that knew no flights
// wrote down as attempting in a chunk: in the deliveries' own rows.
func (t *tx) attemptingRows(notice, chunk int64) (out []delivery, err error) {
	from, to := placesOf(chunk)
	err = t.rows(deliveryColumns+`FROM deliveries d WHERE d.notice_no = $1 AND d.seq BETWEEN $2 AND $3 AND d.state = 3 ORDER BY d.seq, d.channel`,
		args{notice, from, to}, func(r scanner) error {
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
	s.aheads.drop(c.Notice, c.No)
	return s.carried(ctx, func(t *tx) error {
		t.quiet = true // it was ours
		_, err := t.run(`UPDATE chunks SET until = 0, owner = '' WHERE notice_no = $1 AND no = $2 AND fence = $3 AND owner = $4 AND claimed = 0`, c.Notice, c.No, c.Fence, c.Owner)
		return err
	})
}

// Turn records the outcomes of one window and claims the next, in one synced transaction.
func (s *Store) Turn(ctx context.Context, turn incidents.Turn) (c incidents.Claims, err error) {
	a := s.aheads.of(turn)
	var after afterTurn
	var written bool
	transact := s.together
	lands := len(turn.Done) == 0 && turn.Want <= 1 // what is on the disk already, and looks whether anything is left
	if lands {
		transact = s.carried
	}
	for _, sure := range []bool{!s.pg, true} {
		err = transact(ctx, func(t *tx) error {
			t.quiet, written = true, false
			c, after, err = t.turn(turn, a, sure)
			written = err == nil
			killpoint.If(err == nil && len(c.Next) > 0, killpoint.ClaimWritten)
			killpoint.If(err == nil && len(turn.Done) > 0, killpoint.RecordWritten)
			return err
		})
		if err == nil || sure || incidents.KindOf(err) == incidents.KindUnavailable {
			break // else something may have been other than expected
		}
	}
	if err == nil && lands && len(c.Next) > 0 {
		err = s.synced(ctx, turn.Chunk)
	}
	killpoint.If(err == nil && len(c.Next) > 0, killpoint.Claimed)
	killpoint.If(err == nil && len(turn.Done) > 0, killpoint.Recorded)
	if err != nil {
		a.turned(nil, afterTurn{})
		if written {
			a.mayStand(turn, c, after)
		}
		return incidents.Claims{}, err
	}
	a.turned(c.Next, after)
	if waits := turn.Want == 0 && len(turn.Done) == 0 && c.Halt == ""; len(c.Next) > 0 && turn.Want >= s.aheadFrom || waits && a.fresh() {
		s.refill(a)
	}
	return c, nil
}

// synced has the disk take what was committed before, with a write of its own. It
// must change something: SQLite writes, and syncs, no page that is as it was.
func (s *Store) synced(ctx context.Context, c incidents.Chunk) error {
	return s.together(ctx, func(t *tx) error {
		t.quiet = true
		_, err := t.run(`UPDATE chunks SET until = until + 1 WHERE notice_no = $1 AND no = $2`, c.Notice, c.No)
		return err
	})
}

// An afterTurn is what the next turn of a chunk may start from.
type afterTurn struct {
	place
	at    moment
	held  bool // place is what the turn left in the row
	stale bool // what was read ahead does not hold
}

// A place is what the row of a chunk says of who works on it.
type place struct {
	flights flights // without an answer before a turn, then after it
	told    flights // with an answer that did not land yet: a turn puts more to their end, and changes none
	lines   string  // told, encoded
	no      int64   // of the last window recorded
	landed  int64   // of the last window that stands in the rows
	revs    revisions
}

// text is the flights as the row has them.
func (p place) text() string { return p.lines + p.flights.encode() }

// A standing is the place of a worker in its chunk, while one turn runs.
type standing struct {
	incidents.Turn
	gate
	place
	shift shift
	purse *incidents.Purse // nil: no spend cap
	wave  *wave            // nil: everything may leave
	night *nightGate
}

func (t *tx) turn(turn incidents.Turn, a *ahead, sure bool) (c incidents.Claims, after afterTurn, err error) {
	if after.at, err = t.moment(); err != nil {
		return c, after, err
	}
	v, foot, err := t.whereabouts(turn.Chunk, a, after.at, sure)
	if err != nil {
		return c, after, err
	}
	g, err := t.gateOf(turn.Chunk.Notice, v)
	if err != nil {
		return c, after, err
	}
	w := &standing{Turn: turn, gate: g, shift: shift{}}
	if w.wave, err = t.waveOf(g); err != nil { // before the chunk: whoever judges the wave takes them in this order
		return c, after, err
	}
	if w.place, err = t.stand(turn.Chunk, foot); err != nil {
		return c, after, err
	}
	if stands, after, ok := a.stands(turn, w.place); ok {
		stands.Halt = cmp.Or(stands.Halt, w.halt(turn.Notice)) // what it claimed has not left yet
		return stands, after, nil
	}
	if c.Fallback, err = t.record(w); err != nil {
		return c, after, err
	}
	chunk := chunkKey{turn.Chunk.Notice, turn.Chunk.No}
	if w.landsNow(t.s.landAt) { // before the claim: what stands in its row needs not be passed over
		if err := t.landTold(w.shift, chunk, turn.Chunk.Fence, w.told, [2]int64{w.landed, w.no}, w.release, w.Now); err != nil {
			return c, after, err
		}
		w.landed, w.told, w.lines = w.no, nil, ""
	}
	if c.Halt = w.halt(turn.Notice); turn.Want > 0 && c.Halt == "" && w.notice.Status == incidents.NoticeSending {
		if c.Next, after.stale, err = t.claim(w, a); err != nil {
			return c, after, err
		}
		if after.stale {
			after.at = moment{}
		}
	}
	c.Judge = w.wave != nil && (len(turn.Done) > 0 || turn.Want > len(c.Next))
	todo, claimed := int64(0), int64(0)
	counts, chunks := w.shift.sums()
	if x, ok := chunks[chunk]; ok {
		todo, claimed = x.todo, x.claimed
		delete(chunks, chunk)
	}
	if err := t.later(nil, `UPDATE chunks SET until = $1, flights = $2, turn = $3, landed = $4, todo = todo + $5, claimed = claimed + $6 WHERE notice_no = $7 AND no = $8`,
		ms(w.Now.Add(w.Lease)), w.text(), w.no, w.landed, todo, claimed, chunk.notice, chunk.chunk); err != nil {
		return c, after, err
	}
	after.place, after.held = w.place, !after.stale
	t.s.slack.begin(len(c.Next))
	return c, after, t.bookSums(counts, chunks)
}

// whereabouts asks for gate and chunk, or expects them as they were, unless it has to be sure.
func (t *tx) whereabouts(c incidents.Chunk, a *ahead, at moment, sure bool) (v *look, f *footing, err error) {
	if err := t.shareRelease(c.Notice); err != nil {
		return nil, nil, err
	}
	if !sure {
		if v, f, err = t.expect(c, a); err != nil || v != nil {
			return v, f, err
		}
	}
	if v, err = t.lookAt(c.Notice, at); err != nil {
		return nil, nil, err
	}
	if f, err = t.footing(c, a.place(at)); err != nil {
		return nil, nil, err
	}
	return v, f, t.flush() // PostgreSQL answers both at once
}

// A footing is the row of a chunk that was asked for, or is known.
type footing struct {
	place
	known   bool
	found   bool
	flights string
}

const footingSQL = `SELECT c.flights, c.turn, c.landed, c.rev, (SELECT l.rev FROM lists l JOIN releases r ON r.list_no = l.no WHERE r.notice_no = $1)
	FROM chunks c WHERE c.notice_no = $1 AND c.no = $2 AND c.fence = $3 AND c.owner = $4`

// footing asks whether the chunk is still the worker's, keeps others from taking
// it, and for what is in flight there. known is the answer, if nobody can have
// written since. A chunk whose notice has its first wave before it is not found yet.
func (t *tx) footing(c incidents.Chunk, known *place) (*footing, error) {
	if known != nil {
		f := &footing{place: *known, known: true}
		f.place.flights = slices.Clone(f.place.flights) // a transaction that fails leaves them as they are, and told ends where it ended
		return f, nil
	}
	f := &footing{}
	return f, t.ask(&f.found, footingSQL+` AND NOT EXISTS (SELECT 1 FROM first_waves v WHERE v.notice_no = $1 AND v.state <> 0)`+t.forUpdate(), f.params(c), f.dest()...)
}

func (f *footing) params(c incidents.Chunk) args { return args{c.Notice, c.No, c.Fence, c.Owner} }

func (f *footing) dest() []any {
	return []any{&f.flights, &f.no, &f.landed, &f.revs.chunk, &f.revs.list}
}

// stand is where a worker stands in its chunk; what was asked for is answered.
func (t *tx) stand(c incidents.Chunk, f *footing) (p place, err error) {
	if f.known {
		return f.place, nil
	}
	if !f.found {
		if f.found, err = t.one(footingSQL+t.forUpdate(), f.params(c), f.dest()...); err != nil {
			return p, err
		}
	}
	if !f.found {
		return p, incidents.Conflict("chunk %d of notice %d was taken over", c.No, c.Notice)
	}
	p = f.place
	all, err := decodeFlights(f.flights)
	p.told, p.flights = all.split()
	p.lines = p.told.encode()
	return p, err
}

func orNotFound(err error, format string, a ...any) error {
	if err != nil {
		return err
	}
	return incidents.NotFound(format, a...)
}

// record writes the outcomes of a window down. Only what this holder of the
// chunk wrote down as attempting can have an outcome, and only one.
func (t *tx) record(w *standing) (fallback bool, err error) {
	if len(w.Done) == 0 {
		return false, nil
	}
	var all []landing
	var failed, gone []delivery
	attempts := make([]Attempt, 0, len(w.Done))
	ended, at := make([]bool, len(w.flights)), -1
	seqs := make([]int64, len(w.Done))
	for i, done := range w.Done {
		seqs[i] = done.ID.Seq
	}
	plan, err := t.plansOf(w.release, w.notice.Content, seqs)
	if err != nil {
		return false, err
	}
	told := make(flights, 0, len(w.Done))
	for _, done := range w.Done {
		at = w.flights.find(done.ID, at+1)
		if at < 0 || ended[at] || done.ID.Notice != w.Chunk.Notice {
			return false, incidents.Conflict("delivery %s is not attempted by this worker", done.ID)
		}
		ended[at] = true
		f := w.flights[at]
		d := f.delivery(w.Chunk.Notice, w.Chunk.No, w.Chunk.Fence)
		attempts = append(attempts, Attempt{done.ID, f.attempts, f.at, ms(done.At), string(done.Receipt.Outcome), done.Receipt.ProviderID, done.Receipt.Code, done.Receipt.Reason, done.Receipt.Provider})
		if done.Receipt.Outcome == incidents.OutcomeAccepted && done.ID.Channel == incidents.Email {
			done.At = w.Now // its line has the moment: many persons of a window have the rest in common
		}
		c := t.listen(d, outcome(d, done, w.Backoff, t.s.o.DoubtWait), plan(d.seq))
		if mayWait(d.channel, c) {
			a := answer{told: ms(w.Now), code: clean(c.code), by: clean(done.Receipt.Provider)}
			if !c.next.IsZero() {
				a.next = ms(c.next)
			}
			f.answer = a
			told = append(told, f)
			continue
		}
		if c.state == stateRetryWait && w.notice.Status == incidents.NoticeStopped {
			c.state, c.next, c.reason = stateCancelled, time.Time{}, "stopped before it left"
		}
		all = append(all, landing{f, c, done.Receipt.Outcome == incidents.OutcomeKept, done.Receipt.Provider})
		if c.state == stateRejected {
			failed = append(failed, d.after(c))
		}
		if done.Receipt.Outcome == incidents.OutcomeGone {
			gone = append(gone, d)
		}
	}
	open := w.flights[:0]
	for i, f := range w.flights {
		if !ended[i] {
			open = append(open, f)
		}
	}
	w.flights = open
	slices.SortFunc(told, func(a, b flight) int { return cmp.Compare(a.seq, b.seq) })
	var last flight
	if n := len(w.told); n > 0 {
		last = w.told[n-1]
	}
	w.told, w.lines = append(w.told, told...), w.lines+told.encodeAfter(last)
	if err := t.land(w.shift, w.Chunk.Notice, w.Chunk.No, w.Chunk.Fence, w.Now, all); err != nil {
		return false, err
	}
	if err := t.pace(w.Chunk.Notice, w.Chunk.No, w.Now, all); err != nil {
		return false, err
	}
	if err := t.forget(w.release.list, gone); err != nil {
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
	if err := t.window(w.Chunk.Notice, w.Chunk.No, w.no, attempts); err != nil {
		return false, err
	}
	return fallback, t.refund(w)
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

// outcome is what becomes of an attempt; a pure function. How long what was
// accepted is waited for, listen says.
func outcome(d delivery, done incidents.Recorded, backoff func(incidents.Channel, int) time.Duration, doubt map[incidents.Channel]time.Duration) change {
	r := done.Receipt
	c := change{provider: r.ProviderID, code: r.Code, reason: r.Reason, at: done.At}
	switch r.Outcome {
	case incidents.OutcomeAccepted:
		c.state = stateAccepted
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

// systemEntry is an audit entry of what the service does by itself.
func systemEntry(event string, r release, at time.Time, data map[string]string) incidents.AuditEntry {
	a := incidents.System
	return incidents.AuditEntry{At: at.UTC().Truncate(time.Second), Actor: a.ID, Role: a.Role, Via: a.Via, Event: event,
		Incident: r.incident, Subject: string(r.id), Data: data}
}

// claim writes the next window down as attempting: what was read ahead, if it
// still holds, else what is read now. Who was excluded or erased since the
// release is suppressed instead, and whose night it is is held until their morning.
func (t *tx) claim(w *standing, a *ahead) (out []incidents.Claimed, stale bool, err error) {
	if w.purse, err = t.openPurse(w); err != nil {
		return nil, false, err
	}
	w.night = t.night(w.notice, w.Channel, w.Now)
	rows, rest, revs := a.offer(w.Want)
	if stale = len(rows) > 0 && revs != w.revs; stale || w.wave != nil {
		rows = nil
	}
	rest = rest && revs == w.revs && w.wave == nil
	for len(out) < w.Want {
		var next []incidents.Claimed
		var barred []changed
		if len(rows) > 0 {
			next, barred = w.weighed(rows)
			rows = nil
		} else if rest {
			if rest, err = t.asleep(w); err != nil {
				return nil, false, err
			}
			if rest {
				break
			}
			continue
		} else if next, barred, err = t.dueInWave(w, w.Want-len(out)); err != nil {
			return nil, false, err
		}
		if err := t.becomeAll(w.shift, w.Chunk.Notice, barred); err != nil {
			return nil, false, err
		}
		if out == nil {
			out = next
		} else {
			out = append(out, next...)
		}
		if len(barred) == 0 {
			break
		}
		stale = true // they are no longer what was read
	}
	if err := t.keepWave(w, out); err != nil {
		return nil, false, err
	}
	return out, stale, t.closePurse(w)
}

// asleep tells that nothing of a chunk is due besides what was read of it. While
// others are under way there will be another turn, which can look: the last one
// looks whether anything's time came meanwhile.
func (t *tx) asleep(w *standing) (bool, error) {
	if len(w.Done)+len(w.flights) > 0 {
		return true, nil
	}
	from, to := placesOf(w.Chunk.No)
	woke, err := t.one(`SELECT 1 FROM deliveries d`+t.indexed("deliveries_timer")+` WHERE d.notice_no = $1 AND d.apart IN (0, 1, 2, 5) AND d.next_at <= $2 AND d.seq BETWEEN $3 AND $4 LIMIT 1`,
		args{w.Chunk.Notice, ms(w.Now), from, to}, new(int))
	return !woke, err
}

// due reads deliveries that may leave now and takes them into flight.
func (t *tx) due(w *standing, want int, among string) (next []incidents.Claimed, barred []changed, err error) {
	var found []dueRow
	from, to := placesOf(w.Chunk.No)
	err = t.dueRows(t.dueSQL()+` AND d.seq NOT IN (`+t.numbers("$7")+`)`+among+` ORDER BY d.seq LIMIT `+t.unseen("$8"),
		args{w.list.no, w.Chunk.Notice, from, to, channelCode(w.Channel), ms(w.Now), slices.Concat(w.told, w.flights).seqs(), want}, func(x dueRow) { found = append(found, x) })
	if err != nil {
		return nil, nil, err
	}
	next, barred = w.weighed(found)
	return next, barred, nil
}

// weighed takes into flight who may be told now, and says what becomes of the others.
func (w *standing) weighed(rows []dueRow) (next []incidents.Claimed, barred []changed) {
	before := len(w.flights)
	next = make([]incidents.Claimed, 0, len(rows))
	for _, x := range rows {
		if c, ok, why := w.weigh(x); ok {
			next = append(next, c)
		} else {
			barred = append(barred, changed{x.delivery(w.Chunk, w.Channel), why})
		}
	}
	w.shift.fly(w.Chunk, w.flights[before:])
	return next, barred
}

// weigh takes one delivery into flight, or says what becomes of it instead.
func (w *standing) weigh(x dueRow) (c incidents.Claimed, ok bool, why change) {
	if x.excluded != "" || x.sealed == nil {
		return c, false, change{state: stateSuppressed, reason: cmp.Or(x.excluded, "erased"), at: w.Now}
	}
	if x.flags&incidents.FlagDeceased != 0 { // who is known to have died since the release, too
		if bar := w.notice.Content.Barred(x.flags); bar != "" {
			return c, false, change{state: stateSuppressed, reason: bar, at: w.Now}
		}
	}
	p, at := x.addressee(w.list), ms(w.Now)
	if open, morning := w.night.gate(p); !open {
		return c, false, change{state: stateHeld, next: morning, reason: heldByNight, at: w.Now}
	}
	if w.purse != nil && !w.purse.Pay(p.Place, w.notice.Content.Parts(w.Channel, p.Lang)) {
		return c, false, spent(w.Now)
	}
	f := flight{seq: x.seq, channel: channelCode(w.Channel), step: x.step, from: x.state, attempts: x.attempts + 1, at: at}
	w.flights = append(w.flights, f)
	now := f.delivery(w.Chunk.Notice, w.Chunk.No, w.Chunk.Fence)
	now.twice, now.first, now.upd = x.twice, cmp.Or(x.first, at), at
	return incidents.Claimed{Delivery: now.domain(), Person: p, First: fromMS(now.first), Wave: w.wave != nil}, true, why
}
