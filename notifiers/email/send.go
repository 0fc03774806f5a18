package email

import (
	"bytes"
	"context"
	"strconv"

	"tocsin/incidents"
	"tocsin/internal/killpoint"
	"tocsin/notifiers"
)

// An outgoing message and what came of it. Until it is settled it has
// definitely not been sent.
type outgoing struct {
	m       *notifiers.Message
	from    string
	receipt incidents.Receipt
	settled bool
}

func (o *outgoing) settle(r incidents.Receipt) { o.receipt, o.settled = r, true }

// batch sends messages one after the other, each to its one person, and tells
// whether the connection can be used again. Messages that are not settled
// afterwards never left. A reply is what it says; a message that the relay can
// have read whole and did not answer is doubt.
func (k *conn) batch(ctx, leave context.Context, all []*outgoing) bool {
	stop := context.AfterFunc(ctx, func() { k.net.Close() })
	defer stop()
	defer k.rest()
	var out []*outgoing
	for _, o := range all {
		if !ascii(o.m.To) && !k.has["SMTPUTF8"] {
			o.settle(incidents.Receipt{Outcome: incidents.OutcomeRefused, Code: "553 5.6.7", Reason: "the relay does not take addresses outside ASCII"})
			continue
		}
		out = append(out, o)
	}
	switch {
	case len(out) == 0:
		return true
	case leave.Err() != nil:
		keep(out)
		return true
	case k.has["CHUNKING"] && k.has["PIPELINING"]:
		return k.chunks(out)
	}
	return k.dialogues(leave, out)
}

func keep(out []*outgoing) {
	for _, o := range out {
		o.settle(notifiers.Kept)
	}
}

// mail says who sends a message.
func (k *conn) mail(o *outgoing) {
	k.put("MAIL FROM:<", o.from, ">")
	if !ascii(o.m.To) {
		k.put(" SMTPUTF8")
	}
	if k.reports(o) {
		k.put(" RET=HDRS ENVID=")
		k.out = o.m.Delivery.Append(k.out) // needs no xtext
	}
	k.put("\r\n")
}

// rcpt says who receives it.
func (k *conn) rcpt(o *outgoing) {
	k.put("RCPT TO:<", o.m.To, ">")
	if k.reports(o) {
		k.put(" NOTIFY=FAILURE,DELAY")
	}
	k.put("\r\n")
}

// reports tells that a relay which offers DSN (RFC 3461 §4) is asked to report
// failure and delay, with the headers of the message alone, under the id of its
// delivery.
func (k *conn) reports(o *outgoing) bool { return k.has["DSN"] && o.m.Delivery.Notice > 0 }

func (k *conn) address(o *outgoing) {
	k.mail(o)
	k.rcpt(o)
}

// chunks sends messages by BDAT (RFC 3030), all in one go (RFC 2920). RSET
// stands between them: after a refused chunk the state is indeterminate.
func (k *conn) chunks(out []*outgoing) bool {
	ends := make([]int, len(out))
	for i, o := range out {
		if i > 0 {
			k.say("RSET")
		}
		k.address(o)
		k.out = strconv.AppendInt(append(k.out, "BDAT "...), int64(len(o.m.Wire)), 10)
		k.say(" LAST")
		k.out = append(k.out, o.m.Wire...)
		ends[i] = len(k.out)
	}
	killpoint.At(killpoint.BeforeBytes)
	seen, _ := k.flush() // an error shows again when the replies are read
	killpoint.At(killpoint.AfterBytes)
	closing, open := false, false
	for i, o := range out {
		got := k.chunk(o, i > 0)
		closing, open = closing || got.closing, got.open
		switch {
		case got.alive:
			continue
		case closing: // what it did not answer it did not take
			return false
		}
		for j, o := range out[i:] {
			if ends[i+j] <= seen && !o.settled {
				o.settle(unanswered)
			}
		}
		return false
	}
	return !closing && (!open || k.reset())
}

// How a connection is after the replies to one message.
type chunked struct {
	alive   bool // every reply came
	closing bool // the relay said that it closes the connection (421)
	open    bool // the transaction was not finished
}

// chunk reads the replies to one message. Some relays say 421 and go on all
// the same, so what they say after it counts too.
func (k *conn) chunk(o *outgoing, reset bool) (c chunked) {
	for i := range 4 {
		if i == 0 && !reset {
			continue
		}
		within := k.o.Timeout
		if i == 3 {
			within = k.o.FinalTimeout
		}
		p, err := k.reply(within, nil)
		switch {
		case err != nil:
			return c
		case p.code == 421:
			c.closing, c.open = true, true
			if !o.settled {
				o.receipt = p.ours()
			}
		case i == 0: // where RSET did nothing, MAIL fails
		case i == 3 && p.ok() && !o.settled:
			killpoint.At(killpoint.Answered)
			c.open = false
			o.settle(incidents.Receipt{Outcome: incidents.OutcomeAccepted, Code: strconv.Itoa(p.code), Reason: queued(p.text)})
		case !p.ok() && !o.settled && !c.closing:
			c.open = true
			if o.settle(p.refusal()); i < 2 {
				o.settle(p.ours())
			}
		}
	}
	c.alive = true
	return c
}

