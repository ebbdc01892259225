package api

import (
	"net/http"

	"decant/engine/access"
)

func (a *API) listSeries(w http.ResponseWriter, r *http.Request, who access.Caller) error { return nil }
func (a *API) listChannels(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	return nil
}
