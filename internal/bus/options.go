package bus

import (
	"context"
	"log/slog"
	"net"
	"regexp"

	"tocsin/incidents"
)

// Options say where the bus is and with what it is locked.
type Options struct {
	// Dir is the folder of the embedded server. It belongs to one process.
	Dir string
	// Password is what this process shows to its own embedded server, or to the external one.
	Password string
	// Key encrypts the embedded server's files: 32 bytes.
	Key []byte
	// Canary keeps the proof that Key is the key of Dir. It lives in the database.
	Canary Canary

	// URL is an external server, for example nats://bus1:4222,nats://bus2:4222; empty: embedded.
	URL string
	// User is the name shown to the external server; empty: none.
	User string
	// TLS of the external server; empty: what its address says, and the system's certificates.
	TLS TLS
	// CredentialsFile holds a user's token and key as nsc writes them; empty: User and Password.
	CredentialsFile string
	// Replicas of every stream at an external cluster; 0: 3 where it has three servers, else 1.
	Replicas int

	// CollectorListen is a loopback address where collectors may publish to
	// intake.<source>; empty: nothing listens. Only for the embedded server.
	CollectorListen string
	// Collectors maps a source to its collector's password; the source is the user name.
	Collectors map[string]string

	// MaxStore bounds the embedded server's files in bytes; 0 is 8 GiB.
	MaxStore int64
	// MaxIntake bounds the alerts in bytes that came straight to the bus and are
	// not in the database yet; 0 is 1 GiB. Beyond it the next one is refused.
	MaxIntake int64
	// Log takes what the bus has to say; nil: nothing.
	Log *slog.Logger
}

// TLS names PEM files: who signed the server's certificate, and the certificate
// and key this process shows.
type TLS struct{ CAFile, CertFile, KeyFile string }

// A Canary keeps, in the database, a value sealed under the bus key and the
// names of the streams that exist. It is what tells a wrong key from a new
// folder before the server can touch anything.
type Canary interface {
	// LoadCanary returns nil when nothing was saved yet.
	LoadCanary(ctx context.Context) (sealed []byte, streams []string, err error)
	SaveCanary(ctx context.Context, sealed []byte, streams []string) error
}

// KeySize is the length of Options.Key.
const KeySize = 32

// maxPayload bounds one message; an alert body is bounded below that.
const maxPayload = 4 << 20

// sourceName is what may stand in intake.<source>: one subject token.
var sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func (o Options) check() error {
	if o.URL != "" {
		if o.CollectorListen != "" {
			return incidents.Invalid("collectors of an external bus have their accounts there").On("bus.collector-listen")
		}
		return nil
	}
	switch {
	case o.Dir == "":
		return incidents.Invalid("the embedded bus needs a folder")
	case o.Password == "":
		return incidents.Invalid("the embedded bus needs a password")
	case len(o.Key) != KeySize:
		return incidents.Invalid("the bus key has %d bytes, it needs %d", len(o.Key), KeySize)
	case o.Canary == nil:
		return incidents.Invalid("the embedded bus needs a canary in the database")
	case o.MaxIntake > o.MaxStore/2:
		return incidents.Invalid("the intake may have half of the bus at most: %d bytes", o.MaxStore/2).On("bus.max-intake")
	case o.Replicas > 1:
		return incidents.Invalid("the embedded bus has one replica").On("bus.replicas")
	}
	return o.checkCollectors()
}

func (o Options) checkCollectors() error {
	if o.CollectorListen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(o.CollectorListen)
	if err != nil {
		return incidents.Invalid("%q is not host:port", o.CollectorListen).On("bus.collector-listen")
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return incidents.Invalid("%q is not a loopback address", host).On("bus.collector-listen").
			WithHint("collectors on other machines post to the alert hook, over TLS")
	}
	for source, password := range o.Collectors {
		if !sourceName.MatchString(source) || source == appUser {
			return incidents.Invalid("%q cannot be a source on the bus", source).On("bus.collectors").WithHint("use a-z, 0-9, - and _")
		}
		if len(password) < 16 {
			return incidents.Invalid("the password of collector %s is shorter than 16 characters", source).On("bus.collectors")
		}
	}
	return nil
}
