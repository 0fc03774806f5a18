package store

import (
	"fmt"
	"testing"
	"time"

	"tocsin/incidents"
)

func draft(id string, no int64) incidents.Notice {
	c := incidents.Content{Kind: incidents.NoticeBreach, Mode: incidents.Live, Incident: "i", Langs: map[incidents.Lang]incidents.Words{"zh-Hans": {Subject: "通知", Happened: "…"}}, Default: "zh-Hans",
		Plan: []incidents.Step{{Channel: incidents.Email, Wait: time.Hour}}, Persons: 3, ListHash: "h"}
	return incidents.Notice{ID: incidents.NoticeID(id), No: no, IncidentID: "i", Title: "To everybody", Status: incidents.NoticeDraft, Version: 1, Content: c, Hash: c.Hash(),
		Author: "ann", Editors: []incidents.AccountID{"ann"}, CreatedAt: noon, UpdatedAt: noon}
}

func TestEveryVersionOfANoticeIsKept(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		first := draft("n1", 1)
		second := first
		second.Version, second.Content.Default, second.Status = 2, "en", incidents.NoticeSubmitted
		second.Hash = second.Content.Hash()
		approved := second
		approved.Status = incidents.NoticeApproved
		for _, n := range []incidents.Notice{first, second, approved} {
			ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutNotice(n) }))
		}
		forged := approved
		forged.Content.ListHash = "another"
		refused(t, incidents.KindConflict, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutNotice(forged) }))
		taken := draft("n2", 1)
		refused(t, incidents.KindConflict, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutNotice(taken) }))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			got, err := tx.Notice("n1")
			ok(t, err)
			same(t, got, approved)
			got, err = tx.NoticeByNo(1)
			ok(t, err)
			same(t, got, approved)
			same(t, got.Content.Hash(), got.Hash)
			all, err := tx.NoticeVersions("n1")
			ok(t, err)
			same(t, all, []incidents.Notice{first, second})
			_, err = tx.Notice("n2")
			refused(t, incidents.KindNotFound, err)
			_, err = tx.NoticeByNo(2)
			refused(t, incidents.KindNotFound, err)
			return nil
		}))
	})
}

func TestNoticesAreListedByIncidentAndStatus(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for i, st := range []incidents.NoticeStatus{incidents.NoticeDraft, incidents.NoticeSending, incidents.NoticeHeld, incidents.NoticeSending} {
				n := draft(fmt.Sprint(i), int64(i)+1)
				n.Status = st
				if i == 3 {
					n.IncidentID = "other"
				}
				if err := tx.PutNotice(n); err != nil {
					return err
				}
			}
			return nil
		}))
		list := func(f incidents.NoticeFilter) (nos []int64) {
			t.Helper()
			ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
				all, err := tx.Notices(f)
				for _, n := range all {
					nos = append(nos, n.No)
				}
				return err
			}))
			return nos
		}
		same(t, list(incidents.NoticeFilter{}), []int64{4, 3, 2, 1})
		same(t, list(incidents.NoticeFilter{Incident: "i", Limit: 2}), []int64{3, 2})
		same(t, list(incidents.NoticeFilter{Status: []incidents.NoticeStatus{incidents.NoticeSending, incidents.NoticeHeld}}), []int64{4, 3, 2})
		same(t, list(incidents.NoticeFilter{Incident: "other", Status: []incidents.NoticeStatus{incidents.NoticeDraft}}), []int64(nil))
	})
}

func TestADecisionIsWrittenOnceAndCanOnlyBecomeVoid(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		decision := func(id, subject string) incidents.Approval {
			return incidents.Approval{ID: incidents.ApprovalID(id), IncidentID: "i", Subject: incidents.Subject{Kind: incidents.SubjectNotice, ID: subject, Version: 2, Hash: "h"},
				Decision: "approve", By: "otto", ByName: "Otto", Role: incidents.RoleOfficer, SecondFactorAt: noon, At: noon, Comment: "good"}
		}
		a, b, other := decision("z", "n1"), decision("a", "n1"), decision("m", "n2")
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			ok(t, tx.PutApproval(a))
			ok(t, tx.PutApproval(b))
			return tx.PutApproval(other)
		}))
		refused(t, incidents.KindConflict, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutApproval(a) }))
		void := func(why string) (n int, err error) {
			err = s.Write(t.Context(), func(tx incidents.Tx) error {
				n, err = tx.VoidApprovals(incidents.SubjectNotice, "n1", why)
				return err
			})
			return n, err
		}
		_, err := void("")
		refused(t, incidents.KindInvalid, err)
		n, err := void("edited")
		ok(t, err)
		same(t, n, 2)
		n, err = void("again") // what is void stays void for its first reason
		ok(t, err)
		same(t, n, 0)
		a.Void, b.Void = "edited", "edited"
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			got, err := tx.Approvals(incidents.SubjectNotice, "n1")
			ok(t, err)
			same(t, got, []incidents.Approval{a, b})
			got, err = tx.Approvals(incidents.SubjectNotice, "n2")
			same(t, got, []incidents.Approval{other})
			none, err2 := tx.Approvals(incidents.SubjectReport, "n1")
			same(t, len(none), 0)
			ok(t, err2)
			return err
		}))
		err = s.write(t.Context(), func(tx *tx) error { _, err := tx.run(`UPDATE approvals SET void = '' WHERE id = 'z'`); return err })
		refused(t, incidents.KindConflict, err)
	})
}

func TestReportsKeepTheirVersions(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		r := incidents.Report{ID: "r1", No: 1, IncidentID: "i", Status: incidents.ReportDraft, Version: 1, Author: "ann", CreatedAt: noon, UpdatedAt: noon,
			Content: incidents.ReportContent{Incident: "i", Form: "gdpr33", Phase: incidents.PhaseInitial, Fields: []incidents.ReportField{{Key: "a", Missing: true}}}}
		next := r
		next.Version, next.Content.Phase = 2, incidents.PhaseUpdate
		filed := next
		filed.Status, filed.Filed = incidents.ReportFiled, &incidents.Filing{At: noon, By: "ann", Reference: "DPA-1"}
		for _, x := range []incidents.Report{r, next, filed} {
			ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutReport(x) }))
		}
		forged := filed
		forged.Content.Title = "another"
		refused(t, incidents.KindConflict, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutReport(forged) }))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			got, err := tx.Report("r1")
			ok(t, err)
			same(t, got, filed)
			all, err := tx.ReportVersions("r1")
			ok(t, err)
			same(t, all, []incidents.Report{r, next})
			list, err := tx.Reports(incidents.ReportFilter{Incident: "i", Status: []incidents.ReportStatus{incidents.ReportFiled}})
			ok(t, err)
			same(t, list, []incidents.Report{filed})
			list, err = tx.Reports(incidents.ReportFilter{Incident: "j"})
			same(t, len(list), 0)
			ok(t, err)
			_, err = tx.Report("r2")
			refused(t, incidents.KindNotFound, err)
			return nil
		}))
	})
}

func TestCountersCountPerName(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		next := func(name string, err error) (n int64) {
			got := s.Write(t.Context(), func(tx incidents.Tx) error {
				var e error
				n, e = tx.Next(name)
				ok(t, e)
				return err
			})
			same(t, got, err)
			return n
		}
		same(t, []int64{next("notice", nil), next("notice", nil), next("INC-2026", nil)}, []int64{1, 2, 1})
		next("notice", incidents.Conflict("rolled back"))
		same(t, next("notice", nil), int64(3))
	})
}
