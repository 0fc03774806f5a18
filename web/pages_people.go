package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tocsin/incidents"
)

type peoplePage struct {
	incidentFrame
	Imports  []importRow  // those that ended
	Running  []runningRow // those on their way in
	Broken   *brokenView  // the newest, when it broke off
	Places   []shareRow
	Langs    []shareRow
	Encoding string
	Sum      incidents.Import // of every list
	Sending  bool             // no list can be taken in now
}

type importRow struct {
	incidents.Import
	State stateView
	By    string
	Took  string
}

// A shareRow is a part of the people with its bar.
type shareRow struct {
	Name  string
	N     int64
	Share float64
}

// encodings are what a list may be written in, as the form offers them.
var encodings = []incidents.Option{{Value: "", Label: "Find out"}, {Value: "utf-8", Label: "UTF-8"}, {Value: "utf-16", Label: "UTF-16"}, {Value: "gbk", Label: "GBK, GB 18030"}}

// Encodings are the choices of the form.
func (peoplePage) Encodings() []incidents.Option { return encodings }

func (c *console) peopleView(p *page) (v peoplePage, err error) {
	f, d, err := c.incidentFrame(p, "people")
	if err != nil {
		return v, err
	}
	v = peoplePage{incidentFrame: f}
	places, langs := map[string]int64{}, map[string]int64{}
	for i, im := range d.Imports {
		row := importRow{im, stateView{"green", "okay", "Taken in"}, c.nameOf(p, im.By), takenText(im)}
		switch im.State(f.Now) {
		case incidents.ImportRunning:
			v.Running = append(v.Running, runningOf(im, row.By, f.Now))
			continue
		case incidents.ImportBroken:
			row.State = stateView{"amber", "half", "Broke off"}
			if i == 0 {
				v.Broken = brokenOf(im, row.By)
			}
		}
		v.Imports = append(v.Imports, row)
		v.Sum.Rows, v.Sum.Imported, v.Sum.Duplicates = v.Sum.Rows+im.Rows, v.Sum.Imported+im.Imported, v.Sum.Duplicates+im.Duplicates
		v.Sum.Rejected, v.Sum.Unreachable = v.Sum.Rejected+im.Rejected, v.Sum.Unreachable+im.Unreachable
		for place, n := range im.ByPlace {
			places[string(place)] += n
		}
		for l, n := range im.ByLang {
			langs[langName(l)] += n
		}
	}
	for _, n := range d.Notices {
		v.Sending = v.Sending || n.Status == incidents.NoticeSending || n.Status == incidents.NoticeHeld
	}
	v.Places, v.Langs = shares(places, 12), shares(langs, 6)
	return v, nil
}

// shares sorts parts by size; what does not fit becomes one row, so that the
// sum still holds.
func shares(parts map[string]int64, most int) (out []shareRow) {
	var sum int64
	for name, n := range parts {
		if name == "" {
			name = "not known"
		}
		out, sum = append(out, shareRow{Name: name, N: n}), sum+n
	}
	slices.SortFunc(out, func(a, b shareRow) int {
		if a.N != b.N {
			return int(b.N - a.N)
		}
		return strings.Compare(a.Name, b.Name)
	})
	if len(out) > most {
		rest := shareRow{Name: num(len(out)-most+1) + " others"}
		for _, r := range out[most-1:] {
			rest.N += r.N
		}
		out = append(out[:most-1], rest)
	}
	for i := range out {
		if sum > 0 {
			out[i].Share = float64(out[i].N) / float64(sum)
		}
	}
	return out
}

// people shows the lists that were taken in, as counts.
func (c *console) people(p *page) error {
	v, err := c.peopleView(p)
	if err != nil {
		return err
	}
	return c.show(p, "people", v)
}

// importPeople takes a list in while it arrives; it is never whole in memory.
func (c *console) importPeople(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	im, encoding, err := c.readList(p, in)
	if err == nil {
		return c.goOn(p, "/incidents/"+in.Ref+"/people", saidOfImport(im))
	}
	if im.Imported > 0 {
		err = brokeOff(err, im.Imported)
	}
	v, verr := c.peopleView(p)
	if verr != nil {
		return verr
	}
	v.Encoding = encoding
	return c.again(p, err, "people", &v)
}

func brokeOff(err error, n int64) error {
	var e *incidents.Error
	if !errors.As(err, &e) {
		return err
	}
	return e.WithHint("%s people were taken in before it broke off and stay on the list; mend the file and send it again: nobody is added twice", num(n))
}

