package web

import (
	"slices"
	"strings"

	"tocsin/incidents"
)

type announcementRow struct {
	incidents.Announcement
	State stateView
	In    incidents.Incident
	Title string
	URL   string // where the public reads it; "" when it does not
}

func (c *console) announcementRow(a incidents.Announcement, in incidents.Incident) announcementRow {
	return announcementRow{a, announcementState(a.Status), in, a.Text.Langs[a.Text.Default].Title, c.publicAddress(a)}
}

// publicAddress is where everybody can read an announcement; a drill's is nowhere.
func (c *console) publicAddress(a incidents.Announcement) string {
	if a.Text.Mode == incidents.Drill || len(a.Published) == 0 {
		return ""
	}
	return strings.TrimSuffix(c.PublicURL, "/") + "/announcements/" + a.Slug
}

type announcementsPage struct {
	Frame
	Rows []announcementRow
}

// announcements lists the public texts of every incident.
func (c *console) announcements(p *page) error {
	v := announcementsPage{Frame: c.frame(p, "announcements", "Announcements")}
	list, err := c.Desk.Announcements(p.r.Context(), p.actor)
	if err != nil {
		return err
	}
	for _, a := range list {
		in, err := c.Desk.Find(p.r.Context(), p.actor, string(a.IncidentID))
		if err != nil {
			return err
		}
		v.Rows = append(v.Rows, c.announcementRow(a, in))
	}
	return c.show(p, "announcements", v)
}

type incidentAnnouncementsPage struct {
	incidentFrame
	Rows []announcementRow
}

// incidentAnnouncements lists those of one incident.
func (c *console) incidentAnnouncements(p *page) error {
	f, d, err := c.incidentFrame(p, "announcements")
	if err != nil {
		return err
	}
	v := incidentAnnouncementsPage{incidentFrame: f}
	for _, a := range d.Announcements {
		v.Rows = append(v.Rows, c.announcementRow(a, d.Incident))
	}
	return c.show(p, "incident_announcements", v)
}

// draftAnnouncement proposes a public text from the facts.
func (c *console) draftAnnouncement(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	a, err := c.Desk.DraftAnnouncement(p.r.Context(), p.actor, in.ID, incidents.AnnouncementText{})
	if err != nil {
		return err
	}
	return c.redirect(p, announcementPath(a.ID), "Drafted from the facts. Read every word before you submit it.")
}

func announcementPath(id incidents.AnnouncementID) string { return "/announcements/" + string(id) }

type announcementEditPage struct {
	incidentFrame
	Ann       incidents.Announcement
	State     stateView
	URL       string
	Approvals []incidents.Approval
	Words     []announcementForm
	Previews  []publicPreview
	Duties    []dutyTick
	Lint      []incidents.Finding
	Wrote     []string
	Changes   []wordChange
	Editable  bool
	Reason    string
	Ref       string
	Default   incidents.Lang
}

type announcementForm struct {
	Lang  incidents.Lang
	Words incidents.AnnouncementWords
}

// A publicPreview is what people will read, laid out as on the public page.
type publicPreview struct {
	Lang, UI incidents.Lang // of the words, and of the headings
	Title    string
	Short    []block
	Sections []publicSection
}

type publicSection struct {
	Name   string
	Blocks []block
}

func (c *console) announcementView(p *page) (v announcementEditPage, err error) {
	ctx := p.r.Context()
	a, approvals, err := c.Desk.Announcement(ctx, p.actor, incidents.AnnouncementID(p.vars["announcement"]))
	if err != nil {
		return v, err
	}
	d, err := c.Desk.Dossier(ctx, p.actor, string(a.IncidentID))
	if err != nil {
		return v, err
	}
	v = announcementEditPage{incidentFrame: c.frameOf(p, "announcements", d), Ann: a, State: announcementState(a.Status), URL: c.publicAddress(a), Approvals: approvals,
		Editable: p.actor.May(incidents.ActAnnounce) == nil && a.Status != incidents.AnnouncementWithdrawn, Reason: p.form("reason"), Ref: p.form("ref"), Previews: publicPreviews(a.Text)}
	if v.Lint, err = c.Desk.LintAnnouncement(ctx, p.actor, a.ID); err != nil {
		return v, err
	}
	for _, id := range a.Editors {
		v.Wrote = append(v.Wrote, c.nameOf(p, id))
	}
	if n := len(a.Published); n > 0 && a.Published[n-1].Version != a.Version {
		v.Changes = publicChanges(a.Published[n-1].Text, a.Text)
	}
	c.fillAnnouncement(&v, a.Text, d)
	return v, nil
}

