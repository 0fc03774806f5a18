package web

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incidents"
)

type reportsPage struct {
	incidentFrame
	Rows   []reportRow
	Duties []reportDuty
	Typed  struct{ Obligation, Phase, Reason string }
}

type reportRow struct {
	incidents.Report
	State   stateView
	Missing int
	Clock   *clockView
}

// A reportDuty is a duty that has a form, with the phase that is next.
type reportDuty struct {
	incidents.ObligationState
	Clock clockView
	State stateView
	Next  incidents.ReportPhase
	Open  *incidents.Report // a draft on its way
	Last  *incidents.Report // filed last
}

// Withdrawable tells whether something was filed that can be taken back.
func (d reportDuty) Withdrawable() bool {
	return d.Last != nil && d.Last.Content.Phase != incidents.PhaseWithdrawal
}

func (c *console) reportsView(p *page) (v reportsPage, err error) {
	f, d, err := c.incidentFrame(p, "reports")
	if err != nil {
		return v, err
	}
	v = reportsPage{incidentFrame: f}
	v.Typed.Obligation, v.Typed.Phase, v.Typed.Reason = p.form("obligation"), p.form("phase"), p.form("reason")
	for _, r := range d.Reports {
		v.Rows = append(v.Rows, reportRow{Report: r, State: reportState(r.Status), Missing: len(r.Content.Missing())})
	}
	for _, o := range d.Obligations {
		if !reportable(o) {
			continue
		}
		v.Duties = append(v.Duties, reportDutyOf(o, d.Reports, f.Now))
	}
	return v, nil
}

// reportable tells whether a duty is met by a report. What has no form of its
// own is written on the general one, once it is clear that it applies.
func reportable(o incidents.ObligationState) bool {
	if o.Report != "" {
		return o.Applies != incidents.AppliesNo
	}
	return o.Applies == incidents.AppliesYes && (o.Audience == incidents.AudienceRegulator || o.Audience == incidents.AudiencePolice)
}

func reportDutyOf(o incidents.ObligationState, reports []incidents.Report, now time.Time) reportDuty {
	x := reportDuty{ObligationState: o, Clock: clockOf(o, now), State: dutyState(o, now), Next: incidents.PhaseInitial}
	for i, r := range reports {
		if r.Content.Obligation != o.ID {
			continue
		}
		if r.Status != incidents.ReportFiled {
			x.Open = &reports[i]
		} else if x.Last == nil || r.Filed.At.After(x.Last.Filed.At) {
			x.Last = &reports[i]
		}
	}
	if x.Withdrawable() && x.Last.Content.Phase != incidents.PhaseFinal {
		x.Next = incidents.PhaseUpdate
	}
	return x
}

// reports lists the reports of an incident and the duties that ask for one.
func (c *console) reports(p *page) error {
	v, err := c.reportsView(p)
	if err != nil {
		return err
	}
	return c.show(p, "reports", v)
}

// draftReport fills an authority's form from the facts.
func (c *console) draftReport(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	r, err := c.draftOf(p, in.ID)
	if err != nil {
		v, verr := c.reportsView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "reports", &v)
	}
	return c.redirect(p, reportPath(r.ID), "Filled in from the facts. What is not known is asked for.")
}

func (c *console) draftOf(p *page, in incidents.IncidentID) (incidents.Report, error) {
	if phase := incidents.ReportPhase(p.form("phase")); phase != incidents.PhaseWithdrawal {
		return c.Desk.DraftReport(p.r.Context(), p.actor, in, p.form("obligation"), phase)
	}
	return c.Desk.DraftWithdrawal(p.r.Context(), p.actor, in, p.form("obligation"), p.form("reason"))
}

func reportPath(id incidents.ReportID) string { return "/reports/" + string(id) }

