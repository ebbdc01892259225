package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"decant/engine/access"
	"decant/engine/job"
)

// Config is what an API works with.
type Config struct {
	Service *job.Service
	Tokens  access.Store
	Signer  *access.Signer
	Clock   func() int64                    // ns
	Limits  func() Limits                   // as they are now; nil is the defaults
	URL     string                          // what links begin with: https://exports.example.com, without a slash at its end
	Ready   func(ctx context.Context) error // why the service can't work at the moment; nil is never
	Metrics *Metrics                        // what /metrics answers; nil is 404
	Log     *slog.Logger
}

// Limits bound a call. Zero is the default.
type Limits struct {
	Body int64         // bytes of a request; default 1 MiB
	Bulk int64         // bytes of a bulk request; default 16 MiB, or Body where that is more
	Link time.Duration // how long a downloadUrl is good; default and most 1 h
}

const (
	defaultBody = 1 << 20
	defaultBulk = 16 << 20
	maxLink     = time.Hour
)

// API answers HTTP calls.
type API struct {
	c      Config
	mux    *http.ServeMux
	routes []route
	words  map[string][]string // methods by path, of paths without a placeholder: for /exports/{id} they would be ids
}

// New makes an API.
func New(c Config) *API {
	if c.Limits == nil {
		c.Limits = func() Limits { return Limits{} }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{c: c, mux: http.NewServeMux(), routes: routes(), words: map[string][]string{}}
	for _, rt := range a.routes {
		a.mux.Handle(rt.method+" "+rt.pattern, a.serve(rt))
		if !strings.Contains(rt.pattern, "{") {
			a.words[rt.pattern] = append(a.words[rt.pattern], rt.method)
			if rt.method == http.MethodGet {
				a.words[rt.pattern] = append(a.words[rt.pattern], http.MethodHead)
			}
		}
	}
	return a
}

// Handler answers every call, whatever its path.
func (a *API) Handler() http.Handler { return http.HandlerFunc(a.dispatch) }

// limits are those of the configuration, with defaults.
func (a *API) limits() Limits {
	l := a.c.Limits()
	if l.Body <= 0 {
		l.Body = defaultBody
	}
	if l.Bulk <= 0 {
		l.Bulk = max(defaultBulk, l.Body)
	}
	if l.Link <= 0 || l.Link > maxLink {
		l.Link = maxLink
	}
	return l
}

// dispatch hands a call to its route. The mux answers unknown paths, wrong methods and unclean paths with text, and the last with a redirect that
// loses the body; here all of these are problems.
func (a *API) dispatch(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	escaped := r.URL.EscapedPath()
	if escaped != path.Clean(escaped) {
		a.fail(w, r, refuse(notFound, "there is no path %s; %s", shown(escaped), seeRoutes))
		return
	}
	if methods, ok := a.words[r.URL.Path]; ok && !slices.Contains(methods, r.Method) {
		a.failMethod(w, r, strings.Join(methods, ", "))
		return
	}
	handler, pattern := a.mux.Handler(r)
	if pattern != "" {
		a.mux.ServeHTTP(w, r)
		return
	}
	// The mux's own answer says which methods the path has.
	allowed := &headers{header: http.Header{}}
	handler.ServeHTTP(allowed, r)
	if allow := allowed.header.Get("Allow"); allow != "" {
		a.failMethod(w, r, allow)
		return
	}
	a.fail(w, r, refuse(notFound, "there is no path %s; %s", shown(escaped), seeRoutes))
}

// failMethod answers a call whose path has other methods than it names.
func (a *API) failMethod(w http.ResponseWriter, r *http.Request, allow string) {
	w.Header().Set("Allow", allow)
	a.fail(w, r, refuse(methodNotAllowed, "%s can't be had with %s; allowed: %s", shown(r.URL.EscapedPath()), shown(r.Method), allow))
}

const seeRoutes = "GET /openapi.json describes all there are"

// serve runs one route: who calls, whether they may, whether the query is known, and then its handler.
func (a *API) serve(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		begun := a.c.Clock()
		sent := &response{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				a.fail(sent, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
			a.observe(rt, sent.status, time.Duration(a.c.Clock()-begun))
		}()
		if err := a.run(rt, sent, r); err != nil {
			a.fail(sent, r, err)
		}
	}
}

func (a *API) run(rt route, w http.ResponseWriter, r *http.Request) error {
	who, err := a.authorize(w, r, rt.scope)
	if err != nil {
		return err
	}
	for _, name := range []string{"id", "job", "file"} {
		if unprintable(r.PathValue(name)) {
			return job.ErrNotFound
		}
	}
	if lenient(r) {
		w.Header().Set("Preference-Applied", "handling=lenient")
	}
	if err := checkQuery(rt, r); err != nil {
		return err
	}
	return rt.handle(a, w, r, who)
}

// fail answers with a problem, unless the answer has begun: then the connection is cut, so that nobody takes half an answer for a whole one.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	if sent, ok := w.(*response); ok && sent.status != 0 {
		a.c.Log.Error("an answer was cut off", "method", r.Method, "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
	p := problemOf(err)
	switch {
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		// The client has gone; nobody reads what follows, and nothing is wrong.
	case p.Status == http.StatusInternalServerError:
		id := newErrorID()
		p.Instance = "urn:decant:error:" + id
		a.c.Log.Error("a call failed", "id", id, "method", r.Method, "path", r.URL.Path, "error", err)
	}
	p.write(w)
}

func newErrorID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// secure sets the headers of every answer. None is a page that a browser should show, keep or guess the type of.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

// response remembers the status that was sent; 0 is none yet.
type response struct {
	http.ResponseWriter
	status int
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// headers takes an answer's headers and nothing else.
type headers struct{ header http.Header }

func (h *headers) Header() http.Header         { return h.header }
func (h *headers) Write(b []byte) (int, error) { return len(b), nil }
func (h *headers) WriteHeader(int)             {}
