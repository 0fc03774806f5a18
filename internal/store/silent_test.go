package store

import (
	"context"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store/storetest/cluster"
)

// A server that is silent in a short transaction is given up, and the next one
// goes over another connection.
func TestASilentServerIsGivenUp(t *testing.T) {
	s := opened(t, options(t, cluster.URL(t)))
	s.within = 300 * time.Millisecond
	refused(t, incidents.KindUnavailable, s.together(t.Context(), func(t *tx) error {
		_, err := t.run(`SELECT pg_sleep(600)`)
		return err
	}))
	s.within = answerWithin
	ok(t, s.together(t.Context(), func(t *tx) error { return openIncident(t, "i1") }))
}

// Whoever ends a connection under a transaction, it can be tried again: what
// was sent must not become doubt because of it.
func TestAConnectionThatEndsUnderATransactionIsWorthAnotherTry(t *testing.T) {
	s := opened(t, options(t, cluster.URL(t)+"&idle_in_transaction_session_timeout=100"))
	for name, statement := range map[string]string{"by the server, because it stood still": ``, "by somebody": `SELECT pg_terminate_backend(pg_backend_pid())`} {
		t.Run(name, func(t *testing.T) {
			err := s.together(t.Context(), func(x *tx) error {
				if _, err := x.run(`SELECT 1`); err != nil {
					return err
				}
				if statement == `` {
					time.Sleep(time.Second)
					statement = `SELECT 1`
				}
				_, err := x.run(statement)
				refused(t, incidents.KindUnavailable, err)
				_, err = x.run(`SELECT 1`) // the driver knows by now that it is over
				refused(t, incidents.KindUnavailable, err)
				return err
			})
			refused(t, incidents.KindUnavailable, err)
			ok(t, s.together(t.Context(), func(x *tx) error { _, err := x.run(`SELECT 1`); return err }))
		})
	}
}

// A caller who went away is no fault of the database.
func TestACallerWhoWentAwayIsNoFaultOfTheDatabase(t *testing.T) {
	s := opened(t, options(t, cluster.URL(t)))
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if err := s.together(ctx, func(x *tx) error { _, err := x.run(`SELECT 1`); return err }); incidents.KindOf(err) == incidents.KindUnavailable {
		t.Errorf("got %v", err)
	}
}
