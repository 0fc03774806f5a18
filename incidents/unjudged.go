package incidents

import (
	"context"
	"errors"
)

// An Unjudged says of one incident or notice why it could not be judged. It is
// tried again.
type Unjudged struct {
	What string // "judge incident INC-2026-001"
	Err  error
}

func (u *Unjudged) Error() string { return u.What + ": " + u.Err.Error() }

func (u *Unjudged) Unwrap() error { return u.Err }

// each does something to each of them and collects what failed. It gives up when
// the database is away: the others would only wait for it too.
func each[T any](ctx context.Context, all []T, do func(T) (what string, err error)) error {
	var failed []error
	for _, x := range all {
		what, err := do(x)
		if err != nil {
			failed = append(failed, &Unjudged{what, err})
		}
		if ctx.Err() != nil || err != nil && KindOf(err) == KindUnavailable {
			break
		}
	}
	return errors.Join(failed...)
}
