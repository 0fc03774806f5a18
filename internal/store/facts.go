package store

import (
	"encoding/json"
	"strings"
	"time"

	"tocsin/incidents"
)

// PutFacts keeps a new revision of the facts; a revision is never changed.
func (t *tx) PutFacts(id incidents.IncidentID, f incidents.Facts) error {
	n, err := t.run(`INSERT INTO facts (incident_id, rev, body) VALUES ($1, $2, $3) ON CONFLICT (incident_id, rev) DO NOTHING`, string(id), f.Rev, doc(f))
	if err == nil && n == 0 {
		err = incidents.Conflict("somebody else changed the facts meanwhile").WithHint("look at revision %d and try again", f.Rev)
	}
	return err
}

// Facts returns the newest revision.
func (t *tx) Facts(id incidents.IncidentID) (incidents.Facts, error) {
	return document[incidents.Facts](t, "incident's facts", `SELECT body FROM facts WHERE incident_id = $1 ORDER BY rev DESC LIMIT 1`, clean(string(id)))
}

// FactsAt returns one revision.
func (t *tx) FactsAt(id incidents.IncidentID, rev int) (incidents.Facts, error) {
	return document[incidents.Facts](t, "revision of the facts", `SELECT body FROM facts WHERE incident_id = $1 AND rev = $2`, clean(string(id)), rev)
}

// PutAssessment keeps an assessment beside the earlier ones.
func (t *tx) PutAssessment(id incidents.IncidentID, v incidents.Verdict) error {
	return t.later(nil, `INSERT INTO assessments (incident_id, facts_rev, at, body) VALUES ($1, $2, $3, $4)`, string(id), v.FactsRev, ms(v.At), v.JSON)
}

// Assessment returns the newest assessment.
func (t *tx) Assessment(id incidents.IncidentID) (incidents.Assessment, error) {
	return document[incidents.Assessment](t, "assessment", `SELECT body FROM assessments WHERE incident_id = $1 ORDER BY no DESC LIMIT 1`, clean(string(id)))
}

// AssessmentNo returns one assessment, whichever came after it.
func (t *tx) AssessmentNo(id incidents.IncidentID, no int64) (incidents.Assessment, error) {
	return document[incidents.Assessment](t, "assessment", `SELECT body FROM assessments WHERE incident_id = $1 AND no = $2`, clean(string(id)), no)
}

// LastJudgement is the newest, without its counts. Its document is long, and
// what is asked for stands at the beginning.
func (t *tx) LastJudgement(id incidents.IncidentID) (j incidents.Judgement, err error) {
	var at int64
	var head string
	found, err := t.one(`SELECT no, facts_rev, at, substr(body, 1, 500) FROM assessments WHERE incident_id = $1 ORDER BY no DESC LIMIT 1`, args{clean(string(id))}, &j.No, &j.FactsRev, &at, &head)
	if err == nil && !found {
		err = incidents.NotFound("there is no such assessment")
	}
	if err != nil {
		return j, err
	}
	j.At = fromMS(at)
	if pack, found := packIn(head); found {
		j.Pack = pack
		return j, nil
	}
	a, err := t.Assessment(id)
	j.Pack = a.Pack
	return j, err
}

// packIn finds the pack in the beginning of an assessment.
func packIn(head string) (pack string, found bool) {
	d := json.NewDecoder(strings.NewReader(head))
	_, err := d.Token() // {
	for err == nil {
		var key json.Token
		if key, err = d.Token(); err != nil {
			break
		}
		if key == "pack" {
			err = d.Decode(&pack)
			return pack, err == nil
		}
		err = d.Decode(&json.RawMessage{})
	}
	return "", false
}

// judged is as much of an assessment as a list of them shows.
type judged struct {
	FactsRev int       `json:"facts_rev"`
	Pack     string    `json:"pack"`
	At       time.Time `json:"at"`
	Severity struct {
		Level string `json:"level"`
	} `json:"severity"`
	Obligations []struct {
		Applies incidents.Applies `json:"applies"`
	} `json:"obligations"`
}

// Judgements lists the assessments of an incident, the newest first.
func (t *tx) Judgements(id incidents.IncidentID, limit int) (out []incidents.Judgement, err error) {
	err = t.rows(`SELECT no, body FROM assessments WHERE incident_id = $1 ORDER BY no DESC LIMIT $2`, []any{clean(string(id)), limited(limit)}, func(r scanner) error {
		var no int64
		var body string
		if err := r.Scan(&no, &body); err != nil {
			return err
		}
		a, err := undoc[judged](body)
		if err != nil {
			return err
		}
		j := incidents.Judgement{No: no, FactsRev: a.FactsRev, Pack: a.Pack, At: a.At, Severity: a.Severity.Level}
		for _, o := range a.Obligations {
			if o.Applies == incidents.AppliesYes {
				j.Apply++
			}
		}
		out = append(out, j)
		return nil
	})
	return out, err
}
