package api

import (
	"net/http"
	"time"

	"decant/engine/access"
	"decant/engine/job"
)

func (a *API) authenticate(r *http.Request) (access.Caller, error) {
	return access.Authenticate(r.Context(), a.c.Tokens, r.Header.Get("Authorization"), a.c.Clock())
}
func (a *API) downloadURL(j *job.Job, file string) string       { return "" }
func (a *API) observe(rt route, status int, took time.Duration) {}
func (a *API) downloadExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
func (a *API) downloadArtifact(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
func (a *API) listSeries(w http.ResponseWriter, r *http.Request, who access.Caller) error { return nil }
func (a *API) listChannels(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
func (a *API) live(w http.ResponseWriter, r *http.Request, who access.Caller) error     { return nil }
func (a *API) ready(w http.ResponseWriter, r *http.Request, who access.Caller) error    { return nil }
func (a *API) metrics(w http.ResponseWriter, r *http.Request, who access.Caller) error  { return nil }
func (a *API) describe(w http.ResponseWriter, r *http.Request, who access.Caller) error { return nil }
