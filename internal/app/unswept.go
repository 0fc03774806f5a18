package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store"
)

// onlyNotices tells whether a sweep failed at single notices or incidents alone: the
// database itself is there, and the others were swept and judged.
func onlyNotices(err error) bool {
	var one *store.Unswept
	var other *incidents.Unjudged
	return (errors.As(err, &one) || errors.As(err, &other)) && incidents.KindOf(err) != incidents.KindUnavailable && !errors.Is(err, context.Canceled)
}

// A sweepWatch is what the sweep remembers of notices it could not sweep.
type sweepWatch struct {
	of    string    // makes the message another than that of other watches
	since time.Time // first of the sweeps in a row that failed; zero: the last one was whole
	told  bool      // the team was
}

// tellUnswept tells the team, once until a sweep is whole again, of notices that
// or incidents that could not be swept or judged twice in a row: one failure alone mostly mends itself.
func (a *App) tellUnswept(ctx context.Context, w *sweepWatch, err error) {
	switch {
	case err == nil:
		*w = sweepWatch{of: w.of}
	case !onlyNotices(err), w.told:
	case w.since.IsZero():
		w.since = a.now()
	default:
		subject := "Tocsin cannot go on with a notice or an incident"
		text := fmt.Sprintf("%s\n\n%v\n\nThe others go on. Nothing more of these leaves, is settled or judged until the cause is mended; the log says it again at each sweep.\n\n%s/\n", subject, err, a.settings.Inside.URL)
		if err := a.tell(ctx, fmt.Sprintf("sweep%s-%d", w.of, w.since.Unix()), subject, text); err != nil {
			a.log.Error("the team could not be told", "about", "sweep", "cause", err)
			return // it comes again
		}
		w.told = true
	}
}
