package notifiers

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"tocsin/incidents"
)

// errPanic is what became of code that panicked over one message. It holds the
// type and the place alone: a value may hold personal data.
type errPanic struct{ what, where string }

func (e errPanic) Error() string { return "panic with a " + e.what }

// guarded keeps a panic over one message from its neighbours.
func guarded[T any](fn func() (T, error)) (out T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errPanic{fmt.Sprintf("%T", v), string(debug.Stack())}
		}
	}()
	return fn()
}

// broken tells an error that is our own fault: nobody classified it, so that
// trying the same message again for days would only bring it back.
func broken(err error) bool {
	return incidents.KindOf(err) == incidents.KindInternal && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// A misstep is a failed step of making a message; whoever mends it looks there.
type misstep struct {
	step string
	err  error
}

func (f misstep) Error() string { return f.step + ": " + f.err.Error() }

func (f misstep) Unwrap() error { return f.err }

// unsent is what became of a delivery of which nothing was sent. What is our
// own fault is logged, by its step, kind and place: its words may hold personal data.
func (d *Dispatcher) unsent(c incidents.Claimed, err error) incidents.Receipt {
	r := refusal(err)
	if r.Outcome == incidents.OutcomeBroken {
		var p errPanic
		errors.As(err, &p)
		f := misstep{err: err}
		errors.As(err, &f)
		d.Log.Error("a message could not be made or handed over", "delivery", c.Delivery.ID.String(), "attempt", c.Delivery.Attempts, "step", f.step, "type", fmt.Sprintf("%T", f.err), "what", p.what, "stack", p.where)
	}
	return r
}

// doubtful is what became of a message whose channel panicked: nobody can say
// whether it had left by then.
var doubtful = incidents.Receipt{Outcome: incidents.OutcomeDoubt, Code: "panic", Reason: "the channel broke down over this message"}

// carried guards the sending of one message.
func carried(send func(context.Context, Message) (incidents.Receipt, error)) func(context.Context, Message) (incidents.Receipt, error) {
	return func(ctx context.Context, m Message) (incidents.Receipt, error) {
		r, err := guarded(func() (incidents.Receipt, error) { return send(ctx, m) })
		if errors.As(err, new(errPanic)) {
			return doubtful, nil
		}
		return r, err
	}
}

// allCarried guards the sending of several messages in one go.
func allCarried(ctx, leave context.Context, b Batcher, ms []Message) []incidents.Receipt {
	out, err := guarded(func() ([]incidents.Receipt, error) { return b.SendAll(ctx, leave, ms), nil })
	if err == nil && len(out) == len(ms) {
		return out
	}
	out = make([]incidents.Receipt, len(ms))
	for i := range out {
		out[i] = doubtful
	}
	return out
}
