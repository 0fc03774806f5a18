package store

import (
	"context"
	"fmt"

	"tocsin/incidents"
	"tocsin/internal/sealed"
)

// rejectsScope is the key scope of the files with rejected rows of a list:
// they hold personal data and are shredded with it.
func rejectsScope(in incidents.IncidentID) string { return "rejects-" + string(in) }

// EraseList destroys the keys of a whole list, then its rows' contents. Counts
// and hashes stay. It may be called again after a fault and answers the same.
func (s *Store) EraseList(ctx context.Context, in incidents.IncidentID) (blocks int64, keyIDs string, err error) {
	err = s.read(ctx, func(t *tx) error {
		if _, err := t.list(in); err != nil {
			return err
		}
		busy, err := t.Notices(incidents.NoticeFilter{Incident: in, Status: []incidents.NoticeStatus{incidents.NoticeSending, incidents.NoticeHeld}, Limit: allNotices})
		if err == nil && len(busy) > 0 {
			err = incidents.Conflict("notice N-%d still needs the list", busy[0].No).WithHint("wait until it is done, or stop it")
		}
		return err
	})
	if err != nil {
		return 0, "", err
	}
	if blocks, keyIDs, err = s.o.Keeper.DestroyBlocks(ctx, string(in)); err != nil {
		return 0, "", fmt.Errorf("erase the list of %s: %w", in, err)
	}
	if _, _, err := s.o.Keeper.DestroyBlocks(ctx, rejectsScope(in)); err != nil {
		return 0, "", fmt.Errorf("erase the rejected rows of %s: %w", in, err)
	}
	return blocks, keyIDs, s.write(ctx, func(t *tx) error { return t.eraseRows(in) })
}

func (t *tx) eraseRows(in incidents.IncidentID) error {
	l, err := t.lockList(in)
	if err != nil {
		return err
	}
	for _, q := range []string{
		`UPDATE persons SET sealed = NULL, keys = NULL, zone = '', excluded_note = '', gone = 0 WHERE list_no = $1 AND sealed IS NOT NULL`,
		`DELETE FROM person_keys WHERE list_no = $1`,
		`DELETE FROM person_key_runs WHERE list_no = $1`,
		`UPDATE captures SET sealed = NULL WHERE list_no = $1 AND sealed IS NOT NULL`,
	} {
		if _, err := t.run(q, l.no); err != nil {
			return err
		}
	}
	if _, err := t.run(`DELETE FROM file_pieces WHERE file_id IN (SELECT id FROM files WHERE incident_id = $1 AND kind = 'rejects')`, string(in)); err != nil {
		return err
	}
	t.s.books.drop(l.no)
	_, err = t.run(`UPDATE lists SET key_merged = key_runs, rev = rev + 1, erased_at = $2 WHERE no = $1 AND erased_at IS NULL`, l.no, ms(t.now()))
	return err
}

// ErasePerson takes one person's data out for good: the rest of the block is
// sealed again under a fresh key and the old key is destroyed. It may be
// called again after a fault.
func (s *Store) ErasePerson(ctx context.Context, id incidents.PersonID) error {
	in, seq, err := splitPersonID(id)
	if err != nil {
		return err
	}
	if err := s.read(ctx, func(t *tx) error { _, err := t.Person(id); return err }); err != nil {
		return err
	}
	old, fresh, commit, err := s.o.Keeper.ReplaceBlock(ctx, string(in), blockOf(seq))
	if err != nil {
		return err
	}
	err = s.write(ctx, func(t *tx) error { return t.reseal(in, seq, resealer{old, fresh}) })
	if err != nil {
		return fmt.Errorf("erase person %s: %w", id, err)
	}
	return commit(ctx)
}

// A resealer moves a value from the old key of a block to the fresh one.
type resealer struct{ old, fresh *sealed.Block }

func (r resealer) move(aad string, value []byte) ([]byte, error) {
	plain, err := r.old.Open(aad, value)
	if err != nil {
		if plain, err = r.fresh.Open(aad, value); err != nil { // sealed since the replacement began
			return nil, err
		}
	}
	return r.fresh.Seal(aad, plain), nil
}

func (t *tx) reseal(in incidents.IncidentID, seq int64, r resealer) error {
	l, err := t.lockList(in)
	if err != nil {
		return err
	}
	block := blockOf(seq)
	type row struct {
		key    int64
		aad    string
		sealed []byte
	}
	var people, mail []row
	err = t.rows(`SELECT seq, sealed FROM persons WHERE list_no = $1 AND seq BETWEEN $2 AND $3 AND seq <> $4 AND sealed IS NOT NULL`,
		args{l.no, (block-1)*blockSize + 1, block * blockSize, seq}, func(q scanner) error {
			var x row
			err := q.Scan(&x.key, &x.sealed)
			x.aad = string(incidents.NewPersonID(in, x.key))
			people = append(people, x)
			return err
		})
	if err != nil {
		return err
	}
	err = t.rows(`SELECT no, id, sealed FROM captures WHERE list_no = $1 AND block = $2 AND seq <> $3 AND sealed IS NOT NULL`, args{l.no, block, seq}, func(q scanner) error {
		var x row
		err := q.Scan(&x.key, &x.aad, &x.sealed)
		mail = append(mail, x)
		return err
	})
	if err != nil {
		return err
	}
	for _, set := range []struct {
		q    string
		rows []row
	}{{`UPDATE persons SET sealed = $3 WHERE list_no = $1 AND seq = $2`, people}, {`UPDATE captures SET sealed = $3 WHERE list_no = $1 AND no = $2`, mail}} {
		for _, x := range set.rows {
			again, err := r.move(x.aad, x.sealed)
			if err != nil {
				return fmt.Errorf("seal %s again: %w", x.aad, err)
			}
			if _, err := t.run(set.q, l.no, x.key, again); err != nil {
				return err
			}
		}
	}
	if err := t.dropKeys(l, seq); err != nil {
		return err
	}
	for _, q := range []string{
		`UPDATE persons SET sealed = NULL, keys = NULL, excluded = 'erased', excluded_note = '', zone = '', lang = '', flags = 0, gone = 0 WHERE list_no = $1 AND seq = $2`,
		`UPDATE captures SET sealed = NULL WHERE list_no = $1 AND seq = $2`,
	} {
		if _, err := t.run(q, l.no, seq); err != nil {
			return err
		}
	}
	if err := t.reviseList(l.no); err != nil {
		return err
	}
	return t.suppress(l.no, seq, "erased")
}
