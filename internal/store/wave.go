package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"tocsin/incidents"
)

// What first_waves.state says to who claims.
const (
	waveGone    = 0 // nothing is in the way
	waveOpen    = 1
	waveStopped = 2 // until a person decides
)

// A wave is the first few deliveries of a notice, while nothing else may be
// attempted. Its row is locked by who claims and by who judges.
type wave struct {
	notice  int64
	state   int
	upto    int64 // last chunk that was announced
	members []flightKey
	touched int64
	is      incidents.FirstWave
}

// left is how many more may be attempted.
func (v *wave) left() int {
	if v.state != waveOpen {
		return 0
	}
	return max(0, int(v.is.Size)-len(v.members))
}

// openFirstWave opens the first wave of a notice that has more to send than fit
// into it, and returns the last chunk to be announced.
func (t *tx) openFirstWave(notice int64, at time.Time) (upto int64, err error) {
	size := int64(t.s.o.FirstWave)
	var todo int64
	if _, err := t.one(`SELECT COALESCE(SUM(todo), 0) FROM chunks WHERE notice_no = $1`, args{notice}, &todo); err != nil {
		return 0, err
	}
	if size <= 0 || todo <= size {
		return math.MaxInt64, nil
	}
	if upto, err = t.reach(notice, 0, size); err != nil {
		return 0, err
	}
	w := incidents.FirstWave{Size: size, State: incidents.WaveOpen, OpenedAt: at.UTC().Truncate(time.Second)}
	_, err = t.run(`INSERT INTO first_waves (notice_no, state, upto, members, touched_at, body) VALUES ($1, $2, $3, '[]', $4, $5)`,
		notice, waveOpen, upto, ms(at), doc(w))
	return upto, err
}

// reach is the chunk up to which, after another, at least n deliveries wait; the
// last one with any when there are not as many, and the other when there are none.
func (t *tx) reach(notice, after, n int64) (upto int64, err error) {
	upto = after
	var sum int64
	return upto, t.rows(`SELECT no, todo FROM chunks WHERE notice_no = $1 AND no > $2 AND todo > 0 ORDER BY no LIMIT $3`, args{notice, after, n}, func(r scanner) error {
		var no, todo int64
		err := r.Scan(&no, &todo)
		if sum < n {
			upto = no
		}
		sum += todo
		return err
	})
}

// waveOf locks the first wave of a notice while the gate says that it is in the
// way, and reads it as it is then; nil when it is not.
func (t *tx) waveOf(g gate) (*wave, error) {
	if g.wave == waveGone {
		return nil, nil
	}
	v, err := t.wave(g.release.notice, t.forUpdate())
	if err != nil || v.state == waveGone {
		return nil, err
	}
	return v, nil
}

func (t *tx) wave(notice int64, lock string) (*wave, error) {
	v := &wave{notice: notice}
	var members, body string
	found, err := t.one(`SELECT state, upto, members, touched_at, body FROM first_waves WHERE notice_no = $1`+lock, args{notice}, &v.state, &v.upto, &members, &v.touched, &body)
	if err != nil || !found {
		return nil, orNotFound(err, "notice %d has no first wave", notice)
	}
	if v.is, err = undoc[incidents.FirstWave](body); err != nil {
		return nil, err
	}
	v.is.Notice = notice
	var rows [][2]int64
	if err := json.Unmarshal([]byte(members), &rows); err != nil {
		return nil, fmt.Errorf("the members of a first wave are not readable: %w", err)
	}
	for _, r := range rows {
		v.members = append(v.members, flightKey{r[0], int(r[1])})
	}
	return v, nil
}

func (t *tx) putWave(v *wave) error {
	rows := make([][2]int64, len(v.members))
	for i, m := range v.members {
		rows[i] = [2]int64{m.seq, int64(m.channel)}
	}
	_, err := t.run(`UPDATE first_waves SET state = $1, upto = $2, members = $3, touched_at = $4, body = $5 WHERE notice_no = $6`,
		v.state, v.upto, doc(rows), v.touched, doc(v.is), v.notice)
	return err
}

// dueInWave is due within the first wave: its members whose time has come again,
// and others as long as there is a place for them.
func (t *tx) dueInWave(w *standing, want int) (next []incidents.Claimed, barred []changed, err error) {
	if w.wave == nil {
		return t.due(w, want, "")
	}
	if w.wave.state != waveOpen {
		return nil, nil, nil
	}
	if mine := w.wave.seqs(channelCode(w.Channel)); mine != "" {
		if next, barred, err = t.due(w, want, ` AND d.seq IN (`+mine+`)`); err != nil || len(barred) > 0 {
			return next, barred, err
		}
	}
	free := min(want-len(next), w.wave.left())
	if free <= 0 {
		return next, nil, nil
	}
	more, barred, err := t.due(w, free, "")
	for _, c := range more {
		w.wave.members = append(w.wave.members, flightKey{c.Delivery.ID.Seq, channelCode(c.Delivery.ID.Channel)})
	}
	return append(next, more...), barred, err
}

