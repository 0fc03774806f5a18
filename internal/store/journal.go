package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
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
	due, err := t.one(`SELECT 1 FROM deliveries d`+t.indexed(`deliveries_open`)+` WHERE d.notice_no = $1 AND d.chunk = $2 AND d.state IN (0, 1, 2, 3, 5) AND d.state IN (0, 2, 5) AND (d.next_at IS NULL OR d.next_at <= $3) LIMIT 1`,
		args{notice, chunk, ms(now)}, new(int))
	if err != nil || due {
		return c, due, err
	}
	_, err = t.run(`UPDATE chunks SET owner = '', until = 0 WHERE notice_no = $1 AND no = $2`, notice, chunk)
	return c, false, err
}

// doubtStale moves what a lost holder of a chunk left attempting into doubt.
func (t *tx) doubtStale(notice, chunk int64, wait map[incidents.Channel]time.Duration, now time.Time) (int, error) {
	lost, err := t.attempting(notice, chunk)
	if err != nil {
		return 0, err
	}
	s := shift{}
	all := make([]changed, len(lost))
	notes := make([]noted, len(lost))
	for i, d := range lost {
		const why = "the worker was lost before it could say what came of it"
		all[i] = changed{d, change{state: stateInDoubt, next: now.Add(waitOf(wait, d.channel)), reason: why, at: now}}
		notes[i] = noted{delivery: d, outcome: "lost", reason: why, at: now}
	}
	if err := t.becomeAll(s, notice, all); err != nil {
		return 0, err
	}
	if err := t.noteAll(notice, notes); err != nil {
		return 0, err
	}
	return len(lost), t.book(s)
}

func waitOf(wait map[incidents.Channel]time.Duration, channel int) time.Duration {
	if w, ok := wait[channelOf(channel)]; ok {
		return w
	}
	return doubtWait[channelOf(channel)]
}

// attempting lists what is written down as attempting in a chunk.
func (t *tx) attempting(notice, chunk int64) (out []delivery, err error) {
	err = t.rows(deliveryColumns+`FROM deliveries d`+t.indexed(`deliveries_open`)+` WHERE d.notice_no = $1 AND d.chunk = $2 AND d.state IN (0, 1, 2, 3, 5) AND d.state = 3 ORDER BY d.seq, d.channel`,
		args{notice, chunk}, func(r scanner) error {
			d, err := scanDelivery(r)
			out = append(out, d)
			return err
		})
	return out, err
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
		return err
	})
	return c, err
}

func (t *tx) turn(turn incidents.Turn) (c incidents.Claims, err error) {
	if err := t.shareRelease(turn.Chunk.Notice); err != nil {
		return c, err
	}
	n, err := t.run(`UPDATE chunks SET until = $5 WHERE notice_no = $1 AND no = $2 AND fence = $3 AND owner = $4`,
		turn.Chunk.Notice, turn.Chunk.No, turn.Chunk.Fence, turn.Chunk.Owner, ms(turn.Now.Add(turn.Lease)))
	if err != nil {
		return c, err
	}
	if n == 0 {
		return c, incidents.Conflict("chunk %d of notice %d was taken over", turn.Chunk.No, turn.Chunk.Notice)
	}
	r, found, err := t.release(turn.Chunk.Notice)
	if err != nil || !found {
		return c, orNotFound(err, "notice %d was never released", turn.Chunk.Notice)
	}
	notice, err := t.NoticeByNo(r.notice)
	if err != nil {
		return c, err
	}
	s := shift{}
	if c.Fallback, err = t.record(s, r, notice, turn); err != nil {
		return c, err
	}
	if c.Halt, err = t.gates(notice, turn.Notice); err != nil {
		return c, err
	}
	if turn.Want > 0 && c.Halt == "" && notice.Status == incidents.NoticeSending {
		if c.Next, err = t.claim(s, r, turn); err != nil {
			return c, err
		}
	}
	return c, t.book(s)
}

func orNotFound(err error, format string, a ...any) error {
	if err != nil {
		return err
	}
	return incidents.NotFound(format, a...)
}

