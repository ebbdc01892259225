package api

import (
	"net/http"

	"decant/engine/access"
)

// route is one call of the API.
type route struct {
	method  string
	pattern string       // http.ServeMux's
	scope   access.Scope // "" is open to all
	query   string       // parameters it knows, separated by blanks
	handle  func(a *API, w http.ResponseWriter, r *http.Request, who access.Caller) error
}

// Query parameters that several routes know.
const (
	draftQuery   = "pretty"
	writeQuery   = "owner pretty"
	exportQuery  = "owner fields pretty"
	exportsQuery = "owner ids[] status[] type tagLabels[] tagLabelValues[] from to sort page pageSize limit offset fields pretty"
	jobsQuery    = exportsQuery + " stale"
)

// routes are all calls there are. GET answers HEAD too. openapi.json describes them, and a test compares the two.
func routes() []route {
	return []route{
		{"POST", "/exports", access.Create, writeQuery, (*API).createExport},
		{"POST", "/exports/preview", access.Download, draftQuery, (*API).preview},
		{"POST", "/exports/plan", access.Create, draftQuery, (*API).plan},
		{"POST", "/exports/bulk", access.Create, writeQuery, (*API).createExports},
		{"POST", "/exports/full", access.Admin, draftQuery, (*API).createFull},
		{"GET", "/exports", access.List, exportsQuery, (*API).listExports},
		{"GET", "/exports/{id}", access.Read, exportQuery, (*API).showExport},
		{"PUT", "/exports/{id}", access.Create, writeQuery, (*API).changeExport},
		{"DELETE", "/exports/{id}", access.Delete, "owner", (*API).deleteExport},
		{"POST", "/exports/{id}/run", access.Create, "owner at pretty", (*API).runExport},
		{"POST", "/exports/{id}/cancel", access.Create, "owner pretty", (*API).cancelExport},
		{"GET", "/exports/{id}/status", access.Read, "owner pretty", (*API).showStatus},
		{"GET", "/exports/{id}/jobs", access.Read, jobsQuery, (*API).listExportJobs},
		{"GET", "/exports/{id}/download", access.Download, "owner file job", (*API).downloadExport},

		{"GET", "/jobs", access.List, jobsQuery, (*API).listJobs},
		{"GET", "/jobs/{id}", access.Read, "fields pretty", (*API).showJob},
		{"POST", "/jobs/{id}/cancel", access.Create, "pretty", (*API).cancelJob},
		{"GET", "/jobs/{id}/download", access.Download, "file", (*API).downloadJob},
		{"DELETE", "/jobs/{id}/links", access.Delete, "", (*API).revokeLinks},
		{"GET", "/artifacts/{job}/{file}", "", "expires signature", (*API).downloadArtifact},

		{"GET", "/series", access.Read, seriesQuery, (*API).listSeries},
		{"GET", "/channels", access.Read, channelsQuery, (*API).listChannels},

		{"GET", "/livez", "", "", (*API).live},
		{"GET", "/readyz", "", "", (*API).ready},
		{"GET", "/metrics", access.Metrics, "", (*API).metrics},
		{"GET", "/openapi.json", "", "", (*API).describe},
	}
}
