package roster

import (
	"context"
	"io"

	"tocsin/incidents"
)

// Lists is the incidents.ListReader of this package, with what is the same for
// every list.
type Lists struct {
	DefaultPlace incidents.Place
}

var _ incidents.ListReader = Lists{}

// Read reads a list; see the function Read.
func (l Lists) Read(ctx context.Context, r io.Reader, o incidents.ListOptions, yield func(incidents.Candidate, *incidents.Reject) error) error {
	_, err := Read(ctx, r, Options{Format: o.Format, Encoding: o.Encoding, Name: o.Name, AsOf: o.AsOf, Progress: o.Progress, DefaultPlace: l.DefaultPlace},
		func(row Row) error { return yield(row.Candidate, row.Reject) })
	return err
}
