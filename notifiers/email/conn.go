package email

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tocsin/incidents"
)

// A conn is one connection to the relay, greeted, protected and signed in.
type conn struct {
	net  net.Conn
	smtp *smtp.Client
}

func (c *Channel) dial(ctx context.Context) (*conn, error) {
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
	k := &conn{net: nc}
	if err := k.open(c.o); err != nil {
		nc.Close()
		return nil, err
	}
	return k, nil
}

func (k *conn) open(o Options) (err error) {
	if o.TLS == TLSRequired || o.TLS == "" {
		if k.smtp, err = smtp.NewClientStartTLS(k.net, o.TLSConfig); err != nil {
			return err
		}
	} else {
		k.smtp = smtp.NewClient(k.net)
	}
	k.smtp.CommandTimeout, k.smtp.SubmissionTimeout = o.Timeout, o.Timeout
	if err := k.smtp.Hello(o.Hello); err != nil { // again after STARTTLS, with our name
		return err
	}
	if o.Username == "" {
		return nil
	}
	if o.TLS == TLSOff && !loopback(k.net.RemoteAddr()) {
		return errors.New("a password is never sent over a connection without TLS")
	}
	return k.smtp.Auth(sasl.NewPlainClient("", o.Username, o.Password))
}

func loopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// send runs one transaction; ok tells whether the connection can be used again.
func (k *conn) send(ctx context.Context, from, to string, msg []byte) (r incidents.Receipt, ok bool) {
	stop := context.AfterFunc(ctx, func() { k.net.Close() })
	defer stop()
	opts := &smtp.MailOptions{}
	if !ascii(to) {
		if has, _ := k.smtp.Extension("SMTPUTF8"); !has {
			return incidents.Receipt{Outcome: incidents.OutcomeRefused, Code: "553 5.6.7", Reason: "the relay does not take addresses outside ASCII"}, true
		}
		opts.UTF8 = true
	}
	if err := k.smtp.Mail(from, opts); err != nil {
		_, ok := k.refused(err)
		return ours(err), ok
	}
	if err := k.smtp.Rcpt(to, nil); err != nil {
		return k.refused(err)
	}
	w, err := k.smtp.Data()
	if err != nil {
		return k.refused(err)
	}
	if _, err := w.Write(msg); err != nil {
		return answer(err), false // the dot was not written
	}
	resp, err := w.CloseWithResponse()
	var s *smtp.SMTPError
	switch {
	case err == nil:
		return incidents.Receipt{Outcome: incidents.OutcomeAccepted, Code: "250", Reason: queued(resp.StatusText)}, true
	case errors.As(err, &s):
		return answer(err), s.Code != 421
	}
	return incidents.Receipt{Outcome: incidents.OutcomeDoubt, Reason: "the relay did not answer after the message"}, false
}

// refused resets the connection for the next message after a reply.
func (k *conn) refused(err error) (incidents.Receipt, bool) {
	var s *smtp.SMTPError
	if !errors.As(err, &s) || s.Code == 421 {
		return answer(err), false
	}
	return answer(err), k.smtp.Reset() == nil
}

// queued keeps the relay's own queue id, when its answer is short and plain.
func queued(s string) string {
	if len(s) > 80 || !ascii(s) || strings.Contains(s, "@") {
		return ""
	}
	return s
}

// quit says goodbye; its answer changes nothing.
func (k *conn) quit() {
	_ = k.smtp.Quit()
	k.drop()
}

func (k *conn) drop() { _ = k.net.Close() }

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
