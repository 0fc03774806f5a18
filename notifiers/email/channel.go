package email

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/emersion/go-smtp"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// A Channel sends through one relay.
type Channel struct {
	o    Options
	idle chan *conn
}

// New checks the options; it opens no connection.
func New(o Options) (*Channel, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	return &Channel{o: o, idle: make(chan *conn, o.Connections)}, nil
}

// Close says goodbye on the idle connections.
func (c *Channel) Close() error {
	for {
		select {
		case k := <-c.idle:
			k.quit()
		default:
			return nil
		}
	}
}

// Send delivers one message. Whatever goes wrong before the final dot was
// written is a retry; a reply is what it says; silence after the dot is doubt.
// What the relay says to QUIT changes nothing.
func (c *Channel) Send(ctx context.Context, m notifiers.Message) (incidents.Receipt, error) {
	msg, err := c.o.Build(m, c.o.Now())
	if err != nil {
		return incidents.Receipt{}, err
	}
	k, warm, err := c.take(ctx)
	if err != nil {
		return ours(err), nil
	}
	r, ok := k.send(ctx, c.o.Bounce, m.To, msg)
	if warm && !ok && r.Outcome == incidents.OutcomeRetry && r.Code == "" {
		// The relay closed a connection we kept warm; nothing was sent on it.
		k.drop()
		if k, err = c.dial(ctx); err != nil {
			return ours(err), nil
		}
		r, ok = k.send(ctx, c.o.Bounce, m.To, msg)
	}
	if ok {
		c.give(k)
	} else {
		k.drop()
	}
	r.ProviderID = c.o.messageID(m)
	return r, nil
}

func (c *Channel) take(ctx context.Context) (k *conn, warm bool, err error) {
	select {
	case k := <-c.idle:
		return k, true, nil
	default:
		k, err := c.dial(ctx)
		return k, false, err
	}
}

func (c *Channel) give(k *conn) {
	select {
	case c.idle <- k:
	default:
		k.quit()
	}
}

// ours is an error that says nothing of the person: of the connection, of our
// password, of our sender address. However final the relay calls it, somebody
// can mend it, so it is tried again.
func ours(err error) incidents.Receipt {
	r := answer(err)
	r.Outcome = incidents.OutcomeRetry
	return r
}

// answer is what an error before the final dot means: a definite no.
func answer(err error) incidents.Receipt {
	var s *smtp.SMTPError
	if !errors.As(err, &s) {
		return incidents.Receipt{Outcome: incidents.OutcomeRetry, Reason: "the relay cannot be reached"}
	}
	r := incidents.Receipt{Outcome: incidents.OutcomeRetry, Code: code(s), Reason: "the relay said " + code(s)}
	if s.Code >= 500 {
		r.Outcome = incidents.OutcomeRefused
		// 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10: the address does not exist (RFC 3463).
		if e := s.EnhancedCode; e[0] == 5 && e[1] == 1 && slices.Contains([]int{1, 2, 3, 6, 10}, e[2]) {
			r.Outcome = incidents.OutcomeGone
		}
	}
	return r
}

func code(s *smtp.SMTPError) string {
	out := strconv.Itoa(s.Code)
	if e := s.EnhancedCode; e != smtp.NoEnhancedCode && e != smtp.EnhancedCodeNotSet {
		out += " " + strconv.Itoa(e[0]) + "." + strconv.Itoa(e[1]) + "." + strconv.Itoa(e[2])
	}
	return out
}
