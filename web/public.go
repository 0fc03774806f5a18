package web

import (
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"tocsin/incidents"
	"tocsin/templates"
)

// PublicRoutes lists every address of the public listener. docs/api.md lists
// the same; a test compares them.
func PublicRoutes() []PublicRoute {
	const get = http.MethodGet
	return []PublicRoute{
		{get, "/", "published announcements", (*public).list},
		{get, "/announcements/{slug}", "one announcement; ?v= an earlier version, ?lang= a language", (*public).announcement},
		{get, "/feed.atom", "the announcements as an Atom feed", (*public).atom},
		{get, "/feed.json", "the announcements as a JSON feed", (*public).jsonFeed},
		{get, "/verify", "tells whether a code is of a notice of ours", (*public).verify},
		{get, "/checkpoint", "the newest signed checkpoint of the audit log", (*public).checkpoint},
		{get, "/verifier", "the public key that checks checkpoints and bundles", (*public).verifier},
		{http.MethodPost, "/callbacks/twilio/{delivery}/{attempt}/{mac}", "status reports of Twilio", (*public).twilioCallback},
		{http.MethodPost, "/callbacks/twilio/{delivery}/{attempt}/{mac}/speak", "what a call says after a key, for Twilio", (*public).twilioSpeak},
	}
}

// A PublicRoute is one address of the public listener.
type PublicRoute struct {
	Method, Path string
	Does         string
	handle       func(*public, http.ResponseWriter, *http.Request) error
}

// public answers the public listener. It shows what the desk calls public, and
// nothing else.
type public struct {
	Deps
	gate    *turnstile
	pages   *publicPages
	trusted []netip.Prefix // proxies whose X-Forwarded-For is believed
}

const (
	checksPerMinute = 30 // codes of one network
	listed          = 50 // announcements on the list and in the feeds
)

func newPublic(d Deps) *public {
	return &public{Deps: d, gate: newTurnstile(checksPerMinute, time.Minute, d.Now), pages: publicTemplates, trusted: networks(d.TrustedProxies)}
}

// routePublic adds the public site to a router.
func routePublic(r *mux.Router, p *public) {
	for _, route := range PublicRoutes() {
		r.Handle(route.Path, p.handler(route)).Methods(methods(route.Method)...)
	}
}

func (p *public) handler(route PublicRoute) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := route.handle(p, w, r); err != nil {
			p.fail(w, r, route, err)
		}
	})
}

// fail answers an error: a page for people, a line for providers.
func (p *public) fail(w http.ResponseWriter, r *http.Request, route PublicRoute, err error) {
	kind := incidents.KindOf(err)
	status := apiStatus[kind]
	var body *bodyProblem
	if errors.As(err, &body) {
		status = body.status
	}
	if kind == incidents.KindInternal {
		if !gone(r, err) {
			p.Log.ErrorContext(r.Context(), "a public request failed", "route", route.Path, "error", err.Error())
		}
		status = http.StatusServiceUnavailable
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		h.Set("Retry-After", "60")
	}
	if route.Method == http.MethodPost {
		http.Error(w, http.StatusText(status), status)
		return
	}
	words := map[int]string{http.StatusNotFound: "missing", http.StatusTooManyRequests: "busy"}[status]
	if words == "" {
		words = "broken"
	}
	lang := chooseLang(r, siteLangs)
	p.show(w, status, "message", messagePage{p.frame(r, lang, words), words})
}

// missing is the page of every address that is not there. It is the same for a
// draft as for nothing.
func (p *public) missing(w http.ResponseWriter, r *http.Request) {
	p.fail(w, r, PublicRoute{Method: http.MethodGet}, incidents.NotFound("there is no such page"))
}

// siteLangs are the languages of the site's own words.
var siteLangs = []incidents.Lang{"en", "zh-Hans"}