// dialogues sends messages by DATA. Where the relay takes PIPELINING, what
// opens the next message rides with the body of the one before.
func (k *conn) dialogues(leave context.Context, out []*outgoing) bool {
	d := dialogue{conn: k, piped: k.has["PIPELINING"]}
	for i, o := range out {
		if !d.opened && leave.Err() != nil {
			keep(out[i:])
			break
		}
		var next *outgoing
		if i+1 < len(out) && leave.Err() == nil {
			next = out[i+1]
		}
		if !d.one(o, next) {
			return false
		}
	}
	return !d.dirty || k.reset()
}

func (k *conn) reset() bool {
	k.say("RSET")
	return k.expect(250) == nil
}

// A dialogue is the state of a connection between two messages.
type dialogue struct {
	*conn
	piped  bool
	opened bool // the commands that open the next message are sent
	dirty  bool // a transaction is open that was not finished
}

// open says the commands that open a message; reset first, when one was left open.
func (d *dialogue) open(o *outgoing) {
	if d.dirty {
		d.say("RSET")
	}
	d.address(o)
	d.say("DATA")
	d.opened = true
}

// one sends one message and, if it can, opens the next; false ends the connection.
func (d *dialogue) one(o, next *outgoing) bool {
	var go_ bool
	var alive bool
	if d.piped {
		if !d.opened {
			d.open(o)
		}
		go_, alive = d.replies(o)
	} else {
		go_, alive = d.stepwise(o)
	}
	d.opened = false
	if !alive || !go_ {
		return alive
	}
	body := o.m.Wire
	if o.settled { // refused before, and DATA was taken all the same: an empty message ends it
		body = nil
	}
	d.out = appendStuffed(d.out, body)
	end := len(d.out)
	d.dirty = false
	if d.piped && next != nil {
		d.open(next)
	}
	killpoint.At(killpoint.BeforeBytes)
	seen, _ := d.flush()
	killpoint.At(killpoint.AfterBytes)
	p, err := d.reply(d.o.FinalTimeout, nil)
	killpoint.At(killpoint.Answered)
	switch {
	case o.settled:
		return err == nil && p.code != 421
	case err != nil && seen < end:
		return false
	case err != nil:
		o.settle(unanswered)
		return false
	case p.code == 421:
		o.receipt = p.ours()
		return false
	case p.ok():
		o.settle(incidents.Receipt{Outcome: incidents.OutcomeAccepted, Code: strconv.Itoa(p.code), Reason: queued(p.text)})
	default:
		o.settle(p.refusal())
	}
	return true
}

// replies reads what the relay says to the commands that open a message, sent together.
func (d *dialogue) replies(o *outgoing) (data, alive bool) {
	if d.dirty {
		if p, err := d.answer(nil); err != nil || p.code == 421 {
			return false, false
		}
		d.dirty = false
	}
	for i := range 3 {
		p, err := d.answer(nil)
		if data, alive = d.step(o, i, p, err); !alive {
			return false, false
		}
	}
	return data, true
}

// stepwise opens a message command by command, for a relay without PIPELINING.
func (d *dialogue) stepwise(o *outgoing) (data, alive bool) {
	if d.dirty {
		if !d.reset() {
			return false, false
		}
		d.dirty = false
	}
	for i, say := range []func(*outgoing){d.mail, d.rcpt, func(*outgoing) { d.say("DATA") }} {
		say(o)
		p, err := d.answer(nil)
		if data, alive = d.step(o, i, p, err); !alive || o.settled {
			return false, alive
		}
	}
	return data, true
}

// step reads one reply of opening: to MAIL, to RCPT, to DATA.
func (d *dialogue) step(o *outgoing, i int, p reply, err error) (data, alive bool) {
	switch {
	case err != nil:
		return false, false
	case p.code == 421:
		if !o.settled {
			o.receipt = p.ours()
		}
		return false, false
	case i == 2 && p.code == 354:
		return true, true
	case i < 2 && p.ok():
		return false, true
	}
	d.dirty = true
	if !o.settled {
		if o.settle(p.refusal()); i == 0 {
			o.settle(p.ours())
		}
	}
	return false, true
}

// appendStuffed adds a body with its end (RFC 5321 §4.5.2).
func appendStuffed(b, body []byte) []byte {
	if bytes.HasPrefix(body, []byte(".")) || bytes.Contains(body, []byte("\n.")) {
		for line := range bytes.Lines(body) {
			if line[0] == '.' {
				b = append(b, '.')
			}
			b = append(b, line...)
		}
	} else {
		b = append(b, body...)
	}
	if len(body) > 0 && !bytes.HasSuffix(body, []byte("\r\n")) {
		b = append(b, '\r', '\n')
	}
	return append(b, ".\r\n"...)
}
