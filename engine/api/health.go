package api

import (
	"context"
	_ "embed"
	"io"
	"net/http"
	"time"

	"decant/engine/access"
)

// readyTime is how long the service may take to find out whether it can work.
const readyTime = 2 * time.Second

// live says that the process answers; it asks nothing else, so that a slow database doesn't get the service restarted.
func (a *API) live(w http.ResponseWriter, _ *http.Request, _ access.Caller) error {
	return sayOK(w)
}

// ready says whether the service can work. Why not stands in its log: the answer is open to anybody.
func (a *API) ready(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	if a.c.Ready == nil {
		return sayOK(w)
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	if err := a.c.Ready(ctx); err != nil {
		a.c.Log.Warn("the service is not ready", "error", err)
		return refuse(notReady, "the service can't take work at the moment; its log says why")
	}
	return sayOK(w)
}

func sayOK(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n") // nobody is left to tell
	return nil
}

// metrics answers with the service's figures in the formats of Prometheus.
func (a *API) metrics(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	if a.c.Metrics == nil {
		return refuse(notFound, "the service keeps no metrics")
	}
	a.c.Metrics.handler.ServeHTTP(w, r)
	return nil
}

// observe counts a call that was answered.
func (a *API) observe(rt route, status int, took time.Duration) {
	if a.c.Metrics != nil {
		a.c.Metrics.call(rt.method, rt.pattern, status, took)
	}
}

//go:embed openapi.json
var openAPI []byte

// describe answers with the description of the API.
func (a *API) describe(w http.ResponseWriter, _ *http.Request, _ access.Caller) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPI) // nobody is left to tell
	return nil
}
