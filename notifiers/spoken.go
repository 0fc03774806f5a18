package notifiers

import (
	"context"

	"tocsin/incidents"
)

// Spoken makes the message of a call once more, for the person who took it and
// pressed the key. It is made of the approved notice as it was for the call, so
// that nothing of it was kept in between.
func (d *Dispatcher) Spoken(ctx context.Context, c incidents.Claimed, an incidents.ApprovedNotice) (Message, error) {
	j, err := d.job(ctx, an)
	if err != nil {
		return Message{}, err
	}
	return d.render(ctx, j, c)
}