type reportPage struct {
	incidentFrame
	Report    incidents.Report
	State     stateView
	Approvals []incidents.Approval
	Sections  []reportSection
	Missing   int
	Asked     []reportField // what is open, in the form's order
	Changes   []wordChange  // since the report filed before
	Findings  []incidents.Finding
	Note      string // what the form is and is not
	Reason    string // typed, why it is submitted with findings
	Wrote     []string
	Editable  bool
	Duty      *dutyRow
	Typed     struct{ Channel, Reference, At string }
	Receipt   bool // kept with the report
}

type reportSection struct {
	Name   string
	Fields []reportField
}

type reportField struct {
	incidents.ReportField
	Ask   string     // what is asked when it is missing
	Facts []factLink // it comes from and that are not known
	Risk  []riskView // what the likely consequences are for each group of people
	Long  bool       // a text of some length is expected
	Lines int
}

// A factLink is a fact an open field waits for.
type factLink struct{ Key, Question string }

// asker says what an open field of a form asks, and what a form is; the forms
// may have it.
type asker interface {
	Question(incidents.ReportContent, incidents.ReportField) string
	Note(form string) string
}

func (c *console) reportView(p *page) (v reportPage, err error) {
	ctx := p.r.Context()
	r, approvals, err := c.Desk.Report(ctx, p.actor, incidents.ReportID(p.vars["report"]))
	if err != nil {
		return v, err
	}
	d, err := c.Desk.Dossier(ctx, p.actor, string(r.IncidentID))
	if err != nil {
		return v, err
	}
	v = reportPage{incidentFrame: c.frameOf(p, "reports", d), Report: r, State: reportState(r.Status), Approvals: approvals, Missing: len(r.Content.Missing()),
		Editable: r.Status != incidents.ReportFiled && p.actor.May(incidents.ActDraft) == nil}
	v.Title = fmt.Sprintf("R-%d %s", r.No, r.Content.Title)
	for _, id := range r.Editors {
		v.Wrote = append(v.Wrote, c.nameOf(p, id))
	}
	for _, o := range d.Obligations {
		if o.ID == r.Content.Obligation {
			v.Duty = &dutyRow{ObligationState: o, Clock: clockOf(o, v.Now), State: dutyState(o, v.Now)}
		}
	}
	v.Receipt = r.Filed != nil && r.Filed.Receipt != "" && (p.actor.May(incidents.ActEvidence) == nil || p.actor.May(incidents.ActPersons) == nil)
	v.Changes, v.Reason = sinceFiled(r.Content), p.form("reason")
	if r.Status != incidents.ReportFiled {
		if v.Findings, err = c.Desk.ReportFindings(ctx, p.actor, r.ID); err != nil {
			return v, err
		}
	}
	c.fillReport(&v, p, r.Content, d)
	return v, nil
}

// sinceFiled is what differs from the report filed before, field by field.
func sinceFiled(c incidents.ReportContent) (out []wordChange) {
	for _, f := range c.Changes() {
		out = append(out, wordChange{f.Label, f.Was, f.Value})
	}
	return out
}

// fillReport lays the form out in its order, keeping what was typed.
func (c *console) fillReport(v *reportPage, p *page, content incidents.ReportContent, d incidents.Dossier) {
	ask, _ := c.Desk.Reports.(asker)
	if ask != nil {
		v.Note = ask.Note(content.Form)
	}
	for _, f := range content.Fields {
		if len(v.Sections) == 0 || v.Sections[len(v.Sections)-1].Name != f.Section {
			v.Sections = append(v.Sections, reportSection{Name: f.Section})
		}
		x := reportField{ReportField: f}
		if f.Missing && ask != nil {
			x.Ask = ask.Question(content, f)
		}
		for _, key := range f.Facts {
			if def, ok := incidents.FactByKey(key); ok {
				if _, known := d.Facts.Value(key); !known {
					x.Facts = append(x.Facts, factLink{key, def.Question})
				}
				x.Long = x.Long || def.Type == incidents.FactText
			}
		}
		if v.Editable && slices.Contains(f.Facts, "consequences") {
			x.Risk = riskRows(d)
		}
		if typed, ok := p.r.PostForm["f."+f.Key]; ok {
			x.Value = strings.ReplaceAll(strings.Join(typed, "\n"), "\r\n", "\n")
		}
		x.Lines = min(max(len([]rune(x.Value))/70+strings.Count(x.Value, "\n")+1, 1), 12)
		if x.Long {
			x.Lines = max(x.Lines, 3)
		}
		if f.Missing {
			v.Asked = append(v.Asked, x)
		}
		last := &v.Sections[len(v.Sections)-1]
		last.Fields = append(last.Fields, x)
	}
}

