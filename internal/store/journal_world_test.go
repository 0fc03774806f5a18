package store

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/sealed"
)

// A world is an incident with a list and a notice, on a real database, and a
// clock that the test moves.
type world struct {
	t      testing.TB
	s      *Store
	keeper *sealed.Keeper
	dir    string
	in     incidents.Incident
	n      incidents.Notice

	mu sync.Mutex
	at time.Time
}

var always = context.Background()

// eachEngine runs a test in an empty world on both engines.
func eachEngine(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	engines(t, func(t *testing.T, o Options) { run(t, newWorld(t, o)) })
}

func newWorld(t testing.TB, o Options) *world {
	t.Helper()
	w := &world{t: t, dir: o.Dir, at: noon}
	m, err := sealed.OpenMaster(filepath.Join(t.TempDir(), "master"), []byte("three blind mice in a row"), true)
	w.ok(err)
	w.keeper = sealed.New(m, sealed.NewMemoryVault())
	o.Now, o.Keeper, o.Box = w.now, w.keeper, nil
	w.s = opened(t, o)
	w.s.landAt = 1 // an outcome is in its row when a turn returns
	t.Cleanup(w.setApart)
	return w
}

// setApart looks for deliveries that are set apart by another state than theirs.
func (w *world) setApart() {
	var odd int64
	err := w.s.read(always, func(t *tx) error {
		_, err := t.one(`SELECT COUNT(*) FROM deliveries WHERE COALESCE(apart, -1) <> CASE WHEN next_at IS NOT NULL OR state IN (6, 7, 8, 10, 11, 12, 14) THEN state ELSE -1 END`, nil, &odd)
		return err
	})
	if err == nil && odd > 0 { // else the test closed it, or left none to ask
		w.t.Errorf("%d deliveries are set apart by another state than theirs", odd)
	}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(kind incidents.Kind, err error) {
	w.t.Helper()
	if err == nil || incidents.KindOf(err) != kind {
		w.t.Fatalf("got %v, want an error of kind %s", err, kind)
	}
}

func (w *world) write(fn func(*tx) error) {
	w.t.Helper()
	w.ok(w.s.write(always, fn))
}

// incident opens an incident.
func (w *world) incident(id string, mode incidents.Mode) {
	w.t.Helper()
	w.in = incidents.Incident{ID: incidents.IncidentID(id), Ref: "INC-2026-" + id, Kind: incidents.KindBreach, Title: "A cabinet was open", Mode: mode,
		Status: incidents.IncidentOpen, CreatedAt: w.now(), UpdatedAt: w.now()}
	w.write(func(t *tx) error { return t.PutIncident(w.in) })
}

func (w *world) reload() {
	w.t.Helper()
	w.ok(w.s.read(always, func(t *tx) (err error) {
		if w.in, err = t.Incident(w.in.ID); err != nil || w.n.ID == "" {
			return err
		}
		w.n, err = t.Notice(w.n.ID)
		return err
	}))
}

// candidate is the i-th person, with every channel unless others are named.
func candidate(i int64, channels ...incidents.Channel) incidents.Candidate {
	if channels == nil {
		channels = []incidents.Channel{incidents.Email, incidents.SMS}
	}
	mail := fmt.Sprintf("canary%d@example.com", i)
	name := fmt.Sprintf("Canary Person%d", i)
	return incidents.Candidate{Row: i, Lang: "en", Place: "DE", Channels: channels,
		Contact: incidents.Contact{Ref: fmt.Sprintf("REF-%d", i), Name: name, Email: mail, Phone: fmt.Sprintf("+1202555%04d", i%10000)},
		Keys:    []string{fmt.Sprintf("id:ref-%d", i), "ne:" + name + "\n" + mail}}
}

func candidates(n int64) (out []incidents.Candidate) {
	for i := int64(1); i <= n; i++ {
		out = append(out, candidate(i))
	}
	return out
}

// list imports people in batches and finishes the import.
func (w *world) list(id string, people []incidents.Candidate, size int) incidents.Import {
	w.t.Helper()
	w.ok(w.s.StartImport(always, incidents.Import{ID: id, IncidentID: w.in.ID, Name: "list.csv", At: w.now()}))
	for len(people) > 0 {
		n := min(size, len(people))
		_, err := w.s.AddPersons(always, id, people[:n])
		w.ok(err)
		people = people[n:]
	}
	im, err := w.s.FinishImport(always, incidents.Import{ID: id, IncidentID: w.in.ID, Done: true})
	w.ok(err)
	w.reload()
	return im
}

var twoSteps = []incidents.Step{{Channel: incidents.Email}, {Channel: incidents.SMS, Wait: time.Hour}}

// draft writes a notice as submitted.
func (w *world) draft(no int64, plan []incidents.Step) {
	w.t.Helper()
	var persons int64
	w.ok(w.s.read(always, func(t *tx) (err error) {
		persons, _, err = t.CountPersons(w.in.ID, incidents.PersonFilter{})
		return err
	}))
	c := incidents.Content{Kind: incidents.NoticeBreach, Mode: w.in.Mode, Incident: w.in.ID, Default: "en", Plan: plan, Persons: persons, ListHash: w.in.ListHash,
		Langs: map[incidents.Lang]incidents.Words{"en": {Subject: "About your data"}}, Layout: "1"}
	w.n = incidents.Notice{ID: incidents.NoticeID(fmt.Sprintf("notice-%d", no)), No: no, IncidentID: w.in.ID, Title: "Notice", Status: incidents.NoticeSubmitted, Version: 1,
		Content: c, Hash: c.Hash(), Author: "ana", Editors: []incidents.AccountID{"ana"}, CreatedAt: w.now(), UpdatedAt: w.now()}
	w.put()
}

func (w *world) put() {
	w.t.Helper()
	w.write(func(t *tx) error { return t.PutNotice(w.n) })
}

// approval is what an officer gives to the present version.
func (w *world) approval(by string) incidents.Approval {
	return incidents.Approval{ID: incidents.ApprovalID(string(w.n.ID) + "/" + by), IncidentID: w.in.ID, Decision: "approve", By: incidents.AccountID(by), Role: incidents.RoleOfficer,
		Subject: incidents.Subject{Kind: incidents.SubjectNotice, ID: string(w.n.ID), Version: w.n.Version, Hash: w.n.Hash}, At: w.now(), SecondFactorAt: w.now().Add(-time.Minute)}
}

func (w *world) approve(by string) {
	w.t.Helper()
	w.write(func(t *tx) error { return t.PutApproval(w.approval(by)) })
	w.n.Status = incidents.NoticeApproved
	w.put()
}

func (w *world) release() error {
	return w.s.write(always, func(t *tx) error { return t.Release(w.n.ID, w.now()) })
}

// sending imports n people and releases a notice to them.
func (w *world) sending(n int64, plan []incidents.Step) {
	w.t.Helper()
	w.incident("i1", incidents.Live)
	w.list("im1", candidates(n), 1000)
	w.send(plan)
}

func (w *world) send(plan []incidents.Step) {
	w.t.Helper()
	w.draft(1, plan)
	w.approve("otto")
	w.ok(w.release())
	w.reload()
}

// stop is what the stop button does; it returns how many are cancelled then.
func (w *world) stop() int64 {
	w.t.Helper()
	w.ok(w.halt(incidents.NoticeStopped))
	n, err := w.s.CancelDeliveries(always, w.n.No)
	w.ok(err)
	w.counted()
	return n
}

// halt puts the notice on hold, lets it go on, or stops it and leaves its deliveries as they are.
func (w *world) halt(to incidents.NoticeStatus) error {
	return w.s.Halt(always, w.n.ID, func(t incidents.Tx) error {
		n, err := t.Notice(w.n.ID)
		if err == nil && n.Status == incidents.NoticeStopped {
			err = incidents.Conflict("it is stopped")
		}
		if err != nil {
			return err
		}
		n.Status = to
		return t.PutNotice(n)
	})
}

const lease = 30 * time.Second

func (w *world) take(chunk int64) (incidents.Chunk, bool) {
	w.t.Helper()
	c, ok, err := w.s.TakeChunk(always, w.n.No, chunk, fmt.Sprintf("worker at %d", w.now().UnixNano()), lease)
	w.ok(err)
	return c, ok
}

func (w *world) mustTake(chunk int64) incidents.Chunk {
	w.t.Helper()
	c, ok := w.take(chunk)
	if !ok {
		w.t.Fatalf("chunk %d cannot be taken", chunk)
	}
	return c
}

func (w *world) turn(c incidents.Chunk, ch incidents.Channel, want int, done ...incidents.Recorded) (incidents.Claims, error) {
	an, err := w.s.Admitted(always, w.n.No)
	if err != nil {
		an = incidents.ApprovedNotice{}
	}
	return w.s.Turn(always, incidents.Turn{Chunk: c, Notice: an, Channel: ch, Want: want, Done: done, Now: w.now(), Lease: lease,
		Backoff: func(incidents.Channel, int) time.Duration { return time.Minute }})
}

func (w *world) mustTurn(c incidents.Chunk, ch incidents.Channel, want int, done ...incidents.Recorded) incidents.Claims {
	w.t.Helper()
	got, err := w.turn(c, ch, want, done...)
	w.ok(err)
	w.counted()
	return got
}

// outcomes answers every claim the same way.
func (w *world) outcomes(claims []incidents.Claimed, o incidents.Outcome) (out []incidents.Recorded) {
	for _, c := range claims {
		out = append(out, incidents.Recorded{ID: c.Delivery.ID, At: w.now(), Receipt: incidents.Receipt{Outcome: o, ProviderID: "p-" + c.Delivery.ID.String(), Code: "250"}})
	}
	return out
}

func (w *world) policy() incidents.SweepPolicy {
	return incidents.SweepPolicy{Now: w.now(), RetryFor: map[incidents.Channel]time.Duration{incidents.Email: 48 * time.Hour, incidents.SMS: 4 * time.Hour},
		DoubtWait: map[incidents.Channel]time.Duration{incidents.Email: 15 * time.Minute, incidents.SMS: 2 * time.Minute}}
}

func (w *world) sweep() incidents.Swept {
	w.t.Helper()
	got, err := w.s.Sweep(always, w.policy())
	w.ok(err)
	w.counted()
	return got
}

func (w *world) reconcile() (r incidents.Reconciliation) {
	w.t.Helper()
	w.ok(w.s.read(always, func(t *tx) (err error) { r, err = t.Reconcile(w.n.No); return err }))
	return r
}

func (w *world) deliveries(f incidents.DeliveryFilter) (out []incidents.Delivery) {
	w.t.Helper()
	f.Notice = w.n.No
	w.ok(w.s.read(always, func(t *tx) (err error) { out, err = t.Deliveries(f); return err }))
	return out
}

func (w *world) state(seq int64, ch incidents.Channel) incidents.DeliveryState {
	w.t.Helper()
	for _, d := range w.deliveries(incidents.DeliveryFilter{Seq: seq}) {
		if d.ID.Channel == ch {
			return d.State
		}
	}
	return ""
}

// counted compares every counter with a count of the rows, and looks for
// anybody who is in no row of the reconciliation.
func (w *world) counted() {
	w.t.Helper()
	w.ok(w.s.read(always, func(t *tx) error {
		type key struct{ notice, channel, step, state int64 }
		read := func(q string) (map[key]int64, error) {
			out := map[key]int64{}
			return out, t.rows(q, nil, func(r scanner) error {
				var k key
				var n int64
				err := r.Scan(&k.notice, &k.channel, &k.step, &k.state, &n)
				if n != 0 {
					out[k] = n
				}
				return err
			})
		}
		counters, err := read(`SELECT notice_no, channel, step, state, SUM(n) FROM delivery_counts GROUP BY 1, 2, 3, 4`)
		if err != nil {
			return err
		}
		rows, err := read(`SELECT notice_no, channel, step, state, COUNT(*) FROM deliveries GROUP BY 1, 2, 3, 4`)
		if err != nil {
			return err
		}
		if !maps.Equal(counters, rows) {
			w.t.Fatalf("the counters are %v, the rows say %v", counters, rows)
		}
		got, want := map[key]int64{}, map[key]int64{}
		todo, flying := map[[2]int64]int64{}, map[[2]int64]int64{}
		airs := map[int64]air{}
		var all []delivery
		err = t.rows(deliveryColumns+`FROM deliveries d`, nil, func(r scanner) error {
			d, err := scanDelivery(r)
			all = append(all, d)
			return err
		})
		for _, d := range all {
			if _, ok := airs[d.notice]; !ok && err == nil {
				airs[d.notice], err = t.aloft(d.notice, 0)
			}
			airs[d.notice].over(&d)
			want[key{d.notice, int64(d.channel), int64(d.step), int64(d.state)}]++
			switch {
			case isTodo(d.state):
				todo[[2]int64{d.notice, d.chunk}]++
			case d.state == stateAttempting:
				flying[[2]int64{d.notice, d.chunk}]++
			}
		}
		if err != nil {
			return err
		}
		for notice := range airs {
			err := t.counted(notice, func(channel, step, state int, n int64) {
				got[key{notice, int64(channel), int64(step), int64(state)}] += n
			})
			if err != nil {
				return err
			}
		}
		if !maps.Equal(got, want) {
			w.t.Fatalf("counted are %v, the rows say %v", got, want)
		}
		err = t.rows(`SELECT c.notice_no, c.no, c.todo, c.claimed, c.flights FROM chunks c`, nil, func(r scanner) error {
			var notice, no, todoHas, claimed int64
			var text string
			err := r.Scan(&notice, &no, &todoHas, &claimed, &text)
			if fs, err := decodeFlights(text); err != nil || int64(len(fs)) != claimed {
				w.t.Fatalf("chunk %d-%d claimed %d and holds %d flights (%v)", notice, no, claimed, len(fs), err)
			}
			at := [2]int64{notice, no}
			if todoHas != todo[at] || claimed != flying[at] {
				w.t.Fatalf("chunk %d-%d counts todo %d claimed %d, rows say %d and %d", notice, no, todoHas, claimed, todo[at], flying[at])
			}
			return err
		})
		if err != nil {
			return err
		}
		return t.rows(`SELECT notice_no, COUNT(*), COUNT(DISTINCT seq) FROM deliveries WHERE state <> 14 GROUP BY notice_no`, nil, func(r scanner) error {
			var notice, rows, persons int64
			if err := r.Scan(&notice, &rows, &persons); err != nil {
				return err
			}
			if rows != persons {
				w.t.Fatalf("notice %d has %d current deliveries of %d persons", notice, rows, persons)
			}
			return nil
		})
	}))
	if w.n.No != 0 {
		if r := w.reconcile(); r.Unaccounted() != 0 {
			w.t.Fatalf("%d persons are unaccounted for: %+v", r.Unaccounted(), r)
		}
	}
}
