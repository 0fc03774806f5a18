package store

import (
	"sync"
	"time"

	"tocsin/incidents"
)

// A gate is what decides whether anything of a released notice may leave: its
// release, its status, its list, and its approvals checked by incidents.Admit.
type gate struct {
	release  release
	notice   incidents.Notice
	list     list
	admitted incidents.ApprovedNotice
	refused  error // of Admit: why nothing may leave
	wave     int   // waveGone, or that the first wave is in the way
}

// gates remembers, by notice, the answer of Admit and everything it was made
// of. Admit is a function of those alone, so its answer stands for as long as
// they are the same.
type gates struct {
	mu sync.Mutex
	by map[int64]remembered
}

type remembered struct {
	of grounds
	at moment
	gate
}

// A moment is the state of a SQLite database, as far as turns of the journal are
// left out: how many other transactions its one writer committed, and the
// version in which other processes left it. Within a transaction of the writer
// nothing moves it. On PostgreSQL nobody can tell, and it is zero.
type moment struct{ writes, version int64 }

func (t *tx) moment() (m moment, err error) {
	if t.kept == nil {
		return m, nil
	}
	m.writes = 1 + t.s.writes.Load()
	m.version, err = t.s.writer.version()
	return m, named(err)
}

// grounds are what Admit judges by. Notice, incident and approvals stand there
// word for word on SQLite; on PostgreSQL as the transactions their rows are of,
// which spares sending the words, and the list as that too.
type grounds struct {
	notice                 incidents.NoticeID
	listHash, hash, status string
	words, incident        string
	mode                   incidents.Mode
	approvals              string
	list                   string
}

const maxGates = 64

// A look is a gate that was asked for.
type look struct {
	remembered
	stands   bool // nothing was written since it was read
	found    bool
	released int64
}

const gateFrom = ` FROM releases r JOIN notices n ON n.no = r.notice_no JOIN incidents i ON i.id = r.incident_id JOIN lists l ON l.no = r.list_no
	LEFT JOIN first_waves f ON f.notice_no = r.notice_no WHERE r.notice_no = $1`

// approvalsSQL adds up the approvals of a release r, each with its words.
func (t *tx) approvalsSQL(words string) string {
	return `(SELECT COALESCE(` + t.joined(`a.id || ' ' || a.void || ' ' || a.`+words) + `, '') FROM approvals a WHERE a.kind = 'notice' AND a.subject_id = r.notice_id)`
}

// rowVersion is the transaction that a row of PostgreSQL is of.
const rowVersion = `xmin::text`

// lookAt asks, in the transaction that writes attempts down, for all that a
// notice must still be to be sent. Before it goes shareRelease, which keeps the stop
// button from passing between this look and the claim.
func (t *tx) lookAt(notice int64, at moment) (v *look, err error) {
	v = &look{remembered: remembered{at: at}}
	if v.gate, v.stands = t.s.gates.stands(notice, at); v.stands {
		return v, nil
	}
	words, version := `body`, `''`
	if t.postgres() {
		words, version = rowVersion, `l.`+rowVersion
	}
	r, l, of := &v.release, &v.list, &v.of
	return v, t.ask(&v.found, `SELECT r.notice_no, r.notice_id, r.incident_id, r.list_no, r.list_hash, r.hash, r.total, r.released_at, COALESCE(f.state, 0), n.status, n.`+words+`, i.`+words+`,
			l.incident_id, l.mode, l.persons, l.hash, l.erased_at IS NOT NULL, l.key_runs, l.key_merged, `+version+`, `+t.approvalsSQL(words)+gateFrom,
		args{notice}, &r.notice, &r.id, &r.incident, &r.list, &r.listHash, &r.hash, &r.total, &v.released, &v.wave, &of.status, &of.words, &of.incident,
		&l.incident, &l.mode, &l.persons, &l.hash, &l.erased, &l.runs, &l.merged, &of.list, &of.approvals)
}

