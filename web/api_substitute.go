package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"time"

	"tocsin/incidents"
)

// A meansInput says how a substitute notice was given, as it was sent.
type meansInput struct {
	Obligation   string `json:"obligation"`
	Means        string `json:"means"`
	At           string `json:"at"`
	Reference    string `json:"reference"`
	Announcement string `json:"announcement"`
}

func (in *meansInput) fields() map[string]*string {
	return map[string]*string{"obligation": &in.Obligation, "means": &in.Means, "at": &in.At, "reference": &in.Reference, "announcement": &in.Announcement}
}

func (in *meansInput) input(at func(string) (time.Time, error)) (m incidents.MeansInput, err error) {
	m = incidents.MeansInput{Obligation: in.Obligation, Means: incidents.Means(in.Means), Reference: in.Reference, Announcement: incidents.AnnouncementID(in.Announcement)}
	if in.At != "" {
		m.At, err = at(in.At)
	}
	return m, err
}

func apiTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, incidents.Invalid("the time reads like 2026-11-20T09:00:00Z").On("at")
	}
	return t, nil
}

// recordSubstitute records that a substitute notice was given: JSON, or a form
// whose last part is the receipt, which streams into the store.
func (a api) recordSubstitute(c *call) (any, error) {
	found, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	kind, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	var in meansInput
	var receipt *multipart.Part
	if kind == "multipart/form-data" {
		receipt, err = in.read(multipart.NewReader(patient(c.w, c.r, a.MaxUpload), params["boundary"]))
	} else {
		err = c.read(&in)
	}
	if err != nil {
		return nil, err
	}
	m, err := in.input(apiTime)
	if err != nil {
		return nil, err
	}
	if receipt == nil || receipt.FileName() == "" {
		return a.Desk.RecordSubstitute(c.ctx, c.actor, found.ID, m, nil)
	}
	m.ReceiptName = cleanName(receipt.FileName())
	return a.Desk.RecordSubstitute(c.ctx, c.actor, found.ID, m, receipt)
}

// read takes the fields up to the receipt, which must come last.
func (in *meansInput) read(parts *multipart.Reader) (receipt *multipart.Part, err error) {
	fields := in.fields()
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, formError(err)
		}
		if p.FormName() == "receipt" {
			return p, nil
		}
		to, ok := fields[p.FormName()]
		if !ok {
			return nil, incidents.Invalid("there is no such field").On(cleanName(p.FormName())).WithHint("send obligation, means, reference, at, announcement and, last, receipt")
		}
		b, err := io.ReadAll(io.LimitReader(p, 4<<10))
		if err != nil {
			return nil, formError(err)
		}
		*to = string(b)
	}
}