func (c *console) report(p *page) error {
	v, err := c.reportView(p)
	if err != nil {
		return err
	}
	return c.show(p, "report", v)
}

// onReport runs one act and shows the page again, with what was typed, when it fails.
func (c *console) onReport(p *page, said string, act func(incidents.ReportID) error) error {
	id := incidents.ReportID(p.vars["report"])
	if err := act(id); err != nil {
		v, verr := c.reportView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "report", &v)
	}
	return c.redirect(p, reportPath(id), said)
}

// saveReport types over fields, or fills them in from the facts again.
func (c *console) saveReport(p *page) error {
	refill := p.form("do") == "refill"
	said := "Saved. Approvals that waited are void."
	if refill {
		said = "Filled in again from the facts."
	}
	return c.onReport(p, said, func(id incidents.ReportID) error {
		base, err := p.number("base")
		if err != nil {
			return err
		}
		r, _, err := c.Desk.Report(p.r.Context(), p.actor, id)
		if err != nil {
			return err
		}
		values := map[string]string{}
		for _, f := range r.Content.Fields {
			typed, ok := p.r.PostForm["f."+f.Key]
			if v := strings.ReplaceAll(strings.Join(typed, "\n"), "\r\n", "\n"); ok && !refill && v != f.Value {
				values[f.Key] = v
			}
		}
		_, err = c.Desk.EditReport(p.r.Context(), p.actor, id, int(base), values, refill)
		return err
	})
}

func (c *console) submitReport(p *page) error {
	return c.onReport(p, "Handed to the privacy officers.", func(id incidents.ReportID) error {
		_, err := c.Desk.SubmitReport(p.r.Context(), p.actor, id, p.form("reason"))
		return err
	})
}

