package api

import (
	"net/http"
	"slices"

	"decant/engine/access"
	"decant/engine/job"
)

// listExports is GET /exports.
func (a *API) listExports(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	q := readQuery(r)
	f, err := q.filter(r, who)
	if err != nil {
		return err
	}
	p := q.page(&f, a.c.Clock())
	fields := q.fields(exportFields)
	if err := q.err(); err != nil {
		return err
	}
	exports, total, err := a.c.Service.Exports(r.Context(), who, f)
	if err != nil {
		return err
	}
	rows := make([]object, len(exports))
	for i := range exports {
		rows[i] = a.exportView(&exports[i], false).pick(fields)
	}
	return answerPage(w, r, exportsQuery, p, "exports", rows, total)
}

// listJobs is GET /jobs.
func (a *API) listJobs(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	q := readQuery(r)
	f, err := q.filter(r, who)
	if err != nil {
		return err
	}
	return a.answerJobs(w, r, who, q, f)
}

// listExportJobs is GET /exports/{id}/jobs.
func (a *API) listExportJobs(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	e, err := a.findExport(r, who)
	if err != nil {
		return err
	}
	q := readQuery(r)
	f, err := q.filter(r, who)
	if err != nil {
		return err
	}
	f.Owner, f.Export = e.Owner, e.Key
	return a.answerJobs(w, r, who, q, f)
}

// answerJobs lists jobs; with stale=true those done ones whose range has got samples since.
func (a *API) answerJobs(w http.ResponseWriter, r *http.Request, who access.Caller, q *query, f job.Filter) error {
	stale := q.flag("stale")
	if stale && len(f.Status) > 0 && !slices.Equal(f.Status, []job.Status{job.Done}) {
		q.fault("status[]", string(f.Status[0]), "only done jobs can be stale; leave status[] or stale out")
	}
	p := q.page(&f, a.c.Clock())
	fields := q.fields(jobFields)
	if err := q.err(); err != nil {
		return err
	}
	list := a.c.Service.Jobs
	if stale {
		list = a.c.Service.Stale
	}
	jobs, total, err := list(r.Context(), who, f)
	if err != nil {
		return err
	}
	rows := make([]object, len(jobs))
	for i := range jobs {
		rows[i] = a.jobView(&jobs[i], who).pick(fields)
	}
	return answerPage(w, r, jobsQuery, p, "jobs", rows, total)
}
