package api

import (
	"errors"
	"net/http"
	"net/url"

	"decant/engine/access"
	"decant/engine/export/request"
	"decant/engine/job"
)

// runExport makes a job now: POST /exports/{id}/run. The job of a recurring export is the run that was due last, or due last at ?at=.
func (a *API) runExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	q := readQuery(r)
	at := q.time("at")
	if err := q.err(); err != nil {
		return err
	}
	owner, err := namedOwner(r, who)
	if err != nil {
		return err
	}
	j, err := a.c.Service.Run(r.Context(), who, owner, r.PathValue("id"), at)
	if faults := request.Faults(nil); errors.As(err, &faults) { // of at, which is a parameter
		return refuseFaults(badRequest, faults...)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/jobs/"+url.PathEscape(j.ID))
	return answer(w, r, http.StatusAccepted, a.jobView(&j, who))
}

// cancelExport cancels the jobs of an export that have not ended: POST /exports/{id}/cancel.
func (a *API) cancelExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	owner, err := namedOwner(r, who)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	n, err := a.c.Service.Cancel(r.Context(), who, owner, id)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, object{{"id", id}, {"cancelled", n}})
}

// showStatus is how far an export is, in short: GET /exports/{id}/status. Before its first job its status is notProcessed.
func (a *API) showStatus(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	e, err := a.findExport(r, who)
	if err != nil {
		return err
	}
	status, progress := job.NotProcessed, (*job.Progress)(nil)
	if e.Last != nil {
		status, progress = e.Last.Status, &e.Last.Progress
	}
	return answer(w, r, http.StatusOK, object{
		{"id", e.ID},
		{"status", status},
		{"enabled", e.Enabled},
		{"nextRun", nextRun(&e)},
		{"progress", progress},
		{"job", jobInShort(e.Last)},
	})
}
