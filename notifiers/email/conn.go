package email

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"strings"
	"time"
)

// A conn is one connection to the relay, greeted, protected and signed in.
type conn struct {
	net  net.Conn
	r    *bufio.Reader
	out  []byte // written but not sent
	o    *Options
	has  map[string]bool // extensions the relay offers
	auth []string        // ways to sign in that it offers
	used time.Time       // when it was last of use
	dog  *time.Timer     // closes a connection whose relay is silent for too long
}

// A refused connection is what the relay said before it took any message.
type refused struct{ reply }

func (r refused) Error() string { return "the relay said " + r.String() }

// An unfit relay is one we cannot work with as it is set up.
type unfit string

func (u unfit) Error() string { return string(u) }

// dial opens a connection. No message is on its way yet: when sending halts,
// it is given up.
func (c *Channel) dial(ctx, leave context.Context) (*conn, error) {
	ctx, end := either(ctx, leave)
	defer end()
	d := net.Dialer{Timeout: c.o.Timeout}
	nc, err := d.DialContext(ctx, "tcp", c.o.Address)
	if err != nil {
		return nil, err
	}
	if c.o.TLS == TLSImplicit {
		nc = tls.Client(nc, c.o.TLSConfig)
	}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	k := &conn{o: &c.o, dog: time.AfterFunc(c.o.Timeout, func() { nc.Close() })}
	k.over(nc)
	if err := k.open(); err != nil {
		k.drop()
		return nil, err
	}
	k.rest()
	if !stop() {
		k.drop()
		return nil, ctx.Err()
	}
	return k, nil
}

// maxReplyLine bounds a line of the relay; RFC 5321 §4.5.3.1.5 allows 512 octets.
const maxReplyLine = 4096

func (k *conn) over(nc net.Conn) { k.net, k.r = nc, bufio.NewReaderSize(nc, maxReplyLine) }

// open greets, asks for TLS and signs in.
func (k *conn) open() error {
	if err := k.expect(220); err != nil {
		return err
	}
	if err := k.hello(); err != nil {
		return err
	}
	if k.o.TLS == TLSRequired || k.o.TLS == "" {
		if err := k.startTLS(); err != nil {
			return err
		}
	}
	if k.o.Username == "" {
		return nil
	}
	if k.o.TLS == TLSOff && !loopback(k.net.RemoteAddr()) {
		return unfit("a password is never sent over a connection without TLS")
	}
	return k.signIn()
}

// hello asks for the relay's extensions; a relay without any takes HELO.
func (k *conn) hello() error {
	k.has, k.auth = map[string]bool{}, nil
	k.say("EHLO " + k.o.Hello)
	first := true
	p, err := k.answer(func(text string) {
		if !first {
			name, more, _ := strings.Cut(strings.ToUpper(text), " ")
			k.has[name] = true
			if name == "AUTH" {
				k.auth = strings.Fields(more)
			}
		}
		first = false
	})
	if err != nil {
		return err
	}
	if p.code >= 500 && p.code < 503 {
		k.has = map[string]bool{}
		k.say("HELO " + k.o.Hello)
		return k.expect(250)
	}
	if p.code != 250 {
		return refused{p}
	}
	return nil
}

// startTLS protects the connection, or fails. Whatever came in clear before
// the handshake is dropped with the old reader (RFC 3207 §6).
func (k *conn) startTLS() error {
	if !k.has["STARTTLS"] {
		return unfit("the relay does not offer STARTTLS, and nothing is sent in clear")
	}
	k.say("STARTTLS")
	if err := k.expect(220); err != nil {
		return err
	}
	if k.r.Buffered() > 0 {
		return unfit("the relay went on in clear after STARTTLS")
	}
	t := tls.Client(k.net, k.o.TLSConfig)
	k.soon()
	if err := t.Handshake(); err != nil {
		return err
	}
	k.over(t)
	return k.hello()
}

func loopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// put takes texts into what is sent next.
func (k *conn) put(texts ...string) {
	for _, s := range texts {
		k.out = append(k.out, s...)
	}
}

// say takes a command, or the end of one, into what is sent next.
func (k *conn) say(line string) { k.put(line, "\r\n") }

// soon begins the time the relay has for what comes next; rest ends it.
func (k *conn) soon() { k.dog.Reset(k.o.Timeout) }
func (k *conn) rest() { k.dog.Stop() }

// flush sends what was said, and tells how many bytes the relay can have seen.
func (k *conn) flush() (int, error) {
	k.soon()
	n, err := k.net.Write(k.out)
	k.out = k.out[:0]
	return n, err
}

// answer sends what was said and reads one reply.
func (k *conn) answer(each func(string)) (reply, error) {
	if len(k.out) > 0 {
		if _, err := k.flush(); err != nil {
			return reply{}, err
		}
	}
	return k.reply(k.o.Timeout, each)
}

// reply reads one reply to what was sent.
func (k *conn) reply(within time.Duration, each func(string)) (reply, error) {
	if !k.heard() {
		k.dog.Reset(within)
	}
	return readReply(k.r, each)
}

// heard tells that a line came already: it was in time.
func (k *conn) heard() bool {
	b, _ := k.r.Peek(k.r.Buffered())
	return bytes.IndexByte(b, '\n') >= 0
}

func (k *conn) expect(code int) error {
	p, err := k.answer(nil)
	if err != nil {
		return err
	}
	if p.code != code {
		return refused{p}
	}
	return nil
}

// alive asks a connection that stood idle whether the relay is still there:
// many close one after a while, and what is written then is in doubt.
func (k *conn) alive(ctx, leave context.Context, now time.Time) bool {
	if now.Sub(k.used) < time.Second {
		return true
	}
	ctx, end := either(ctx, leave)
	defer end()
	stop := context.AfterFunc(ctx, func() { k.net.Close() })
	defer k.rest()
	return k.reset() && stop()
}

// either ends with the first of two contexts.
func either(a, b context.Context) (context.Context, func()) {
	ctx, end := context.WithCancel(a)
	stop := context.AfterFunc(b, end)
	return ctx, func() { stop(); end() }
}

// quit says goodbye; its answer changes nothing.
func (k *conn) quit() {
	k.say("QUIT")
	_ = k.expect(221)
	k.drop()
}

func (k *conn) drop() {
	k.rest()
	_ = k.net.Close()
}
