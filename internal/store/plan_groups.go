package store

import (
	"fmt"
	"strings"

	"tocsin/incidents"
)

// barredSQL writes why a person is told nothing as an expression, empty when they
// are told: who was excluded by hand, erased, or kept out by a rule of the
// content (see incidents.Content.Bars).
func barredSQL(c incidents.Content) string {
	var b strings.Builder
	b.WriteString(`CASE WHEN excluded <> '' THEN excluded WHEN sealed IS NULL THEN '` + incidents.BarredErased + `'`)
	for _, bar := range c.Bars() {
		fmt.Fprintf(&b, ` WHEN flags & %d = %d AND flags & %d = 0 THEN '%s'`, bar.All, bar.All, bar.None, bar.Reason)
	}
	b.WriteString(` ELSE '' END`)
	return b.String()
}

// routeSQL writes the plan of each person as SQL over their channel bits: the
// first channel that reaches them, its step, and the bits that count. Groups
// come first, in their order.
func routeSQL(c incidents.Content, params args) (channel, step, reach string, out args) {
	var ch, st, re strings.Builder
	for _, g := range c.Plans {
		var cond string
		if g.When == incidents.WhenPlace {
			cond, params = placesSQL(g.Places, params)
		} else {
			cond = fmt.Sprintf("flags & %d <> 0", g.Flags())
		}
		gc, gs, gr := firstChannel(g.Plan)
		fmt.Fprintf(&ch, ` WHEN %s THEN %s`, cond, gc)
		fmt.Fprintf(&st, ` WHEN %s THEN %s`, cond, gs)
		fmt.Fprintf(&re, ` WHEN %s THEN %d`, cond, gr)
	}
	channel, step, bits := firstChannel(c.Plan)
	reach = fmt.Sprint(bits)
	if len(c.Plans) == 0 {
		return channel, step, reach, params
	}
	return `CASE` + ch.String() + ` ELSE ` + channel + ` END`, `CASE` + st.String() + ` ELSE ` + step + ` END`, `CASE` + re.String() + ` ELSE ` + reach + ` END`, params
}

// placesSQL writes "lives in one of places"; a country takes its subdivisions.
func placesSQL(places []incidents.Place, params args) (string, args) {
	conds := make([]string, 0, len(places))
	for _, p := range places {
		params = append(params, string(p))
		n := len(params)
		cond := fmt.Sprintf(`place = $%d`, n)
		if !strings.Contains(string(p), "-") {
			params = append(params, len(p)+1, string(p)+"-")
			cond += fmt.Sprintf(` OR SUBSTR(place, 1, $%d) = $%d`, n+1, n+2)
		}
		conds = append(conds, cond)
	}
	return `(` + strings.Join(conds, ` OR `) + `)`, params
}

// plansOf returns the channel plan of each of these persons.
func (t *tx) plansOf(r release, c incidents.Content, seqs []int64) (func(seq int64) []incidents.Step, error) {
	if c.Correction() { // it follows a message by its own channel, and by no other
		return func(int64) []incidents.Step { return nil }, nil
	}
	if len(c.Plans) == 0 || len(seqs) == 0 {
		return func(int64) []incidents.Step { return c.Plan }, nil
	}
	rows := make([][]any, len(seqs))
	for i, seq := range seqs {
		rows[i] = []any{seq}
	}
	plans := make(map[int64][]incidents.Step, len(seqs))
	err := t.rows(`SELECT p.seq, p.flags, p.place FROM `+t.table("$2", "seq:int")+` v CROSS JOIN persons p WHERE p.list_no = $1 AND p.seq = v.seq`,
		args{r.list, asJSON(rows)}, func(row scanner) error {
			var seq int64
			var flags int
			var place incidents.Place
			err := row.Scan(&seq, &flags, &place)
			plans[seq] = c.PlanFor(flags, place)
			return err
		})
	return func(seq int64) []incidents.Step { return plans[seq] }, err
}

// seqsOf lists the persons of some deliveries.
func seqsOf(ds []delivery) []int64 {
	out := make([]int64, len(ds))
	for i, d := range ds {
		out[i] = d.seq
	}
	return out
}

// Exclusions counts the suppressed deliveries of a notice by reason, most first.
func (t *tx) Exclusions(notice int64) (out []incidents.Exclusion, err error) {
	err = t.rows(`SELECT reason, COUNT(*) FROM deliveries`+t.indexed(`deliveries_suppressed`)+` WHERE notice_no = $1 AND apart = 12 GROUP BY reason ORDER BY COUNT(*) DESC, reason`,
		args{notice}, func(r scanner) error {
			var x incidents.Exclusion
			err := r.Scan(&x.Reason, &x.N)
			x.Label = incidents.ExclusionLabel(x.Reason)
			out = append(out, x)
			return err
		})
	return out, err
}

// CountFlags counts who the filter chooses by their flags, without those excluded.
func (t *tx) CountFlags(in incidents.IncidentID, f incidents.PersonFilter) (map[int]int64, error) {
	l, err := t.list(in)
	if err != nil {
		if incidents.KindOf(err) == incidents.KindNotFound {
			err = nil
		}
		return nil, err
	}
	inc, err := t.Incident(in)
	if err != nil {
		return nil, err
	}
	where, params := filterSQL(f, args{l.no, inc.Persons})
	query := `SELECT flags, COUNT(*) FROM persons WHERE list_no = $1 AND seq <= $2 AND excluded = '' AND sealed IS NOT NULL` + where + ` GROUP BY flags`
	return countOnce(t, l, query, params, func() (map[int]int64, error) {
		out := map[int]int64{}
		return out, t.rows(query, params, func(r scanner) error {
			var flags int
			var n int64
			err := r.Scan(&flags, &n)
			out[flags] = n
			return err
		})
	})
}
