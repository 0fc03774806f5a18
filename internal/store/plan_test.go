package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// planned runs fn and returns the plan of every query it made, by SQLite.
func planned(t *testing.T, s *Store, fn func(*tx) error) (plans []string) {
	t.Helper()
	ok(t, s.read(t.Context(), func(x *tx) error {
		x.seen = func(query string, params args) {
			var b strings.Builder
			rows, err := x.sql.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, params...)
			ok(t, err)
			defer rows.Close()
			for rows.Next() {
				var id, parent, unused int
				var detail string
				ok(t, rows.Scan(&id, &parent, &unused, &detail))
				fmt.Fprintln(&b, detail)
			}
			plans = append(plans, query+"\n"+b.String())
		}
		return fn(x)
	}))
	return plans
}

func TestEveryListIsReadByAnIndex(t *testing.T) {
	s := opened(t, options(t, ""))
	a := alert(1)
	for name, fn := range map[string]func(*tx) error{
		"alerts":                func(t *tx) error { _, err := t.Alerts(incidents.AlertFilter{Before: "x"}); return err },
		"alerts of an incident": func(t *tx) error { _, err := t.Alerts(incidents.AlertFilter{Incident: "i"}); return err },
		"alerts in a state":     func(t *tx) error { _, err := t.Alerts(incidents.AlertFilter{State: "new"}); return err },
		"alerts of a source":    func(t *tx) error { _, err := t.Alerts(incidents.AlertFilter{Source: "x"}); return err },
		"alert by key":          func(t *tx) error { _, _ = t.AlertByKey("x", true); return nil },
		"neighbours":            func(t *tx) error { _, err := t.Neighbours(a, noon); return err },
		"intakes":               func(t *tx) error { _, err := t.Intakes(incidents.IntakeFilter{}); return err },
		"quarantine":            func(t *tx) error { _, err := t.Intakes(incidents.IntakeFilter{Quarantined: true}); return err },
		"incidents":             func(t *tx) error { _, err := t.Incidents(incidents.IncidentFilter{}); return err },
		"incident by ref":       func(t *tx) error { _, _ = t.IncidentByRef("x"); return nil },
		"facts":                 func(t *tx) error { _, _ = t.Facts("i"); return nil },
		"assessment":            func(t *tx) error { _, _ = t.Assessment("i"); return nil },
		"one assessment":        func(t *tx) error { _, _ = t.AssessmentNo("i", 1); return nil },
		"last judgement":        func(t *tx) error { _, _ = t.LastJudgement("i"); return nil },
		"judgements":            func(t *tx) error { _, err := t.Judgements("i", 10); return err },
		"obligations":           func(t *tx) error { _, err := t.Obligations("i"); return err },
		"open obligations":      func(t *tx) error { _, err := t.OpenObligations(10); return err },
		"left calendars":        func(t *tx) error { _, err := t.LeftCalendars(noon, 10); return err },
		"decisions":             func(t *tx) error { _, err := t.Decisions("i"); return err },
		"risk decisions":        func(t *tx) error { _, err := t.RiskDecisions("i"); return err },
		"timeline":              func(t *tx) error { _, err := t.Timeline("i", 10); return err },
		"waivers":               func(t *tx) error { _, err := t.Waivers("i"); return err },
		"notices":               func(t *tx) error { _, err := t.Notices(incidents.NoticeFilter{Incident: "i"}); return err },
		"notices by status": func(t *tx) error {
			_, err := t.Notices(incidents.NoticeFilter{Status: []incidents.NoticeStatus{"sending"}})
			return err
		},
		"versions":      func(t *tx) error { _, err := t.NoticeVersions("n"); return err },
		"approvals":     func(t *tx) error { _, err := t.Approvals("notice", "n"); return err },
		"reports":       func(t *tx) error { _, err := t.Reports(incidents.ReportFilter{Incident: "i"}); return err },
		"announcements": func(t *tx) error { _, err := t.Announcements("i"); return err },
		"published":     func(t *tx) error { _, err := t.Published(10); return err },
		"unreached": func(t *tx) error {
			cond, params := t.unreachedSQL(incidents.Unreached{Notices: []int64{1}, Places: []incidents.Place{"US"}}, args{int64(1)})
			var n int64
			_, err := t.one(`SELECT COUNT(*) FROM persons p WHERE p.list_no = $1`+cond, params, &n)
			return err
		},
		"exclusions":   func(t *tx) error { _, err := t.Exclusions(1); return err },
		"audit log":    func(t *tx) error { _, err := t.AuditLog(5, 10); return err },
		"audit of":     func(t *tx) error { _, err := t.AuditOf("i"); return err },
		"audit by":     func(t *tx) error { _, err := t.Recent(incidents.AuditFilter{Actor: "x"}); return err },
		"audit events": func(t *tx) error { _, err := t.Recent(incidents.AuditFilter{Event: "x"}); return err },
	} {
		plans := planned(t, s, fn)
		if len(plans) == 0 {
			t.Errorf("%s: no query was seen", name)
		}
		for _, p := range plans {
			for line := range strings.Lines(p) {
				if strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "USING") && !strings.Contains(line, "VIRTUAL TABLE") && !strings.Contains(line, "CONSTANT") {
					t.Errorf("%s reads a whole table:\n%s", name, p)
				}
			}
		}
	}
}

