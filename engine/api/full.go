package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"decant/engine/access"
	"decant/engine/export/request"
)

// createFull exports all that the store holds: POST /exports/full.
func (a *API) createFull(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	body, err := a.readJSON(w, r)
	if err != nil {
		return err
	}
	format, scope, err := readFull(body)
	if err != nil {
		return err
	}
	made, err := a.c.Service.CreateFull(r.Context(), who, format, scope)
	if err != nil {
		return err
	}
	w.Header().Set("Location", exportPath(made.Export.ID, ""))
	return a.answerMade(w, r, http.StatusCreated, &made)
}

// readFull reads {"format": "jsonl" | "parquet", "scope": "standard" | "public"}; the first of each is the default.
func readFull(body []byte) (format, scope string, err error) {
	members, err := splitObject(body)
	if err != nil {
		return "", "", refuse(faulty, "the body is no object; send one such as {\"format\": \"jsonl\", \"scope\": \"standard\"}")
	}
	allowed := map[string][]string{"format": {"jsonl", "parquet"}, "scope": {"standard", "public"}}
	chosen := map[string]string{}
	var faults request.Faults
	for _, m := range members {
		values, known := allowed[m.name]
		if !known {
			faults = append(faults, unknownName(m.name, "field", []string{"format", "scope"}))
			continue
		}
		text := m.value.(json.RawMessage)
		var value string
		switch {
		case chosen[m.name] != "":
			faults = append(faults, request.Fault{Path: m.name, Message: "the field stands twice"})
		case json.Unmarshal(text, &value) != nil || !slices.Contains(values, value):
			faults = append(faults, request.Fault{Path: m.name, Value: shown(string(text)), Message: "allowed are " + strings.Join(values, ", ")})
		}
		chosen[m.name] = value
	}
	if len(faults) > 0 {
		return "", "", fmt.Errorf("read the request for a full export: %w", faults)
	}
	for name, values := range allowed {
		if chosen[name] == "" {
			chosen[name] = values[0]
		}
	}
	return chosen["format"], chosen["scope"], nil
}
