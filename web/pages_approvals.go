package web

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/incidents"
)

type approvalsPage struct {
	Frame
	Mine, Others []pendingRow
}

// approvals lists everything that waits for an officer.
func (c *console) approvals(p *page) error {
	v := approvalsPage{Frame: c.frame(p, "approvals", "Approvals")}
	waiting, err := p.waiting()
	if err != nil {
		return err
	}
	for _, w := range waiting {
		if w.Mine {
			v.Mine = append(v.Mine, pendingOf(w))
		} else {
			v.Others = append(v.Others, pendingOf(w))
		}
	}
	return c.show(p, "approvals", v)
}

// An approvalPage is what an officer decides on: exactly the content, who wrote
// it, what the checks say, and what the decision does.
type approvalPage struct {
	incidentFrame
	Pending  incidents.Pending
	Own      bool
	Goes     string
	Wrote    []string
	Notice   *incidents.Notice
	Previews []preview
	Audience []incidents.AudiencePart
	Lint     []incidents.Finding
	Changes  []wordChange
	Duties   []incidents.ObligationState
	Ann      *incidents.Announcement
	Report   *incidents.Report
	Since    []wordChange // of a report, since the one filed before
	Waiver   *incidents.Waiver
	Raise    *incidents.CapRaise
	GivingUp *incidents.GivingUp
	Comment  string
	Places   []shareRow // of the people chosen, as the lists say
	Decision string     // what was chosen, when the form is shown again
}

// A wordChange is one passage that differs from the version before.
type wordChange struct {
	Where   string
	Was, Is string
}

func (c *console) approvalView(p *page) (v approvalPage, err error) {
	kind, id := incidents.SubjectKind(p.vars["kind"]), p.vars["id"]
	w, err := c.Desk.PendingOf(p.r.Context(), p.actor, kind, id)
	if err != nil {
		return v, err
	}
	d, err := c.Desk.Dossier(p.r.Context(), p.actor, string(w.Incident.ID))
	if err != nil {
		return v, err
	}
	v = approvalPage{incidentFrame: c.frameOf(p, "", d), Pending: w, Own: slices.Contains(w.Editors, p.actor.ID), Comment: p.form("comment")}
	v.Section, v.Title = "approvals", "Decide on "+w.Title
	for _, e := range w.Editors {
		v.Wrote = append(v.Wrote, c.nameOf(p, e))
	}
	err = c.approvalContent(p, &v, d)
	return v, err
}

func (c *console) approvalContent(p *page, v *approvalPage, d incidents.Dossier) error {
	ctx, id := p.r.Context(), v.Pending.Subject.ID
	switch v.Pending.Subject.Kind {
	case incidents.SubjectNotice:
		n, _, err := c.Desk.Notice(ctx, p.actor, incidents.NoticeID(id))
		if err != nil {
			return err
		}
		if v.Audience, err = c.Desk.Audience(ctx, p.actor, n); err != nil {
			return err
		}
		v.Notice, v.Previews, v.Places = &n, c.previews(n, v.Audience), placesOf(n, d)
		ahead, err := c.Desk.Ahead(ctx, p.actor, n)
		if err != nil {
			return err
		}
		v.Goes = goesOf(n, ahead)
		if v.Lint, err = c.Desk.LintNotice(ctx, p.actor, n.ID); err != nil {
			return err
		}
		for _, o := range d.Obligations {
			if slices.Contains(n.Content.Answers, o.ID) {
				v.Duties = append(v.Duties, o)
			}
		}
		versions, err := c.Desk.NoticeVersions(ctx, p.actor, n.ID)
		if err != nil {
			return err
		}
		if len(versions) > 1 {
			v.Changes = changesOf(versions[len(versions)-2].Content, n.Content)
		}
	case incidents.SubjectAnnouncement:
		a, _, err := c.Desk.Announcement(ctx, p.actor, incidents.AnnouncementID(id))
		if err != nil {
			return err
		}
		v.Ann, v.Goes = &a, "Lets the announcement be put on the public site, for everybody to read."
		v.Lint, err = c.Desk.LintAnnouncement(ctx, p.actor, a.ID)
		return err
	case incidents.SubjectReport:
		r, _, err := c.Desk.Report(ctx, p.actor, incidents.ReportID(id))
		if err != nil {
			return err
		}
		v.Report, v.Goes, v.Since = &r, "Lets the report be handed to "+r.Content.Authority+".", sinceFiled(r.Content)
		if r.Content.Phase == incidents.PhaseWithdrawal {
			v.Goes = "Lets the report " + r.Content.Follows + " to " + r.Content.Authority + " be withdrawn."
		}
		v.Lint, err = c.Desk.ReportFindings(ctx, p.actor, r.ID)
		return err
	case incidents.SubjectWaiver:
		for _, x := range d.Waivers {
			if x.ID == id {
				v.Waiver = &x
			}
		}
		v.Goes = "Closes the obligation without doing it. Nothing leaves the house."
	case incidents.SubjectGivingUp:
		g, err := c.Desk.GivingUp(ctx, p.actor, id)
		v.GivingUp = &g
		v.Goes = "Gives up on what nobody can say about of " + num(v.Pending.Persons) + " " + plural(v.Pending.Persons, "person", "people") + ": nothing more is sent to them by this notice, and they count as not told. What was answered or tried since it was asked stays as it is."
		return err
	case incidents.SubjectCapRaise:
		_, raises, err := c.Desk.Spends(ctx, p.actor, v.Pending.Incident.ID)
		if err != nil {
			return err
		}
		for i, r := range raises {
			if r.ID == id {
				v.Raise = &raises[i]
				v.Goes = "Raises the spend cap of " + channelName(r.Channel) + " for this incident from " + r.From.Text(r.Currency) + " to " + r.To.Text(r.Currency) + ". What waited for it is sent."
			}
		}
	}
	return nil
}