// What is in flight is looked up for every delivery of a notice that is stopped:
// it is read once.
func TestWhatIsInFlightIsReadOnce(t *testing.T) {
	s := opened(t, options(t, ""))
	up := air{{1, 1}: {}}
	plans := planned(t, s, func(t *tx) error {
		_, err := t.one(`SELECT COUNT(*) FROM deliveries d WHERE d.notice_no = $1 AND `+t.notAloft("$2"), args{1, up.table()}, new(int))
		return err
	})
	if len(plans) != 1 || strings.Contains(plans[0], "CORRELATED") || !strings.Contains(plans[0], "LIST SUBQUERY") {
		t.Errorf("%q", plans)
	}
}

func TestWhoIsSetApartIsFoundByAnIndex(t *testing.T) {
	s := opened(t, options(t, ""))
	r, p := release{notice: 1}, incidents.SweepPolicy{Now: noon, RetryFor: map[incidents.Channel]time.Duration{incidents.Email: time.Hour}}
	for index, fns := range map[string][]func(*tx) error{
		"deliveries_timer": {
			func(t *tx) error { _, err := t.wakes(1); return err },
			func(t *tx) error { _, err := t.sweepExpired(r, incidents.Notice{}, p); return err },
			func(t *tx) error { _, err := t.sweepSilent(r, incidents.Notice{}, p); return err },
			func(t *tx) error { _, err := t.sweepDue(1, p); return err },
			func(t *tx) error {
				_, err := t.asleep(&standing{Turn: incidents.Turn{Chunk: incidents.Chunk{Notice: 1, No: 1}}})
				return err
			},
		},
		"deliveries_apart": {
			func(t *tx) error {
				_, err := t.Deliveries(incidents.DeliveryFilter{Notice: 1, States: []incidents.DeliveryState{incidents.InDoubt}})
				return err
			},
			func(t *tx) error { _, err := t.Refusals(1, 12); return err },
		},
		"deliveries_suppressed": {func(t *tx) error { _, err := t.Exclusions(1); return err }},
	} {
		for _, fn := range fns {
			seen := false
			for _, p := range planned(t, s, fn) {
				query, plan, _ := strings.Cut(p, "\nSEARCH")
				if !strings.Contains(query, "apart") {
					continue
				}
				if seen = true; !strings.Contains(plan, index) {
					t.Errorf("not by %s:\n%s", index, p)
				}
			}
			if !seen {
				t.Errorf("nobody was looked for by %s", index)
			}
		}
	}
}

// A database of the version before is brought up to date with what is in it.
func TestAnUpgradeSetsApart(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		t.Run("before", func(t *testing.T) {
			w := newWorld(t, o)
			w.sending(8, twoSteps)
			c := w.mustTake(1)
			got := w.mustTurn(c, incidents.Email, 8).Next
			for i, o := range []incidents.Outcome{incidents.OutcomeAccepted, incidents.OutcomeRetry, incidents.OutcomeRefused, incidents.OutcomeDoubt, incidents.OutcomeBroken, incidents.OutcomeGone, incidents.OutcomeKept} {
				w.mustTurn(c, incidents.Email, 0, w.outcomes(got[i:i+1], o)...)
			}
			w.write(func(t *tx) error {
				for _, q := range []string{`DROP INDEX deliveries_timer`, `DROP INDEX deliveries_apart`, `DROP INDEX deliveries_suppressed`, `ALTER TABLE deliveries DROP COLUMN apart`,
					`CREATE INDEX deliveries_timer ON deliveries (notice_no, state, next_at) WHERE next_at IS NOT NULL`,
					`CREATE INDEX deliveries_doubt ON deliveries (notice_no, seq, channel) WHERE state IN (7, 8)`,
					`CREATE INDEX deliveries_suppressed ON deliveries (notice_no, reason) WHERE state = 12`,
					`CREATE INDEX deliveries_unreached ON deliveries (notice_no, seq) WHERE state = 6 OR state = 10 OR state = 11`,
					`ALTER TABLE persons DROP COLUMN gone`, `DROP TABLE giving_ups`,
					`DELETE FROM goose_db_version WHERE version_id >= 19`} {
					if _, err := t.run(q); err != nil {
						return err
					}
				}
				return nil
			})
		})
		w := newWorld(t, o)
		var apart []int64
		w.ok(w.s.read(t.Context(), func(t *tx) (err error) {
			apart, err = t.numbersOf(`SELECT seq FROM deliveries WHERE apart IS NOT NULL ORDER BY seq`)
			return err
		}))
		if !slices.Equal(apart, []int64{2, 3, 4, 5, 6, 7}) {
			t.Errorf("set apart: %v", apart)
		}
	})
}
