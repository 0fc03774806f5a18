package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// stops is how the service comes down: the reverse of how it came up.
type stops struct{ list []stop }

type stop struct {
	name string
	fn   func(context.Context) error
}

func (s *stops) add(name string, fn func(context.Context) error) {
	s.list = append(s.list, stop{name, fn})
}

// run runs every stop, also after one failed.
func (s *stops) run(ctx context.Context) error {
	var errs []error
	for _, x := range slices.Backward(s.list) {
		if err := x.fn(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", x.name, err))
		}
	}
	s.list = nil
	return errors.Join(errs...)
}
