package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers/email"
	"tocsin/notifiers/email/bounce"
)

// bounces is how mail that comes back reaches us; without a taker it does not.
type bounces struct {
	taker   *bounce.Taker
	maildir *bounce.Maildir
}

// bounceDrain is how long a mail that is being taken gets at the end.
const bounceDrain = 5 * time.Second

// maildirEvery is how often the Maildir is looked into.
const maildirEvery = 5 * time.Second

// openReturnPaths makes the signed addresses, of the server and of a worker alike.
func (a *App) openReturnPaths() {
	b := a.settings.Channels.Email.Bounces
	if b.On() {
		a.bounces.taker = &bounce.Taker{Addresses: email.NewVERP(a.keeper.DeriveKey("bounces"), b.Domain), Keep: a.keepBounce}
	}
}

func (b bounces) returnPath() func(incidents.DeliveryID, int) string {
	if b.taker == nil {
		return nil
	}
	return b.taker.Addresses.Address
}

// openBounces finds the Maildir. Bounces of what was sent before are taken
// also while the channel is the sandbox.
func (a *App) openBounces(context.Context) (err error) {
	dir := a.settings.Channels.Email.Bounces.Maildir
	if dir == "" {
		return nil
	}
	a.bounces.maildir, err = bounce.OpenMaildir(dir, a.bounces.taker)
	var e *incidents.Error
	if errors.As(err, &e) {
		return e.On("channels.email.bounces.maildir")
	}
	return err
}

// keepBounce stores what a mail says as a receipt, and wakes who folds it.
func (a *App) keepBounce(ctx context.Context, id incidents.DeliveryID, attempt int, r bounce.Report) error {
	receipt, ok := r.Receipt(id, attempt)
	if ok {
		receipt.At = a.now().UTC() // what the mail itself calls its time proves nothing
		if err := a.store.PutReceipt(ctx, receipt); err != nil {
			return err
		}
		a.wakeReceipts()
	}
	a.log.Info("mail came back", "delivery", id.String(), "attempt", attempt, "kind", string(r.Kind), "code", r.Code, "weak", r.Weak)
	return nil
}

// listenBounces takes bounces by SMTP until the group ends.
func (a *App) listenBounces(g *group) (string, error) {
	b := a.settings.Channels.Email.Bounces
	if b.Listen == "" {
		return "", nil
	}
	ln, err := net.Listen("tcp", b.Listen)
	if err != nil {
		return "", incidents.Invalid("cannot listen on %s: %v", b.Listen, err).On("channels.email.bounces.listen")
	}
	var t *tls.Config
	if b.TLSCert != "" {
		cert := &certificate{cert: b.TLSCert, key: b.TLSKey}
		if _, err := cert.get(nil); err != nil {
			return "", errors.Join(incidents.Invalid("the certificate cannot be used: %v", err).On("channels.email.bounces.tls-cert"), ln.Close())
		}
		t = &tls.Config{GetCertificate: cert.get, MinVersion: tls.VersionTLS12}
	}
	srv := bounce.NewServer(a.bounces.taker, ln, b.Domain, t)
	g.task("bounces", srv.Serve)
	g.task("bounces", func() error {
		<-g.ctx.Done()
		ctx, cancel := context.WithTimeout(context.Background(), bounceDrain)
		defer cancel()
		return srv.Close(ctx)
	})
	return ln.Addr().String(), nil
}

// fetchBounces looks into the Maildir now and then, and says when mail came to
// addresses that were never made here.
func (a *App) fetchBounces(ctx context.Context) {
	if a.bounces.taker == nil {
		return
	}
	var said bounce.Counts
	a.every(ctx, maildirEvery, func() {
		if a.bounces.maildir != nil {
			a.mind(ctx, "take bounces", a.bounces.maildir.Round(ctx))
		}
		if n := a.bounces.taker.Counts(); n.Refused > said.Refused || n.Aside > said.Aside {
			a.log.Warn("mail for the bounce domain that is no bounce of ours", "refused", n.Refused-said.Refused, "aside", n.Aside-said.Aside)
			said = n
		}
	})
}
