package incidents

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
)

// ListUpload is a list of affected persons on its way in.
type ListUpload struct {
	Name     string // file name, kept as data
	Encoding string
	Format   string
	Body     io.Reader
	Size     int64 // of the body, about; 0: not known
	Progress func(rows, bytes int64)
}

// ImportList reads a list as a stream, seals it, drops who is already on it,
// and keeps the rejected rows as a sealed file with row numbers and reasons.
func (d *Desk) ImportList(ctx context.Context, a Actor, id IncidentID, up ListUpload) (Import, error) {
	in, err := d.importable(ctx, a, id)
	if err != nil {
		return Import{}, err
	}
	g := &gauge{size: max(up.Size, 0), began: d.Now(), now: d.Now}
	im := Import{ID: d.NewID(), IncidentID: id, Name: up.Name, By: a.ID, At: g.began.UTC().Truncate(time.Second)}
	g.show(&im)
	if err := d.Roll.StartImport(ctx, im); err != nil {
		return im, err
	}
	rejects := newRejectFile()
	kept := make(chan error, 1)
	ref := FileRef{IncidentID: id, Name: "rejected-rows.csv", Kind: "rejects", By: a.ID, At: im.At}
	go func() {
		var err error
		ref, err = d.Files.SaveFile(ctx, ref, rejects.r)
		rejects.r.CloseWithError(err)
		kept <- err
	}()
	im, err = d.readList(ctx, im, up, rejects, g)
	rejects.close(err)
	if keepErr := <-kept; err == nil {
		err = keepErr
	}
	if err != nil {
		return im, d.abandonImport(ctx, a, in, im, err)
	}
	im.Done = true
	if im.Rejected > 0 {
		im.Rejects = ref.ID
	}
	if im, err = d.Roll.FinishImport(ctx, im); err != nil {
		return im, err
	}
	return im, d.importDone(ctx, a, im)
}

func (d *Desk) importable(ctx context.Context, a Actor, id IncidentID) (Incident, error) {
	return read(ctx, d, a, ActPersons, func(tx Tx) (Incident, error) {
		in, err := openIncident(tx, id)
		if err != nil {
			return in, err
		}
		return in, noneSending(tx, id)
	})
}

func (d *Desk) readList(ctx context.Context, im Import, up ListUpload, rejects *rejectFile, g *gauge) (Import, error) {
	roll := take(ctx, d.Roll, im, g, func(tx Tx, im Import) error { return d.tell(tx, ListProgress, im.IncidentID, im.ID) })
	batch := roll.room()
	o := ListOptions{Name: up.Name, Format: up.Format, Encoding: up.Encoding, AsOf: d.Now(), Progress: up.Progress}
	err := d.Lists.Read(ctx, g.of(up.Body), o, func(c Candidate, r *Reject) (err error) {
		g.rows.Add(1)
		if r != nil {
			g.rejected.Add(1)
			return rejects.add(*r)
		}
		if batch = append(batch, c); len(batch) == importBatch {
			err, batch = roll.give(batch), roll.room()
		}
		return err
	})
	if err == nil && len(batch) > 0 {
		err = roll.give(batch)
	}
	im, takeErr := roll.end()
	if err == nil {
		err = takeErr
	}
	g.show(&im)
	if err == nil {
		im.Reading.Size = im.Reading.Bytes // what was told before was about
	}
	im.Rows = im.Imported + im.Duplicates + im.Rejected
	return im, err
}

// abandonImport closes a broken import: what was added stays on the list and
// the person is told what to do.
func (d *Desk) abandonImport(ctx context.Context, a Actor, in Incident, im Import, cause error) error {
	ctx = context.WithoutCancel(ctx)
	im.Broke = breakOf(cause)
	if _, err := d.Roll.FinishImport(ctx, im); err != nil {
		return err
	}
	err := d.Store.Write(ctx, func(tx Tx) error {
		return d.record(tx, a, event{name: "list.broken", incident: in.ID, subject: im.ID,
			line: "The import of a list broke off after " + itoa(im.Imported) + " persons.", data: map[string]string{"imported": itoa(im.Imported)}})
	})
	if err != nil {
		return err
	}
	return cause
}

func (d *Desk) importDone(ctx context.Context, a Actor, im Import) error {
	return d.Store.Write(ctx, func(tx Tx) error {
		err := d.record(tx, a, event{name: "list.imported", incident: im.IncidentID, subject: im.ID,
			line: "Imported a list: " + itoa(im.Imported) + " persons, " + itoa(im.Duplicates) + " duplicates, " + itoa(im.Rejected) + " rejected rows.",
			data: map[string]string{"rows": itoa(im.Rows), "imported": itoa(im.Imported), "duplicates": itoa(im.Duplicates), "rejected": itoa(im.Rejected), "unreachable": itoa(im.Unreachable)}})
		if err != nil {
			return err
		}
		return d.countFacts(tx, a, im.IncidentID)
	})
}

