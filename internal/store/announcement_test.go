package store

import (
	"testing"
	"time"

	"tocsin/incidents"
)

func TestThePublicSeesWhatIsPublishedAndLive(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		put := func(id string, st incidents.AnnouncementStatus, mode incidents.Mode, published ...time.Time) incidents.Announcement {
			t.Helper()
			a := incidents.Announcement{ID: incidents.AnnouncementID(id), IncidentID: "i", Slug: "s-" + id, Status: st, Version: 1,
				Text: incidents.AnnouncementText{Incident: "i", Mode: mode, Langs: map[incidents.Lang]incidents.AnnouncementWords{"en": {Title: id}}, Default: "en"}, Author: "ann", CreatedAt: noon, UpdatedAt: noon}
			a.Hash = a.Text.Hash()
			for i, at := range published {
				a.Published = append(a.Published, incidents.PublishedVersion{Version: i + 1, At: at, Hash: a.Hash, Text: a.Text})
			}
			ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutAnnouncement(a) }))
			return a
		}
		put("1draft", incidents.AnnouncementDraft, incidents.Live)
		old := put("2old", incidents.AnnouncementPublished, incidents.Live, noon.Add(-time.Hour))
		edited := put("3edited", incidents.AnnouncementSubmitted, incidents.Live, noon.Add(-2*time.Hour), noon) // the old version stays public
		put("4withdrawn", incidents.AnnouncementWithdrawn, incidents.Live, noon)
		put("5drill", incidents.AnnouncementPublished, incidents.Drill, noon)
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			got, err := tx.Published(0)
			ok(t, err)
			same(t, got, []incidents.Announcement{edited, old})
			got, err = tx.Published(1)
			ok(t, err)
			same(t, got, []incidents.Announcement{edited})
			all, err := tx.Announcements("")
			ok(t, err)
			same(t, len(all), 5)
			none, err := tx.Announcements("other")
			ok(t, err)
			same(t, len(none), 0)
			one, err := tx.AnnouncementBySlug("s-2old")
			ok(t, err)
			same(t, one, old)
			one, err = tx.Announcement("3edited")
			ok(t, err)
			same(t, one, edited)
			_, err = tx.AnnouncementBySlug("s-none")
			refused(t, incidents.KindNotFound, err)
			return nil
		}))
		forged := old
		forged.Text.Default = "de"
		refused(t, incidents.KindConflict, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutAnnouncement(forged) }))
	})
}

func TestATerminationHangsOnItsIncident(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		x := incidents.Termination{ID: "t1", IncidentID: "i1", Service: "Forum", EndDate: "2027-01-31", Zone: "Asia/Shanghai", Status: incidents.TerminationDraft, Owner: "olga", CreatedAt: noon}
		y := x
		y.ID, y.IncidentID = "t2", "i2"
		erased := x
		erased.Status, erased.ErasedAt, erased.Certificate = incidents.TerminationErased, &noon, &incidents.Certificate{IncidentRef: "TRM-1", Persons: 3, ErasedAt: noon}
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			ok(t, tx.PutTermination(x))
			ok(t, tx.PutTermination(y))
			return tx.PutTermination(erased)
		}))
		second := y
		second.ID, second.IncidentID = "t3", "i1"
		refused(t, incidents.KindConflict, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutTermination(second) }))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			got, err := tx.Termination("t1")
			ok(t, err)
			same(t, got, erased)
			got, err = tx.TerminationOf("i2")
			ok(t, err)
			same(t, got, y)
			all, err := tx.Terminations()
			ok(t, err)
			same(t, all, []incidents.Termination{y, erased})
			_, err = tx.TerminationOf("i3")
			refused(t, incidents.KindNotFound, err)
			return nil
		}))
	})
}
