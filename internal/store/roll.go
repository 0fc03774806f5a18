package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/sealed"
)

// StartImport opens an import; one that is open already stays as it is.
func (s *Store) StartImport(ctx context.Context, im incidents.Import) error {
	if im.ID == "" || im.IncidentID == "" {
		return incidents.Invalid("an import needs an id and an incident")
	}
	return s.write(ctx, func(t *tx) error {
		in, err := t.Incident(im.IncidentID)
		if err != nil {
			return err
		}
		if _, err := t.run(`INSERT INTO lists (incident_id, mode, hash) VALUES ($1, $2, $3) ON CONFLICT (incident_id) DO NOTHING`,
			string(in.ID), string(in.Mode), emptyListHash(in.ID)); err != nil {
			return err
		}
		l, err := t.list(in.ID)
		if err != nil {
			return err
		}
		if l.erased {
			return incidents.Conflict("the list of incident %s was erased", in.Ref)
		}
		if l.mode != in.Mode {
			return incidents.Forbidden("incident %s is %s but its list is %s", in.Ref, in.Mode, l.mode)
		}
		body, err := json.Marshal(im)
		if err != nil {
			return err
		}
		_, err = t.run(`INSERT INTO imports (id, incident_id, at, body) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`, im.ID, string(im.IncidentID), ms(im.At), string(body))
		return err
	})
}

func (t *tx) importByID(id string) (im incidents.Import, err error) {
	var body string
	found, err := t.one(`SELECT body FROM imports WHERE id = $1`, args{id}, &body)
	if err == nil && !found {
		err = incidents.NotFound("there is no import %s", id)
	}
	if err == nil {
		err = json.Unmarshal([]byte(body), &im)
	}
	return im, err
}

func (t *tx) saveImport(im incidents.Import) error {
	body, err := json.Marshal(im)
	if err == nil {
		_, err = t.run(`UPDATE imports SET body = $2 WHERE id = $1`, im.ID, string(body))
	}
	return err
}

// Imports lists the lists taken in for an incident, newest first.
func (t *tx) Imports(in incidents.IncidentID) (out []incidents.Import, err error) {
	err = t.rows(`SELECT body FROM imports WHERE incident_id = $1 ORDER BY at DESC, id DESC`, args{string(in)}, func(r scanner) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		var im incidents.Import
		err := json.Unmarshal([]byte(body), &im)
		out = append(out, im)
		return err
	})
	return out, err
}

// AddPersons makes a batch ready and adds it.
func (s *Store) AddPersons(ctx context.Context, importID string, batch []incidents.Candidate) (im incidents.Import, err error) {
	add, err := s.PreparePersons(ctx, importID, 0, batch)
	if err != nil {
		return im, err
	}
	return add(ctx, nil)
}

