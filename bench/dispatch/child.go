package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/mail"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"time"

	jw "github.com/jordan-wright/email"

	"tocsin/incidents"
	"tocsin/internal/pace"
	"tocsin/internal/sealed"
	"tocsin/internal/store"
	"tocsin/notifiers"
	"tocsin/notifiers/email"
	"tocsin/templates"
)

// A task is what one child process measures.
type task struct {
	Kind        string // pool, tocsin, no-ledger; release: prepares a notice that others send; import
	Sink        string // host:port
	Persons     int
	Connections int
	Window      int
	Workers     int
	Database    string // "": SQLite in Dir
	Keys        string // PostgreSQL's schema of the keys
	Dir         string
	Join        bool // work on the notice another process has released
}

// A figure is what it measured.
type figure struct {
	Messages   int64   // or rows of a list
	Seconds    float64 // of sending
	CPU        float64 // seconds of this process while sending
	PlanTime   float64 // of the release
	ImportTime float64
	Peak       int64 // KiB
	Begun      time.Time
	Ended      time.Time
}

func child(ctx context.Context, raw string) error {
	var t task
	if err := json.Unmarshal([]byte(raw), &t); err != nil {
		return err
	}
	var f figure
	var err error
	switch t.Kind {
	case "pool":
		f, err = pool(t)
	case "import":
		f, err = importing(ctx, t)
	default:
		f, err = tocsin(ctx, t)
	}
	if err != nil {
		return err
	}
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return err
	}
	f.Peak = ru.Maxrss
	return json.NewEncoder(os.Stdout).Encode(f)
}

// cpu is how long this process has used the processors, in seconds.
func cpu() float64 {
	var ru syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return float64(ru.Utime.Nano()+ru.Stime.Nano()) / 1e9
}

func newBook() (*templates.Book, error) {
	return templates.New(templates.Org{Name: "Example Retail Ltd", Domains: []string{"example.com"}, Contact: "care@example.com"}, nil)
}

const verify = "https://example.com/verify"

// words make an e-mail of some four kilobytes.
func words() incidents.Words {
	p := strings.Repeat("On 12 November we found that somebody who had no right to it had read records of our customers. ", 3)
	return incidents.Words{Subject: "About your data at Example Retail", Happened: p + "Touched are: {{data}}.", Measures: p, Advice: p + "\n\n- Change your password.\n- Look at your account.",
		Remedies: p, Contact: "care@example.com, reference {{ref}}, code {{code}}, {{verify_url}}"}
}

func content(book *templates.Book, in incidents.Incident) incidents.Content {
	return incidents.Content{Kind: incidents.NoticeBreach, Mode: incidents.Live, Incident: in.ID, Langs: map[incidents.Lang]incidents.Words{"en": words()}, Default: "en",
		Plan: []incidents.Step{{Channel: incidents.Email}}, Persons: in.Persons, ListHash: in.ListHash, Layout: book.Layout()}
}

func person(i int) incidents.Candidate {
	name, address := fmt.Sprintf("Ada Beispiel %d", i), fmt.Sprintf("person%d@example.com", i)
	return incidents.Candidate{Row: int64(i), Lang: "en", Place: "DE", Channels: []incidents.Channel{incidents.Email},
		Contact: incidents.Contact{Ref: fmt.Sprint("C-", i), Name: name, Email: address, Phone: fmt.Sprintf("+4915550%06d", i), Categories: []string{"basic", "account"}},
		Keys:    []string{fmt.Sprint("id:c-", i)}}
}

