package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
)

// Addresses is where the service listens.
type Addresses struct {
	Inside, Public string
	Bounces        string // "": bounces are not taken by SMTP
}

// drainTime is how long requests and windows in flight get at the end.
const drainTime = 50 * time.Second

// Run recovers what a crash left, then serves until ctx ends, and drains. ready
// is called once with the addresses when the service is ready; it may be nil.
func (a *App) Run(ctx context.Context, ready func(Addresses)) error {
	return a.run(ctx, true, ready)
}

// Work runs dispatch only: `tocsin worker`.
func (a *App) Work(ctx context.Context) error { return a.run(ctx, false, nil) }

func (a *App) run(ctx context.Context, serve bool, ready func(Addresses)) error {
	work, stopWork := context.WithCancel(ctx)
	defer stopWork()
	g := newGroup(work, stopWork)

	if serve {
		if err := a.listen(g); err != nil {
			stopWork()
			return errors.Join(err, g.wait())
		}
	}
	if err := a.recover(ctx); err != nil {
		stopWork()
		return errors.Join(err, g.wait())
	}
	a.start(work, g, serve)
	a.recovered.Store(true)
	a.log.Info("ready", "inside", a.addrs.Inside, "public", a.addrs.Public)
	if ready != nil {
		ready(a.addrs)
	}
	<-work.Done()
	a.recovered.Store(false)
	return g.wait()
}

// recover does once, before anybody is served, what the sweeper does later:
// attempts of a dead process become in doubt, duties are judged by this pack. A
// notice that cannot be swept, or an incident that cannot be judged, is no reason to serve none.
func (a *App) recover(ctx context.Context) error {
	_, err := a.store.Sweep(ctx, a.sweepPolicy())
	switch {
	case err != nil && !onlyNotices(err):
		return fmt.Errorf("recover deliveries: %w", err)
	case err != nil:
		a.log.Error("could not recover every notice; the service starts, and each sweep tries again. Until the cause is mended nothing more of these notices leaves or is settled: compare with the provider what of them left", "cause", err)
	}
	switch err := a.Desk.RejudgeAll(ctx); {
	case err != nil && !onlyNotices(err):
		return fmt.Errorf("judge open incidents: %w", err)
	case err != nil:
		a.log.Error("could not judge every open incident; the service starts, and each sweep tries again", "cause", err)
		a.unjudged = true
	}
	return nil
}

func (a *App) start(ctx context.Context, g *group, serve bool) {
	g.loop(func() { a.relay(ctx) })
	g.loop(func() { a.sweep(ctx, serve) })
	g.loop(func() { a.reconcile(ctx) })
	g.loop(func() { a.receipts(ctx) })
	g.loop(func() { a.watchRules(ctx, serve) })
	g.task("dispatch", func() error { return a.dispatch(ctx) })
	if !serve {
		return
	}
	g.loop(func() { a.clock(ctx) })
	g.loop(func() { a.tellWork(ctx) })
	g.loop(func() { a.fetchBounces(ctx) })
	if len(a.channels.letters) > 0 {
		g.loop(func() { a.answers(ctx) })
	}
	g.task("triage", func() error { return a.triage(ctx) })
	g.task("collectors", func() error { return a.collectors(ctx) })
	g.task("news", func() error {
		stop, err := a.bus.Subscribe(ctx, "incidents.>", a.hear)
		if err != nil {
			return err
		}
		<-ctx.Done()
		stop()
		return nil
	})
}

// Ready tells whether recovery is done and every part answers.
func (a *App) Ready() error {
	if !a.recovered.Load() {
		return incidents.Unavailable("the service is starting or stopping")
	}
	if err := a.bus.Ready(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return a.store.Ping(ctx)
}

func (a *App) listen(g *group) (err error) {
	if a.addrs.Inside, err = a.serve(g, "inside", a.settings.Inside, a.web.Inside()); err != nil {
		return err
	}
	if a.addrs.Public, err = a.serve(g, "public", a.settings.Public, a.web.Public()); err != nil {
		return err
	}
	a.addrs.Bounces, err = a.listenBounces(g)
	return err
}

// serve answers one listener until the group ends, then lets requests finish.
func (a *App) serve(g *group, name string, l settings.Listener, h http.Handler) (string, error) {
	ln, err := net.Listen("tcp", l.Listen)
	if err != nil {
		return "", incidents.Invalid("cannot listen on %s: %v", l.Listen, err).On(name + ".listen")
	}
	if l.TLSCert != "" {
		cert := &certificate{cert: l.TLSCert, key: l.TLSKey}
		if _, err := cert.get(nil); err != nil {
			return "", errors.Join(incidents.Invalid("the certificate cannot be used: %v", err).On(name+".tls-cert"), ln.Close())
		}
		ln = tls.NewListener(ln, &tls.Config{GetCertificate: cert.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(g.ctx) }, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug)}
	srv.RegisterOnShutdown(a.hub.close) // open event streams end, other requests finish
	g.task(name, func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.loop(func() {
		<-g.ctx.Done()
		ctx, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close()
		}
	})
	return ln.Addr().String(), nil
}

// A certificate is read again when its file changes.
type certificate struct {
	cert, key string
	mu        sync.Mutex
	at        time.Time
	have      *tls.Certificate
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.cert)
	if err == nil && c.have != nil && info.ModTime().Equal(c.at) {
		return c.have, nil
	}
	pair, lerr := tls.LoadX509KeyPair(c.cert, c.key)
	if lerr != nil {
		if c.have != nil {
			return c.have, nil // half-written: the old one holds until the new one is whole
		}
		return nil, lerr
	}
	c.have = &pair
	if err == nil {
		c.at = info.ModTime()
	}
	return c.have, nil
}

// A group is goroutines somebody waits for; the first error ends all.
type group struct {
	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

func newGroup(ctx context.Context, stop context.CancelFunc) *group {
	return &group{ctx: ctx, stop: stop}
}

func (g *group) loop(fn func()) { g.wg.Go(fn) }

func (g *group) task(name string, fn func() error) {
	g.wg.Go(func() {
		if err := fn(); err != nil && !errors.Is(err, context.Canceled) {
			g.mu.Lock()
			g.errs = append(g.errs, fmt.Errorf("%s: %w", name, err))
			g.mu.Unlock()
			g.stop()
		}
	})
}

func (g *group) wait() error {
	g.wg.Wait()
	return errors.Join(g.errs...)
}