// seqs lists the members on a channel as SQL numbers.
func (v *wave) seqs(channel int) string {
	var out []string
	for _, m := range v.members {
		if m.channel == channel {
			out = append(out, fmt.Sprint(m.seq))
		}
	}
	return strings.Join(out, ", ")
}

// keepWave writes down who is in the wave, in the transaction that claims them.
func (t *tx) keepWave(w *standing, claimed []incidents.Claimed) error {
	if w.wave == nil || len(claimed) == 0 {
		return nil
	}
	w.wave.touched = ms(w.Now)
	return t.putWave(w.wave)
}

// JudgeFirstWave looks at what came of the first wave; see incidents.Journal.
func (s *Store) JudgeFirstWave(ctx context.Context, notice int64) (passed bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		passed, err = t.judge(notice, t.now())
		return err
	})
	return passed, err
}

// judgeOpenWaves judges what nobody else will: a wave whose waiting time passed,
// or whose last worker was lost.
func (s *Store) judgeOpenWaves(ctx context.Context) error {
	var open []int64
	err := s.read(ctx, func(t *tx) (err error) {
		open, err = t.numbersOf(`SELECT notice_no FROM first_waves WHERE state <> 0 AND state = 1 ORDER BY notice_no`)
		return err
	})
	if err != nil {
		return err
	}
	return eachNotice(ctx, open, func(no int64) error {
		_, err := s.JudgeFirstWave(ctx, no)
		return err
	})
}

func (t *tx) judge(notice int64, now time.Time) (passed bool, err error) {
	v, err := t.wave(notice, t.forUpdate())
	if err != nil {
		if incidents.KindOf(err) == incidents.KindNotFound {
			return true, nil
		}
		return false, err
	}
	n, err := t.NoticeByNo(notice)
	if err != nil || v.state != waveOpen || n.Status != incidents.NoticeSending {
		return v.state == waveGone, err
	}
	answers, err := t.answersOf(v)
	if err != nil {
		return false, err
	}
	late := len(v.members) > 0 && !now.Before(fromMS(v.touched).Add(t.s.o.FirstWaveWait))
	var verdict incidents.WaveState
	var reasons []string
	v.is.WaveCount, verdict, reasons = incidents.JudgeWave(v.is.Size, answers, late)
	at := now.UTC().Truncate(time.Second)
	switch verdict {
	case incidents.WavePassed:
		v.is.State, v.is.JudgedAt = verdict, &at
		return true, t.wavePassed(v, n, at)
	case incidents.WaveStopped:
		v.is.State, v.is.JudgedAt, v.is.Reasons = verdict, &at, reasons
		return false, t.waveFailed(v, n, at)
	}
	return false, t.widen(v, at)
}

// widen announces more chunks when those that were do not fill the wave: their
// people were excluded since, or sleep.
func (t *tx) widen(v *wave, at time.Time) error {
	if v.is.Waiting > 0 || v.left() == 0 {
		return nil
	}
	upto, err := t.reach(v.notice, v.upto, int64(v.left()))
	if err != nil || upto == v.upto {
		return err
	}
	from := v.upto
	v.upto = upto
	if err := t.putWave(v); err != nil {
		return err
	}
	return t.requeueAfter(v.notice, from, upto, at)
}

func (t *tx) requeueAfter(notice, after, upto int64, at time.Time) error {
	chunks, err := t.numbersOf(`SELECT no FROM chunks WHERE notice_no = $1 AND no > $2 AND no <= $3 AND todo > 0 ORDER BY no`, notice, after, upto)
	for _, no := range chunks {
		if err == nil {
			err = t.requeue(notice, no, at)
		}
	}
	return err
}

func (t *tx) wavePassed(v *wave, n incidents.Notice, at time.Time) error {
	v.state = waveGone
	if err := t.putWave(v); err != nil {
		return err
	}
	if err := t.requeueAfter(v.notice, 0, math.MaxInt64, at); err != nil {
		return err
	}
	return t.sayWave(v, n, "notice.wave_passed", fmt.Sprintf("The first wave of notice N-%d passed: %s. The rest leaves.", n.No, v.is.WaveCount.Text()), at)
}

func (t *tx) waveFailed(v *wave, n incidents.Notice, at time.Time) error {
	v.state = waveStopped
	if err := t.putWave(v); err != nil {
		return err
	}
	why := strings.Join(v.is.Reasons, "; ")
	n.Status, n.HoldReason, n.UpdatedAt = incidents.NoticeHeld, "the first wave did not pass: "+why, at
	if err := t.PutNotice(n); err != nil {
		return err
	}
	return t.sayWave(v, n, "notice.wave_stopped", fmt.Sprintf("The first wave of notice N-%d did not pass (%s): %s. The notice is on hold.", n.No, v.is.WaveCount.Text(), why), at)
}

