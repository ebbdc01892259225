package api

import (
	"net/http"

	"decant/engine/access"
	"decant/engine/job"
)

type draftsRefusal struct{ err *job.DraftsError }

func (e *draftsRefusal) Error() string    { return e.err.Error() }
func (e *draftsRefusal) problem() problem { return newProblem(faulty, e.err.Error(), nil) }

func (a *API) createExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
func (a *API) preview(w http.ResponseWriter, r *http.Request, who access.Caller) error { return nil }
func (a *API) plan(w http.ResponseWriter, r *http.Request, who access.Caller) error    { return nil }
func (a *API) createExports(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
func (a *API) createFull(w http.ResponseWriter, r *http.Request, who access.Caller) error { return nil }
func (a *API) listExports(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
func (a *API) showExport(w http.ResponseWriter, r *http.Request, who access.Caller) error { return nil }
func (a *API) changeExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
func (a *API) deleteExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
func (a *API) runExport(w http.ResponseWriter, r *http.Request, who access.Caller) error { return nil }
func (a *API) cancelExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
func (a *API) showStatus(w http.ResponseWriter, r *http.Request, who access.Caller) error { return nil }
func (a *API) listExportJobs(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
func (a *API) listJobs(w http.ResponseWriter, r *http.Request, who access.Caller) error  { return nil }
func (a *API) showJob(w http.ResponseWriter, r *http.Request, who access.Caller) error   { return nil }
func (a *API) cancelJob(w http.ResponseWriter, r *http.Request, who access.Caller) error { return nil }
func (a *API) revokeLinks(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
