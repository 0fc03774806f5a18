package incidents

import (
	"context"
	"slices"
	"strings"
	"time"
)

// AnnouncementDrafter proposes public words from the facts.
type AnnouncementDrafter interface {
	DraftAnnouncement(in Incident, f Facts, langs []Lang) (map[Lang]AnnouncementWords, error)
}

// DraftAnnouncement writes the first draft of the public text.
func (d *Desk) DraftAnnouncement(ctx context.Context, a Actor, id IncidentID, text AnnouncementText) (n Announcement, err error) {
	err = d.write(ctx, a, ActAnnounce, func(tx Tx) error {
		in, err := openIncident(tx, id)
		if err != nil {
			return err
		}
		if len(text.Langs) == 0 {
			f, err := tx.Facts(id)
			if err != nil {
				return err
			}
			if w, ok := d.Words.(AnnouncementDrafter); ok {
				if text.Langs, err = w.DraftAnnouncement(in, f, d.Langs); err != nil {
					return err
				}
			}
		}
		if text.Answers == nil {
			if text.Answers, err = publicDuties(tx, id); err != nil {
				return err
			}
		}
		n = Announcement{ID: AnnouncementID(d.NewID()), IncidentID: id, Slug: slug(d.NewID()), Author: a.ID, CreatedAt: d.Now().UTC().Truncate(time.Second)}
		if err := d.applyText(tx, a, in, &n, text); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "announcement.drafted", incident: id, subject: string(n.ID), line: "Drafted an announcement.", data: map[string]string{"version": "1", "hash": n.Hash}})
	})
	return n, err
}

func publicDuties(tx Tx, id IncidentID) (out []string, err error) {
	duties, err := tx.Obligations(id)
	for _, o := range duties {
		if o.Audience == AudiencePublic && o.Applies == AppliesYes && o.Status == DutyOpen {
			out = append(out, o.ID)
		}
	}
	return out, err
}

// slug makes the public part of an address out of an id: it cannot be guessed.
func slug(id string) string { return sha256Hex("announcement " + id)[:16] }

func (d *Desk) applyText(tx Tx, a Actor, in Incident, n *Announcement, text AnnouncementText) error {
	if len(text.Langs) == 0 {
		return Invalid("an announcement needs words in at least one language").On("langs")
	}
	if text.Default == "" && len(d.Langs) > 0 {
		text.Default = d.Langs[0]
	}
	if _, ok := text.Langs[text.Default]; !ok {
		return Invalid("the default language %q has no words", text.Default).On("default")
	}
	for l, w := range text.Langs {
		if strings.TrimSpace(w.Title) == "" {
			return Invalid("the announcement has no title in %s", l).On("title")
		}
	}
	if err := d.keepDuties(tx, in.ID, text.Answers...); err != nil {
		return err
	}
	text.Incident, text.Mode = in.ID, in.Mode
	n.Text, n.Hash = text, text.Hash()
	n.Version++
	n.Status, n.Stale, n.UpdatedAt = AnnouncementDraft, "", d.Now().UTC().Truncate(time.Second)
	if !slices.Contains(n.Editors, a.ID) {
		n.Editors = append(slices.Clone(n.Editors), a.ID)
	}
	return tx.PutAnnouncement(*n)
}

// EditAnnouncement writes a new version; what is public stays public until the
// new version is approved and published.
func (d *Desk) EditAnnouncement(ctx context.Context, a Actor, id AnnouncementID, base int, text AnnouncementText) (n Announcement, err error) {
	err = d.write(ctx, a, ActAnnounce, func(tx Tx) error {
		if n, err = tx.Announcement(id); err != nil {
			return err
		}
		if n.Version != base {
			return Conflict("version %d was written meanwhile, the form showed %d", n.Version, base).WithHint("look at the present version and edit that")
		}
		if n.Status == AnnouncementWithdrawn {
			return Conflict("the announcement was withdrawn").WithHint("draft a new one")
		}
		in, err := tx.Incident(n.IncidentID)
		if err != nil {
			return err
		}
		if _, err := tx.VoidApprovals(SubjectAnnouncement, string(id), "the announcement was edited"); err != nil {
			return err
		}
		if text.Answers == nil {
			text.Answers = n.Text.Answers
		}
		if err := d.applyText(tx, a, in, &n, text); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "announcement.edited", incident: in.ID, subject: string(id), line: "Edited the announcement (version " + itoa(n.Version) + ").",
			data: map[string]string{"version": itoa(n.Version), "hash": n.Hash}})
	})
	return n, err
}

