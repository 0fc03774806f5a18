package web

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"tocsin/incidents"
)

//go:embed static
var staticFiles embed.FS

//go:embed templates/console/*.html
var consoleFiles embed.FS

// A Server answers both listeners.
type Server struct {
	Deps
	inside, public http.Handler
	later          sync.WaitGroup
}

// New builds the server; templates that do not parse stop the start.
func New(d Deps) (*Server, error) {
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	s := &Server{Deps: d}
	s.inside = s.guarded(s.insideRouter(&console{Deps: d, pages: pages, beat: 20 * time.Second, later: &s.later}))
	s.public = s.guarded(s.publicRouter())
	return s, nil
}

// Wait waits for what goes on after its request was answered: a long release.
func (s *Server) Wait() { s.later.Wait() }

// Inside is the console, the API and the alert hook.
func (s *Server) Inside() http.Handler { return s.inside }

// Public is the public site and the providers' callbacks.
func (s *Server) Public() http.Handler { return s.public }

func (s *Server) insideRouter(c *console) http.Handler {
	r := mux.NewRouter()
	r.Use(noteRoute)
	s.health(r)
	s.static(r)
	r.PathPrefix("/hooks/").Handler(s.Hook)
	routeAPI(r, s.Deps)
	r.PathPrefix(APIPrefix + "/").Handler(apiMissing(s.Deps))
	s.calendar(r, c)
	c.route(r)
	return r
}

func (s *Server) publicRouter() http.Handler {
	r := mux.NewRouter()
	r.Use(noteRoute)
	s.health(r)
	s.static(r)
	p := newPublic(s.Deps)
	routePublic(r, p)
	r.NotFoundHandler = http.HandlerFunc(p.missing)
	r.MethodNotAllowedHandler = http.HandlerFunc(p.missing)
	return r
}

// health answers /livez while the process runs, /readyz once recovery is
// complete and every part answers.
func (s *Server) health(r *mux.Router) {
	r.HandleFunc("/livez", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "alive\n") })
	r.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := s.Ready(); err != nil {
			w.Header().Set("Retry-After", "1")
			plain(w, http.StatusServiceUnavailable, "not ready: "+incidents.KindOf(err).Sentence()+"\n")
			return
		}
		plain(w, http.StatusOK, "ready\n")
	})
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

func (s *Server) static(r *mux.Router) {
	sub, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic("web: the static files are not embedded: " + err.Error())
	}
	files := http.StripPrefix("/static/", http.FileServerFS(sub))
	r.PathPrefix("/static/").Methods(http.MethodGet, http.MethodHead).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		files.ServeHTTP(w, r)
	}))
}

// guarded wraps a whole router: headers, log, and no panic gets past it.
func (s *Server) guarded(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.AddInsecureBypassPattern("/hooks/")     // sources prove themselves
	cross.AddInsecureBypassPattern("/callbacks/") // providers sign
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.Now()
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		rec := &recorder{ResponseWriter: w, route: "-"}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // the value is compared by net/http too
					panic(p)
				}
				s.Log.ErrorContext(r.Context(), "a request panicked", "route", rec.route, "panic", p)
				if rec.status == 0 {
					plain(rec, http.StatusInternalServerError, "Something went wrong on our side.\n")
				}
			}
			s.Log.Debug("request", "method", r.Method, "route", rec.route, "status", rec.status, "ms", s.Now().Sub(began).Milliseconds())
		}()
		cross.Handler(next).ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), recorderKey{}, rec)))
	})
}

type recorderKey struct{}

// noteRoute tells the recorder which route was taken: the router knows it only
// in its own copy of the request.
func noteRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rec, ok := r.Context().Value(recorderKey{}).(*recorder); ok {
			rec.route = routeOf(r)
		}
		next.ServeHTTP(w, r)
	})
}

// routeOf is the template of the route, never what a person typed.
func routeOf(r *http.Request) string {
	if route := mux.CurrentRoute(r); route != nil {
		if t, err := route.GetPathTemplate(); err == nil {
			return t
		}
	}
	return "-"
}

// A recorder remembers the status and the route.
type recorder struct {
	http.ResponseWriter
	status int
	route  string
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
