package store

import "tocsin/incidents"

// PutApproval writes a decision down. A decision is never changed; it can only
// become void.
func (t *tx) PutApproval(a incidents.Approval) error {
	void := clean(a.Void)
	a.Void = ""
	_, err := t.run(`INSERT INTO approvals (id, incident_id, kind, subject_id, at, void, body) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		string(a.ID), string(a.IncidentID), string(a.Subject.Kind), a.Subject.ID, ms(a.At), void, doc(a))
	return err
}

// Approvals lists the decisions on a subject, oldest first.
func (t *tx) Approvals(kind incidents.SubjectKind, id string) (out []incidents.Approval, err error) {
	err = t.rows(`SELECT body, void FROM approvals WHERE kind = $1 AND subject_id = $2 ORDER BY no`, args{string(kind), clean(id)}, func(r scanner) error {
		var body, void string
		if err := r.Scan(&body, &void); err != nil {
			return err
		}
		a, err := undoc[incidents.Approval](body)
		a.Void = void
		out = append(out, a)
		return err
	})
	return out, err
}

// VoidApprovals makes every decision on a subject void that still counts, and
// tells how many.
func (t *tx) VoidApprovals(kind incidents.SubjectKind, id, why string) (int, error) {
	if why == "" {
		return 0, incidents.Invalid("say why the approvals no longer count")
	}
	n, err := t.run(`UPDATE approvals SET void = $1 WHERE kind = $2 AND subject_id = $3 AND void = ''`, clean(why), string(kind), clean(id))
	return int(n), err
}