// pool is the plain sender: jordan-wright's Pool and the same texts, nothing
// kept, nobody accounted for.
func pool(t task) (f figure, err error) {
	book, err := newBook()
	if err != nil {
		return f, err
	}
	compiled, err := book.Compile(content(book, incidents.Incident{ID: "i1"}))
	if err != nil {
		return f, err
	}
	p, err := jw.NewPool(t.Sink, t.Connections, nil)
	if err != nil {
		return f, err
	}
	begun, used := time.Now(), cpu()
	next := make(chan int, t.Connections)
	errs := make(chan error, t.Connections)
	var wg sync.WaitGroup
	for range t.Connections {
		wg.Go(func() {
			for i := range next {
				who := person(i).Contact
				code := fmt.Sprintf("CODE-%08d", i)
				text, err := compiled.Render(incidents.Email, "en", templates.Slots{Name: who.Name, Data: "name, account", Code: code, Ref: "INC-2026-0001", VerifyURL: verify + "?code=" + code})
				if err == nil {
					err = p.Send(&jw.Email{From: "Example Retail Ltd <notices@example.com>", To: []string{who.Email}, Subject: text.Subject, Text: []byte(text.Text), HTML: []byte(text.HTML)}, 30*time.Second)
				}
				if err != nil {
					select {
					case errs <- err:
					default:
					}
				}
			}
		})
	}
	for i := range t.Persons {
		next <- i + 1
	}
	close(next)
	wg.Wait()
	select {
	case err = <-errs:
	default:
	}
	f = figure{Messages: int64(t.Persons), Seconds: time.Since(begun).Seconds(), CPU: cpu() - used}
	p.Close()
	return f, err
}

// A house is the store, the seals and the dispatcher, without console and bus.
type house struct {
	t      task
	s      *store.Store
	vault  *store.Vault
	keeper *sealed.Keeper
	book   *templates.Book
	newID  func() string
	mail   *email.Channel
}

func open(ctx context.Context, t task) (h *house, err error) {
	h = &house{t: t}
	m, err := sealed.OpenMaster(t.Dir+"/master", []byte("a passphrase for measuring"), true)
	if err != nil {
		return nil, err
	}
	if h.vault, err = store.OpenVault(ctx, store.VaultOptions{URL: t.Database, Schema: t.Keys, Dir: t.Dir}); err != nil {
		return nil, err
	}
	h.keeper = sealed.New(m, h.vault)
	ids := 0
	h.newID = func() string { ids++; return fmt.Sprint("id-", os.Getpid(), "-", ids) }
	h.s, err = store.Open(ctx, store.Options{URL: t.Database, Dir: t.Dir, Now: time.Now, Keeper: h.keeper, NewID: h.newID})
	if err != nil {
		return nil, err
	}
	if h.book, err = newBook(); err != nil {
		return nil, err
	}
	h.mail, err = email.New(email.Options{Address: t.Sink, TLS: email.TLSOff, From: mail.Address{Name: "Example Retail Ltd", Address: "notices@example.com"},
		Connections: t.Connections, Timeout: 30 * time.Second, Now: time.Now})
	return h, err
}

func (h *house) close() {
	_ = h.mail.Close()
	_ = h.s.Close()
	_ = h.vault.Close()
}

const listBatch = 10_000