// renderReport shows the report as the authority gets it. The HTML document
// has its own style and may run and load nothing.
func (c *console) renderReport(p *page) error {
	format := p.vars["format"]
	mediaType, ok := reportTypes[format]
	if !ok {
		return incidents.NotFound("a report comes as html, pdf, docx, json or txt")
	}
	b, r, err := c.Desk.RenderReport(p.r.Context(), p.actor, incidents.ReportID(p.vars["report"]), format)
	if err != nil {
		return err
	}
	if format == "html" {
		h := p.w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src "+styleSource(c.Desk.Reports)+"; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox")
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Set("Content-Type", mediaType)
		_, _ = p.w.Write(b)
		return nil
	}
	return download(p.w, mediaType, fmt.Sprintf("R-%d.%s", r.No, format), func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// styleSource is what allows the one style inside the document.
func styleSource(r incidents.Reporter) string {
	if s, ok := r.(interface{ StyleSource() string }); ok {
		return s.StyleSource()
	}
	return "'none'"
}

// fileReport records that the report was handed in. The receipt comes last in
// the form and streams into the store.
func (c *console) fileReport(p *page) error {
	id := incidents.ReportID(p.vars["report"])
	in, err := c.readFiled(p, id)
	if err == nil {
		r, _, err := c.Desk.Report(p.r.Context(), p.actor, id)
		if err != nil {
			return err
		}
		said := "Recorded. The duty is met."
		if r.Content.Phase == incidents.PhaseWithdrawal {
			said = "Recorded. The report is withdrawn."
		}
		return c.redirect(p, reportPath(id), said)
	}
	v, verr := c.reportView(p)
	if verr != nil {
		return verr
	}
	v.Typed.Channel, v.Typed.Reference, v.Typed.At = in.Channel, in.Reference, in.At
	return c.again(p, err, "report", &v)
}

func (c *console) readFiled(p *page, id incidents.ReportID) (in filingInput, err error) {
	p.r.Body = io.NopCloser(patient(p.w, p.r, c.MaxUpload))
	parts, err := p.r.MultipartReader()
	if err != nil {
		return in, incidents.Invalid("the form did not arrive whole")
	}
	fields := map[string]*string{"channel": &in.Channel, "reference": &in.Reference, "at": &in.At}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) || (err == nil && part.FormName() == "receipt") {
			f := incidents.Filing{Channel: in.Channel, Reference: in.Reference}
			if in.At != "" {
				at, err := parseInput(in.At)
				if err != nil {
					return in, incidents.Invalid("enter a date and a time in UTC").On("at")
				}
				f.At = at
			}
			var receipt io.Reader
			if part != nil && part.FileName() != "" {
				f.ReceiptName, receipt = cleanName(part.FileName()), part
			}
			_, err := c.Desk.FileReport(p.r.Context(), p.actor, id, f, receipt)
			return in, err
		}
		if err != nil {
			return in, formError(err)
		}
		if to, ok := fields[part.FormName()]; ok {
			*to = field(part)
		}
	}
}

// A copyPage is the sheet to copy from when an authority wants its own page
// filled in: each answer in the form's order, in a box of its own.
type copyPage struct {
	incidentFrame
	Report   incidents.Report
	Sections []copySection
	Count    int
	Missing  int
}

type copySection struct {
	Name   string
	Fields []copyField
}

type copyField struct {
	incidents.ReportField
	No         int
	Characters int
	Lines      int
	Ask        string
}

// copySheet shows the answers one by one. It needs no script: a click into a
// box and the keys to select all and to copy are enough.
func (c *console) copySheet(p *page) error {
	v, err := c.reportView(p)
	if err != nil {
		return err
	}
	x := copyPage{incidentFrame: v.incidentFrame, Report: v.Report, Missing: v.Missing}
	x.Title = fmt.Sprintf("Copy sheet of R-%d", v.Report.No)
	for _, s := range v.Sections {
		to := copySection{Name: s.Name}
		for _, f := range s.Fields {
			x.Count++
			to.Fields = append(to.Fields, copyField{ReportField: f.ReportField, No: x.Count, Characters: utf8.RuneCountInString(f.Value),
				Lines: min(max(linesOf(f.Value), 1), 14), Ask: f.Ask})
		}
		x.Sections = append(x.Sections, to)
	}
	return c.show(p, "copysheet", x)
}

// linesOf is about how many lines of a box a text takes; a Chinese sign is as
// wide as two letters.
func linesOf(s string) int {
	n := 0
	for line := range strings.SplitSeq(s, "\n") {
		width := 0
		for _, r := range line {
			if width++; r >= 0x2e80 {
				width++
			}
		}
		n += width/90 + 1
	}
	return n
}

// Phases are the phases a report is filled in for, in order; a withdrawal has a
// form of its own, because it needs a reason.
func (reportsPage) Phases() []incidents.ReportPhase {
	return []incidents.ReportPhase{incidents.PhaseInitial, incidents.PhaseUpdate, incidents.PhaseFinal}
}

// Ways are how a report is handed in.
func (reportPage) Ways() []incidents.Option {
	return slices.Clone([]incidents.Option{{Value: "portal", Label: "On the authority's portal"}, {Value: "email", Label: "By email"}, {Value: "phone", Label: "By telephone"}, {Value: "post", Label: "By post"}})
}