// LintAnnouncement checks an announcement as submission would.
func (d *Desk) LintAnnouncement(ctx context.Context, a Actor, id AnnouncementID) ([]Finding, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Finding, error) {
		n, err := tx.Announcement(id)
		if err != nil {
			return nil, err
		}
		f, err := tx.Facts(n.IncidentID)
		if err != nil {
			return nil, err
		}
		return d.Words.LintAnnouncement(n.Text, f), nil
	})
}

// SubmitAnnouncement hands the present version to the officers.
func (d *Desk) SubmitAnnouncement(ctx context.Context, a Actor, id AnnouncementID) (n Announcement, err error) {
	err = d.write(ctx, a, ActAnnounce, func(tx Tx) error {
		if n, err = tx.Announcement(id); err != nil {
			return err
		}
		if n.Status != AnnouncementDraft {
			return Conflict("the announcement is %s", n.Status)
		}
		if err := notReturned(tx, Subject{SubjectAnnouncement, string(id), n.Version, n.Hash}); err != nil {
			return err
		}
		f, err := tx.Facts(n.IncidentID)
		if err != nil {
			return err
		}
		if err := blocked(d.Words.LintAnnouncement(n.Text, f)); err != nil {
			return err
		}
		n.Status, n.UpdatedAt = AnnouncementSubmitted, d.Now().UTC().Truncate(time.Second)
		if err := tx.PutAnnouncement(n); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "announcement.submitted", incident: n.IncidentID, subject: string(id), line: "Submitted announcement version " + itoa(n.Version) + " for approval.",
			data: map[string]string{"version": itoa(n.Version), "hash": n.Hash}})
	})
	return n, err
}

// Publish puts the approved version on the public site. A drill's announcement
// is marked published on file only: no page, no feed.
func (d *Desk) Publish(ctx context.Context, a Actor, id AnnouncementID) (n Announcement, err error) {
	err = d.write(ctx, a, ActRelease, func(tx Tx) error {
		if n, err = tx.Announcement(id); err != nil {
			return err
		}
		in, err := tx.Incident(n.IncidentID)
		if err != nil {
			return err
		}
		if err := d.checkPublish(tx, n, in); err != nil {
			return err
		}
		if err := held(tx, in); err != nil {
			return err
		}
		now := d.Now().UTC().Truncate(time.Second)
		n.Status, n.UpdatedAt = AnnouncementPublished, now
		n.Published = append(slices.Clone(n.Published), PublishedVersion{n.Version, now, n.Hash, n.Text})
		if err := tx.PutAnnouncement(n); err != nil {
			return err
		}
		if err := d.record(tx, a, event{name: "announcement.published", incident: in.ID, subject: string(id), line: "Published the announcement (version " + itoa(n.Version) + ").",
			data: map[string]string{"version": itoa(n.Version), "hash": n.Hash, "mode": string(in.Mode)}}); err != nil {
			return err
		}
		if in.Mode == Drill {
			return nil
		}
		if err := d.meet(tx, a, in.ID, n.Text.Answers, d.Now(), string(n.ID), "the announcement was published"); err != nil {
			return err
		}
		return d.posted(tx, a, n, now)
	})
	return n, err
}

// checkPublish trusts nothing but the approvals themselves.
func (d *Desk) checkPublish(tx Tx, n Announcement, in Incident) error {
	if n.Status != AnnouncementApproved {
		return Conflict("the announcement is %s, not approved", n.Status)
	}
	hash := n.Text.Hash()
	if hash != n.Hash || n.Text.Mode != in.Mode {
		return Forbidden("the text of the announcement is not what its hash says")
	}
	all, err := tx.Approvals(SubjectAnnouncement, string(n.ID))
	if err != nil {
		return err
	}
	want := Subject{SubjectAnnouncement, string(n.ID), n.Version, hash}
	if good := counting(all, want, n.Editors); len(good) < 2 {
		return Forbidden("the announcement has %d of 2 approvals", len(good))
	}
	return nil
}

// Withdraw takes an announcement off the public site, with a reason. Its
// address says that it was withdrawn.
func (d *Desk) Withdraw(ctx context.Context, a Actor, id AnnouncementID, reason string) error {
	if err := reasonGiven(reason); err != nil {
		return err
	}
	return d.write(ctx, a, ActStop, func(tx Tx) error {
		n, err := tx.Announcement(id)
		if err != nil {
			return err
		}
		if len(n.Published) == 0 {
			return Conflict("the announcement was never published")
		}
		n.Status, n.UpdatedAt = AnnouncementWithdrawn, d.Now().UTC().Truncate(time.Second)
		if err := tx.PutAnnouncement(n); err != nil {
			return err
		}
		if err := d.record(tx, a, event{name: "announcement.withdrawn", incident: n.IncidentID, subject: string(id), line: "Withdrew the announcement.", quote: reason}); err != nil {
			return err
		}
		return d.unposted(tx, a, n)
	})
}