// countFacts lets the list say how many people are affected, and where.
func (d *Desk) countFacts(tx Tx, a Actor, id IncidentID) error {
	in, err := tx.Incident(id)
	if err != nil || in.Kind != KindBreach {
		return err
	}
	places := map[Place]int64{}
	imports, err := tx.Imports(id)
	if err != nil {
		return err
	}
	for _, im := range imports {
		for p, n := range im.ByPlace {
			places[p] += n
		}
	}
	f, err := tx.Facts(id)
	if err != nil {
		return err
	}
	now := d.Now().UTC().Truncate(time.Second)
	by := Fact{SetBy: a.ID, SetName: a.Name, SetAt: now, How: "imported list"}
	total, where := by, by
	total.Value, where.Value = in.Persons, places
	_, err = d.setFacts(tx, a, in, f, map[string]Fact{"persons_total": total, "persons_by_place": where}, nil)
	return err
}

// A MaskedPerson is a person as a list may show it.
type MaskedPerson struct {
	Person Person
	Masked Masked
}

// Persons lists one page of a list, masked.
func (d *Desk) Persons(ctx context.Context, a Actor, id IncidentID, page PersonPage) ([]MaskedPerson, error) {
	people, err := read(ctx, d, a, ActPersons, func(tx Tx) ([]Person, error) { return tx.Persons(id, page) })
	if err != nil {
		return nil, err
	}
	out := make([]MaskedPerson, 0, len(people))
	for _, p := range people {
		c, err := d.Roll.OpenContact(ctx, p)
		if err != nil && KindOf(err) != KindNotFound {
			return nil, err
		}
		out = append(out, MaskedPerson{p, c.Mask()}) // erased persons mask to nothing
	}
	return out, nil
}

// FindPerson finds a person by the list's own id, masked.
func (d *Desk) FindPerson(ctx context.Context, a Actor, id IncidentID, ref string) (MaskedPerson, error) {
	if err := a.May(ActPersons); err != nil {
		return MaskedPerson{}, err
	}
	p, err := d.Roll.FindPerson(ctx, id, ref)
	if err != nil {
		return MaskedPerson{}, err
	}
	c, err := d.Roll.OpenContact(ctx, p)
	return MaskedPerson{p, c.Mask()}, err
}

// PersonDeliveries returns a person's deliveries of one notice.
func (d *Desk) PersonDeliveries(ctx context.Context, a Actor, notice int64, seq int64) ([]Delivery, error) {
	return read(ctx, d, a, ActPersons, func(tx Tx) ([]Delivery, error) {
		return tx.Deliveries(DeliveryFilter{Notice: notice, Seq: seq, Limit: 50})
	})
}

// Unmask shows one person's data to someone who may see it, with a reason that
// is written down before anything is shown.
func (d *Desk) Unmask(ctx context.Context, a Actor, id PersonID, reason string) (c Contact, err error) {
	if err := reasonGiven(reason); err != nil {
		return c, err
	}
	var p Person
	err = d.write(ctx, a, ActUnmask, func(tx Tx) error {
		if p, err = tx.Person(id); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "person.unmasked", incident: p.IncidentID, subject: string(id), line: "Looked at one person's data:", quote: reason})
	})
	if err != nil {
		return c, err
	}
	return d.Roll.OpenContact(ctx, p)
}

// voidNotices takes waiting notices of an incident back to draft.
func (d *Desk) voidNotices(tx Tx, id IncidentID, why string) (int, error) {
	waiting, err := tx.Notices(NoticeFilter{Incident: id, Status: []NoticeStatus{NoticeSubmitted, NoticeApproved}})
	if err != nil {
		return 0, err
	}
	for _, n := range waiting {
		if n.Content.Correction() {
			continue // it goes to who got the other notice, whatever becomes of the list
		}
		n.Status, n.Stale = NoticeDraft, why
		if err := tx.PutNotice(n); err != nil {
			return 0, err
		}
		if _, err := tx.VoidApprovals(SubjectNotice, string(n.ID), why); err != nil {
			return 0, err
		}
	}
	return len(waiting), nil
}

// A rejectFile streams rejected rows into a sealed file as CSV that no
// spreadsheet evaluates.
type rejectFile struct {
	r *io.PipeReader
	w *io.PipeWriter
	c *csv.Writer
}

func newRejectFile() *rejectFile {
	r, w := io.Pipe()
	f := &rejectFile{r: r, w: w, c: csv.NewWriter(w)}
	_ = f.c.Write([]string{"row", "reason", "content"}) // buffered
	return f
}

func (f *rejectFile) add(r Reject) error {
	return f.c.Write([]string{strconv.FormatInt(r.Row, 10), SafeCell(r.Reason), SafeCell(r.Raw)})
}

func (f *rejectFile) close(err error) {
	f.c.Flush()
	f.w.CloseWithError(err) // nil reads as the end of the file
}

// SafeCell returns s so that no spreadsheet takes it for a formula.
func SafeCell(s string) string {
	if s == "" {
		return s
	}
	for _, r := range strings.TrimLeft(s, " \u00a0") {
		if strings.ContainsRune("=+-@\t\r＝＋－＠", r) {
			return "'" + s
		}
		break
	}
	if s[0] == '\t' || s[0] == '\r' {
		return "'" + s
	}
	return s
}