// fillAnnouncement lays a text out as the fields of the form.
func (c *console) fillAnnouncement(v *announcementEditPage, text incidents.AnnouncementText, d incidents.Dossier) {
	v.Words, v.Duties, v.Default = nil, nil, text.Default
	langs := slices.Clone(c.Org.Languages)
	for _, l := range sortedLangs(text.Langs) {
		if !slices.Contains(langs, l) {
			langs = append(langs, l)
		}
	}
	for _, l := range langs {
		v.Words = append(v.Words, announcementForm{l, text.Langs[l]})
	}
	for _, o := range d.Obligations {
		if (o.Audience == incidents.AudiencePublic || o.Audience == incidents.AudienceMedia) && o.Applies != incidents.AppliesNo {
			v.Duties = append(v.Duties, dutyTick{o, slices.Contains(text.Answers, o.ID)})
		}
	}
}

func publicPreviews(text incidents.AnnouncementText) (out []publicPreview) {
	for _, l := range sortedLangs(text.Langs) {
		w, ui := text.Langs[l], uiLang(l)
		v := publicPreview{Lang: l, UI: ui, Title: w.Title, Short: blocks(w.Short)}
		for _, s := range sectionsOf(w) {
			v.Sections = append(v.Sections, publicSection{publicWords[ui][s.Key], s.Blocks})
		}
		out = append(out, v)
	}
	return out
}

// publicChanges names the passages that differ from what the public reads now,
// in every language either text has.
func publicChanges(a, b incidents.AnnouncementText) (out []wordChange) {
	for _, l := range sortedLangs(a.Langs, b.Langs) {
		for _, x := range changes(a.Langs[l], b.Langs[l]) {
			x.Where = langName(l) + ", " + strings.ToLower(publicWords["en"][x.Where])
			out = append(out, x)
		}
	}
	return out
}

func (c *console) announcement(p *page) error {
	v, err := c.announcementView(p)
	if err != nil {
		return err
	}
	return c.show(p, "announcement", v)
}

// saveAnnouncement writes a new version; what is public stays public.
func (c *console) saveAnnouncement(p *page) error {
	id := incidents.AnnouncementID(p.vars["announcement"])
	text := announcementText(p)
	base, err := p.number("base")
	if err == nil {
		_, err = c.Desk.EditAnnouncement(p.r.Context(), p.actor, id, int(base), text)
	}
	if err == nil {
		return c.redirect(p, announcementPath(id), "Saved. Approvals that waited are void; what is public stays public until the new version is published.")
	}
	v, verr := c.announcementView(p)
	if verr != nil {
		return verr
	}
	d, verr := c.Desk.Dossier(p.r.Context(), p.actor, v.In.Ref)
	if verr != nil {
		return verr
	}
	c.fillAnnouncement(&v, text, d)
	return c.again(p, err, "announcement", &v)
}

// announcementText reads the form. A language with no words is left out.
func announcementText(p *page) incidents.AnnouncementText {
	text := incidents.AnnouncementText{Langs: map[incidents.Lang]incidents.AnnouncementWords{}, Default: incidents.Lang(p.form("default")), Answers: p.r.PostForm["answers"]}
	if text.Answers == nil {
		text.Answers = []string{}
	}
	for _, l := range p.r.PostForm["lang"] {
		f := func(k string) string { return strings.ReplaceAll(p.form(l+"."+k), "\r\n", "\n") }
		w := incidents.AnnouncementWords{Title: f("title"), Short: f("short"), Happened: f("happened"), Measures: f("measures"), Advice: f("advice"), Remedies: f("remedies"), Contact: f("contact")}
		if w != (incidents.AnnouncementWords{}) {
			text.Langs[incidents.Lang(l)] = w
		}
	}
	return text
}

// onAnnouncement runs one act and shows the page again when it fails.
func (c *console) onAnnouncement(p *page, said string, act func(incidents.AnnouncementID) error) error {
	id := incidents.AnnouncementID(p.vars["announcement"])
	if err := act(id); err != nil {
		v, verr := c.announcementView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "announcement", &v)
	}
	return c.redirect(p, announcementPath(id), said)
}

func (c *console) submitAnnouncement(p *page) error {
	return c.onAnnouncement(p, "Handed to the privacy officers; two of them have to approve it.", func(id incidents.AnnouncementID) error {
		_, err := c.Desk.SubmitAnnouncement(p.r.Context(), p.actor, id)
		return err
	})
}

// publishAnnouncement puts the approved version before everybody; the
// reference is typed, because it leaves the house.
func (c *console) publishAnnouncement(p *page) error {
	return c.onAnnouncement(p, "Published.", func(id incidents.AnnouncementID) error {
		a, _, err := c.Desk.Announcement(p.r.Context(), p.actor, id)
		if err != nil {
			return err
		}
		in, err := c.Desk.Find(p.r.Context(), p.actor, string(a.IncidentID))
		if err != nil {
			return err
		}
		if p.form("ref") != in.Ref {
			return incidents.Invalid("type the reference of the incident: %s", in.Ref).On("ref")
		}
		_, err = c.Desk.Publish(p.r.Context(), p.actor, id)
		return err
	})
}

func (c *console) withdrawAnnouncement(p *page) error {
	return c.onAnnouncement(p, "Withdrawn. Its address says so.", func(id incidents.AnnouncementID) error {
		return c.Desk.Withdraw(p.r.Context(), p.actor, id, p.form("reason"))
	})
}
