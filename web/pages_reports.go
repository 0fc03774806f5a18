package web

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

type reportsPage struct {
	incidentFrame
	Rows   []reportRow
	Duties []reportDuty
	Typed  struct{ Obligation, Phase string }
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
}

func (c *console) reportsView(p *page) (v reportsPage, err error) {
	f, d, err := c.incidentFrame(p, "reports")
	if err != nil {
		return v, err
	}
	v = reportsPage{incidentFrame: f}
	v.Typed.Obligation, v.Typed.Phase = p.form("obligation"), p.form("phase")
	for _, r := range d.Reports {
		v.Rows = append(v.Rows, reportRow{Report: r, State: reportState(r.Status), Missing: len(r.Content.Missing())})
	}
	for _, o := range d.Obligations {
		if o.Report == "" || o.Applies == incidents.AppliesNo {
			continue
		}
		v.Duties = append(v.Duties, reportDutyOf(o, d.Reports, f.Now))
	}
	return v, nil
}

func reportDutyOf(o incidents.ObligationState, reports []incidents.Report, now time.Time) reportDuty {
	x := reportDuty{ObligationState: o, Clock: clockOf(o, now), State: dutyState(o, now), Next: incidents.PhaseInitial}
	for i, r := range reports {
		if r.Content.Obligation != o.ID {
			continue
		}
		if r.Status != incidents.ReportFiled {
			x.Open = &reports[i]
		} else if r.Content.Phase != incidents.PhaseFinal && x.Next == incidents.PhaseInitial {
			x.Next = incidents.PhaseUpdate
		}
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
	r, err := c.Desk.DraftReport(p.r.Context(), p.actor, in.ID, p.form("obligation"), incidents.ReportPhase(p.form("phase")))
	if err != nil {
		v, verr := c.reportsView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "reports", &v)
	}
	return c.redirect(p, reportPath(r.ID), "Filled in from the facts. What is not known is asked for.")
}

func reportPath(id incidents.ReportID) string { return "/reports/" + string(id) }

type reportPage struct {
	incidentFrame
	Report    incidents.Report
	State     stateView
	Approvals []incidents.Approval
	Sections  []reportSection
	Missing   int
	Changed   int
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
	Ask   string   // what is asked when it is missing
	From  []string // questions of the facts it comes from
	Long  bool     // a text of some length is expected
	Lines int
}

// asker says what an open field of a form asks; the forms may have it.
type asker interface {
	Question(incidents.ReportContent, incidents.ReportField) string
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
	c.fillReport(&v, p, r.Content)
	return v, nil
}

// fillReport lays the form out in its order, keeping what was typed.
func (c *console) fillReport(v *reportPage, p *page, content incidents.ReportContent) {
	ask, _ := c.Desk.Reports.(asker)
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
				x.From = append(x.From, def.Question)
				x.Long = x.Long || def.Type == incidents.FactText
			}
		}
		if typed, ok := p.r.PostForm["f."+f.Key]; ok {
			x.Value = strings.ReplaceAll(strings.Join(typed, "\n"), "\r\n", "\n")
		}
		x.Lines = min(max(len([]rune(x.Value))/70+strings.Count(x.Value, "\n")+1, 1), 12)
		if x.Long {
			x.Lines = max(x.Lines, 3)
		}
		if f.Changed {
			v.Changed++
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
		_, err := c.Desk.SubmitReport(p.r.Context(), p.actor, id)
		return err
	})
}

// renderReport shows the report as the authority gets it. The HTML document
// has its own style and may run and load nothing.
func (c *console) renderReport(p *page) error {
	format := p.vars["format"]
	mediaType, ok := reportTypes[format]
	if !ok {
		return incidents.NotFound("a report comes as html, pdf or json")
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
		return c.redirect(p, reportPath(id), "Recorded. The duty is met.")
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

// Phases are the phases of a report, in order.
func (reportsPage) Phases() []incidents.ReportPhase {
	return []incidents.ReportPhase{incidents.PhaseInitial, incidents.PhaseUpdate, incidents.PhaseFinal}
}

// Ways are how a report is handed in.
func (reportPage) Ways() []incidents.Option {
	return slices.Clone([]incidents.Option{{Value: "portal", Label: "On the authority's portal"}, {Value: "email", Label: "By email"}, {Value: "phone", Label: "By telephone"}, {Value: "post", Label: "By post"}})
}
