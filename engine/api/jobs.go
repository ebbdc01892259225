package api

import (
	"net/http"

	"decant/engine/access"
)

// showJob is GET /jobs/{id}.
func (a *API) showJob(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	q := readQuery(r)
	fields := q.fields(jobFields)
	if err := q.err(); err != nil {
		return err
	}
	j, err := a.c.Service.Job(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, a.jobView(&j, who).pick(fields))
}

// cancelJob cancels a job that waits, and asks the worker of one that runs to stop: POST /jobs/{id}/cancel.
func (a *API) cancelJob(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	j, err := a.c.Service.CancelJob(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusAccepted, a.jobView(&j, who))
}

// revokeLinks makes all links to a job's files invalid that were signed so far: DELETE /jobs/{id}/links.
func (a *API) revokeLinks(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	if err := a.c.Service.Revoke(r.Context(), who, r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
