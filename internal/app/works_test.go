package app

import (
	"errors"
	"testing"
	"time"

	"tocsin/incidents"
)

// A desk whose work is watched, on a clock of its own.
type workshop struct {
	now   time.Time
	works *works
	board *board
	desk  *incidents.Desk
}

func newWorkshop() *workshop {
	s := &workshop{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), works: newWorks()}
	s.board = newBoard(func() time.Time { return s.now })
	s.desk = incidents.NewDesk(incidents.Deps{Now: func() time.Time { return s.now }, NewID: NewID, Watch: s.works})
	return s
}

func (s *workshop) release() *incidents.Job {
	return s.desk.Begin(incidents.Actor{ID: "rita"}, incidents.WorkRelease, "i1", "n1")
}

// tell carries what there is to tell to the board, and returns how much that was.
func (s *workshop) tell() int {
	all := s.works.news(s.now)
	for _, w := range all {
		s.board.hear(incidents.News{Event: w.Kind.Progress(), Incident: w.Incident, Work: &w})
	}
	return len(all)
}

func (s *workshop) shows(t *testing.T, want ...incidents.Work) {
	t.Helper()
	got := s.board.Works("i1")
	if len(got) != len(want) {
		t.Fatalf("the board has %+v, want %+v", got, want)
	}
	for i, w := range want {
		if g := got[i]; g.State != w.State || g.Done != w.Done || g.Total != w.Total || g.Why != w.Why || g.By != "rita" || g.Subject != "n1" {
			t.Errorf("the board has %+v, want %+v", g, w)
		}
	}
}

func TestShortWorkShowsNoBar(t *testing.T) {
	s := newWorkshop()
	j := s.release()
	j.Far(0, 300)
	s.tell()
	s.now = s.now.Add(workBeat / 2)
	j.Far(300, 300)
	j.End(nil)
	if n := s.tell(); n != 0 {
		t.Errorf("%d pieces of news leave", n)
	}
	s.shows(t)
	never := s.release()
	never.End(errors.New("what was typed is wrong")) // before it began
	if n := s.tell(); n != 0 {
		t.Errorf("%d pieces of news of work that never began", n)
	}
}

func TestLongWorkIsToldUntilItEnds(t *testing.T) {
	s := newWorkshop()
	j := s.release()
	j.Far(0, 1000)
	s.now = s.now.Add(workBeat)
	s.tell()
	s.shows(t, incidents.Work{State: incidents.WorkRunning, Total: 1000})
	j.Far(320, 1000)
	s.tell()
	s.shows(t, incidents.Work{State: incidents.WorkRunning, Done: 320, Total: 1000})
	for range 5 { // it does not move, but its process is there
		s.now = s.now.Add(workSilence - time.Second)
		s.tell()
	}
	s.shows(t, incidents.Work{State: incidents.WorkRunning, Done: 320, Total: 1000})
	j.Far(0, 1000) // the transaction is run again
	s.tell()
	s.shows(t, incidents.Work{State: incidents.WorkRunning, Total: 1000})
	j.End(nil)
	s.tell()
	s.shows(t)
	if n := s.tell(); n != 0 {
		t.Errorf("what is over is told %d times more", n)
	}
	if len(s.works.mine)+len(s.works.told) != 0 {
		t.Error("what is over is kept")
	}
}

func TestTheBarGoesWithItsProcess(t *testing.T) {
	s := newWorkshop()
	s.release().Far(0, 1000)
	s.now = s.now.Add(workBeat)
	s.tell()
	s.now = s.now.Add(workSilence - 1)
	s.shows(t, incidents.Work{State: incidents.WorkRunning, Total: 1000})
	s.now = s.now.Add(1)
	s.shows(t)
}

func TestWorkThatFailedIsToldForAWhile(t *testing.T) {
	for name, c := range map[string]struct {
		err error
		why string
	}{
		"for a reason":           {incidents.Conflict("the list of notice N-1 was erased"), "the list of notice N-1 was erased"},
		"for what is in a log":   {errors.New("disk on fire"), "internal error"},
		"as the database is off": {incidents.Unavailable(""), "not possible at the moment"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newWorkshop()
			j := s.release()
			j.Far(0, 1000)
			j.End(c.err)
			s.tell()
			s.shows(t, incidents.Work{State: incidents.WorkFailed, Total: 1000, Why: c.why})
			s.now = s.now.Add(workFailed - 1)
			s.shows(t, incidents.Work{State: incidents.WorkFailed, Total: 1000, Why: c.why})

			again := s.release()
			again.Far(0, 1000)
			s.now = s.now.Add(workBeat)
			s.tell()
			s.shows(t, incidents.Work{State: incidents.WorkRunning, Total: 1000}) // in its place
			again.End(c.err)
			s.tell()
			s.now = s.now.Add(workFailed)
			s.shows(t)
		})
	}
}

func TestABoardIsOfOneIncident(t *testing.T) {
	s := newWorkshop()
	j := s.release()
	j.Far(0, 10)
	s.now = s.now.Add(workBeat)
	s.tell()
	if other := s.board.Works("i2"); len(other) != 0 {
		t.Errorf("another incident shows %+v", other)
	}
	s.board.hear(incidents.News{Event: incidents.ListProgress, Incident: "i1"}) // of an import: not for the board
	s.shows(t, incidents.Work{State: incidents.WorkRunning, Total: 10})
}