// gates says why nothing of a notice may leave now: it reads status, content,
// approvals and mode again, in the transaction that writes the attempts down.
func (t *tx) gates(n incidents.Notice, held incidents.ApprovedNotice) (halt string, err error) {
	switch n.Status {
	case incidents.NoticeSending:
	case incidents.NoticeDone:
		return "", nil // nothing is left to claim
	case incidents.NoticeHeld:
		return "held", nil
	case incidents.NoticeStopped:
		return "stopped", nil
	default:
		return "unapproved", nil
	}
	now, err := t.admit(n, time.Time{})
	switch k := incidents.KindOf(err); {
	case err != nil && (k == incidents.KindForbidden || k == incidents.KindNotFound):
		return "unapproved", nil
	case err != nil:
		return "", err
	case !held.Valid() || held.Notice().ID != n.ID || held.Notice().Hash != now.Notice().Hash:
		return "unapproved", nil
	}
	return "", nil
}

// record writes the outcomes of a window down. Only what this holder of the
// chunk wrote down as attempting can have an outcome.
func (t *tx) record(s shift, r release, n incidents.Notice, turn incidents.Turn) (fallback bool, err error) {
	if len(turn.Done) == 0 {
		return false, nil
	}
	rows, err := t.attempting(r.notice, turn.Chunk.No)
	if err != nil {
		return false, err
	}
	mine := map[incidents.DeliveryID]delivery{}
	for _, d := range rows {
		if d.fence == turn.Chunk.Fence {
			mine[d.id()] = d
		}
	}
	var all []changed
	var notes []noted
	var failed []delivery
	for _, done := range turn.Done {
		d, ok := mine[done.ID]
		if !ok {
			return false, incidents.Conflict("delivery %s is not attempted by this worker", done.ID)
		}
		delete(mine, done.ID)
		c := outcome(d, done, n.Content.Plan, turn.Backoff, t.s.o.DoubtWait)
		if c.state == stateRetryWait && n.Status == incidents.NoticeStopped {
			c.state, c.next, c.reason = stateCancelled, time.Time{}, "stopped before it left"
		}
		all = append(all, changed{d, c})
		notes = append(notes, noted{d, string(done.Receipt.Outcome), done.Receipt.ProviderID, done.Receipt.Code, done.Receipt.Reason, done.At})
		if c.state == stateRejected {
			failed = append(failed, d.after(c))
		}
	}
	if err := t.becomeAll(s, r.notice, all); err != nil {
		return false, err
	}
	if err := t.noteAll(r.notice, notes); err != nil {
		return false, err
	}
	if err := t.pace(r.notice, turn.Chunk.No, turn.Now, len(all)); err != nil {
		return false, err
	}
	if n.Status != incidents.NoticeStopped {
		gone, err := t.fallBack(s, r, n.Content.Plan, failed, turn.Now)
		if err != nil {
			return false, err
		}
		fallback = len(gone) > 0
	}
	return fallback, t.auditWindow(r, turn)
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
		if d.step < len(plan)-1 && plan[d.step].Wait > 0 && givesReceipts(d.channel) {
			c.next = done.At.Add(plan[d.step].Wait)
		}
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
		c.state, c.next = stateRetryWait, done.At
	case incidents.OutcomeRefused, incidents.OutcomeGone:
		c.state = stateRejected
	default: // what nobody can name is in doubt
		c.state = stateInDoubt
		c.next = done.At.Add(waitOf(doubt, d.channel))
	}
	return c
}

// auditWindow puts a window into the audit log: counts, and the hash of its
// lines "12-345-e accepted 250 <provider id> <unix time>\n" in order of seq.
func (t *tx) auditWindow(r release, turn incidents.Turn) error {
	done := slices.Clone(turn.Done)
	slices.SortFunc(done, func(a, b incidents.Recorded) int {
		if a.ID.Seq != b.ID.Seq {
			return int(a.ID.Seq - b.ID.Seq)
		}
		return channelCode(a.ID.Channel) - channelCode(b.ID.Channel)
	})
	counts := map[incidents.Outcome]int{}
	var lines strings.Builder
	for _, d := range done {
		counts[d.Receipt.Outcome]++
		fmt.Fprintf(&lines, "%s %s %s %s %d\n", d.ID, d.Receipt.Outcome, d.Receipt.Code, d.Receipt.ProviderID, d.At.Unix())
	}
	sum := sha256.Sum256([]byte(lines.String()))
	data := map[string]string{"notice": fmt.Sprint(r.notice), "chunk": fmt.Sprint(turn.Chunk.No), "channel": string(turn.Channel),
		"fence": fmt.Sprint(turn.Chunk.Fence), "lines_sha256": hex.EncodeToString(sum[:])}
	for o, n := range counts {
		data[string(o)] = fmt.Sprint(n)
	}
	return t.Audit(systemEntry("dispatch.window", r, turn.Now, data))
}

