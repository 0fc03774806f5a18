package app

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"tocsin/incidents"
)

const (
	// workBeat is the least time between two pieces of news of one work, and how
	// long work takes before there is any: what is short shows no bar.
	workBeat = 500 * time.Millisecond
	// workSilence is after how long without news the process that works is gone.
	workSilence = 10 * time.Second
	// workFailed is how long it is told that work came to nothing.
	workFailed = 10 * time.Minute
)

// works is the long work of this process, to be told to all. Who works leaves a
// number here and goes on; a loop of its own carries it to the bus.
type works struct {
	mu    sync.Mutex
	mine  map[string]incidents.Work // by id; what ended stays until that is told
	told  map[string]bool           // by id
	ended chan struct{}
}

func newWorks() *works {
	return &works{mine: map[string]incidents.Work{}, told: map[string]bool{}, ended: make(chan struct{}, 1)}
}

// Moved notes how far a work is.
func (w *works) Moved(work incidents.Work) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mine[work.ID] = work
	if work.State != incidents.WorkRunning {
		select {
		case w.ended <- struct{}{}:
		default:
		}
	}
}

// news is what there is to tell: of running work again each time, so that who
// hears nothing knows that its process is gone. Work that ended before it was
// told of is forgotten, unless it failed.
func (w *works) news(now time.Time) (out []incidents.Work) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, work := range w.mine {
		switch {
		case work.State == incidents.WorkRunning:
			w.told[id] = w.told[id] || now.Sub(work.BeganAt) >= workBeat
		case work.State == incidents.WorkFailed:
			w.told[id] = true
		}
		if w.told[id] {
			out = append(out, work)
		}
		if work.State != incidents.WorkRunning {
			delete(w.mine, id)
			delete(w.told, id)
		}
	}
	return out
}

// tellWork carries the news of long work to the bus, once a beat and when work ends.
func (a *App) tellWork(ctx context.Context) {
	beat := time.NewTicker(workBeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		case <-a.works.ended:
		}
		for _, work := range a.works.news(a.now().UTC()) {
			a.mind(ctx, "tell how far work is", a.publishWork(ctx, work))
		}
	}
}

func (a *App) publishWork(ctx context.Context, work incidents.Work) error {
	event := work.Kind.Progress()
	b, err := json.Marshal(incidents.News{Event: event, Incident: work.Incident, ID: work.Subject, At: work.At, Work: &work})
	if err != nil {
		return err
	}
	return a.bus.Publish(ctx, "incidents."+string(work.Kind)+"_progress.v1", NewID(), b)
}

// board is the long work of every process, as the bus tells it.
type board struct {
	mu    sync.Mutex
	heard map[string]heard // by id
	now   func() time.Time
}

type heard struct {
	incidents.Work
	at time.Time // by our clock
}

func newBoard(now func() time.Time) *board { return &board{heard: map[string]heard{}, now: now} }

// hear takes news in. Work that begins takes the place of what failed before it.
func (b *board) hear(n incidents.News) {
	if n.Work == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, old := range b.heard {
		if old.gone(b.now()) || id != n.Work.ID && old.State == incidents.WorkFailed && old.Kind == n.Work.Kind && old.Subject == n.Work.Subject {
			delete(b.heard, id)
		}
	}
	if n.Work.State == incidents.WorkDone {
		delete(b.heard, n.Work.ID)
		return
	}
	b.heard[n.Work.ID] = heard{*n.Work, b.now()}
}

func (h heard) gone(now time.Time) bool {
	silence := workSilence
	if h.State == incidents.WorkFailed {
		silence = workFailed
	}
	return now.Sub(h.at) >= silence
}

// Works lists the long work of an incident: what is running, and what failed a
// short while ago; the newest first.
func (b *board) Works(in incidents.IncidentID) (out []incidents.Work) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, h := range b.heard {
		if h.Incident == in && !h.gone(b.now()) {
			out = append(out, h.Work)
		}
	}
	slices.SortFunc(out, func(x, y incidents.Work) int { return y.BeganAt.Compare(x.BeganAt) })
	return out
}