func saidOfImport(im incidents.Import) string {
	said := num(im.Imported) + " " + plural(im.Imported, "person", "people") + " added out of " + num(im.Rows) + " " + plural(im.Rows, "row", "rows") + "."
	if im.Duplicates > 0 {
		said += " " + num(im.Duplicates) + " were on the list already."
	}
	if im.Rejected > 0 {
		said += " " + num(im.Rejected) + " " + plural(im.Rejected, "row was", "rows were") + " no person record: download them below, with the reasons."
	}
	if im.Unreachable > 0 {
		said += " " + num(im.Unreachable) + " cannot be reached by any channel."
	}
	return said
}

// readList reads the fields up to the file, which comes last in the form.
func (c *console) readList(p *page, in incidents.Incident) (im incidents.Import, encoding string, err error) {
	p.r.Body = io.NopCloser(patient(p.w, p.r, c.MaxImport))
	parts, err := p.r.MultipartReader()
	if err != nil {
		return im, "", incidents.Invalid("choose a file").On("list")
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return im, encoding, incidents.Invalid("choose a file").On("list")
		}
		if err != nil {
			return im, encoding, formError(err)
		}
		switch {
		case part.FormName() == "encoding":
			encoding = field(part)
		case part.FormName() == "list" && part.FileName() == "":
			return im, encoding, incidents.Invalid("choose a file").On("list")
		case part.FormName() == "list":
			im, err = c.Desk.ImportList(p.r.Context(), p.actor, in.ID, incidents.ListUpload{Name: cleanName(part.FileName()), Encoding: encoding, Body: part, Size: p.r.ContentLength})
			return im, encoding, err
		}
	}
}

// field reads one short field of a form.
func field(part *multipart.Part) string {
	b, err := io.ReadAll(io.LimitReader(part, 4<<10))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

type personsPage struct {
	incidentFrame
	Rows        []incidents.MaskedPerson
	Place, Lang string
	After, Next int64
	More        string // the address of the next page
	Ref         string
	Unreached   string // the substitute notice whose people these are
}

const personsPerPage = 50

func (c *console) personsView(p *page) (v personsPage, err error) {
	f, d, err := c.incidentFrame(p, "people")
	if err != nil {
		return v, err
	}
	v = personsPage{incidentFrame: f, Place: strings.ToUpper(p.query("place")), Lang: p.query("lang")}
	v.After, _ = strconv.ParseInt(p.query("after"), 10, 64) // no number begins at the top
	page := incidents.PersonPage{After: v.After, Limit: personsPerPage}
	if v.Place != "" {
		page.Filter.Places = []incidents.Place{incidents.Place(v.Place)}
	}
	if v.Lang != "" {
		page.Filter.Langs = []incidents.Lang{incidents.Lang(v.Lang)}
	}
	if v.Unreached = p.query("unreached"); v.Unreached != "" {
		v.Rows, err = c.Desk.UnreachedPersons(p.r.Context(), p.actor, d.Incident.ID, v.Unreached, page)
	} else {
		v.Rows, err = c.Desk.Persons(p.r.Context(), p.actor, d.Incident.ID, page)
	}
	if err != nil {
		return v, err
	}
	if len(v.Rows) == personsPerPage {
		v.Next = v.Rows[len(v.Rows)-1].Person.Seq
		q := url.Values{"after": {strconv.FormatInt(v.Next, 10)}}
		if v.Place != "" {
			q.Set("place", v.Place)
		}
		if v.Lang != "" {
			q.Set("lang", v.Lang)
		}
		if v.Unreached != "" {
			q.Set("unreached", v.Unreached)
		}
		v.More = "?" + q.Encode()
	}
	return v, nil
}

// persons is one page of the list, masked.
func (c *console) persons(p *page) error {
	v, err := c.personsView(p)
	if err != nil {
		return err
	}
	return c.show(p, "persons", v)
}

// findPerson takes the list's own id in a form: it belongs into no address.
func (c *console) findPerson(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	found, err := c.Desk.FindPerson(p.r.Context(), p.actor, in.ID, p.form("ref"))
	if err == nil {
		return c.redirect(p, personPath(in.Ref, found.Person.Seq), "")
	}
	if incidents.KindOf(err) == incidents.KindNotFound {
		err = incidents.NotFound("nobody on this list has that id").On("ref")
	}
	v, verr := c.personsView(p)
	if verr != nil {
		return verr
	}
	v.Ref = p.form("ref")
	return c.again(p, err, "persons", &v)
}

func personPath(ref string, seq int64) string {
	return "/incidents/" + ref + "/persons/" + strconv.FormatInt(seq, 10)
}