// toWhom is how many a notice tells, and of how many it chooses.
func toWhom(n incidents.Notice, a incidents.Ahead) string {
	if a.Told == a.Chosen() {
		return num(n.Content.Persons) + " " + plural(n.Content.Persons, "person", "people")
	}
	return num(a.Told) + " of " + num(a.Chosen()) + " people"
}

// untold says why the others are told nothing; empty: there are none.
func untold(a incidents.Ahead) string {
	var parts []string
	if a.Unreachable > 0 {
		parts = append(parts, num(a.Unreachable)+" "+plural(a.Unreachable, "has", "have")+" no usable address on its channels")
	}
	if a.Barred > 0 {
		parts = append(parts, num(a.Barred)+" "+plural(a.Barred, "is", "are")+" excluded or must not be told")
	}
	if len(parts) == 0 {
		return ""
	}
	n := a.Unreachable + a.Barred
	return num(n) + " " + plural(n, "person is", "people are") + " told nothing: " + joinAnd(parts) + "."
}

// goesOf says exactly what leaves the house, and who is told nothing.
func goesOf(n incidents.Notice, ahead incidents.Ahead) string {
	c := n.Content
	var channels, langs []string
	for _, ch := range c.Channels() {
		channels = append(channels, channelName(ch))
	}
	for l := range c.Langs {
		langs = append(langs, langName(l))
	}
	slices.Sort(langs)
	where := "everywhere on the list"
	if len(c.Filter.Places) > 0 {
		where = "in " + placeList(c.Filter.Places)
	}
	if len(c.Filter.Langs) > 0 {
		where += " who read " + langList(c.Filter.Langs)
	}
	to := "real addresses"
	if c.Mode == incidents.Drill {
		to = "the sealed sandbox, as a drill"
	}
	if c.Correction() {
		return fmt.Sprintf("Lets a correction be sent to exactly those whose message of the notice it corrects left, %s %s at most, by the same channel (%s), in %s, to %s. It needs no further approval.",
			num(c.Persons), plural(c.Persons, "person", "people"), joinAnd(channels), joinAnd(langs), to)
	}
	return strings.TrimSpace(fmt.Sprintf("Sends 1 notice to %s %s by %s, in %s, to %s. %s", toWhom(n, ahead), where, joinAnd(channels), joinAnd(langs), to, untold(ahead)))
}

func joinAnd(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	out := words[0]
	for _, w := range words[1 : len(words)-1] {
		out += ", " + w
	}
	return out + " and " + words[len(words)-1]
}

// placesOf counts the people chosen by place, as the imported lists say.
func placesOf(n incidents.Notice, d incidents.Dossier) []shareRow {
	places := map[string]int64{}
	for _, im := range d.Imports {
		for place, k := range im.ByPlace {
			if chosen(n.Content.Filter.Places, place) {
				places[string(place)] += k
			}
		}
	}
	return shares(places, 8)
}