// systemEntry is an audit entry of what the service does by itself.
func systemEntry(event string, r release, at time.Time, data map[string]string) incidents.AuditEntry {
	a := incidents.System
	return incidents.AuditEntry{At: at.UTC().Truncate(time.Second), Actor: a.ID, Role: a.Role, Via: a.Via, Event: event,
		Incident: r.incident, Subject: string(r.id), Data: data}
}

// claim writes the next window down as attempting. Who was excluded or erased
// since the release is suppressed instead.
func (t *tx) claim(s shift, r release, turn incidents.Turn) (out []incidents.Claimed, err error) {
	l, err := t.listByNo(r.list)
	if err != nil {
		return nil, err
	}
	for len(out) < turn.Want {
		next, barred, err := t.due(r, l, turn, turn.Want-len(out))
		if err != nil {
			return nil, err
		}
		if err := t.becomeAll(s, r.notice, barred); err != nil {
			return nil, err
		}
		if err := t.attempt(s, r.notice, turn, next); err != nil {
			return nil, err
		}
		for _, x := range next {
			out = append(out, x.Claimed)
		}
		if len(barred) == 0 {
			break
		}
	}
	return out, nil
}

// A claimable delivery is its row and what the sender gets.
type claimable struct {
	row delivery
	incidents.Claimed
}

func (t *tx) due(r release, l list, turn incidents.Turn, want int) (next []claimable, barred []changed, err error) {
	err = t.rows(deliveryColumns+`, `+personColumns+` FROM deliveries d`+t.indexed(`deliveries_open`)+` CROSS JOIN persons p WHERE p.list_no = $1 AND p.seq = d.seq
		AND d.notice_no = $2 AND d.chunk = $3 AND d.channel = $4 AND d.state IN (0, 1, 2, 3, 5) AND d.state IN (0, 2, 5) AND (d.next_at IS NULL OR d.next_at <= $5)
		ORDER BY d.seq LIMIT $6`, args{r.list, r.notice, turn.Chunk.No, channelCode(turn.Channel), ms(turn.Now), want}, func(row scanner) error {
		var d delivery
		p, err := scanPerson(row, l, d.dest()...)
		if err != nil {
			return err
		}
		if p.Excluded != "" || p.Sealed == nil {
			why := p.Excluded
			if why == "" {
				why = "erased"
			}
			barred = append(barred, changed{d, change{state: stateSuppressed, reason: why, at: turn.Now}})
			return nil
		}
		after := d
		after.state, after.fence, after.next, after.upd = stateAttempting, turn.Chunk.Fence, 0, ms(turn.Now)
		after.attempts++
		next = append(next, claimable{d, incidents.Claimed{Delivery: after.domain(), Person: p}})
		return nil
	})
	return next, barred, err
}

func (t *tx) attempt(s shift, notice int64, turn incidents.Turn, next []claimable) error {
	if len(next) == 0 {
		return nil
	}
	rows := make([][]any, len(next))
	for i, x := range next {
		rows[i] = []any{notice, x.row.seq, x.row.channel}
		s.move(notice, x.row.chunk, x.row.channel, x.row.step, x.row.state, stateAttempting)
	}
	n, err := t.run(`UPDATE deliveries SET state = 3, attempts = deliveries.attempts + 1, fence = $1, next_at = NULL, first_at = COALESCE(deliveries.first_at, $2), attempted_at = $2, updated_at = $2
		FROM `+t.table("$3", "notice_no:int", "seq:int", "channel:int")+` v
		WHERE deliveries.notice_no = v.notice_no AND deliveries.seq = v.seq AND deliveries.channel = v.channel AND deliveries.state IN (0, 2, 5)`,
		turn.Chunk.Fence, ms(turn.Now), asJSON(rows))
	if err == nil && n != int64(len(next)) {
		err = incidents.Conflict("deliveries of notice %d changed meanwhile", notice)
	}
	return err
}

// shareRelease keeps the stop button from passing between the check of the
// gates and the claim.
func (t *tx) shareRelease(notice int64) error {
	if !t.postgres() {
		return nil
	}
	_, err := t.run(`SELECT 1 FROM releases WHERE notice_no = $1 FOR SHARE`, notice)
	return err
}
