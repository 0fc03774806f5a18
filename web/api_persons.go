package web

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"tocsin/incidents"
	"tocsin/web/patience"
)

// listFormats are the media types a list may come as, and how it is read.
// gzip and zstd are known by their first bytes, whatever the headers say.
var listFormats = map[string]string{
	"text/csv": "csv", "application/csv": "csv",
	"application/jsonl": "jsonl", "application/x-ndjson": "jsonl", "application/ndjson": "jsonl",
	"application/octet-stream": "", "application/gzip": "", "application/zstd": "",
}

// importList reads a list as it arrives: it is never whole in memory.
func (a api) importList(c *call) (any, error) {
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	format, known := listFormats[kind]
	if err != nil || !known {
		return nil, unsupported(incidents.Invalid("a list is text/csv or application/jsonl").WithHint("gzip and zstd may be round it"))
	}
	if f := c.query("format"); f != "" {
		format = f
	}
	encoding := c.query("encoding")
	if encoding == "" && format == "csv" {
		encoding = strings.ToLower(params["charset"])
	}
	in, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	name := c.query("name")
	if name == "" {
		name = "list"
	}
	if len(name) > 200 {
		return nil, incidents.Invalid("keep the name under 200 characters").On("name")
	}
	got, err := a.Desk.ImportList(c.ctx, c.actor, in.ID, incidents.ListUpload{Name: name, Encoding: encoding, Format: format,
		Body: patient(c.w, c.r, a.MaxImport), Size: c.r.ContentLength})
	if err != nil {
		if got.ID != "" && got.Imported > 0 {
			return nil, fmt.Errorf("import %s broke off after %d persons: %w", got.ID, got.Imported, err)
		}
		return nil, err
	}
	return made{got, "/incidents/" + string(in.ID) + "/imports/" + got.ID}, nil
}

// patient reads a large body: bounded, and with a time limit on each piece
// instead of on the whole.
func patient(w http.ResponseWriter, r *http.Request, most int64) io.Reader {
	return &patientReader{http.MaxBytesReader(w, r.Body, most), http.NewResponseController(w)}
}

type patientReader struct {
	r  io.Reader
	rc *http.ResponseController
}

func (p *patientReader) Read(b []byte) (int, error) {
	slow := patience.New(slowBody, p.rc.SetReadDeadline)
	defer slow.End()
	n, err := p.r.Read(b)
	if err != nil && err != io.EOF {
		err = bodyError(err)
	}
	return n, err
}

// A personView is one person, masked.
type personView struct {
	Seq      int64               `json:"seq"`
	Lang     incidents.Lang      `json:"lang"`
	Place    incidents.Place     `json:"place,omitempty"`
	Channels []incidents.Channel `json:"channels"`
	Excluded string              `json:"excluded,omitempty"`
	Note     string              `json:"note,omitempty"` // of who excluded the person
	Name     string              `json:"name"`
	Email    string              `json:"email,omitempty"`
	Phone    string              `json:"phone,omitempty"`
	Address  string              `json:"address,omitempty"`
}

func viewPerson(p incidents.MaskedPerson) personView {
	m := p.Masked
	return personView{p.Person.Seq, p.Person.Lang, p.Person.Place, append([]incidents.Channel{}, p.Person.Channels...), p.Person.Excluded, p.Person.Note, m.Name, m.Email, m.Phone, m.Address}
}

func (a api) persons(c *call) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	after, err := c.number("after", 0)
	if err != nil {
		return nil, err
	}
	in, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	page := incidents.PersonPage{After: after, Limit: limit}
	for _, p := range c.r.URL.Query()["place"] {
		page.Filter.Places = append(page.Filter.Places, incidents.Place(p))
	}
	for _, l := range c.r.URL.Query()["lang"] {
		page.Filter.Langs = append(page.Filter.Langs, incidents.Lang(l))
	}
	list, err := a.listed(c, in.ID, page)
	if err != nil {
		return nil, err
	}
	return paged(views(list, viewPerson), limit, func(p personView) string { return strconv.FormatInt(p.Seq, 10) }), nil
}

// findPerson takes the list's own id in a body: it belongs into no address.
func (a api) findPerson(c *call) (any, error) {
	var in struct {
		Ref string `json:"ref"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	found, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	p, err := a.Desk.FindPerson(c.ctx, c.actor, found.ID, in.Ref)
	return viewPerson(p), err
}

// person names the person of the address.
func (a api) person(c *call) (incidents.PersonID, int64, error) {
	seq, err := strconv.ParseInt(c.vars["seq"], 10, 64)
	if err != nil || seq < 1 {
		return "", 0, incidents.NotFound("there is no such person on the list")
	}
	in, err := a.incident(c)
	return incidents.NewPersonID(in.ID, seq), seq, err
}

func (a api) excludePerson(c *call) (any, error) {
	var in struct {
		Reason incidents.ExclusionReason `json:"reason"`
		Note   string                    `json:"note"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	id, _, err := a.person(c)
	if err != nil {
		return nil, err
	}
	if in.Reason == "" {
		return nil, a.Desk.IncludePerson(c.ctx, c.actor, id, in.Note)
	}
	return nil, a.Desk.ExcludePerson(c.ctx, c.actor, id, in.Reason, in.Note)
}

// A contactView is one person's data, spelled out field by field: a Contact
// masks itself everywhere else.
type contactView struct {
	Ref        string   `json:"ref"`
	Name       string   `json:"name"`
	NameLatin  string   `json:"name_latin,omitempty"`
	Email      string   `json:"email,omitempty"`
	Phone      string   `json:"phone,omitempty"`
	Address    string   `json:"address,omitempty"`
	Birth      string   `json:"birth,omitempty"`
	Guardian   string   `json:"guardian,omitempty"`
	GuardianTo string   `json:"guardian_to,omitempty"`
	Categories []string `json:"categories,omitempty"`
	Zone       string   `json:"zone,omitempty"`
	Note       string   `json:"note,omitempty"`
}

func (a api) unmask(c *call) (any, error) {
	why, err := c.reason()
	if err != nil {
		return nil, err
	}
	id, _, err := a.person(c)
	if err != nil {
		return nil, err
	}
	p, err := a.Desk.Unmask(c.ctx, c.actor, id, why)
	return contactView{p.Ref, p.Name, p.NameLatin, p.Email, p.Phone, p.Address, p.Birth, p.Guardian, p.GuardianTo, p.Categories, p.Zone, p.Note}, err
}

func (a api) personDeliveries(c *call) (any, error) {
	_, seq, err := a.person(c)
	if err != nil {
		return nil, err
	}
	n, err := a.noticeOf(c, c.query("notice"))
	if err != nil {
		return nil, err
	}
	if in, err := a.incident(c); err != nil || n.IncidentID != in.ID {
		return nil, incidents.NotFound("the incident has no such notice")
	}
	list, err := a.Desk.PersonDeliveries(c.ctx, c.actor, n.No, seq)
	return whole(views(list, viewDelivery), err)
}

// listed is a page of everybody, or of those a substitute notice is for.
func (a api) listed(c *call, in incidents.IncidentID, page incidents.PersonPage) ([]incidents.MaskedPerson, error) {
	if task := c.r.URL.Query().Get("unreached"); task != "" {
		return a.Desk.UnreachedPersons(c.ctx, c.actor, in, task, page)
	}
	return a.Desk.Persons(c.ctx, c.actor, in, page)
}
