package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/incidents"
)

// A Bus is a connection to JetStream, and the server behind it when it is ours.
type Bus struct {
	o      Options
	log    *slog.Logger
	lock   *lock
	server *server.Server // nil when external
	nc     *nats.Conn
	closed chan struct{} // the connection is gone for good
	js     jetstream.JetStream

	within  time.Duration // how long an answer of the store is waited for
	broken  atomic.Bool   // the store did not answer
	mending sync.Mutex    // held while the store is opened anew, or what it lost is made anew

	tending     sync.WaitGroup
	stopTending context.CancelFunc
}

// Open starts the embedded server, or reaches the external one, and makes sure
// the streams are there. It refuses a folder whose data the key cannot open.
func Open(ctx context.Context, o Options) (*Bus, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	b := &Bus{o: o, log: o.Log, closed: make(chan struct{}), within: answerWithin}
	if err := b.open(ctx); err != nil {
		return nil, errors.Join(err, b.Close(context.WithoutCancel(ctx)))
	}
	return b, nil
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxStore == 0 {
		o.MaxStore = 8 << 30
	}
	if o.MaxIntake == 0 {
		o.MaxIntake = min(1<<30, o.MaxStore/2)
	}
	return o
}

func (b *Bus) open(ctx context.Context) (err error) {
	var known []string
	if b.o.URL == "" {
		if known, err = b.openEmbedded(ctx); err != nil {
			return err
		}
	}
	if b.nc, err = b.connect(); err != nil {
		return incidents.Unavailable("the bus cannot be reached: %v", err)
	}
	if b.js, err = jetstream.New(b.nc); err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	if err := b.awaitStreams(ctx, known); err != nil {
		return err
	}
	ctx, b.stopTending = context.WithCancel(context.WithoutCancel(ctx))
	b.tending.Go(func() { b.tend(ctx) })
	return nil
}

// awaitStreams gives a cluster that has just started the time to choose its
// leader. Until then it answers nothing, so each try is short.
func (b *Bus) awaitStreams(ctx context.Context, known []string) error {
	if b.server != nil {
		return ensureStreams(ctx, b.js, b.o, known)
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		try, end := context.WithTimeout(ctx, 3*time.Second)
		err := ensureStreams(try, b.js, b.o, nil)
		end()
		if err == nil || !passing(err) || ctx.Err() != nil {
			return err
		}
		pause(ctx, time.Second)
	}
}

// passing tells whether an external server may answer better in a moment.
func passing(err error) bool {
	var e *jetstream.APIError
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrNoResponders) || errors.As(err, &e) && e.Code == 503 && !tooFewServers(err)
}

func (b *Bus) openEmbedded(ctx context.Context) (known []string, err error) {
	if b.lock, err = lockFolder(b.o.Dir); err != nil {
		return nil, err
	}
	if known, err = proveKey(ctx, b.o); err != nil {
		return nil, err
	}
	b.server, err = startServer(b.o)
	return known, err
}

// pingEvery is how often a server is asked whether it is still there; who does
// not answer two of them is not.
const pingEvery = 15 * time.Second

func (b *Bus) connect() (*nats.Conn, error) {
	opts := []nats.Option{
		nats.Name("tocsin"),
		// Never given up, not even when the password is refused: it may be mended at the cluster.
		nats.MaxReconnects(-1), nats.ReconnectWait(time.Second), nats.IgnoreAuthErrorAbort(),
		// A server that does not answer is left for another one in less than a minute.
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2), nats.DrainTimeout(answerWithin),
		nats.ClosedHandler(func(*nats.Conn) { close(b.closed) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.log.Warn("bus connection lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { b.log.Info("bus connection restored") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { b.log.Warn("bus", "error", err) }),
	}
	if b.server != nil {
		return nats.Connect("", append(opts, nats.InProcessServer(b.server), nats.CustomInboxPrefix(appInbox), nats.UserInfo(appUser, b.o.Password))...)
	}
	return nats.Connect(b.o.URL, append(opts, b.o.proofs()...)...)
}

// proofs is how this process and an external server know each other.
func (o Options) proofs() (opts []nats.Option) {
	if o.User != "" {
		opts = append(opts, nats.UserInfo(o.User, o.Password))
	}
	if o.CredentialsFile != "" {
		opts = append(opts, nats.UserCredentials(o.CredentialsFile))
	}
	if o.TLS.CAFile != "" {
		opts = append(opts, nats.RootCAs(o.TLS.CAFile))
	}
	if o.TLS.CertFile != "" {
		opts = append(opts, nats.ClientCert(o.TLS.CertFile, o.TLS.KeyFile))
	}
	return opts
}

// Close lets messages under way finish, as long as ctx allows, then stops the
// server and frees the folder. End the contexts of Consume before.
func (b *Bus) Close(ctx context.Context) error {
	if b.stopTending != nil {
		b.stopTending()
		b.tending.Wait()
	}
	var err error
	if b.nc != nil {
		err = b.drain(ctx)
	}
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
	return errors.Join(err, b.lock.release())
}

func (b *Bus) drain(ctx context.Context) error {
	if err := b.nc.Drain(); err != nil {
		b.nc.Close() // already cut off, nothing to drain
		<-b.closed
		return nil
	}
	select {
	case <-b.closed:
		return nil
	case <-ctx.Done():
		b.nc.Close()
		<-b.closed
		return fmt.Errorf("drain bus: %w", ctx.Err())
	}
}

// Ready returns nil when messages can be stored now.
func (b *Bus) Ready() error {
	if !b.nc.IsConnected() {
		return incidents.Unavailable("the bus is not connected")
	}
	if err := b.mend(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if _, err := b.js.AccountInfo(ctx); err != nil {
		return incidents.Unavailable("the bus cannot store: %v", err)
	}
	return nil
}

// CollectorAddr returns the address collectors reach, empty when nothing listens.
func (b *Bus) CollectorAddr() string {
	if b.server == nil || b.server.Addr() == nil {
		return ""
	}
	return b.server.Addr().String()
}
