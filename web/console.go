package web

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"tocsin/incidents"
)

// The console answers people of the team. Its pages work without scripts.
type console struct {
	Deps
	pages map[string]*template.Template
	beat  time.Duration   // between two looks whether a reader of live events is still signed in
	later *sync.WaitGroup // what goes on when its request is answered
}

// A page is one request on its way through the console.
type page struct {
	w     http.ResponseWriter
	r     *http.Request
	actor incidents.Actor
	vars  map[string]string

	// Asked once: the rail counts what a page may list as well.
	burning     func() ([]incidents.Escalation, error)
	waiting     func() ([]incidents.Pending, error)
	quarantined func() ([]incidents.Intake, error)
}

func (c *console) page(w http.ResponseWriter, r *http.Request) (p *page, in bool) {
	p = &page{w: w, r: r, vars: mux.Vars(r)}
	p.actor, in = c.Sessions.Actor(r.Context())
	p.burning = sync.OnceValues(func() ([]incidents.Escalation, error) { return c.Desk.Burning(r.Context(), p.actor, 200) })
	p.waiting = sync.OnceValues(func() ([]incidents.Pending, error) { return c.Desk.Waiting(r.Context(), p.actor) })
	p.quarantined = sync.OnceValues(func() ([]incidents.Intake, error) {
		return c.Desk.Intakes(r.Context(), p.actor, incidents.IntakeFilter{Quarantined: true, Limit: 100})
	})
	return p, in
}

func (p *page) form(key string) string  { return strings.TrimSpace(p.r.PostFormValue(key)) }
func (p *page) query(key string) string { return p.r.URL.Query().Get(key) }
func (p *page) posted() bool            { return p.r.Method == http.MethodPost }

// fragment tells whether an open page asks for a part of itself.
func (p *page) fragment() bool { return p.r.Header.Get("HX-Request") != "" }

// number reads a whole number a person typed, with or without separators.
func (p *page) number(key string) (int64, error) {
	s := strings.NewReplacer(",", "", " ", "", "\u202f", "", "\u00a0", "").Replace(p.form(key))
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, incidents.Invalid("enter a whole number").On(key)
	}
	return n, nil
}

// route adds every address of the console to a router.
func (c *console) route(router *mux.Router) {
	for _, x := range consoleRoutes() {
		router.Handle(x.path, c.Sessions.LoadAndSave(c.handler(x))).Methods(methods(x.method)...)
	}
	missing := c.Sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := c.page(w, r)
		c.fail(p, incidents.NotFound("there is no such page"))
	}))
	router.NotFoundHandler = missing
	router.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page, ok := pageAbove(router, r); ok {
			http.Redirect(w, r, page, http.StatusSeeOther)
			return
		}
		w.Header().Set("Allow", strings.Join(allows(router, r), ", "))
		plain(w, http.StatusMethodNotAllowed, "This address does not take this method.\n")
	})
}

// pageAbove finds the page a form belongs to: whoever asks for the address of a
// form in a browser, as by loading the answer to a refused one anew, wants it.
func pageAbove(router *mux.Router, r *http.Request) (string, bool) {
	if r.Method != http.MethodGet || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return "", false
	}
	try := r.Clone(r.Context())
	for try.URL.Path = path.Dir(try.URL.Path); try.URL.Path != "/"; try.URL.Path = path.Dir(try.URL.Path) {
		var match mux.RouteMatch
		if router.Match(try, &match) && match.MatchErr == nil {
			return try.URL.Path, true
		}
	}
	return "", false
}

// allows lists the methods the address of a request takes.
func allows(router *mux.Router, r *http.Request) (out []string) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		try := r.Clone(r.Context())
		try.Method = method
		var match mux.RouteMatch
		if router.Match(try, &match) && match.MatchErr == nil {
			out = append(out, method)
		}
	}
	return out
}

func (c *console) handler(x consoleRoute) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		p, in := c.page(w, r)
		if !in && !x.open {
			c.toSignIn(p)
			return
		}
		if !x.open {
			if err := p.actor.May(x.act); err != nil {
				c.fail(p, err)
				return
			}
		}
		if p.posted() && !x.upload {
			r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
			if err := r.ParseForm(); err != nil {
				c.fail(p, incidents.Invalid("the form did not arrive whole, or is larger than 1 MB"))
				return
			}
		}
		if err := x.handle(c, p); err != nil {
			c.fail(p, err)
		}
	})
}

// toSignIn sends people to the sign-in page and back afterwards. An open page
// that asked for a part of itself is told, and goes there whole (keys.js).
func (c *console) toSignIn(p *page) {
	if p.fragment() {
		p.w.Header().Set("HX-Trigger", "signed-out")
		p.w.WriteHeader(http.StatusNoContent)
		return
	}
	to := "/sign-in"
	if p.r.Method == http.MethodGet && p.r.URL.Path != "/" {
		to += "?to=" + url.QueryEscape(p.r.URL.RequestURI())
	}
	http.Redirect(p.w, p.r, to, http.StatusSeeOther)
}

