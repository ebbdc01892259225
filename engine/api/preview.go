package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"decant/engine/access"
)

// preview prints the first rows of each item as its file would have them: POST /exports/preview.
func (a *API) preview(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	draft, err := a.readDraft(w, r)
	if err != nil {
		return err
	}
	items, ignoredFields, err := a.c.Service.Preview(r.Context(), who, draft)
	if err != nil {
		return err
	}
	v := object{{"items", items}}
	if draft.Lenient {
		v = append(v, member{"ignoredParameters", ignored(draftQuery, r, ignoredFields)})
	}
	return answer(w, r, http.StatusOK, v)
}

// plan says what a request would do, without a row of it: POST /exports/plan.
func (a *API) plan(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	draft, err := a.readDraft(w, r)
	if err != nil {
		return err
	}
	plan, ignoredFields, err := a.c.Service.Plan(r.Context(), who, draft)
	if err != nil {
		return err
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return fmt.Errorf("print the plan: %w", err)
	}
	v, err := splitObject(text)
	if err != nil {
		return fmt.Errorf("read the printed plan: %w", err)
	}
	if draft.Lenient {
		v = append(v, member{"ignoredParameters", ignored(draftQuery, r, ignoredFields)})
	}
	return answer(w, r, http.StatusOK, v)
}
