package incidents

import (
	"context"
	"errors"
	"time"
)

// Far is told how far something is: done of total. Who calls it waits for it.
type Far func(done, total int64)

// A WorkKind is what long work makes. The news that work of a kind moved is
// named after it: an event of its own for pages, like ListProgress.
type WorkKind string

// The kinds of long work, besides an import, which has its own record.
const (
	WorkRelease  WorkKind = "release"  // the deliveries of a notice; done and total are places on the list
	WorkEvidence WorkKind = "evidence" // an evidence bundle; done and total are steps, a few for each delivery
)

// Progress is the name of the news that work of this kind moved.
func (k WorkKind) Progress() string { return string(k) + ".progress" }

// A WorkState is what became of long work.
type WorkState string

// The states of long work.
const (
	WorkRunning WorkState = "running"
	WorkDone    WorkState = "done"
	WorkFailed  WorkState = "failed"
)

// Work is how far something is that takes a while. It is told to who watches
// and stored nowhere: what it makes is there when its transaction is, and when
// its process dies nothing more is heard of it.
type Work struct {
	ID       string     `json:"id"`
	Kind     WorkKind   `json:"kind"`
	Incident IncidentID `json:"incident"`
	Subject  string     `json:"subject"` // id of the notice, or of the incident
	By       AccountID  `json:"by"`
	State    WorkState  `json:"state"`
	Done     int64      `json:"done"`
	Total    int64      `json:"total"`
	BeganAt  time.Time  `json:"began_at"`
	At       time.Time  `json:"at"`            // of Done
	Why      string     `json:"why,omitempty"` // it failed
}

// Part is how much of the work is done, between 0 and 1.
func (w Work) Part() float64 {
	if w.Total <= 0 {
		return 0
	}
	return float64(min(w.Done, w.Total)) / float64(w.Total)
}

// PerSecond is how fast it goes; 0 while that cannot be told.
func (w Work) PerSecond() float64 {
	took := w.At.Sub(w.BeganAt)
	if took < time.Second {
		return 0
	}
	return float64(w.Done) / took.Seconds()
}

// Left is how long it still takes if it goes on like this.
func (w Work) Left() (time.Duration, bool) {
	pace := w.PerSecond()
	if pace == 0 || w.State != WorkRunning {
		return 0, false
	}
	return time.Duration(float64(w.Total-w.Done) / pace * float64(time.Second)), true
}

// A Watch is told how far long work is. It must not wait for anybody: the work
// waits for it, in the middle of a transaction.
type Watch interface{ Moved(Work) }

// A Job is long work while it is done, by one goroutine.
type Job struct {
	Work
	d *Desk
}

// Begin readies a job. Nobody is told before its first Far.
func (d *Desk) Begin(a Actor, kind WorkKind, in IncidentID, subject string) *Job {
	return &Job{Work{ID: d.NewID(), Kind: kind, Incident: in, Subject: subject, By: a.ID}, d}
}

// Far tells who watches how far the job is. A transaction that is run again
// begins again, and so does the job.
func (j *Job) Far(done, total int64) {
	now := j.d.Now().UTC()
	if j.State == "" || done == 0 {
		j.State, j.BeganAt = WorkRunning, now
	}
	j.Done, j.Total, j.At = done, total, now
	j.tell()
}

// End tells who watches what became of the job.
func (j *Job) End(err error) {
	if j.State != WorkRunning {
		return // it never began
	}
	j.State, j.At = WorkDone, j.d.Now().UTC()
	if err != nil {
		j.State, j.Why = WorkFailed, whyFailed(err)
	}
	j.tell()
}

func (j *Job) tell() {
	if j.d.Watch != nil {
		j.d.Watch.Moved(j.Work)
	}
}

// whyFailed says to everybody why work came to nothing. What is not meant for
// people stays in the log.
func whyFailed(err error) string {
	var e *Error
	switch {
	case errors.As(err, &e) && e.Kind != KindInternal && e.Msg != "":
		return e.Msg
	case errors.Is(err, context.Canceled):
		return "whoever asked for it left before it was done"
	}
	return KindOf(err).Sentence()
}
