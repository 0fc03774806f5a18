package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"time"

	"tocsin/incidents"
)

func (c *call) reportID() incidents.ReportID { return incidents.ReportID(c.vars["report"]) }

func (a api) draftReport(c *call) (any, error) {
	var input struct {
		Obligation string                `json:"obligation"`
		Phase      incidents.ReportPhase `json:"phase"`
		Reason     string                `json:"reason"` // of a withdrawal
	}
	if err := c.read(&input); err != nil {
		return nil, err
	}
	in, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	if input.Phase == incidents.PhaseWithdrawal {
		r, err := a.Desk.DraftWithdrawal(c.ctx, c.actor, in.ID, input.Obligation, input.Reason)
		return made{r, "/reports/" + string(r.ID)}, err
	}
	if input.Reason != "" {
		return nil, incidents.Invalid("only a withdrawal has a reason").On("reason")
	}
	r, err := a.Desk.DraftReport(c.ctx, c.actor, in.ID, input.Obligation, input.Phase)
	return made{r, "/reports/" + string(r.ID)}, err
}

func (a api) report(c *call) (any, error) {
	r, approvals, err := a.Desk.Report(c.ctx, c.actor, c.reportID())
	return struct {
		Report    incidents.Report     `json:"report"`
		Approvals []incidents.Approval `json:"approvals"`
	}{r, some(approvals)}, err
}

func (a api) editReport(c *call) (any, error) {
	var in struct {
		Base   int               `json:"base"`
		Values map[string]string `json:"values"`
		Refill bool              `json:"refill"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return a.Desk.EditReport(c.ctx, c.actor, c.reportID(), in.Base, in.Values, in.Refill)
}

func (a api) submitReport(c *call) (any, error) {
	var in struct {
		Reason string `json:"reason"` // why it is submitted with contradictions
	}
	if err := c.maybe(&in); err != nil {
		return nil, err
	}
	return a.Desk.SubmitReport(c.ctx, c.actor, c.reportID(), in.Reason)
}

// lintReport lists the contradictions with what people are told.
func (a api) lintReport(c *call) (any, error) {
	return whole(a.Desk.ReportFindings(c.ctx, c.actor, c.reportID()))
}

// reportTypes are the forms a report is rendered in.
var reportTypes = map[string]string{"html": "text/html; charset=utf-8", "pdf": "application/pdf", "json": "application/json", "txt": "text/plain; charset=utf-8",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}

func (a api) renderReport(c *call) (any, error) {
	format := c.query("format")
	mediaType, ok := reportTypes[format]
	if !ok {
		return nil, incidents.Invalid("a report comes as html, pdf, docx, json or txt").On("format")
	}
	b, r, err := a.Desk.RenderReport(c.ctx, c.actor, c.reportID(), format)
	if err != nil {
		return nil, err
	}
	return written{}, download(c.w, mediaType, fmt.Sprintf("R-%d.%s", r.No, format), func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// fileReport records a submission: JSON, or a form whose last part is the
// authority's receipt, which streams into the store.
func (a api) fileReport(c *call) (any, error) {
	kind, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		var in filingInput
		if err := c.read(&in); err != nil {
			return nil, err
		}
		f, err := in.filing()
		if err != nil {
			return nil, err
		}
		return a.Desk.FileReport(c.ctx, c.actor, c.reportID(), f, nil)
	}
	in, receipt, err := readFiling(multipart.NewReader(patient(c.w, c.r, a.MaxUpload), params["boundary"]))
	if err != nil {
		return nil, err
	}
	f, err := in.filing()
	if err != nil {
		return nil, err
	}
	if receipt == nil {
		return a.Desk.FileReport(c.ctx, c.actor, c.reportID(), f, nil)
	}
	f.ReceiptName = cleanName(receipt.FileName())
	return a.Desk.FileReport(c.ctx, c.actor, c.reportID(), f, receipt)
}

type filingInput struct {
	Channel   string `json:"channel"`
	Reference string `json:"reference"`
	At        string `json:"at"`
}

func (in filingInput) filing() (f incidents.Filing, err error) {
	f = incidents.Filing{Channel: in.Channel, Reference: in.Reference}
	if in.At != "" {
		if f.At, err = time.Parse(time.RFC3339, in.At); err != nil {
			return f, incidents.Invalid("the time reads like 2026-11-20T09:00:00Z").On("at")
		}
	}
	return f, nil
}

// readFiling reads the fields up to the receipt, which must come last.
func readFiling(parts *multipart.Reader) (in filingInput, receipt *multipart.Part, err error) {
	fields := map[string]*string{"channel": &in.Channel, "reference": &in.Reference, "at": &in.At}
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return in, nil, nil
		}
		if err != nil {
			return in, nil, formError(err)
		}
		if p.FormName() == "receipt" {
			return in, p, nil
		}
		to, ok := fields[p.FormName()]
		if !ok {
			return in, nil, incidents.Invalid("there is no such field").On(cleanName(p.FormName())).WithHint("send channel, reference, at and, last, receipt")
		}
		b, err := io.ReadAll(io.LimitReader(p, 4<<10))
		if err != nil {
			return in, nil, formError(err)
		}
		*to = string(b)
	}
}

func formError(err error) error {
	var known *incidents.Error
	if errors.As(err, &known) {
		return err
	}
	return incidents.Invalid("the form does not read as multipart/form-data")
}

// cleanName keeps a given name short and in one line.
func cleanName(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r >= ' ' && r != 0x7f && len(out) < 100 {
			out = append(out, r)
		}
	}
	return string(out)
}
