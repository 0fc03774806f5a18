package account

import (
	"context"
	"time"
)

// passingWithin is how long a note waits for its turn at the database.
const passingWithin = 250 * time.Millisecond

// inPassing notes that something is in use, if there is time: a long list that is
// released or imported has the one writer for seconds, and nobody's page waits for
// that. What is left out is noted by the next request.
func inPassing(ctx context.Context, note func(context.Context) error) error {
	limited, end := context.WithTimeout(ctx, passingWithin)
	defer end()
	err := note(limited)
	if limited.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}
