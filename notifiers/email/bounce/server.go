package bounce

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/emersion/go-smtp"

	"tocsin/incidents"
)

// Bounds of the listener.
const (
	// MaxMessage is what is let in of one mail; what is read of it is MaxRead.
	// A bounce that is refused for its size would be lost.
	MaxMessage = 32 << 20
	maxLine    = 64 << 10 // returned messages keep to no limit of RFC 5321
	maxConns   = 64
	maxPerHost = 16
	// connTime ends a connection that only seems to do something.
	connTime    = 10 * time.Minute
	commandTime = time.Minute
	keepTime    = 30 * time.Second
)

// A Server takes bounces by SMTP (RFC 5321), for signed addresses and nobody else.
type Server struct {
	take *Taker
	smtp *smtp.Server
	door *door
}

// NewServer makes a server of a listener, which it closes in the end. name is
// our name in the greeting. With a TLS configuration STARTTLS is offered.
func NewServer(take *Taker, ln net.Listener, name string, t *tls.Config) *Server {
	s := &Server{take: take, door: newDoor(ln)}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{take: take}, nil }))
	s.smtp.Domain, s.smtp.TLSConfig = name, t
	s.smtp.MaxRecipients, s.smtp.MaxMessageBytes = 1, MaxMessage // a bounce goes to one address
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = commandTime, commandTime
	s.smtp.MaxLineLength, s.smtp.EnableSMTPUTF8 = maxLine, true
	s.smtp.ErrorLog = silent{} // its lines name hosts and addresses
	return s
}

// Serve answers until Close.
func (s *Server) Serve() error {
	if err := s.smtp.Serve(s.door); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Close stops taking connections, lets those that are open finish until ctx
// ends, and returns when none is left. Call it once, after Serve has begun.
func (s *Server) Close(ctx context.Context) error {
	err := s.door.Close()
	cut := context.AfterFunc(ctx, s.door.cut)
	defer cut()
	<-s.door.left()
	return err
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// A session is one connection.
type session struct {
	take *Taker
	null bool
	to   string
}

// Mail takes any sender: who sent it proves nothing.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.null, s.to = from == "", ""
	return nil
}

// Rcpt takes addresses we signed.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if _, _, ok := s.take.Addresses.Parse(to); !ok {
		s.take.refused.Add(1)
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such address here"}
	}
	s.to = to
	return nil
}

// Data stores what the mail says before it is answered.
func (s *session) Data(r io.Reader) error {
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(r, MaxRead)); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err // cut short, or too large: not taken
	}
	ctx, cancel := context.WithTimeout(context.Background(), keepTime)
	defer cancel()
	err := s.take.Take(ctx, s.to, b.Bytes(), s.null)
	switch {
	case err == nil:
		return nil
	case incidents.KindOf(err) == incidents.KindInvalid:
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "This is no mail"}
	}
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Cannot be stored now, try again"}
}

func (s *session) Reset()        { s.null, s.to = false, "" }
func (s *session) Logout() error { return nil }
