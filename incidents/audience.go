package incidents

import (
	"cmp"
	"context"
	"slices"
)

// An AudiencePart is how many of the persons a notice chooses are told in one
// way, or not told for one reason.
type AudiencePart struct {
	Reader Reader `json:"reader"`           // who the message is written to; of those who are told
	Barred string `json:"barred,omitempty"` // why nobody is told
	Label  string `json:"label"`
	N      int64  `json:"n"`
}

var readerLabels = map[Reader]string{ReaderPerson: "Told themselves", ReaderMinor: "Minors told directly, asked to show it to an adult",
	ReaderGuardian: "Told through a parent or guardian", ReaderRepresentative: "The dead, told through a representative"}

// Audience says who reads a notice as it stands, by the flags of the list:
// those told first, then those who are not. Who was excluded by hand is left out.
func (d *Desk) Audience(ctx context.Context, a Actor, n Notice) ([]AudiencePart, error) {
	flags, err := read(ctx, d, a, ActRead, func(tx Tx) (map[int]int64, error) { return tx.CountFlags(n.IncidentID, n.Content.Filter) })
	if err != nil {
		return nil, err
	}
	return n.Content.audience(flags), nil
}

func (c Content) audience(flags map[int]int64) (out []AudiencePart) {
	sums := map[AudiencePart]int64{}
	for f, n := range flags {
		part := AudiencePart{Barred: c.Barred(f)}
		if part.Barred == "" {
			part.Reader = ReaderOf(f)
			part.Label = readerLabels[part.Reader]
		} else {
			part.Label = "Not told: " + ExclusionLabel(part.Barred)
		}
		sums[part] += n
	}
	for part, n := range sums {
		part.N = n
		out = append(out, part)
	}
	slices.SortFunc(out, func(a, b AudiencePart) int {
		return cmp.Or(cmp.Compare(a.Barred, b.Barred), cmp.Compare(b.N, a.N), cmp.Compare(a.Reader, b.Reader))
	})
	return out
}
