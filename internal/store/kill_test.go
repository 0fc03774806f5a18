package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
)

const childEnv = "TOCSIN_STORE_CHILD"

// child writes incidents from ten places at once and says which are
// acknowledged, until it is killed.
func child(where string) {
	dir, url, _ := strings.Cut(where, "|")
	s, err := Open(context.Background(), Options{URL: url, Dir: dir, Now: time.Now, NewID: newID, Box: plainBox{}})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var mu sync.Mutex
	for g := range 10 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("kill-%d-%d-%d", os.Getpid(), g, i)
				err := s.Group(context.Background(), func(tx incidents.Tx) error { return openIncident(tx, id) })
				mu.Lock()
				fmt.Println("ok", id, err)
				mu.Unlock()
			}
		}()
	}
	select {}
}

// openIncident writes an incident with its audit entry and message.
func openIncident(tx incidents.Tx, id string) error {
	if err := tx.PutIncident(incidents.Incident{ID: incidents.IncidentID(id), Ref: "INC-" + id, Mode: incidents.Live, Status: incidents.IncidentOpen}); err != nil {
		return err
	}
	if err := tx.Emit(incidents.Message{ID: "m-" + id, Subject: "incidents.opened.v1", Data: []byte(id)}); err != nil {
		return err
	}
	return tx.Audit(incidents.AuditEntry{At: noon, Event: "incident.opened", Incident: incidents.IncidentID(id)})
}

func TestAKilledProcessLosesNothingItAcknowledged(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		for round := range 3 {
			acknowledged := killedAfter(t, o, 20+150*round)
			s, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range acknowledged {
				if err := s.Read(t.Context(), func(tx incidents.Tx) error {
					_, err := tx.Incident(incidents.IncidentID(id))
					return err
				}); err != nil {
					t.Fatalf("round %d lost %s: %v", round, id, err)
				}
			}
			verified(t, s)
			whole(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// killedAfter runs a child and kills it once it acknowledged n writes.
func killedAfter(t *testing.T, o Options, n int) (ids []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+o.Dir+"|"+o.URL)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var id, answer string
		if k, _ := fmt.Sscanf(lines.Text(), "ok %s %s", &id, &answer); k != 2 {
			t.Errorf("the child says %q", lines.Text())
			break
		}
		if answer == "<nil>" {
			ids = append(ids, id)
		}
		if len(ids) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	if len(ids) < n {
		t.Fatalf("the child acknowledged %d writes", len(ids))
	}
	return ids
}

// whole checks that each act is there with its audit entry and message, or not at all.
func whole(t *testing.T, s *Store) {
	t.Helper()
	if err := s.read(t.Context(), func(t2 *tx) error {
		var acts, entries, messages int64
		if _, err := t2.one(`SELECT (SELECT COUNT(*) FROM incidents), (SELECT COUNT(*) FROM ledger_entries), (SELECT COUNT(*) FROM outbox)`, nil, &acts, &entries, &messages); err != nil {
			return err
		}
		if acts != entries || acts != messages {
			t.Errorf("%d acts, %d audit entries, %d messages", acts, entries, messages)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