// sayWave puts what the checks decided into the audit log, the timeline and the news.
func (t *tx) sayWave(v *wave, n incidents.Notice, event, line string, at time.Time) error {
	r := release{id: n.ID, incident: n.IncidentID}
	c := v.is.WaveCount
	data := map[string]string{"notice": fmt.Sprint(n.No), "size": fmt.Sprint(v.is.Size), "attempted": fmt.Sprint(c.Attempted), "sent": fmt.Sprint(c.Sent), "refused": fmt.Sprint(c.Refused),
		"put_off": fmt.Sprint(c.PutOff), "unanswered": fmt.Sprint(c.Unanswered), "in_doubt": fmt.Sprint(c.InDoubt), "broken": fmt.Sprint(c.Broken), "waiting": fmt.Sprint(c.Waiting)}
	if len(v.is.Reasons) > 0 {
		data["found"] = strings.Join(v.is.Reasons, "; ")
	}
	if err := t.Audit(systemEntry(event, r, at, data)); err != nil {
		return err
	}
	if err := t.AddTimeline(incidents.TimelineEntry{IncidentID: n.IncidentID, At: at, Actor: incidents.System.ID, ActorName: incidents.System.Name, Kind: event, Text: line, Ref: string(n.ID)}); err != nil {
		return err
	}
	news, err := json.Marshal(incidents.News{Event: event, Incident: n.IncidentID, ID: string(n.ID), At: at})
	if err != nil {
		return err
	}
	return t.Emit(incidents.Message{ID: fmt.Sprintf("%s-%d", event, n.No), Subject: "incidents." + strings.ReplaceAll(event, ".", "_") + ".v1", Data: news})
}

// answersOf reads what is known of each member: its state, and what came of its
// last attempt.
func (t *tx) answersOf(v *wave) (out []incidents.WaveAnswer, err error) {
	chunks := map[int64]map[flightKey]Attempt{}
	for _, m := range v.members {
		no := chunkOf(m.seq)
		if chunks[no] != nil {
			continue
		}
		chunks[no] = map[flightKey]Attempt{}
		err := t.attempts(v.notice, no, 0, func(a Attempt) error {
			if a.Outcome != "" {
				chunks[no][flightKey{a.Delivery.Seq, channelCode(a.Delivery.Channel)}] = a
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, m := range v.members {
		d, err := t.delivery(incidents.DeliveryID{Notice: v.notice, Seq: m.seq, Channel: channelOf(m.channel)})
		if err != nil {
			return nil, err
		}
		a := incidents.WaveAnswer{Channel: channelOf(m.channel), State: stateOf(d.state), Code: d.code}
		if last, ok := chunks[chunkOf(m.seq)][m]; ok && d.state != stateAttempting {
			a.Outcome = incidents.Outcome(last.Outcome)
			a.Silent = d.state == stateEscalated && wasTaken(last.Outcome)
			if a.Code == "" {
				a.Code = last.Code
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// wasTaken tells whether the last word on a delivery was that it is accepted: by
// the attempt itself, or found out later, which is noted with the state at its end.
func wasTaken(outcome string) bool { return strings.HasSuffix(outcome, string(incidents.Accepted)) }

// FirstWave returns the first wave of a notice, with its counts as they stand.
func (t *tx) FirstWave(notice int64) (w incidents.FirstWave, err error) {
	v, err := t.wave(notice, ``)
	if err != nil || v.state != waveOpen {
		if err != nil {
			return w, err
		}
		return v.is, nil
	}
	answers, err := t.answersOf(v)
	v.is.WaveCount, _, _ = incidents.JudgeWave(v.is.Size, answers, false)
	return v.is, err
}

// PutFirstWave replaces a wave; see incidents.WaveTx.
func (t *tx) PutFirstWave(w incidents.FirstWave, at time.Time) error {
	v, err := t.wave(w.Notice, t.forUpdate())
	if err != nil {
		return err
	}
	let := v.state != waveGone && (w.State == incidents.WavePassed || w.State == incidents.WaveOverruled)
	v.is = w
	if let {
		v.state = waveGone
	}
	if err := t.putWave(v); err != nil || !let {
		return err
	}
	return t.requeueAfter(w.Notice, 0, math.MaxInt64, at)
}

// UntoldWaves lists waves that did not pass and of which the team was not told.
func (t *tx) UntoldWaves() (out []incidents.FirstWave, err error) {
	stopped, err := t.numbersOf(`SELECT notice_no FROM first_waves WHERE state <> 0 AND state = 2 ORDER BY notice_no`)
	for _, no := range stopped {
		if err != nil {
			return nil, err
		}
		var v *wave
		if v, err = t.wave(no, ``); err == nil && !v.is.Told {
			out = append(out, v.is)
		}
	}
	return out, err
}
