package store

import (
	"fmt"
	"strconv"
	"strings"

	"tocsin/incidents"
)

// blockSize is how many persons are sealed under one key.
const blockSize = 1000

func blockOf(seq int64) int64 { return (seq-1)/blockSize + 1 }

// A list is the running state of an incident's list of persons.
type list struct {
	no       int64
	incident incidents.IncidentID
	mode     incidents.Mode
	persons  int64 // the last place taken
	rev      int64 // of what is on it
	hash     []byte
	erased   bool
	runs     int64 // of keys: the last one written,
	merged   int64 // and the last one sorted in
}

const listColumns = `SELECT no, incident_id, mode, persons, rev, hash, erased_at IS NOT NULL, key_runs, key_merged FROM lists WHERE `

func (l *list) scan(r scanner) error {
	return r.Scan(&l.no, &l.incident, &l.mode, &l.persons, &l.rev, &l.hash, &l.erased, &l.runs, &l.merged)
}

// list returns an incident's list, a not_found error when nothing was imported yet.
func (t *tx) list(in incidents.IncidentID) (l list, err error) {
	found, err := t.scanOne(listColumns+`incident_id = $1`, args{string(in)}, l.scan)
	if err == nil && !found {
		err = incidents.NotFound("incident %s has no list of persons", in)
	}
	return l, err
}

func (t *tx) listByNo(no int64) (l list, err error) {
	found, err := t.scanOne(listColumns+`no = $1`, args{no}, l.scan)
	if err == nil && !found {
		err = incidents.NotFound("there is no list %d", no)
	}
	return l, err
}

// splitPersonID reads the list and the place from a person's id.
func splitPersonID(id incidents.PersonID) (incidents.IncidentID, int64, error) {
	in, place, ok := strings.Cut(string(id), "/")
	seq, err := strconv.ParseInt(place, 10, 64)
	if !ok || err != nil || seq < 1 {
		return "", 0, incidents.NotFound("there is no person %q", string(id))
	}
	return incidents.IncidentID(in), seq, nil
}

const personColumns = `p.seq, p.import_id, p.lang, p.place, p.zone, p.channels, p.flags, p.excluded, p.excluded_note, p.sealed`

// scanPerson reads personColumns, after any columns of the caller.
func scanPerson(r scanner, l list, before ...any) (p incidents.Person, err error) {
	var bits int
	err = r.Scan(append(before, &p.Seq, &p.ImportID, &p.Lang, &p.Place, &p.Zone, &bits, &p.Flags, &p.Excluded, &p.Note, &p.Sealed)...)
	p.Channels = channelsOf(bits)
	l.owns(&p)
	return p, err
}

// owns says of a person what the list and the place in it say.
func (l list) owns(p *incidents.Person) {
	p.ID, p.IncidentID, p.Mode, p.Block = incidents.NewPersonID(l.incident, p.Seq), l.incident, l.mode, blockOf(p.Seq)
}

// Person returns one person, sealed.
func (t *tx) Person(id incidents.PersonID) (p incidents.Person, err error) {
	in, seq, err := splitPersonID(id)
	if err != nil {
		return p, err
	}
	l, err := t.list(in)
	if err != nil {
		return p, err
	}
	found, err := t.scanOne(`SELECT `+personColumns+` FROM persons p WHERE p.list_no = $1 AND p.seq = $2`, args{l.no, seq}, func(r scanner) error {
		p, err = scanPerson(r, l)
		return err
	})
	if err == nil && !found {
		err = incidents.NotFound("there is no person %q", string(id))
	}
	return p, err
}

// Persons returns one page of a list, by seq.
func (t *tx) Persons(in incidents.IncidentID, page incidents.PersonPage) (out []incidents.Person, err error) {
	l, err := t.list(in)
	if err != nil {
		if incidents.KindOf(err) == incidents.KindNotFound {
			err = nil
		}
		return nil, err
	}
	if page.Limit <= 0 || page.Limit > 1000 {
		page.Limit = 100
	}
	where, params := filterSQL(page.Filter, args{l.no, page.After})
	if page.Unreached != nil {
		var cond string
		cond, params = t.unreachedSQL(*page.Unreached, params)
		where += cond
	}
	params = append(params, page.Limit)
	err = t.rows(`SELECT `+personColumns+` FROM persons p WHERE list_no = $1 AND seq > $2`+where+` ORDER BY seq LIMIT $`+strconv.Itoa(len(params)),
		params, func(r scanner) error {
			p, err := scanPerson(r, l)
			out = append(out, p)
			return err
		})
	return out, err
}

