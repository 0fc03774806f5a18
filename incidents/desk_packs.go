package incidents

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// PackNumber is the pack's own version out of "2026.12+5f0c…".
func PackNumber(version string) string {
	number, _, _ := strings.Cut(version, "+")
	return number
}

// OlderPack tells whether pack a is older than pack b, by their numbers:
// 2026.9 is older than 2026.12.
func OlderPack(a, b string) bool {
	x, y := strings.Split(PackNumber(a), "."), strings.Split(PackNumber(b), ".")
	for i := range min(len(x), len(y)) {
		m, errM := strconv.Atoi(x[i])
		n, errN := strconv.Atoi(y[i])
		switch {
		case x[i] == y[i], errM == nil && errN == nil && m == n:
		case errM == nil && errN == nil:
			return m < n
		default:
			return x[i] < y[i]
		}
	}
	return len(x) < len(y)
}

// asksTheSame tells whether two packs want the same of an incident. What is only
// better proven now, or does not apply, makes no difference.
func asksTheSame(a, b Assessment) bool {
	return hashJSON(asked(a)) == hashJSON(asked(b))
}

func asked(a Assessment) any {
	var duties []Obligation
	for _, o := range a.Obligations {
		if o.Applies != AppliesNo {
			o.Pack, o.Checked, o.Confidence, o.Sources = "", "", "", nil
			duties = append(duties, o)
		}
	}
	return struct {
		Severity Severity
		Duties   []Obligation
	}{a.Severity, duties}
}

// noteRepacked writes onto each duty what a new pack did to it, in place of what
// the pack before did.
func noteRepacked(after, before []ObligationState, pack string, c Change) {
	notes := map[string]string{}
	by := " with rule pack " + PackNumber(pack)
	for _, o := range c.Began {
		notes[o.ID] = "Began" + by
	}
	for _, o := range c.Ended {
		notes[o.ID] = "Ended" + by
	}
	due := dueBefore(before)
	for _, o := range c.Moved {
		notes[o.ID] = "Moved" + by + ", was due " + dueText(due[o.ID])
	}
	for i := range after {
		after[i].Repacked = notes[after[i].ID]
	}
}

func dueBefore(before []ObligationState) map[string]*time.Time {
	due := map[string]*time.Time{}
	for _, o := range before {
		due[o.ID] = o.Due
	}
	return due
}

func dueText(t *time.Time) string {
	if t == nil {
		return "without a number"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// recordRepacked says on the timeline which duties began, ended or moved because
// of another pack.
func (d *Desk) recordRepacked(tx Tx, in Incident, was string, before []ObligationState, c Change) error {
	now := c.Assessment.Pack
	line := "Judged again by rule pack " + now + " instead of " + was
	if OlderPack(now, was) {
		line += ", which is newer"
	}
	line += "."
	var began, ended, moved []string
	ids := map[string]string{}
	for _, o := range c.Began {
		began = append(began, "“"+o.Title+"” ("+o.Law+"), due "+dueText(o.Due))
		ids["began"] += " " + o.ID
	}
	for _, o := range c.Ended {
		ended = append(ended, "“"+o.Title+"” ("+o.Law+")")
		ids["ended"] += " " + o.ID
	}
	due := dueBefore(before)
	for _, o := range c.Moved {
		moved = append(moved, "“"+o.Title+"” ("+o.Law+"), due "+dueText(o.Due)+", was due "+dueText(due[o.ID]))
		ids["moved"] += " " + o.ID
	}
	for _, part := range []struct {
		words string
		list  []string
	}{{" Began: ", began}, {" No longer applies: ", ended}, {" Moved: ", moved}} {
		if len(part.list) > 0 {
			line += part.words + strings.Join(part.list, "; ") + "."
		}
	}
	if len(began)+len(ended)+len(moved) == 0 {
		line += " No duty began, ended or moved."
	}
	data := map[string]string{"from": was, "to": now}
	for part, list := range ids {
		data[part] = strings.TrimSpace(list)
	}
	return d.record(tx, System, event{name: "rules.changed", incident: in.ID, subject: now, line: line, data: data})
}

// A PackNews is what became of a pack file while the service ran.
type PackNews struct {
	From, To string // versions; To is empty when the file was refused
	SHA256   string // of the file, empty when it could not be read
	Key      string // who signed it
	Reason   string // why it was refused
}

// RecordPack writes down that the pack was replaced, or that one was refused.
func (d *Desk) RecordPack(ctx context.Context, n PackNews) error {
	e := event{name: "rules.replaced", subject: n.To, data: map[string]string{"from": n.From, "to": n.To, "sha256": n.SHA256, "key": n.Key}}
	if n.To == "" {
		e = event{name: "rules.refused", subject: n.From, data: map[string]string{"kept": n.From, "sha256": n.SHA256}, quote: n.Reason}
	}
	return d.Store.Write(ctx, func(tx Tx) error { return d.record(tx, System, e) })
}

// A Judgement is one assessment on file: when the incident was judged, by which
// revision of the facts and which pack.
type Judgement struct {
	No       int64     `json:"no"`
	FactsRev int       `json:"facts_rev"`
	Pack     string    `json:"pack"`
	At       time.Time `json:"at"`
	Severity string    `json:"severity"`
	Apply    int       `json:"apply"` // duties that applied
}

// MostJudgements is how many of an incident are listed, the newest first.
const MostJudgements = 50

// Judgements lists how an incident was judged, the newest first.
func (d *Desk) Judgements(ctx context.Context, a Actor, idOrRef string) ([]Judgement, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Judgement, error) {
		in, err := d.find(tx, idOrRef)
		if err != nil {
			return nil, err
		}
		return tx.Judgements(in.ID, MostJudgements)
	})
}

// Judgement is one assessment as it was made, with the version of the pack.
func (d *Desk) Judgement(ctx context.Context, a Actor, idOrRef string, no int64) (out Assessment, err error) {
	return read(ctx, d, a, ActRead, func(tx Tx) (Assessment, error) {
		in, err := d.find(tx, idOrRef)
		if err != nil {
			return out, err
		}
		return tx.AssessmentNo(in.ID, no)
	})
}
