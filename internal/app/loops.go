package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/internal/bus"
	"tocsin/internal/killpoint"
	"tocsin/web/hook"
)

// The loops of the service. Each is started by App.run, which waits for it.

// relay carries the outbox to the bus.
func (a *App) relay(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		for a.relayOnce(ctx) {
		}
		select {
		case <-ctx.Done():
			return
		case <-a.store.OutboxReady():
		case <-tick.C:
		}
	}
}

// relayOnce publishes one batch and tells whether there may be more.
func (a *App) relayOnce(ctx context.Context) bool {
	rows, err := a.store.TakeOutbox(ctx, 256)
	if err != nil || len(rows) == 0 {
		a.mind(ctx, "read the outbox", err)
		return false
	}
	killpoint.At(killpoint.OutboxTaken)
	msgs := make([]bus.Outgoing, len(rows))
	seqs := make([]int64, len(rows))
	for i, r := range rows {
		msgs[i], seqs[i] = bus.Outgoing{Subject: r.Message.Subject, ID: r.Message.ID, Data: r.Message.Data}, r.Seq
	}
	if err := a.bus.PublishBatch(ctx, msgs); err != nil {
		a.mind(ctx, "publish the outbox", err)
		a.mind(ctx, "give the outbox back", a.store.OutboxBack(context.WithoutCancel(ctx), seqs))
		return false
	}
	killpoint.At(killpoint.Published)
	a.mind(ctx, "empty the outbox", a.store.OutboxDone(context.WithoutCancel(ctx), seqs))
	return len(rows) == 256
}

// mind logs what a loop could not do; the next round tries again.
func (a *App) mind(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		a.log.Error("could not "+what, "cause", err)
	}
}

// triage correlates accepted alerts.
func (a *App) triage(ctx context.Context) error {
	return a.bus.Consume(ctx, bus.ConsumerSpec{Stream: bus.News, Durable: "triage", Filter: "incidents.alert_accepted.v1", MaxDeliver: 10, OnPark: a.parked},
		func(ctx context.Context, m bus.Msg) bus.Verdict {
			var n incidents.News
			if err := json.Unmarshal(m.Data, &n); err != nil {
				return bus.Park("not news of ours")
			}
			err := a.Desk.Correlate(ctx, incidents.AlertID(n.ID))
			if incidents.KindOf(err) == incidents.KindNotFound && err != nil {
				return bus.Done
			}
			return bus.VerdictOf(err)
		})
}

// collectors takes alerts that were published straight to the bus: they are
// committed to the database before they are acknowledged.
func (a *App) collectors(ctx context.Context) error {
	return a.bus.Consume(ctx, bus.ConsumerSpec{Stream: bus.Intake, Durable: "intake", Filter: "intake.>", MaxDeliver: 10, MaxInFlight: 64, OnPark: a.keepParked},
		func(ctx context.Context, m bus.Msg) bus.Verdict {
			ans := a.takePatiently(ctx, m)
			switch ans.Status {
			case http.StatusServiceUnavailable:
				return bus.RetryFor(ans.Err.Error(), 0)
			case http.StatusUnauthorized:
				return bus.Park("no source of this name in the settings")
			}
			return bus.Done
		})
}

// takePatiently waits while the database is away: that is nothing the message
// can be given up for.
func (a *App) takePatiently(ctx context.Context, m bus.Msg) hook.Answer {
	for {
		ans := a.receiver.Take(ctx, strings.TrimPrefix(m.Subject, "intake."), "bus", busHeader(m), m.Data)
		if ans.Status != http.StatusServiceUnavailable || incidents.KindOf(ans.Err) != incidents.KindUnavailable {
			return ans
		}
		select {
		case <-ctx.Done():
			return ans
		case <-time.After(time.Second):
		}
	}
}

func busHeader(m bus.Msg) http.Header {
	h := http.Header{}
	for k, v := range m.Headers {
		h[http.CanonicalHeaderKey(k)] = v
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	if m.ID != "" {
		h.Set("Nats-Msg-Id", m.ID)
	}
	return h
}

// keepParked puts an alert that could not be taken into quarantine, with its bytes.
func (a *App) keepParked(ctx context.Context, m bus.Msg, reason string) error {
	// Its place in the stream tells it from others: a collector need not name its messages.
	id := fmt.Sprintf("parked:%d:%d", m.StoredAt.UnixNano(), m.Seq)
	_, err := a.Desk.Quarantine(ctx, incidents.Intake{Source: strings.TrimPrefix(m.Subject, "intake."), DeliveryID: id, Via: "bus",
		ReceivedAt: a.now().UTC(), Body: m.Data, Status: http.StatusUnprocessableEntity, Reason: reason})
	return err
}

// parked gives up on a message that only wakes: the sweepers find its work.
func (a *App) parked(_ context.Context, m bus.Msg, reason string) error {
	a.log.Error("message parked", "subject", m.Subject, "reason", reason)
	return nil
}

// asideAfter is how long a chunk may take before another is begun beside it: on a
// slow channel one takes hours, and the next may be of another channel.
const asideAfter = 5 * time.Second

// dispatch works chunks as the bus hands them out.
func (a *App) dispatch(ctx context.Context) error {
	return a.bus.Consume(ctx, bus.ConsumerSpec{Stream: bus.Dispatch, Durable: "dispatch", Filter: "dispatch.>", MaxDeliver: 1000, MaxInFlight: a.workers, AckWait: time.Minute, OnPark: a.parked},
		func(ctx context.Context, m bus.Msg) bus.Verdict {
			var no struct {
				Notice int64 `json:"notice"`
				Chunk  int64 `json:"chunk"`
			}
			if err := json.Unmarshal(m.Data, &no); err != nil {
				return bus.Park("not a chunk")
			}
			defer time.AfterFunc(asideAfter, m.Aside).Stop()
			err := a.dispatcher.Chunk(ctx, no.Notice, no.Chunk)
			if err != nil && ctx.Err() == nil {
				a.log.Error("could not work a chunk", "notice", no.Notice, "chunk", no.Chunk, "cause", err)
			}
			return bus.VerdictOf(err)
		})
}

// receipts folds stored receipts when one came in, and on the sweep.
func (a *App) receipts(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.receiptsReady:
		}
		for {
			n, err := a.store.FoldReceipts(ctx, 500)
			a.mind(ctx, "fold receipts", err)
			if err != nil || n < 500 {
				break
			}
		}
	}
}