// fail is the one place that turns an error into a page.
func (c *console) fail(p *page, err error) {
	pr := c.problemOf(p.r, err)
	if pr.Status == http.StatusUnauthorized {
		c.toSignIn(p)
		return
	}
	if pr.Status == http.StatusServiceUnavailable || pr.Status == http.StatusTooManyRequests {
		p.w.Header().Set("Retry-After", "10")
	}
	v := c.frame(p, "", strconv.Itoa(pr.Status))
	v.Problem = pr
	if rerr := c.write(p, pr.Status, "problem", v); rerr != nil {
		c.Log.Error("the page of a problem cannot be shown", "cause", rerr)
		plain(p.w, pr.Status, pr.Msg+"\n")
	}
}

// show renders a page to memory and writes it.
func (c *console) show(p *page, name string, v any) error { return c.write(p, http.StatusOK, name, v) }

// again shows a form once more with what was typed and the problem beside it.
func (c *console) again(p *page, err error, name string, v refusable) error {
	pr := c.problemOf(p.r, err)
	v.refuse(pr)
	return c.write(p, pr.Status, name, v)
}

// A refusable is a pointer to a page: its Frame says the problem.
type refusable interface{ refuse(*problem) }

func (f *Frame) refuse(pr *problem) { f.Problem = pr }

func (c *console) write(p *page, status int, name string, v any) error {
	return c.execute(p, status, name, "frame", v)
}

// part writes a part of a page alone, for what is live.
func (c *console) part(p *page, name, part string, v any) error {
	return c.execute(p, http.StatusOK, name, part, v)
}

func (c *console) execute(p *page, status int, name, part string, v any) error {
	t, ok := c.pages[name]
	if !ok {
		return errors.New("there is no page " + name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, part, v); err != nil {
		return err
	}
	p.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	p.w.WriteHeader(status)
	_, err := p.w.Write(b.Bytes())
	if err != nil {
		return nil // the reader left
	}
	return nil
}

// redirect goes on after a change; said is shown once on the next page.
func (c *console) redirect(p *page, to, said string) error {
	if said != "" {
		c.Sessions.PutString(p.r.Context(), "said", said)
	}
	http.Redirect(p.w, p.r, to, http.StatusSeeOther)
	return nil
}

// goOn is redirect for a form that a script may have sent: a browser follows a
// redirect by itself, and a script would swallow the page it leads to.
func (c *console) goOn(p *page, to, said string) error {
	if !p.fragment() {
		return c.redirect(p, to, said)
	}
	if said != "" {
		c.Sessions.PutString(p.r.Context(), "said", said)
	}
	p.w.Header().Set("HX-Redirect", to)
	p.w.WriteHeader(http.StatusNoContent)
	return nil
}

// A Frame is what every page has.
type Frame struct {
	Title   string
	Section string // of the rail
	Actor   incidents.Actor
	Org     string
	Now     time.Time
	Said    string
	Problem *problem
	Counts  railCounts
	Version string
	Live    string // address of the live events of this page
	Refresh int    // seconds after which a page without scripts loads itself anew; 0: never
}

// Of tells whether the problem belongs to a field.
func (f Frame) Of(field string) string {
	if f.Problem != nil && f.Problem.Field == field {
		return f.Problem.Msg
	}
	return ""
}

// May lets templates show what the actor may do.
func (f Frame) May(act incidents.Act) bool { return f.Actor.May(act) == nil }

type railCounts struct {
	Ill                                 int // providers' accounts that cannot be used as they should
	Hot, Alerts, Waiting, Mine, Sending int
}

func (c *console) frame(p *page, section, title string) Frame {
	f := Frame{Title: title, Section: section, Actor: p.actor, Org: c.Org.Name, Now: c.Now().UTC(), Version: c.Version, Live: "/events"}
	if p.actor.ID == "" {
		f.Live = ""
		return f
	}
	if p.fragment() { // it has no rail, and must not take what the next page has to say
		return f
	}
	f.Said = c.Sessions.PopString(p.r.Context(), "said")
	f.Counts = c.counts(p)
	return f
}

// counts are hints in the rail; a count that cannot be had is left out.
func (c *console) counts(p *page) (n railCounts) {
	ctx := p.r.Context()
	if burning, err := p.burning(); err == nil {
		hot := map[incidents.IncidentID]bool{}
		for _, b := range burning {
			if b.Step >= 75 {
				hot[b.Incident.ID] = true
			}
		}
		n.Hot = len(hot)
	}
	if k, err := c.Desk.CountAlerts(ctx, p.actor, incidents.AlertFilter{State: incidents.AlertNew}); err == nil {
		n.Alerts = int(k)
	}
	if q, err := p.quarantined(); err == nil {
		n.Alerts += len(q)
	}
	if w, err := p.waiting(); err == nil {
		n.Waiting = len(w)
		for _, x := range w {
			if x.Mine {
				n.Mine++
			}
		}
	}
	if s, err := c.Desk.Notices(ctx, p.actor, incidents.NoticeFilter{Status: []incidents.NoticeStatus{incidents.NoticeSending, incidents.NoticeHeld}}); err == nil {
		n.Sending = len(s)
	}
	if all, err := c.Providers.ProviderHealth(ctx); err == nil {
		for _, h := range all {
			if !usable(h) {
				n.Ill++
			}
		}
	}
	return n
}