// PreparePersons hashes the keys of a batch and keeps the keys of the blocks
// its rows will be sealed in: those live in another database, and must be kept
// before rows sealed with them commit, or the rows would be lost.
func (s *Store) PreparePersons(ctx context.Context, importID string, ahead int, batch []incidents.Candidate) (incidents.AddBatch, error) {
	var im incidents.Import
	last := int64(0)
	err := s.read(ctx, func(t *tx) (err error) {
		if im, err = t.importByID(importID); err != nil {
			return err
		}
		l, err := t.list(im.IncidentID)
		last = l.persons
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(batch) == 0 {
		return func(context.Context, incidents.ImportNote) (incidents.Import, error) { return im, nil }, nil
	}
	b := s.prepare(im.IncidentID, batch)
	if b.blocks, err = s.openBlocks(ctx, im.IncidentID, last+1, last+int64(ahead+len(batch))); err != nil {
		return nil, err
	}
	return func(ctx context.Context, note incidents.ImportNote) (incidents.Import, error) {
		return s.addPrepared(ctx, importID, b, note)
	}, nil
}

func (s *Store) addPrepared(ctx context.Context, importID string, b *batch, note incidents.ImportNote) (im incidents.Import, err error) {
	var book *keyBook
	err = s.write(ctx, func(t *tx) error {
		im, book, err = t.addBatch(importID, b, note)
		return err
	})
	if err == nil && book != nil {
		s.books.put(book)
	}
	return im, err
}

// openBlocks makes the keys of the blocks that a range of places lies in, and opens them.
func (s *Store) openBlocks(ctx context.Context, in incidents.IncidentID, from, to int64) (map[int64]*sealed.Block, error) {
	var ns []int64
	for n := blockOf(from); n <= blockOf(to); n++ {
		ns = append(ns, n)
	}
	if err := s.o.Keeper.NewBlocks(ctx, string(in), ns...); err != nil {
		return nil, err
	}
	out := map[int64]*sealed.Block{}
	for _, n := range ns {
		b, err := s.o.Keeper.Sealer(ctx, string(in), n)
		if err != nil {
			return nil, err
		}
		out[n] = b
	}
	return out, nil
}

func (s *Store) openBlock(ctx context.Context, in incidents.IncidentID, n int64) (*sealed.Block, error) {
	if err := s.o.Keeper.NewBlock(ctx, string(in), n); err != nil {
		return nil, err
	}
	return s.o.Keeper.Sealer(ctx, string(in), n)
}

// count adds one new person to the counts of an import.
func count(im *incidents.Import, c incidents.Candidate) {
	im.Imported++
	switch {
	case len(c.Channels) == 0:
		im.Unreachable++
	case c.Repaired:
		im.Repaired++
	}
	if im.ByPlace == nil {
		im.ByPlace, im.ByLang = map[incidents.Place]int64{}, map[incidents.Lang]int64{}
	}
	im.ByPlace[c.Place]++
	im.ByLang[c.Lang]++
	if im.ByKind == nil { // it may have begun before there were kinds
		im.ByKind = map[incidents.PersonKind]int64{}
	}
	im.ByKind[c.Kind()]++
}

// lockList reads a list to be written in this transaction.
func (t *tx) lockList(in incidents.IncidentID) (l list, err error) {
	if t.postgres() {
		if _, err := t.run(`SELECT 1 FROM lists WHERE incident_id = $1 FOR UPDATE`, string(in)); err != nil {
			return l, err
		}
	}
	return t.list(in)
}

// NoteImport changes the record of an import that is not closed.
func (s *Store) NoteImport(ctx context.Context, importID string, note incidents.ImportNote) (im incidents.Import, err error) {
	err = s.write(ctx, func(t *tx) error {
		if im, err = t.importByID(importID); err != nil {
			return err
		}
		if im.Done {
			return incidents.Conflict("import %s is closed", importID)
		}
		if err := note(t, &im); err != nil {
			return err
		}
		return t.saveImport(im)
	})
	return im, err
}

// FinishImport closes an import and moves the incident's Persons and ListHash
// on. What waits for approval saw another list, so its approvals are void. A
// broken import (Done is false) is closed the same way: what was added stays.
func (s *Store) FinishImport(ctx context.Context, im incidents.Import) (out incidents.Import, err error) {
	err = s.write(ctx, func(t *tx) error {
		out, err = t.importByID(im.ID)
		if err != nil || out.Done {
			return err
		}
		l, err := t.lockList(out.IncidentID)
		if err != nil {
			return err
		}
		if err := t.settleKeys(&l); err != nil {
			return err
		}
		if err := t.keepPages(pageCache); err != nil { // after the last that needs few
			return err
		}
		out.Done, out.Broke, out.Reading = im.Done, im.Broke, im.Reading
		out.Rejected, out.Rejects = im.Rejected, im.Rejects
		if im.Format != "" {
			out.Format = im.Format
		}
		out.Rows = out.Imported + out.Duplicates + out.Rejected
		if err := t.saveImport(out); err != nil {
			return err
		}
		in, err := t.Incident(out.IncidentID)
		if err != nil {
			return err
		}
		hash := fmt.Sprintf("%x", l.hash)
		if l.persons == in.Persons && hash == in.ListHash {
			return nil
		}
		in.Persons, in.ListHash = l.persons, hash
		if err := t.PutIncident(in); err != nil {
			return err
		}
		return t.listChanged(in.ID)
	})
	return out, err
}

// listChanged takes notices that wait for approval or release back to draft.
func (t *tx) listChanged(in incidents.IncidentID) error {
	const why = "the list changed"
	waiting, err := t.Notices(incidents.NoticeFilter{Incident: in, Status: []incidents.NoticeStatus{incidents.NoticeSubmitted, incidents.NoticeApproved}, Limit: allNotices})
	if err != nil {
		return err
	}
	for _, n := range waiting {
		if n.Content.Correction() {
			continue // it goes to who got the other notice, whatever becomes of the list
		}
		n.Status, n.Stale = incidents.NoticeDraft, why
		if err := t.PutNotice(n); err != nil {
			return err
		}
		if _, err := t.VoidApprovals(incidents.SubjectNotice, string(n.ID), why); err != nil {
			return err
		}
	}
	return nil
}

// OpenContact opens one person's data in memory.
func (s *Store) OpenContact(ctx context.Context, p incidents.Person) (incidents.Contact, error) {
	if p.Sealed == nil {
		return incidents.Contact{}, incidents.NotFound("the data of person %s was erased", p.ID)
	}
	b, err := s.o.Keeper.Sealer(ctx, string(p.IncidentID), p.Block)
	if err != nil {
		return incidents.Contact{}, err
	}
	plain, err := b.Open(string(p.ID), p.Sealed)
	if err != nil {
		return incidents.Contact{}, fmt.Errorf("open person %s: %w", p.ID, err)
	}
	return decodeContact(plain)
}

// FindPerson finds a person by the list's own id, however it is typed: case
// and blanks do not matter.
func (s *Store) FindPerson(ctx context.Context, in incidents.IncidentID, ref string) (p incidents.Person, err error) {
	err = s.read(ctx, func(t *tx) error {
		l, err := t.list(in)
		if err != nil {
			return err
		}
		fresh, err := t.newKeys(l) // of an import that is not done
		if err != nil {
			return err
		}
		for _, key := range refKeys(ref) {
			seq, err := t.seqOf(l, in, key, fresh)
			if err != nil {
				return err
			}
			if seq != 0 {
				p, err = t.Person(incidents.NewPersonID(in, seq))
				return err
			}
		}
		return incidents.NotFound("nobody with this id is on the list")
	})
	return p, err
}

// refKeys are the keys a list's own id may have been stored under.
func refKeys(ref string) []string {
	plain := strings.ToLower(strings.Join(strings.Fields(ref), ""))
	keys := []string{"id:" + plain}
	if short, ok := strings.CutSuffix(plain, ".0"); ok {
		keys = append(keys, "id:"+short)
	}
	if exact := "id:" + ref; exact != keys[0] {
		keys = append(keys, exact)
	}
	return keys
}