func (a *App) wakeReceipts() {
	select {
	case a.receiptsReady <- struct{}{}:
	default:
	}
}

// sweep finds what no message will wake. A worker leaves it to the service to
// tell the team of what cannot be swept.
func (a *App) sweep(ctx context.Context, tells bool) {
	var w sweepWatch
	seen := map[incidents.IncidentID]string{}
	a.every(ctx, a.settings.Dispatch.Sweep.Std(), func() {
		_, err := a.store.Sweep(ctx, a.sweepPolicy())
		a.mind(ctx, "sweep", err)
		a.wakeReceipts()
		for _, s := range a.switches {
			a.mind(ctx, "write down what was sent by an account", s.Settle(ctx))
		}
		settled, judged := a.Desk.SettleDone(ctx), a.Desk.JudgeSubstitutes(ctx, seen)
		a.mind(ctx, "settle finished notices", settled)
		a.mind(ctx, "judge who is not reached", judged)
		if tells {
			a.tellUnswept(ctx, &w, errors.Join(err, settled, judged, a.judgeLeft(ctx)))
		}
		a.mind(ctx, "correlate what was left", a.correlateLeft(ctx))
	})
}

// judgeLeft judges what the start could not.
func (a *App) judgeLeft(ctx context.Context) error {
	if !a.unjudged {
		return nil
	}
	err := a.Desk.RejudgeAll(ctx)
	a.mind(ctx, "judge open incidents", err)
	a.unjudged = err != nil
	return err
}

// reconcile asks providers what became of doubts. It has a loop of its own: a
// provider that hangs must not hold up the sweep.
func (a *App) reconcile(ctx context.Context) {
	a.every(ctx, a.settings.Dispatch.Sweep.Std(), func() { a.mind(ctx, "reconcile doubts", a.dispatcher.Reconcile(ctx)) })
}

func (a *App) sweepPolicy() incidents.SweepPolicy {
	return incidents.SweepPolicy{Now: a.now().UTC(), DoubtWait: a.doubtWait(),
		RetryFor: map[incidents.Channel]time.Duration{incidents.Email: 48 * time.Hour, incidents.SMS: 4 * time.Hour, incidents.Push: 24 * time.Hour,
			incidents.Phone: a.callsFor(), incidents.Letter: 7 * 24 * time.Hour}}
}

func (a *App) doubtWait() map[incidents.Channel]time.Duration {
	w := a.settings.Dispatch.DoubtWait.Std()
	return map[incidents.Channel]time.Duration{incidents.Email: w, incidents.Letter: w, incidents.Push: min(w, time.Minute), incidents.SMS: min(w, 2*time.Minute), incidents.Phone: min(w, 2*time.Minute)}
}

// correlateLeft correlates alerts whose message was lost with the bus.
func (a *App) correlateLeft(ctx context.Context) error {
	left, err := a.Desk.Alerts(ctx, incidents.System, incidents.AlertFilter{State: incidents.AlertNew, Limit: 500})
	if err != nil {
		return err
	}
	var errs []error
	for _, al := range left {
		if a.now().Sub(al.ReceivedAt) < 5*time.Second {
			continue // its message is still on the way
		}
		errs = append(errs, a.Desk.Correlate(ctx, al.ID)) // one that cannot be correlated holds no other up
	}
	return errors.Join(errs...)
}

// clock escalates, ends holds and terminations and seals checkpoints.
func (a *App) clock(ctx context.Context) {
	a.every(ctx, 15*time.Second, func() {
		a.mind(ctx, "escalate", a.escalate(ctx))
		a.mind(ctx, "end holds", a.Desk.EndHolds(ctx))
		a.mind(ctx, "tell of lapsed approvals", a.lapseAlarms(ctx))
		a.mind(ctx, "foresee", a.foresee(ctx))
		a.mind(ctx, "tell of first waves", a.waveAlarms(ctx))
		a.mind(ctx, "end terminations", a.Desk.DueTerminations(ctx))
		a.mind(ctx, "sign a checkpoint", a.checkpoint(ctx))
	})
}

// every runs fn now and then again each d.
func (a *App) every(ctx context.Context, d time.Duration, fn func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		fn()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
