package email

import (
	"crypto/tls"
	"net"
	"net/mail"
	"time"

	"tocsin/incidents"
)

// How a connection to the relay is protected.
const (
	TLSRequired = "required" // STARTTLS, or nothing is sent
	TLSImplicit = "implicit"
	TLSOff      = "off" // only for a relay on this machine or a network of its own
)

// Options says how mail leaves.
type Options struct {
	Address   string // host:port of the relay
	TLS       string // TLSRequired, TLSImplicit, TLSOff
	TLSConfig *tls.Config
	Username  string
	Password  string
	Hello     string // our name in EHLO
	From      mail.Address
	ReplyTo   string
	Bounce    string // envelope sender; From when empty
	// ReturnPath is the envelope sender of an attempt; nil, or "": Bounce.
	ReturnPath  func(id incidents.DeliveryID, attempt int) string
	Connections int // open at once, at most
	Batch       int // messages that ride together on a connection, at most
	Timeout     time.Duration
	// FinalTimeout is how long the relay may take to answer a whole message, which it
	// may look at for long: who gives up before has to send a second copy (RFC 5321
	// §4.5.3.2.6, which asks for ten minutes). 0: Timeout.
	FinalTimeout time.Duration
	Now          func() time.Time

	from string // the From header, written once
}

func (o *Options) fill() error {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return incidents.Invalid("the relay's address must be host:port").On("channels.email.smtp.address")
	}
	if _, err := mail.ParseAddress(o.From.Address); err != nil {
		return incidents.Invalid("the sender's address is not usable").On("channels.email.smtp.from")
	}
	if o.TLSConfig == nil {
		o.TLSConfig = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	if o.Bounce == "" {
		o.Bounce = o.From.Address
	}
	if o.Hello == "" {
		o.Hello = "localhost"
	}
	if o.Connections <= 0 {
		o.Connections = 8
	}
	if o.Batch <= 0 {
		o.Batch = 16
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.FinalTimeout <= 0 {
		o.FinalTimeout = o.Timeout
	}
	if o.Now == nil {
		return incidents.Invalid("the e-mail channel needs a clock")
	}
	o.from = string(header(nil, "From", o.From.String()))
	return nil
}