// CountPersons counts who the filter chooses of the list as it was last
// finished: on the list, and of those excluded. An import that is still
// running does not count yet.
func (t *tx) CountPersons(in incidents.IncidentID, f incidents.PersonFilter) (listed, excluded int64, err error) {
	l, err := t.list(in)
	if err != nil {
		if incidents.KindOf(err) == incidents.KindNotFound {
			err = nil
		}
		return 0, 0, err
	}
	inc, err := t.Incident(in)
	if err != nil {
		return 0, 0, err
	}
	where, params := filterSQL(f, args{l.no, inc.Persons})
	_, err = t.one(fmt.Sprintf(`SELECT COUNT(*), COALESCE(SUM(CASE WHEN excluded <> '' OR flags & %d <> 0 THEN 1 ELSE 0 END), 0)
		FROM persons WHERE list_no = $1 AND seq <= $2`, incidents.FlagDeceased|incidents.FlagSuppress)+where, params, &listed, &excluded)
	return listed, excluded, err
}

// filterSQL writes a filter as conditions; a country also matches its subdivisions.
func filterSQL(f incidents.PersonFilter, params args) (string, args) {
	var b strings.Builder
	if len(f.Places) > 0 {
		var cond string
		cond, params = placesSQL(f.Places, params)
		b.WriteString(` AND ` + cond)
	}
	if len(f.Langs) > 0 {
		b.WriteString(` AND lang IN (`)
		for i, l := range f.Langs {
			if i > 0 {
				b.WriteString(`, `)
			}
			params = append(params, string(l))
			fmt.Fprintf(&b, `$%d`, len(params))
		}
		b.WriteString(`)`)
	}
	return b.String(), params
}

// SetExcluded takes a person out of sending, or back in with an empty reason.
// What is already planned for them and has not left is suppressed.
func (t *tx) SetExcluded(id incidents.PersonID, reason, note string) error {
	in, seq, err := splitPersonID(id)
	if err != nil {
		return err
	}
	l, err := t.list(in)
	if err != nil {
		return err
	}
	n, err := t.run(`UPDATE persons SET excluded = $3, excluded_note = $4 WHERE list_no = $1 AND seq = $2`, l.no, seq, reason, note)
	if err != nil {
		return err
	}
	if n == 0 {
		return incidents.NotFound("there is no person %q", string(id))
	}
	if err := t.reviseList(l.no); err != nil || reason == "" {
		return err
	}
	return t.suppress(l.no, seq, reason)
}

// suppress ends what is planned for one person and has not left.
func (t *tx) suppress(list, seq int64, reason string) error {
	open, err := t.notLeft(list, seq)
	if err != nil {
		return err
	}
	s := shift{}
	for _, d := range open {
		if err := t.become(s, d, change{state: stateSuppressed, reason: reason, at: t.now()}); err != nil {
			return err
		}
	}
	return t.book(s)
}

// notLeft lists what is planned for one person by any notice and has not left. What
// is on its way is not among it: its outcome comes first.
func (t *tx) notLeft(list, seq int64) (out []delivery, err error) {
	notices, err := t.numbersOf(`SELECT notice_no FROM releases WHERE list_no = $1 ORDER BY notice_no`, list)
	for _, no := range notices {
		if err == nil {
			err = t.lockRelease(no) // no claim comes between what is read here and what is made of it
		}
	}
	if err != nil {
		return nil, err
	}
	var open []delivery
	err = t.rows(deliveryColumns+`FROM deliveries d WHERE d.notice_no IN (SELECT notice_no FROM releases WHERE list_no = $1) AND d.seq = $2 AND d.state IN (0, 1, 2, 5)`,
		args{list, seq}, func(r scanner) error {
			d, err := scanDelivery(r)
			open = append(open, d)
			return err
		})
	for _, d := range open {
		if err != nil {
			return nil, err
		}
		var up air
		if up, err = t.aloft(d.notice, d.chunk); !up.has(d.seq, d.channel) {
			out = append(out, d)
		}
	}
	return out, err
}
