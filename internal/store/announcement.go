package store

import (
	"time"

	"tocsin/incidents"
)

// PutAnnouncement inserts or replaces an announcement by id and keeps each
// version for ever.
func (t *tx) PutAnnouncement(a incidents.Announcement) error {
	body := doc(a)
	if err := t.keepVersion(incidents.SubjectAnnouncement, string(a.ID), a.Version, a.Text.Hash(), body); err != nil {
		return err
	}
	var published time.Time
	if len(a.Published) > 0 {
		published = a.Published[len(a.Published)-1].At
	}
	_, err := t.run(`INSERT INTO announcements (id, slug, incident_id, mode, status, published_at, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, status = excluded.status, published_at = excluded.published_at, body = excluded.body`,
		string(a.ID), a.Slug, string(a.IncidentID), string(a.Text.Mode), string(a.Status), orNull(published), body)
	return err
}

// Announcement returns an announcement by id.
func (t *tx) Announcement(id incidents.AnnouncementID) (incidents.Announcement, error) {
	return document[incidents.Announcement](t, "announcement", `SELECT body FROM announcements WHERE id = $1`, clean(string(id)))
}

// AnnouncementBySlug returns an announcement by its part of the public address.
func (t *tx) AnnouncementBySlug(slug string) (incidents.Announcement, error) {
	return document[incidents.Announcement](t, "announcement", `SELECT body FROM announcements WHERE slug = $1`, clean(slug))
}

// Announcements lists the announcements of an incident, or all, newest first.
func (t *tx) Announcements(id incidents.IncidentID) ([]incidents.Announcement, error) {
	var w filter
	if id != "" {
		w.and(`incident_id = ?`, clean(string(id)))
	}
	where, params := w.sql("id DESC", limited(0))
	return documents[incidents.Announcement](t, `SELECT body FROM announcements`+where, params...)
}

// Published lists what the public may see, newest first: live announcements
// with a published version that were not withdrawn.
func (t *tx) Published(limit int) ([]incidents.Announcement, error) {
	return documents[incidents.Announcement](t, `SELECT body FROM announcements WHERE published_at IS NOT NULL AND mode = 'live' AND status <> 'withdrawn' ORDER BY published_at DESC, id DESC LIMIT $1`, limited(limit))
}