// fill imports the list and has a notice approved.
func (h *house) fill(ctx context.Context) error {
	at := time.Now().UTC().Truncate(time.Second)
	in := incidents.Incident{ID: "i1", Ref: "INC-2026-0001", Kind: incidents.KindBreach, Title: "Measured", Mode: incidents.Live, Status: incidents.IncidentOpen, CreatedAt: at, UpdatedAt: at}
	if err := h.s.Write(ctx, func(tx incidents.Tx) error { return tx.PutIncident(in) }); err != nil {
		return err
	}
	if err := h.s.StartImport(ctx, incidents.Import{ID: "im1", IncidentID: in.ID, Name: "list.csv", At: at}); err != nil {
		return err
	}
	for from := 1; from <= h.t.Persons; from += listBatch {
		var people []incidents.Candidate
		for i := from; i < from+listBatch && i <= h.t.Persons; i++ {
			people = append(people, person(i))
		}
		if _, err := h.s.AddPersons(ctx, "im1", people); err != nil {
			return err
		}
	}
	if _, err := h.s.FinishImport(ctx, incidents.Import{ID: "im1", IncidentID: in.ID, Done: true}); err != nil {
		return err
	}
	return h.s.Write(ctx, func(tx incidents.Tx) error {
		in, err := tx.Incident(in.ID)
		if err != nil {
			return err
		}
		n := incidents.Notice{ID: "n1", No: 1, IncidentID: in.ID, Title: "Measured", Status: incidents.NoticeApproved, Version: 1, Content: content(h.book, in),
			Author: "rita", Editors: []incidents.AccountID{"rita"}, CreatedAt: at, UpdatedAt: at}
		n.Hash = n.Content.Hash()
		if err := tx.PutNotice(n); err != nil {
			return err
		}
		for _, officer := range []incidents.AccountID{"olga", "oscar"} {
			a := incidents.Approval{ID: incidents.ApprovalID("a-" + officer), IncidentID: in.ID, Decision: "approve", By: officer, Role: incidents.RoleOfficer,
				Subject: incidents.Subject{Kind: incidents.SubjectNotice, ID: "n1", Version: 1, Hash: n.Hash}, At: at, SecondFactorAt: at}
			if err := tx.PutApproval(a); err != nil {
				return err
			}
		}
		return nil
	})
}

// tocsin sends one notice to the whole list, with or without its ledger.
func tocsin(ctx context.Context, t task) (f figure, err error) {
	pace.Set()
	h, err := open(ctx, t)
	if err != nil {
		return f, err
	}
	defer h.close()
	if !t.Join {
		begun := time.Now()
		if err := h.fill(ctx); err != nil {
			return f, err
		}
		f.ImportTime = time.Since(begun).Seconds()
		begun = time.Now()
		if err := h.s.Write(ctx, func(tx incidents.Tx) error { return tx.Release("n1", time.Now().UTC()) }); err != nil {
			return f, err
		}
		f.PlanTime = time.Since(begun).Seconds()
		debug.FreeOSMemory()
	}
	if t.Kind == "release" {
		return f, nil
	}
	var journal incidents.Journal = h.s
	if t.Kind == "no-ledger" {
		journal = &forgetful{Store: h.s, size: int64(t.Persons)}
	}
	key := sha256.Sum256([]byte("seals of a measurement"))
	d := notifiers.New(notifiers.Deps{Journal: journal, Opener: h.s, Book: h.book, Codes: incidents.NewCodeBook(key[:]), Key: key[:],
		Live:   notifiers.LiveSet(key[:], map[incidents.Channel]notifiers.Channel{incidents.Email: h.mail}),
		Window: map[incidents.Channel]int{incidents.Email: t.Window}, Lanes: map[incidents.Channel]int{incidents.Email: t.Connections},
		Owner: fmt.Sprint("worker ", os.Getpid()), Lease: 30 * time.Second, Verify: verify, Now: time.Now, Log: quiet,
		Ref: func(context.Context, incidents.IncidentID) (string, error) { return "INC-2026-0001", nil }})
	if at := os.Getenv("TOCSIN_BENCH_PROFILE"); at != "" {
		file, err := os.Create(at)
		if err != nil {
			return f, err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return f, err
		}
		defer pprof.StopCPUProfile()
	}
	begun, used := time.Now(), cpu()
	chunks := int64((t.Persons + 999) / 1000)
	next := make(chan int64)
	errs := make(chan error, t.Workers)
	var wg sync.WaitGroup
	for range t.Workers {
		wg.Go(func() {
			for no := range next {
				if err := d.Chunk(ctx, 1, no); err != nil {
					select {
					case errs <- err:
					default:
					}
				}
			}
		})
	}
	for no := int64(1); no <= chunks; no++ {
		next <- no
	}
	close(next)
	wg.Wait()
	select {
	case err = <-errs:
	default:
	}
	f.Begun, f.Ended = begun, time.Now()
	f.Messages, f.Seconds, f.CPU = int64(t.Persons), f.Ended.Sub(begun).Seconds(), cpu()-used
	return f, err
}
