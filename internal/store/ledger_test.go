package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"tocsin/incidents"
	"tocsin/internal/ledger"
)

// verified checks the whole log: entries against hashes against head.
func verified(t *testing.T, s *Store) int64 {
	t.Helper()
	var size int64
	if err := s.View(t.Context(), func(v LogView) error {
		size = v.Size
		report, err := ledger.VerifyLog(ledger.Log{Records: v.Entries(0), Leaf: v.Leaf})
		if err != nil {
			return err
		}
		if !report.OK() || report.Records != v.Size || report.Root != v.Root {
			t.Errorf("the log of %d entries does not verify: %+v", v.Size, report)
		}
		if root, err := ledger.Root(v.Size, v.Hashes); err != nil || v.Size > 0 && root != v.Root {
			t.Errorf("root of the stored hashes: %x, %v; the head says %x", root, err, v.Root)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return size
}

func TestTheLedgerHasOneOrderUnderParallelWriters(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		var wg sync.WaitGroup
		for g := range 8 {
			for _, write := range []func() error{
				func() error {
					return s.Write(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, fmt.Sprintf("w-%d", g)) })
				},
				func() error {
					return s.Group(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, fmt.Sprintf("g-%d", g)) })
				},
				func() error {
					return s.together(t.Context(), func(tx *tx) error {
						return errors.Join(openIncident(tx, fmt.Sprintf("t-%d", g)), tx.Audit(incidents.AuditEntry{At: noon, Event: "second"}))
					})
				},
			} {
				wg.Go(func() {
					if err := write(); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if n := verified(t, s); n != 32 {
			t.Errorf("the log has %d entries, want 32", n)
		}
	})
}

func TestARolledBackActLeavesNoTrace(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		<-s.OutboxReady() // of the start
		no := errors.New("no")
		for _, run := range []func(func(incidents.Tx) error) error{
			func(fn func(incidents.Tx) error) error { return s.Write(t.Context(), fn) },
			func(fn func(incidents.Tx) error) error { return s.Group(t.Context(), fn) },
		} {
			err := run(func(tx incidents.Tx) error { return errors.Join(openIncident(tx, "x"), no) })
			if !errors.Is(err, no) {
				t.Fatalf("got %v", err)
			}
		}
		if n := verified(t, s); n != 0 {
			t.Errorf("%d audit entries of acts that never were", n)
		}
		whole(t, s)
		select {
		case <-s.OutboxReady():
			t.Error("the outbox was announced")
		default:
		}
		err := s.Read(t.Context(), func(tx incidents.Tx) error { _, err := tx.Incident("x"); return err })
		refused(t, incidents.KindNotFound, err)
	})
}

func TestWhatWasWrittenDownIsNeverChanged(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		fill(t, s)
		if err := s.SaveCheckpoint(t.Context(), Checkpoint{Size: 1, At: noon, Signed: []byte("signed")}); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"ledger_entries", "ledger_hashes", "ledger_head", "checkpoints", "versions", "facts", "assessments", "timeline", "approvals"} {
			for _, statement := range []string{"DELETE FROM " + table, map[string]string{
				"ledger_entries": "UPDATE ledger_entries SET body = '{}'", "ledger_hashes": "UPDATE ledger_hashes SET idx = idx + 100", "ledger_head": "UPDATE ledger_head SET size = size - 1",
				"checkpoints": "UPDATE checkpoints SET at = 1", "versions": "UPDATE versions SET body = ''", "facts": "UPDATE facts SET body = ''",
				"assessments": "UPDATE assessments SET body = ''", "timeline": "UPDATE timeline SET body = ''", "approvals": "UPDATE approvals SET body = ''",
			}[table]} {
				err := s.write(t.Context(), func(tx *tx) error {
					n, err := tx.run(statement)
					if err == nil && n == 0 {
						t.Errorf("%s is empty", table)
					}
					return err
				})
				if err == nil {
					t.Errorf("%q was let through", statement)
				} else {
					refused(t, incidents.KindConflict, err)
				}
			}
		}
	})
}

