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
	mending sync.Mutex    // held while the store is opened anew
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
	return ensureStreams(ctx, b.js, b.o, known)
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

func (b *Bus) connect() (*nats.Conn, error) {
	opts := []nats.Option{
		nats.Name("tocsin"),
		nats.MaxReconnects(-1), nats.ReconnectWait(time.Second),
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
	if b.o.User != "" {
		opts = append(opts, nats.UserInfo(b.o.User, b.o.Password))
	}
	return nats.Connect(b.o.URL, opts...)
}

// Close lets messages under way finish, as long as ctx allows, then stops the
// server and frees the folder. End the contexts of Consume before.
func (b *Bus) Close(ctx context.Context) error {
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
