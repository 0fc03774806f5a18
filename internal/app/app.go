package app

import (
	"context"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"tocsin/incidents"
	"tocsin/incidents/siem"
	"tocsin/internal/account"
	"tocsin/internal/bus"
	"tocsin/internal/ledger"
	"tocsin/internal/roster"
	"tocsin/internal/sealed"
	"tocsin/internal/settings"
	"tocsin/internal/store"
	"tocsin/notifiers"
	"tocsin/notifiers/letter"
	"tocsin/regulators"
	"tocsin/templates"
	"tocsin/web"
	"tocsin/web/hook"
)

// An App is the service, opened. Run works until told to stop; Close undoes Open.
type App struct {
	Desk     *incidents.Desk
	Accounts *account.Desk

	settings   settings.Settings
	log        *slog.Logger
	now        func() time.Time
	stops      *stops
	master     *sealed.Master
	keeper     *sealed.Keeper
	store      *store.Store
	bus        *bus.Bus
	book       *templates.Book
	rules      *regulators.Holder
	unjudged   bool  // the start could not judge every open incident: the sweep does
	rulesStand stand // of the pack file as it was opened
	signer     *ledger.Signer
	codes      incidents.CodeBook
	sessions   *account.Sessions
	channels   channels
	informed   informed
	printer    *letter.Printer // lays letters out; nil when the sender cannot be printed
	dispatcher *notifiers.Dispatcher
	switches   []*notifiers.Switch // every channel's; added to before Run
	receiver   *hook.Receiver
	hub        *hub
	works      *works // long work of this process
	board      *board // long work of every process
	web        *web.Server

	callbackKey   []byte
	bounces       bounces
	receiptsReady chan struct{}
	workers       int
	worker        bool // sends only, and makes no master key
	recovered     atomic.Bool
	runMu         sync.Mutex
	addrs         Addresses
}

// Config is what main gives the service.
type Config struct {
	Settings settings.Settings
	Log      *slog.Logger
	Now      func() time.Time // nil: the clock of the machine
	Version  string
	Worker   bool // for Work alone: it makes no master key
}

// NewID makes ids that sort by time (UUIDv7, RFC 9562).
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// Open builds every part of the service in order. On an error what was opened
// is closed again.
func Open(ctx context.Context, c Config) (_ *App, err error) {
	a := newApp(c)
	defer func() {
		if err != nil {
			_ = a.stops.run(context.WithoutCancel(ctx))
		}
	}()
	steps := []struct {
		name string
		fn   func(context.Context) error
	}{
		{"rules", a.openRules}, {"words", a.openWords}, {"settings", a.check}, // broken files stop the start before anything is touched
		{"database", a.openStore}, {"bus", a.openBus}, {"desk", a.openDesk}, {"accounts", a.openAccounts},
		{"channels", a.openDispatch}, {"bounces", a.openBounces}, {"alert hook", a.openHook},
		{"console", func(context.Context) error { return a.openWeb(c.Version) }},
	}
	for _, s := range steps {
		if err = s.fn(ctx); err != nil {
			return nil, fmt.Errorf("open %s: %w", s.name, err)
		}
	}
	return a, nil
}

func newApp(c Config) *App {
	a := &App{settings: c.Settings, log: c.Log, now: c.Now, stops: &stops{}, hub: newHub(), works: newWorks(), receiptsReady: make(chan struct{}, 1), workers: c.Settings.Dispatch.Workers, worker: c.Worker}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.now == nil {
		a.now = time.Now
	}
	a.board = newBoard(a.now)
	return a
}

// Close stops every part, in reverse.
func (a *App) Close(ctx context.Context) error { return a.stops.run(ctx) }

// overlay lays a folder of the team over the built-in files; nil keeps them.
func overlay(dir string) fs.FS {
	if dir == "" {
		return nil
	}
	return os.DirFS(dir)
}

func (a *App) openWords(context.Context) (err error) {
	words, err := templates.Overlay(overlay(a.settings.TemplatesDir))
	if err != nil {
		return err
	}
	o := a.settings.Organisation
	a.book, err = templates.New(templates.Org{Name: o.Name, Domains: o.Domains, Contact: contactLines(o.Contact), Verify: a.settings.VerifyPage()}, words)
	return err
}

func contactLines(c settings.Contact) string {
	out := ""
	for _, s := range []string{c.Name, c.Email, c.Phone} {
		if s != "" && out != "" {
			out += "\n"
		}
		out += s
	}
	return out
}

