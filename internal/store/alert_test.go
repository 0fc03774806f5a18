package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
)

func alert(i int) incidents.Alert {
	n, began := int64(7), noon.Add(-time.Hour)
	return incidents.Alert{ID: incidents.AlertID(fmt.Sprintf("al-%02d", i)), IntakeID: "in-1", Source: "splunk", Format: "splunk-webhook", ExternalID: "x", Title: fmt.Sprintf("Zugriff 100%% №%d_é", i),
		DedupKey: fmt.Sprintf("splunk:%d", i), GroupKey: "g", Revision: "2", DeliveryID: "d", Severity: incidents.SeverityHigh, SeverityScore: 75, SeverityFrom: "field",
		SeverityNative: &incidents.NativeSeverity{Field: "urgency", Value: "high"}, Status: "open", OccurredAt: &began, ObservedAt: noon, ReceivedAt: noon,
		Assets: []string{"db-1"}, Users: []string{"svc"}, IPs: []string{"192.0.2.1"}, Count: &n, Extra: map[string]string{"k": "v"}, Raw: json.RawMessage(`{"b":1,"a":"canary-raw"}`),
		State: incidents.AlertNew, Revisions: 1}
}

func TestAnAlertComesBackWhole(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		a, practice := alert(1), alert(2)
		practice.DedupKey, practice.Test, practice.State, practice.Raw = a.DedupKey, true, incidents.AlertTest, nil
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			ok(t, tx.PutAlert(a))
			ok(t, tx.PutAlert(practice))
			again, err := tx.AlertByKey(a.DedupKey, false)
			same(t, again, a)
			ok(t, err)
			a.Title, a.Raw, a.State, a.IncidentID = "Changed", json.RawMessage(`[]`), incidents.AlertJoined, "i"
			return tx.PutAlert(a)
		}))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			got, err := tx.Alert(a.ID)
			ok(t, err)
			same(t, got, a)
			got, err = tx.AlertByKey(a.DedupKey, true)
			ok(t, err)
			same(t, got, practice)
			_, err = tx.AlertByKey("splunk:none", false)
			refused(t, incidents.KindNotFound, err)
			_, err = tx.Alert("\xff\x00")
			refused(t, incidents.KindNotFound, err)
			return nil
		}))
		other := alert(3)
		other.DedupKey = a.DedupKey
		refused(t, incidents.KindConflict, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutAlert(other) }))
	})
}