func (p *public) list(w http.ResponseWriter, r *http.Request) error {
	all, err := p.Desk.PublicAnnouncements(r.Context(), listed)
	if err != nil {
		return err
	}
	lang := chooseLang(r, siteLangs)
	page := listPublic{PublicFrame: p.frame(r, lang, "notices")}
	for _, n := range all {
		if len(n.Published) == 0 {
			continue
		}
		text, in := wordsFor(n.Text, lang)
		page.Items = append(page.Items, listItem{Slug: n.Slug, Lang: in, Title: text.Title, Short: text.Short, Updated: n.UpdatedAt})
	}
	p.cache(w)
	return p.show(w, http.StatusOK, "list", page)
}

// wordsFor returns the words of a text in a language, else in its default.
func wordsFor(t incidents.AnnouncementText, lang incidents.Lang) (incidents.AnnouncementWords, incidents.Lang) {
	if l, ok := matchLang(string(lang), langsOf(t)); ok {
		return t.Langs[l], l
	}
	return t.Langs[t.Default], t.Default
}

// cache lets pages be kept for a short while, so that a rush of readers is
// borne by caches and a correction still shows within a minute.
func (p *public) cache(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "public, max-age=60")
	w.Header().Set("Vary", "Accept-Language")
}

func (p *public) checkpoint(w http.ResponseWriter, r *http.Request) error {
	b, err := p.Checkpoint.Latest(r.Context())
	if err != nil {
		return err
	}
	p.text(w, b)
	return nil
}

func (p *public) verifier(w http.ResponseWriter, _ *http.Request) error {
	p.text(w, []byte(p.Checkpoint.Verifier()+"\n"))
	return nil
}

func (p *public) text(w http.ResponseWriter, b []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=60")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b)
}

// verify tells whether a code is of a notice we released. Every code that is
// not gets the same answer after the same time, and says nothing about a person.
func (p *public) verify(w http.ResponseWriter, r *http.Request) error {
	lang := chooseLang(r, siteLangs)
	page := verifyPage{PublicFrame: p.frame(r, lang, "verify"), Code: r.URL.Query().Get("code")}
	w.Header().Set("Cache-Control", "no-store")
	if page.Code == "" {
		return p.show(w, http.StatusOK, "verify", page)
	}
	if !p.gate.pass(clientAddr(r, p.trusted)) {
		return incidents.Throttled("too many codes were checked from this network")
	}
	answer := time.NewTimer(verifyTime)
	defer answer.Stop()
	if len(page.Code) > 64 {
		page.Code = ""
	}
	g, err := p.Desk.VerifyCode(r.Context(), page.Code)
	switch {
	case err == nil:
		page.Genuine = &g
		page.read(p.Book, g, lang)
	case incidents.KindOf(err) != incidents.KindNotFound:
		return err
	}
	page.Asked = true
	select {
	case <-answer.C:
	case <-r.Context().Done():
		return nil
	}
	return p.show(w, http.StatusOK, "verify", page)
}

// verifyTime is how long every check takes at least: longer than the lookup, so
// that the time says nothing, and slow for whoever guesses.
const verifyTime = 150 * time.Millisecond

// read shows what a genuine code is of: the subject, and the notice itself when
// its e-mail left that to this page.
func (v *verifyPage) read(book *templates.Book, g incidents.Genuine, lang incidents.Lang) {
	v.Subject, v.SubjectLang = subjectIn(g, lang)
	subject, parts := book.Passages(g.Content, v.SubjectLang)
	if subject != "" {
		v.Subject = subject
	}
	if !g.Content.Cover {
		return
	}
	for _, x := range parts {
		v.Sections = append(v.Sections, section{x.Key, blocks(x.Text)})
	}
}

func subjectIn(g incidents.Genuine, lang incidents.Lang) (string, incidents.Lang) {
	if s, ok := g.Subject[lang]; ok {
		return s, lang
	}
	for _, l := range siteLangs {
		if s, ok := g.Subject[l]; ok {
			return s, l
		}
	}
	for l, s := range g.Subject {
		return s, l
	}
	return "", lang
}

// show renders to memory, then writes.
func (p *public) show(w http.ResponseWriter, status int, name string, page any) error {
	b, err := p.pages.render(name, page)
	if err != nil {
		if status != http.StatusOK {
			http.Error(w, http.StatusText(status), status)
			return nil
		}
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b)
	return nil
}