// Announcement returns one announcement with its approvals.
func (d *Desk) Announcement(ctx context.Context, a Actor, id AnnouncementID) (n Announcement, approvals []Approval, err error) {
	_, err = read(ctx, d, a, ActRead, func(tx Tx) (struct{}, error) {
		if n, err = tx.Announcement(id); err != nil {
			return struct{}{}, err
		}
		approvals, err = tx.Approvals(SubjectAnnouncement, string(id))
		return struct{}{}, err
	})
	return n, approvals, err
}

// Announcements lists announcements of every incident.
func (d *Desk) Announcements(ctx context.Context, a Actor) ([]Announcement, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Announcement, error) { return tx.Announcements("") })
}

// PublicAnnouncements lists what anybody may see, newest first: published
// versions only, live only.
func (d *Desk) PublicAnnouncements(ctx context.Context, limit int) ([]Announcement, error) {
	return read(ctx, d, System, ActRead, func(tx Tx) ([]Announcement, error) {
		all, err := tx.Published(limit)
		for i := range all {
			all[i] = publicSide(all[i])
		}
		return all, err
	})
}

// PublicAnnouncement returns one published announcement by its address.
func (d *Desk) PublicAnnouncement(ctx context.Context, slug string) (Announcement, error) {
	return read(ctx, d, System, ActRead, func(tx Tx) (Announcement, error) {
		n, err := tx.AnnouncementBySlug(slug)
		if err != nil {
			return n, err
		}
		if len(n.Published) == 0 || n.Text.Mode != Live {
			return Announcement{}, NotFound("there is no such announcement")
		}
		return publicSide(n), nil
	})
}

// publicSide is an announcement without what the public must not see: drafts,
// authors, and text that was withdrawn.
func publicSide(n Announcement) Announcement {
	out := Announcement{ID: n.ID, Slug: n.Slug, Status: AnnouncementPublished, Published: n.Published}
	if n.Status == AnnouncementWithdrawn {
		out.Status, out.UpdatedAt = AnnouncementWithdrawn, n.UpdatedAt
		out.Published = nil
		return out
	}
	last := n.Published[len(n.Published)-1]
	out.Version, out.Text, out.Hash, out.CreatedAt, out.UpdatedAt = last.Version, last.Text, last.Hash, n.Published[0].At, last.At
	return out
}

// A Genuine is what the public verification page says of a notice.
type Genuine struct {
	Kind    NoticeKind
	Sent    time.Time // the day it was released
	Subject map[Lang]string
	Slug    string // of the announcement, when there is one
	Drill   bool
	Content Content // exactly what was released
}

// VerifyCode tells whether a verification code is of a notice we released.
// It says nothing about the person.
func (d *Desk) VerifyCode(ctx context.Context, code string) (g Genuine, err error) {
	no, seq, ok := d.Codes.Check(code)
	unknown := NotFound("this code is not from a notice of ours").WithHint("check the code letter by letter; if it stays unknown, the message may be a forgery")
	if !ok {
		return g, unknown
	}
	return read(ctx, d, System, ActRead, func(tx Tx) (Genuine, error) {
		n, err := tx.NoticeByNo(no)
		if isNotFound(err) || (err == nil && n.ReleasedAt == nil) {
			return g, unknown
		}
		if err != nil {
			return g, err
		}
		got, err := tx.Deliveries(DeliveryFilter{Notice: no, Seq: seq, Limit: 1})
		if err != nil {
			return g, err
		}
		if len(got) == 0 {
			return g, unknown
		}
		g = Genuine{Kind: n.Content.Kind, Sent: *n.ReleasedAt, Subject: map[Lang]string{}, Drill: n.Content.Mode == Drill, Content: n.Content}
		for l, w := range n.Content.Langs {
			g.Subject[l] = w.Subject
		}
		anns, err := tx.Announcements(n.IncidentID)
		for _, an := range anns {
			if an.Status == AnnouncementPublished && an.Text.Mode == Live {
				g.Slug = an.Slug
			}
		}
		return g, err
	})
}
