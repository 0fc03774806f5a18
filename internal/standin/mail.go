package standin

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/mail"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// A Letter is one message the relay took for one recipient.
type Letter struct {
	From, To string
	Envelope string // ENVID, where it was asked for (RFC 3461)
	Data     []byte
}

// Header returns a header field of the message.
func (l Letter) Header(name string) string {
	m, err := mail.ReadMessage(bytes.NewReader(l.Data))
	if err != nil {
		return ""
	}
	return m.Header.Get(name)
}

// A Mail is an SMTP relay that keeps everything.
type Mail struct {
	Addr string
	// Refuse answers RCPT: nil takes the recipient, an *smtp.SMTPError refuses it.
	Refuse func(to string) error
	// RefuseSender answers MAIL in the same way.
	RefuseSender func(from string) error
	// Lose cuts the connection after a message was taken and before the answer,
	// which leaves the sender in doubt.
	Lose func(to string) bool
	// Closes says 421 and closes the connection right after the 250 to a message.
	Closes func(to string) bool
	// Bye is what is said to QUIT before the connection is closed; empty is 221.
	Bye string
	// KeepData false drops the bodies of messages and keeps the recipients.
	KeepData bool
	// Answer replaces the reply to the message; nil is 250.
	Answer func(to string) error

	mu      sync.Mutex
	letters []Letter
	count   atomic.Int64
	srv     *smtp.Server
	done    chan struct{}
}

// NewMail starts a relay on a free port of loopback. Set its fields before the
// first message.
func NewMail() (*Mail, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &Mail{Addr: ln.Addr().String(), KeepData: true, done: make(chan struct{})}
	m.srv = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &mailSession{m: m, conn: c}, nil }))
	m.srv.Domain, m.srv.AllowInsecureAuth, m.srv.EnableSMTPUTF8, m.srv.EnableDSN = "standin.invalid", true, true, true
	m.srv.ReadTimeout, m.srv.WriteTimeout = 2*time.Minute, time.Minute
	m.srv.ErrorLog = discard{}
	go func() {
		defer close(m.done)
		_ = m.srv.Serve(mailListener{ln, m}) // ends with Close
	}()
	return m, nil
}

// Close stops the relay.
func (m *Mail) Close() error {
	err := m.srv.Close()
	<-m.done
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// Letters returns what was taken so far.
func (m *Mail) Letters() []Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Letter(nil), m.letters...)
}

// Count is how many messages were taken.
func (m *Mail) Count() int64 { return m.count.Load() }

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

// A mailListener makes connections that say what package smtp would not.
type mailListener struct {
	net.Listener
	m *Mail
}

func (l mailListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &mailConn{Conn: c, m: l.m}, nil
}

type mailConn struct {
	net.Conn
	m       *Mail
	closing atomic.Bool // after what is written next
}

func (c *mailConn) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, []byte("221 ")) && c.m.Bye != "" {
		if _, err := io.WriteString(c.Conn, c.m.Bye+"\r\n"); err != nil {
			return 0, err
		}
		return len(b), nil
	}
	n, err := c.Conn.Write(b)
	if c.closing.Load() {
		_, werr := io.WriteString(c.Conn, "421 4.3.2 as the stand-in was told\r\n")
		err = errors.Join(err, werr, c.Close())
	}
	return n, err
}

type mailSession struct {
	m    *Mail
	conn *smtp.Conn
	from string
	id   string
	to   []string
}

func (s *mailSession) Mail(from string, o *smtp.MailOptions) error {
	s.from, s.id, s.to = from, o.EnvelopeID, s.to[:0]
	if s.m.RefuseSender != nil {
		return s.m.RefuseSender(from)
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.m.Refuse != nil {
		if err := s.m.Refuse(to); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for _, to := range s.to {
		if s.m.Answer != nil {
			if err := s.m.Answer(to); err != nil {
				return err
			}
		}
		l := Letter{From: s.from, To: to, Envelope: s.id}
		if s.m.KeepData {
			l.Data = b
		}
		s.m.mu.Lock()
		s.m.letters = append(s.m.letters, l)
		s.m.mu.Unlock()
		s.m.count.Add(1)
		if s.m.Lose != nil && s.m.Lose(to) {
			return errors.Join(s.conn.Conn().Close(), io.ErrUnexpectedEOF)
		}
		if c, ok := s.conn.Conn().(*mailConn); ok && s.m.Closes != nil && s.m.Closes(to) {
			c.closing.Store(true)
		}
	}
	return nil
}

func (s *mailSession) Reset()        { s.to = s.to[:0] }
func (s *mailSession) Logout() error { return nil }

// Reply makes an SMTP reply with its enhanced code (RFC 3463).
func Reply(code, class, subject, detail int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: "as the stand-in was told"}
}