// expect takes for granted that gate and chunk are as the last turn left them, on
// PostgreSQL, where to ask is a journey of its own. Two statements that travel
// with what the turn writes divide by zero if they are not, and fail it.
func (t *tx) expect(c incidents.Chunk, a *ahead) (*look, *footing, error) {
	k, ok := t.s.gates.last(c.Notice)
	p := a.leftOff()
	if !ok || p == nil || k.wave != waveGone {
		return nil, nil, nil
	}
	of := k.of
	if err := t.later(nil, `SELECT 1 / COUNT(*) FROM (SELECT 1`+gateFrom+` AND r.notice_id = $2 AND r.list_hash = $3 AND r.hash = $4 AND n.status = $5 AND n.`+rowVersion+` = $6 AND i.`+rowVersion+` = $7
			AND l.mode = $8 AND l.`+rowVersion+` = $9 AND `+t.approvalsSQL(rowVersion)+` = $10 AND COALESCE(f.state, 0) = 0) AS gate`,
		c.Notice, string(of.notice), of.listHash, of.hash, of.status, of.words, of.incident, string(of.mode), of.list, of.approvals); err != nil {
		return nil, nil, err
	}
	err := t.later(nil, `SELECT 1 / COUNT(*) FROM (SELECT 1 FROM chunks WHERE notice_no = $1 AND no = $2 AND fence = $3 AND owner = $4 AND turn = $5 AND landed = $6 AND rev = $7 AND flights = $8
			AND (SELECT l.rev FROM lists l WHERE l.no = $9) = $10 FOR UPDATE) AS chunk`,
		c.Notice, c.No, c.Fence, c.Owner, p.no, p.landed, p.revs.chunk, p.text(), k.list.no, p.revs.list)
	return &look{remembered: k, stands: true}, &footing{place: *p, known: true}, err
}

// gateOf is the gate a look found; what was asked for is answered.
func (t *tx) gateOf(notice int64, v *look) (g gate, err error) {
	if v.stands {
		return v.gate, nil
	}
	if !v.found {
		return g, incidents.NotFound("notice %d was never released, or its list is gone", notice)
	}
	r, l := &v.release, &v.list
	r.releasedAt, l.no = fromMS(v.released), r.list
	v.of.notice, v.of.listHash, v.of.hash, v.of.mode = r.id, r.listHash, r.hash, l.mode
	if g, ok := t.s.gates.recall(notice, v.of, v.gate); ok {
		t.s.gates.keep(notice, remembered{v.of, v.at, g})
		return g, nil
	}
	g = v.gate
	if g.notice, err = t.NoticeByNo(notice); err != nil {
		return g, err
	}
	g.admitted, g.refused = t.admit(g.notice, time.Time{})
	if k := incidents.KindOf(g.refused); g.refused != nil && k != incidents.KindForbidden && k != incidents.KindNotFound {
		return g, g.refused
	}
	t.s.gates.keep(notice, remembered{v.of, v.at, g})
	return g, nil
}

// halt says why nothing may leave under the approval a worker holds; "" lets it.
func (g gate) halt(held incidents.ApprovedNotice) string {
	switch g.notice.Status {
	case incidents.NoticeSending:
	case incidents.NoticeDone:
		return "" // nothing is left to claim
	case incidents.NoticeHeld:
		return "held"
	case incidents.NoticeStopped:
		return "stopped"
	default:
		return "unapproved"
	}
	if g.refused != nil || !held.Valid() || held.Notice().ID != g.notice.ID || held.Notice().Hash != g.admitted.Notice().Hash {
		return "unapproved"
	}
	return ""
}

// last is what is remembered of a notice.
func (c *gates) last(notice int64) (remembered, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.by[notice]
	return k, ok
}

// stands returns the gate when nothing was written since it was read that could
// have moved it.
func (c *gates) stands(notice int64, at moment) (gate, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.by[notice]
	return k.gate, ok && at != moment{} && k.at == at
}

func (c *gates) recall(notice int64, of grounds, now gate) (gate, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.by[notice]
	if !ok || k.of != of {
		return now, false
	}
	now.notice, now.admitted, now.refused = k.notice, k.admitted, k.refused
	return now, true
}

func (c *gates) keep(notice int64, k remembered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.by) >= maxGates || c.by == nil {
		c.by = map[int64]remembered{}
	}
	c.by[notice] = k
}

// joined adds up a text over rows.
func (t *tx) joined(expr string) string {
	if t.postgres() {
		return `string_agg(` + expr + `, ' ' ORDER BY a.no)`
	}
	return `group_concat(` + expr + `, ' ')`
}