func TestAlertsAreListedByFilterAndPage(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for i := range 6 {
				a := alert(i)
				if i%2 == 0 {
					a.Source, a.Severity, a.State, a.IncidentID = "wazuh", incidents.SeverityLow, incidents.AlertJoined, "i1"
				}
				if err := tx.PutAlert(a); err != nil {
					return err
				}
			}
			return nil
		}))
		for _, c := range []struct {
			name string
			f    incidents.AlertFilter
			want string
			all  int64
		}{
			{"everything, newest first", incidents.AlertFilter{}, "5 4 3 2 1 0", 6},
			{"a page", incidents.AlertFilter{Before: "al-04", Limit: 2}, "3 2", 6},
			{"a source", incidents.AlertFilter{Source: "wazuh"}, "4 2 0", 3},
			{"a state", incidents.AlertFilter{State: incidents.AlertNew}, "5 3 1", 3},
			{"an incident, second page", incidents.AlertFilter{Incident: "i1", Before: "al-04"}, "2 0", 3},
			{"a severity", incidents.AlertFilter{Severity: incidents.SeverityLow, Limit: 1}, "4", 3},
			{"a text, upper and lower case alike", incidents.AlertFilter{Text: "zUGRIFF 100%"}, "5 4 3 2 1 0", 6},
			{"an underscore is an underscore", incidents.AlertFilter{Text: "3_"}, "3", 1},
			{"a per cent sign is one", incidents.AlertFilter{Text: "1%1"}, "", 0},
			{"a backslash is one", incidents.AlertFilter{Text: `\`}, "", 0},
			{"odd bytes", incidents.AlertFilter{Text: "\xff\x00"}, "", 0},
		} {
			ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
				list, err := tx.Alerts(c.f)
				ok(t, err)
				var got []string
				for _, a := range list {
					got = append(got, strings.TrimPrefix(string(a.ID), "al-0"))
				}
				n, err := tx.CountAlerts(c.f)
				if strings.Join(got, " ") != c.want || n != c.all {
					t.Errorf("%s: %v of %d, want %s of %d", c.name, got, n, c.want, c.all)
				}
				return err
			}))
		}
	})
}

func TestNeighboursShareSomethingWithinTheWindow(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		put := func(i int, in incidents.IncidentID, change func(*incidents.Alert)) {
			t.Helper()
			a := alert(i)
			a.State, a.IncidentID, a.Users, a.Assets, a.IPs, a.GroupKey = incidents.AlertJoined, in, nil, nil, nil, ""
			change(&a)
			ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutAlert(a) }))
		}
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for i, st := range []incidents.IncidentStatus{incidents.IncidentOpen, incidents.IncidentClosed, incidents.IncidentMerged} {
				if err := tx.PutIncident(incidents.Incident{ID: incidents.IncidentID(fmt.Sprint("i", i)), Ref: fmt.Sprint(i), Status: st, Mode: incidents.Live}); err != nil {
					return err
				}
			}
			return nil
		}))
		put(1, "i0", func(a *incidents.Alert) { a.Users = []string{"svc", "svc", ""}; a.ObservedAt = noon.Add(-time.Minute) })
		put(2, "i0", func(a *incidents.Alert) {
			a.Assets = []string{"other", "db-1"}
			a.ObservedAt = noon.Add(-2 * time.Minute)
		})
		put(3, "i0", func(a *incidents.Alert) { a.IPs = []string{"192.0.2.1"}; a.ObservedAt = noon.Add(-3 * time.Minute) })
		put(4, "i0", func(a *incidents.Alert) { a.GroupKey = "g"; a.ObservedAt = noon.Add(-4 * time.Minute) })
		put(5, "i0", func(a *incidents.Alert) { a.Assets = []string{"svc"} }) // an asset is no account
		put(6, "i0", func(a *incidents.Alert) { a.Users = []string{"svc"}; a.ObservedAt = noon.Add(-2 * time.Hour) })
		put(7, "i1", func(a *incidents.Alert) { a.Users = []string{"svc"} }) // its incident is closed
		put(8, "i2", func(a *incidents.Alert) { a.Users = []string{"svc"} }) // merged
		put(9, "i0", func(a *incidents.Alert) { a.Users = []string{"svc"}; a.State = incidents.AlertDismissed })
		put(10, "i0", func(a *incidents.Alert) { a.Users = []string{"svc"} })
		put(10, "i0", func(a *incidents.Alert) { a.Users = []string{"another"} }) // no longer
		ok(t, s.write(t.Context(), func(q *tx) error {
			// The raw part of the first one can no longer be opened.
			_, err := q.run(`UPDATE alerts SET sealed = $1 WHERE id = 'al-01'`, []byte("damaged"))
			return err
		}))
		me := alert(11)
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			ok(t, tx.PutAlert(me))
			near, err := tx.Neighbours(me, noon.Add(-time.Hour))
			var got []incidents.AlertID
			for _, a := range near {
				got = append(got, a.ID)
			}
			same(t, got, []incidents.AlertID{"al-01", "al-02", "al-03", "al-04"})
			alone, err2 := tx.Neighbours(incidents.Alert{ID: "alone"}, noon.Add(-time.Hour))
			same(t, len(alone), 0)
			ok(t, err2)
			return err
		}))
	})
}

func intake(id, delivery string) incidents.Intake {
	return incidents.Intake{ID: incidents.IntakeID(id), Source: "splunk", DeliveryID: delivery, Via: "hook", ReceivedAt: noon, MediaType: "application/json",
		Headers: map[string]string{"User-Agent": "canary-header"}, Body: []byte("canary-body \x00\xff"), Status: 202, Alerts: []incidents.Alert{alert(1)}}
}

func TestADeliveryIsTakenOnce(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		first, second := intake("in-1", "d\x001"), intake("in-2", "d\x001")
		second.Body = []byte("other")
		long, longer := intake("in-3", strings.Repeat("x", 9000)), intake("in-4", strings.Repeat("x", 9001))
		elsewhere := intake("in-5", "d\x001")
		elsewhere.Source = "wazuh"
		nameless, nameless2 := intake("in-6", ""), intake("in-7", "")
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for _, c := range []struct {
				in    incidents.Intake
				fresh bool
				kept  incidents.Intake
			}{{first, true, first}, {second, false, first}, {long, true, long}, {longer, true, longer}, {elsewhere, true, elsewhere}, {nameless, true, nameless}, {nameless2, true, nameless2}} {
				got, fresh, err := tx.PutIntake(c.in)
				ok(t, err)
				if fresh != c.fresh {
					t.Errorf("%s is fresh: %v", c.in.ID, fresh)
				}
				same(t, got, c.kept)
			}
			return nil
		}))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			got, err := tx.Intake("in-1")
			same(t, got, first)
			return err
		}))
	})
}

func TestQuarantineIsListedUntilReleased(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		list := func(f incidents.IntakeFilter) (ids []incidents.IntakeID) {
			t.Helper()
			ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
				all, err := tx.Intakes(f)
				for _, in := range all {
					ids = append(ids, in.ID)
				}
				return err
			}))
			return ids
		}
		bad := intake("in-2", "2")
		bad.Status, bad.Reason, bad.Alerts = 422, "no adapter reads it", nil
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for _, in := range []incidents.Intake{intake("in-1", "1"), bad, intake("in-3", "3")} {
				if _, _, err := tx.PutIntake(in); err != nil {
					return err
				}
			}
			return nil
		}))
		same(t, list(incidents.IntakeFilter{}), []incidents.IntakeID{"in-3", "in-2", "in-1"})
		same(t, list(incidents.IntakeFilter{Before: "in-3", Limit: 1}), []incidents.IntakeID{"in-2"})
		same(t, list(incidents.IntakeFilter{Quarantined: true}), []incidents.IntakeID{"in-2"})
		same(t, list(incidents.IntakeFilter{Source: "other"}), []incidents.IntakeID(nil))
		changed := bad
		changed.Released, changed.Body, changed.Source = true, []byte("forged"), "forged"
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.SaveIntake(changed) }))
		same(t, list(incidents.IntakeFilter{Quarantined: true}), []incidents.IntakeID(nil))
		bad.Released = true
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			got, err := tx.Intake("in-2")
			same(t, got, bad)
			return err
		}))
		refused(t, incidents.KindNotFound, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.SaveIntake(intake("none", "")) }))
	})
}

func TestWhatStrangersSentLiesSealed(t *testing.T) {
	o := options(t, "")
	s := opened(t, o)
	ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
		_, _, err := tx.PutIntake(intake("in-1", "canary-delivery"))
		ok(t, err)
		return tx.PutAlert(alert(1))
	}))
	ok(t, filepath.WalkDir(o.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, canary := range []string{"canary-raw", "canary-body", "canary-header"} {
			if bytes.Contains(b, []byte(canary)) {
				t.Errorf("%s lies open in %s", canary, filepath.Base(path))
			}
		}
		return err
	}))
}

func TestTwentyDeliveriesOfOneAlertAtOnceAreOne(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		var fresh atomic.Int64
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				var isFresh bool
				err := s.Group(t.Context(), func(tx incidents.Tx) (err error) {
					_, isFresh, err = tx.PutIntake(intake(fmt.Sprintf("in-%02d", i), "same"))
					return err
				})
				if err != nil {
					t.Error(err)
				}
				if isFresh {
					fresh.Add(1)
				}
			})
		}
		wg.Wait()
		same(t, fresh.Load(), int64(1))
	})
}

func FuzzAnAlertOfAnyBytesIsKept(f *testing.F) {
	f.Add("title", "splunk:1", "svc", "delivery", []byte("body"))
	f.Add("\x00\xff%_\\", "\x00", "", "\xed\xa0\x80", []byte{0})
	f.Add("", "", "\u2028", "", []byte(nil))
	s := opened(f, options(f, ""))
	f.Fuzz(func(t *testing.T, title, dedup, user, delivery string, body []byte) {
		a, in := alert(1), intake(newID(), delivery)
		a.ID, a.Title, a.DedupKey, a.Users = incidents.AlertID(newID()), title, dedup, []string{user}
		in.Source, in.Body, in.Alerts = string(in.ID), body, []incidents.Alert{a}
		err := s.Write(t.Context(), func(tx incidents.Tx) error {
			if old, err := tx.AlertByKey(dedup, false); err == nil {
				a.ID = old.ID
			}
			ok(t, tx.PutAlert(a))
			got, err := tx.AlertByKey(dedup, false)
			ok(t, err)
			same(t, got.ID, a.ID)
			near, err := tx.Neighbours(a, noon)
			same(t, len(near), 0)
			ok(t, err)
			n, err := tx.CountAlerts(incidents.AlertFilter{Text: title})
			if n == 0 {
				t.Errorf("%q is not found by its own title", title)
			}
			ok(t, err)
			_, fresh, err := tx.PutIntake(in)
			same(t, fresh, true)
			ok(t, err)
			again := in
			again.ID = "again"
			first, fresh, err := tx.PutIntake(again)
			ok(t, err)
			if delivery != "" && (fresh || first.ID != in.ID || !bytes.Equal(first.Body, body)) {
				t.Errorf("delivery %q was taken twice", delivery)
			}
			return errDone
		})
		if !errors.Is(err, errDone) {
			t.Error(err)
		}
	})
}

// errDone rolls back what a round wrote.
var errDone = errors.New("done")
