package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/request"
	"decant/engine/job"
)

// maxDrafts is how many requests are taken at once.
const maxDrafts = 10_000

// createExports takes many requests, all or none: POST /exports/bulk.
func (a *API) createExports(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	who, _, err := actFor(r, who)
	if err != nil {
		return err
	}
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	texts, err := a.readBulk(w, r)
	if err != nil {
		return err
	}
	drafts := make([]job.Draft, len(texts))
	wrong := &job.DraftsError{}
	for i, text := range texts {
		drafts[i] = job.Draft{Text: text, Lenient: lenient(r)}
		if faults := draftFaults(text); len(faults) > 0 {
			wrong.Drafts = append(wrong.Drafts, job.DraftFault{Index: i, Err: faults})
		}
	}
	if len(wrong.Drafts) > 0 {
		return refuseDrafts(wrong)
	}
	made, again, err := a.c.Service.Create(r.Context(), who, drafts, key)
	if err != nil {
		return refuseDrafts(err)
	}
	if again {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	views := make([]object, len(made))
	for i := range made {
		views[i] = a.madeView(r, &made[i])
	}
	return answer(w, r, http.StatusCreated, object{{"exports", views}})
}

// readBulk splits a body into requests: a JSON array, or JSON Lines.
func (a *API) readBulk(w http.ResponseWriter, r *http.Request) (texts [][]byte, err error) {
	kind, err := bodyType(r, slices.Concat(jsonTypes, linesTypes))
	if err != nil {
		return nil, err
	}
	body, err := readBody(w, r, a.limits().Bulk)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(body) {
		return nil, refuse(badRequest, "the body is not JSON: it is not UTF-8")
	}
	if slices.Contains(linesTypes, kind) {
		texts, err = splitLines(body)
	} else {
		texts, err = splitArray(body)
	}
	if err != nil {
		return nil, err
	}
	if len(texts) == 0 {
		return nil, refuse(faulty, "there is no request in the list; at least one is needed")
	}
	return texts, nil
}

func splitArray(body []byte) (texts [][]byte, err error) {
	if err := checkJSON(body); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if first, err := dec.Token(); err != nil || first != json.Delim('[') {
		return nil, refuse(badRequest, "the body is no list; send a JSON array of requests, or JSON Lines with Content-Type %s", linesTypes[0])
	}
	for dec.More() {
		var text json.RawMessage
		if err := dec.Decode(&text); err != nil {
			return nil, refuse(badRequest, "the body is not JSON: %v", err)
		}
		if len(texts) == maxDrafts {
			return nil, errTooMany
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// errTooMany is found before the rest is looked at: a list can have half as many entries as it has bytes.
var errTooMany = refuse(tooLarge, "there are more requests than the %d that are taken at once; send them in parts", maxDrafts)

// splitLines takes a request a line; empty lines are passed over. A line that is not JSON is named by its number, which counts all lines.
func splitLines(body []byte) (texts [][]byte, err error) {
	var faults request.Faults
	number := 0
	for line := range bytes.Lines(body) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if !json.Valid(line) && len(faults) < maxFaults {
			faults = append(faults, request.Fault{Path: draftPath(len(texts), ""), Message: fmt.Sprintf("line %d is not JSON; each line is one request", number)})
		}
		if len(texts) == maxDrafts {
			return nil, errTooMany
		}
		texts = append(texts, line)
	}
	if len(faults) > 0 {
		return nil, refuseFaults(badRequest, faults...)
	}
	return texts, nil
}

// draftPath is the path of a field of one of many requests.
func draftPath(index int, field string) string {
	at := fmt.Sprintf("exports[%d]", index)
	if field == "" {
		return at
	}
	return at + "." + field
}

// refuseDrafts makes of what is wrong with requests one refusal, with a fault for each thing that is. Other errors it leaves as they are.
func refuseDrafts(err error) error {
	var drafts *job.DraftsError
	if !errors.As(err, &drafts) || len(drafts.Drafts) == 0 {
		return err
	}
	refused := &refusal{kind: faulty}
	worst := -1
	for _, d := range drafts.Drafts {
		k, faults := faultsOf(d)
		if faults == nil {
			return d.Err
		}
		if at := slices.Index(draftKinds, k); worst < 0 || at < worst {
			worst, refused.kind = at, k
		}
		refused.faults = append(refused.faults, faults...)
	}
	refused.detail = fmt.Sprintf("%d of the requests can't be taken, so none was; faults says which and why", len(drafts.Drafts))
	return refused
}

// draftKinds are what can be wrong with a request of many. The answer has the first of these that is.
var draftKinds = []kind{faulty, unknownSeries, overLimit, forbidden, conflict}

// faultsOf is what is wrong with one of many requests; nil faults are an error that is not the request's.
func faultsOf(d job.DraftFault) (kind, request.Faults) {
	var (
		faults  request.Faults
		missing *export.NotFoundError
		limit   *export.LimitError
		denied  *job.ForbiddenError
		taken   *job.ConflictError
	)
	one := func(k kind, field, message string) (kind, request.Faults) {
		return k, request.Faults{{Path: draftPath(d.Index, field), Message: message}}
	}
	switch {
	case errors.As(d.Err, &faults):
		at := make(request.Faults, len(faults))
		for i, f := range faults {
			f.Path = draftPath(d.Index, f.Path)
			at[i] = f
		}
		return faulty, at
	case errors.As(d.Err, &missing):
		at := make(request.Faults, len(missing.Missing))
		for i, sentence := range missing.Missing {
			at[i] = request.Fault{Path: draftPath(d.Index, ""), Message: sentence}
		}
		return unknownSeries, at
	case errors.As(d.Err, &limit):
		return one(overLimit, "", limit.Message)
	case errors.As(d.Err, &denied):
		return one(forbidden, denied.Path, denied.Message)
	case errors.As(d.Err, &taken):
		return one(conflict, "id", taken.Message)
	}
	return internal, nil
}
