package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store"
)

// onlyNotices tells whether a sweep failed at single notices alone: the database
// itself is there, and the others were swept.
func onlyNotices(err error) bool {
	var one *store.Unswept
	return errors.As(err, &one) && incidents.KindOf(err) != incidents.KindUnavailable && !errors.Is(err, context.Canceled)
}

// A sweepWatch is what the sweep remembers of notices it could not sweep.
type sweepWatch struct {
	since time.Time // first of the sweeps in a row that failed; zero: the last one was whole
	told  bool      // the team was
}

// tellUnswept tells the team, once until a sweep is whole again, of notices that
// could not be swept twice in a row: one failure alone mostly mends itself.
func (a *App) tellUnswept(ctx context.Context, w *sweepWatch, err error) {
	switch {
	case err == nil:
		*w = sweepWatch{}
	case !onlyNotices(err), w.told:
	case w.since.IsZero():
		w.since = a.now()
	default:
		subject := "Tocsin cannot go on with a notice"
		text := fmt.Sprintf("%s\n\n%v\n\nThe other notices go on. Nothing more of these leaves or is settled until the cause is mended; the log says it again at each sweep.\n\n%s/\n", subject, err, a.settings.Inside.URL)
		if err := a.tell(ctx, fmt.Sprintf("sweep-%d", w.since.Unix()), subject, text); err != nil {
			a.log.Error("the team could not be told", "about", "sweep", "cause", err)
			return // it comes again
		}
		w.told = true
	}
}