func TestTheAuditLogIsReadByPageIncidentAndFilter(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for i := range 5 {
				e := incidents.AuditEntry{At: noon, Actor: "ann", Event: "notice.edited", Incident: "i1", Data: map[string]string{"i": fmt.Sprint(i)}}
				if i%2 == 1 {
					e.Actor, e.Event, e.Incident = "bob", "notice_x", ""
				}
				if err := tx.Audit(e); err != nil {
					return err
				}
			}
			return nil
		}))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			seqs := func(list []incidents.AuditEntry, err error) string {
				ok(t, err)
				var out []int64
				for _, e := range list {
					out = append(out, e.Seq)
				}
				return fmt.Sprint(out)
			}
			same(t, seqs(tx.AuditLog(0, 2)), "[1 2]")
			same(t, seqs(tx.AuditLog(2, 0)), "[3 4 5]")
			same(t, seqs(tx.AuditOf("i1")), "[1 3 5]")
			same(t, seqs(tx.Recent(incidents.AuditFilter{})), "[5 4 3 2 1]")
			same(t, seqs(tx.Recent(incidents.AuditFilter{Before: 4, Limit: 2})), "[3 2]")
			same(t, seqs(tx.Recent(incidents.AuditFilter{Actor: "bob"})), "[4 2]")
			same(t, seqs(tx.Recent(incidents.AuditFilter{Event: "notice."})), "[5 3 1]")
			same(t, seqs(tx.Recent(incidents.AuditFilter{Event: "notice", Incident: "i1", Before: 5})), "[3 1]")
			log, err := tx.AuditLog(4, 1)
			ok(t, err)
			same(t, log[0].Data["i"], "4")
			return nil
		}))
		ok(t, s.View(t.Context(), func(v LogView) error {
			mine, err := v.Of("i1")
			same(t, len(mine), 3)
			return err
		}))
	})
}

func TestCheckpointsAreKeptInOrder(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		refused(t, incidents.KindInvalid, s.SaveCheckpoint(t.Context(), Checkpoint{Size: 1, At: noon}))
		for i := range 3 {
			ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, fmt.Sprint(i)) }))
			size, _, err := s.Head(t.Context())
			ok(t, err)
			ok(t, s.SaveCheckpoint(t.Context(), Checkpoint{size, noon, []byte(fmt.Sprint("signed ", size))}))
			ok(t, s.SaveCheckpoint(t.Context(), Checkpoint{size, noon, []byte("another")}))
		}
		got, err := s.Checkpoints(t.Context(), 2)
		ok(t, err)
		same(t, fmt.Sprintf("%d %s %d %s %v", got[0].Size, got[0].Signed, got[1].Size, got[1].Signed, got[1].At.Equal(noon)), "3 signed 3 2 signed 2 true")
	})
}

func TestTheLogGrowsPastManyPages(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		for _, n := range []int{1, 2, 997, 1300} {
			ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
				for range n {
					if err := tx.Audit(incidents.AuditEntry{At: noon, Event: "e"}); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		same(t, verified(t, s), int64(2300))
	})
}

func TestTheLogIsSignedAsItGrows(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		signer, err := ledger.NewSigner("audit.example.org", make([]byte, 32))
		ok(t, err)
		var notes [][]byte
		for i := range 3 {
			ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, fmt.Sprint(i)) }))
			c, err := s.Sign(t.Context(), signer)
			ok(t, err)
			again, err := s.Sign(t.Context(), signer)
			ok(t, err)
			same(t, again, c)
			notes = append(notes, c.Signed)
		}
		ok(t, s.View(t.Context(), func(v LogView) error {
			report, err := ledger.VerifyLog(ledger.Log{Records: v.Entries(0), Checkpoints: notes, VerifierKey: signer.VerifierKey()})
			if !report.OK() || report.Checkpoints != 3 || report.Proven != 3 {
				t.Errorf("report %+v", report)
			}
			return err
		}))
	})
}

func TestAChangedOrCutLogIsFound(t *testing.T) {
	for name, statements := range map[string][]string{
		"an entry is changed": {`DROP TRIGGER ledger_entries_no_update`, `UPDATE ledger_entries SET body = REPLACE(body, 'opened', 'closed') WHERE seq = 2`},
		"an entry is gone":    {`DROP TRIGGER ledger_entries_no_delete`, `DELETE FROM ledger_entries WHERE seq = 2`},
		"the end is cut off":  {`DROP TRIGGER ledger_entries_no_delete`, `DELETE FROM ledger_entries WHERE seq = 3`},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, options(t, ""))
			for i := range 3 {
				ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, fmt.Sprint(i)) }))
			}
			for _, statement := range statements {
				_, err := s.writer.conn.ExecContext(t.Context(), statement)
				ok(t, err)
			}
			ok(t, s.View(t.Context(), func(v LogView) error {
				root, n, err := ledger.RootOf(v.Entries(0))
				if root == v.Root && n == v.Size {
					t.Error("it went unnoticed")
				}
				return err
			}))
		})
	}
}