func (a *App) openStore(ctx context.Context) (err error) {
	if err := os.MkdirAll(a.settings.DataDir, 0o700); err != nil {
		return err
	}
	if err = a.openKeys(ctx); err != nil {
		return err
	}
	a.signer, err = ledger.NewSigner(origin, a.keeper.DeriveKey("ledger"))
	if err != nil {
		return err
	}
	a.codes = incidents.NewCodeBook(a.keeper.DeriveKey("codes"))
	a.callbackKey = a.keeper.DeriveKey("callbacks")
	a.openReturnPaths()
	quiet, err := a.settings.Channels.Quiet.Hours(a.settings.Organisation.Country)
	if err != nil {
		return err
	}
	a.store, err = store.Open(ctx, store.Options{URL: a.settings.Database.URL.Reveal(), Dir: a.settings.DataDir, Log: a.log, Now: a.now, NewID: NewID,
		Gate: a.gate(), Keeper: a.keeper, DoubtWait: a.doubtWait(), Bounces: a.settings.Channels.Email.Bounces.On(), Calls: a.calls(), Quiet: quiet,
		Spend: tariffs(a.settings.Limits.Spend), FirstWave: a.settings.Dispatch.FirstWave, FirstWaveWait: a.settings.Dispatch.FirstWaveWait.Std()})
	if err != nil {
		return err
	}
	a.stops.add("database", func(context.Context) error { return a.store.Close() })
	return a.store.Claim(ctx, a.master.Mark())
}

func (a *App) gate() incidents.Gate {
	return incidents.Gate{TwoAbove: a.settings.Limits.TwoApproversAbove}
}

func (a *App) openBus(ctx context.Context) (err error) {
	s := a.settings.Bus
	o := bus.Options{Dir: a.settings.BusDir(), Password: hex.EncodeToString(a.keeper.DeriveKey("bus password")), Key: a.keeper.DeriveKey("bus"),
		URL: s.URL, User: s.User, CredentialsFile: s.CredentialsFile, TLS: bus.TLS{CAFile: s.CAFile, CertFile: s.TLSCert, KeyFile: s.TLSKey},
		Replicas: s.Replicas, MaxIntake: int64(s.MaxIntake), Canary: a.store, Log: a.log, CollectorListen: s.CollectorListen, Collectors: map[string]string{}}
	if s.URL != "" {
		o.Password = s.Password.Reveal()
	}
	for source, c := range s.Collectors {
		o.Collectors[source] = c.Password.Reveal()
	}
	if a.bus, err = bus.Open(ctx, o); err != nil {
		return err
	}
	a.stops.add("bus", a.bus.Close)
	return nil
}

func (a *App) openDesk(context.Context) error {
	o := a.settings.Organisation
	quiet, err := a.settings.Channels.Quiet.Hours(o.Country)
	if err != nil {
		return err
	}
	known, err := seed(o)
	if err != nil {
		return err
	}
	a.receiver = &hook.Receiver{Now: a.now, Log: a.log}
	a.stops.add("alert hook", func(context.Context) error { a.receiver.Wait(); return nil })
	a.Desk = incidents.NewDesk(incidents.Deps{Store: a.store, Roll: a.store, Files: a.store, Lists: roster.Lists{DefaultPlace: o.Country},
		Rules: a.rules, Words: a.book, Reports: a.rules, Codes: a.codes, Now: a.now, NewID: NewID, Accounts: a.store, Rates: allowedRates(a.settings.Channels), Quiet: quiet, Gate: a.gate(), Routes: a.settings.Persons.Routes(), Cover: a.settings.Persons.CoverSensitive, Langs: o.Languages, Org: o.Name, Seed: known,
		Newer: siem.NewerRevision, JoinWithin: a.settings.Correlation.JoinWithin.Std(), Reparse: a.receiver.Reparse, Watch: a.works})
	return nil
}

// seed is what every incident knows of us from the start.
func seed(o settings.Organisation) (map[string]any, error) {
	out := map[string]any{"controller_name": o.Name, "contact_name": o.Contact.Name, "contact_email": o.Contact.Email, "contact_phone": o.Contact.Phone,
		"dpo_contact": strings.ReplaceAll(contactLines(o.DPO), "\n", ", ")}
	known, err := o.Known()
	maps.Copy(out, known)
	return out, err
}

func (a *App) openAccounts(context.Context) error {
	a.Accounts = account.New(a.store, a.keeper.Small("account"), a.now, account.Limits{NewID: NewID})
	s := a.settings
	a.sessions = account.NewSessions(a.Accounts, a.store, account.SessionSettings{Idle: s.Session.Idle.Std(), Absolute: s.Session.Absolute.Std(),
		Insecure: insecure(s.Inside)})
	return nil
}

func (a *App) openDispatch(ctx context.Context) (err error) {
	if a.channels, err = a.openChannels(ctx); err != nil {
		return err
	}
	key := a.keeper.DeriveKey("messages")
	d := a.settings.Dispatch
	a.dispatcher = notifiers.New(notifiers.Deps{Journal: a.store, Opener: a.store, Book: a.book, Codes: a.codes,
		Live: notifiers.LiveSet(key, a.channels.live), Drill: notifiers.DrillSet(key, a.store, a.now), Key: key,
		Window: a.channels.window, Lanes: a.channels.lanes, Places: a.workers, Owner: NewID(), Lease: d.Lease.Std(),
		Verify: a.settings.VerifyPage(), Home: a.settings.Organisation.Country, Now: a.now, Log: a.log,
		Ref: func(ctx context.Context, id incidents.IncidentID) (string, error) {
			in, err := a.Desk.Find(ctx, incidents.System, string(id))
			return in.Ref, err
		}})
	return nil
}

func (a *App) openHook(context.Context) (err error) {
	a.receiver.Desk = a.Desk
	a.receiver.Sources, err = sources(a.settings.Sources)
	return err
}