// chosen tells whether a filter takes a place; a country takes its subdivisions.
func chosen(filter []incidents.Place, place incidents.Place) bool {
	for _, f := range filter {
		if f == place || strings.HasPrefix(string(place), string(f)+"-") {
			return true
		}
	}
	return len(filter) == 0
}

// changesOf names what differs between two versions, words first.
func changesOf(a, b incidents.Content) (out []wordChange) {
	add := func(where, was, is string) {
		if was != is {
			out = append(out, wordChange{where, was, is})
		}
	}
	for _, l := range sortedLangs(a.Langs, b.Langs) {
		was, is, name := a.Langs[l], b.Langs[l], langName(l)
		add(name+", subject", was.Subject, is.Subject)
		add(name+", what happened", was.Happened, is.Happened)
		add(name+", what we have done", was.Measures, is.Measures)
		add(name+", what you can do", was.Advice, is.Advice)
		add(name+", what we offer", was.Remedies, is.Remedies)
		add(name+", contact", was.Contact, is.Contact)
		add(name+", SMS", was.SMS, is.SMS)
		add(name+", push title", was.PushTitle, is.PushTitle)
		add(name+", push text", was.PushBody, is.PushBody)
		add(name+", telephone", was.Voice, is.Voice)
	}
	add("People", num(a.Persons), num(b.Persons))
	add("The list", a.ListHash, b.ListHash)
	add("Places", placeList(a.Filter.Places), placeList(b.Filter.Places))
	add("Languages of the people", langList(a.Filter.Langs), langList(b.Filter.Langs))
	add("Channels", planText(a.Plan), planText(b.Plan))
	add("Plans of groups", plansLine(a.Plans), plansLine(b.Plans))
	add("Minors and the dead", routesText(a.Routes), routesText(b.Routes))
	add("Sensitive data named on the list", yesNo(a.Sensitive), yesNo(b.Sensitive))
	add("Read on the verification page", yesNo(a.Cover), yesNo(b.Cover))
	add("Leaves in quiet hours, because", a.QuietOverride, b.QuietOverride)
	add("Default language", langName(a.Default), langName(b.Default))
	add("Meant to meet", strings.Join(a.Answers, ", "), strings.Join(b.Answers, ", "))
	add("Last day of service", a.EndDate, b.EndDate)
	add("Layouts", a.Layout, b.Layout)
	return out
}

func placeList(places []incidents.Place) string {
	if len(places) == 0 {
		return "everywhere"
	}
	words := make([]string, len(places))
	for i, p := range places {
		words[i] = string(p)
	}
	return strings.Join(words, ", ")
}

func langList(langs []incidents.Lang) string {
	if len(langs) == 0 {
		return "any"
	}
	words := make([]string, len(langs))
	for i, l := range langs {
		words[i] = langName(l)
	}
	return strings.Join(words, ", ")
}

// planText says the channels in order, with their waits.
func planText(plan []incidents.Step) string {
	words := make([]string, len(plan))
	for i, s := range plan {
		words[i] = channelName(s.Channel)
		if s.Wait > 0 {
			words[i] += " after " + num(int64(s.Wait.Hours())) + " h"
		}
	}
	return strings.Join(words, ", then ")
}

func (c *console) approval(p *page) error {
	v, err := c.approvalView(p)
	if err != nil {
		return err
	}
	return c.show(p, "approval", v)
}

// decide takes an officer's decision. The code proves the second factor again;
// the subject is exactly the one the page showed.
func (c *console) decide(p *page) error {
	version, err := p.number("version")
	if err != nil {
		return err
	}
	s := incidents.Subject{Kind: incidents.SubjectKind(p.vars["kind"]), ID: p.vars["id"], Version: int(version), Hash: p.form("hash")}
	if err = c.stepUp(p); err == nil {
		err = c.Desk.Decide(p.r.Context(), p.actor, s, p.form("decision"), p.form("comment"))
	}
	if err != nil {
		v, verr := c.approvalView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "approval", &v)
	}
	said := map[string]string{"approve": "Approved.", "return": "Returned with your comment."}[p.form("decision")]
	return c.redirect(p, "/approvals", said)
}
