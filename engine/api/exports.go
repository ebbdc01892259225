package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"decant/engine/access"
	"decant/engine/job"
)

// createExport takes one request: POST /exports.
func (a *API) createExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	who, named, err := actFor(r, who)
	if err != nil {
		return err
	}
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	draft, err := a.readDraft(w, r)
	if err != nil {
		return err
	}
	made, again, err := a.c.Service.Create(r.Context(), who, []job.Draft{draft}, key)
	if err != nil {
		return err
	}
	if again {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	if who.Admin() { // to whom an id may be that of several owners
		named = who.Owner
	}
	w.Header().Set("Location", exportPath(made[0].Export.ID, named))
	return a.answerMade(w, r, http.StatusCreated, &made[0])
}

// readDraft reads a body that is one request.
func (a *API) readDraft(w http.ResponseWriter, r *http.Request) (job.Draft, error) {
	body, err := a.readJSON(w, r)
	if err != nil {
		return job.Draft{}, err
	}
	if faults := draftFaults(body); len(faults) > 0 {
		return job.Draft{}, faults
	}
	return job.Draft{Text: body, Lenient: lenient(r)}, nil
}

// answerMade answers with an export that was created or changed, and what its owner should know.
func (a *API) answerMade(w http.ResponseWriter, r *http.Request, status int, m *job.Made) error {
	setExportHeaders(w, &m.Export)
	return answer(w, r, status, a.madeView(r, m))
}

func (a *API) madeView(r *http.Request, m *job.Made) object {
	v := a.exportView(&m.Export, true)
	if lenient(r) {
		v = append(v, member{"ignoredParameters", ignored(writeQuery, r, m.IgnoredParameters)})
	}
	return append(v, member{"warnings", maskAll(m.Warnings)})
}

// showExport is GET /exports/{id}. Only who may write the export sees the addresses of its webhooks.
func (a *API) showExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	q := readQuery(r)
	fields := q.fields(exportFields)
	if err := q.err(); err != nil {
		return err
	}
	e, err := a.findExport(r, who)
	if err != nil {
		return err
	}
	setExportHeaders(w, &e)
	return answer(w, r, http.StatusOK, a.exportView(&e, who.May(access.Create)).pick(fields))
}

// findExport is the export that a path names.
func (a *API) findExport(r *http.Request, who access.Caller) (job.Export, error) {
	owner, err := namedOwner(r, who)
	if err != nil {
		return job.Export{}, err
	}
	return a.c.Service.Export(r.Context(), who, owner, r.PathValue("id"))
}

// changeExport replaces an export's request: PUT /exports/{id}. Without If-Match it replaces whatever is there.
func (a *API) changeExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	owner, err := namedOwner(r, who)
	if err != nil {
		return err
	}
	draft, err := a.readDraft(w, r)
	if err != nil {
		return err
	}
	draft.Text = withoutServiceFields(draft.Text)
	id := r.PathValue("id")
	wanted, err := a.ifMatch(r, who, owner, id)
	if err != nil {
		return err
	}
	made, err := a.c.Service.Change(r.Context(), who, owner, id, wanted, draft)
	if err != nil {
		return err
	}
	return a.answerMade(w, r, http.StatusOK, &made)
}

// withoutServiceFields takes out of a request what a GET adds to it. What is left keeps its text; what is no object stays as it is.
func withoutServiceFields(text []byte) []byte {
	members, err := splitObject(text)
	added := func(m member) bool {
		return slices.Contains(serviceFields, m.name) || slices.Contains(remarks, m.name)
	}
	if err != nil || !slices.ContainsFunc(members, added) {
		return text
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for _, m := range members {
		if added(m) {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return text
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(m.value.(json.RawMessage))
	}
	b.WriteByte('}')
	return b.Bytes()
}

// deleteExport deletes an export, its jobs and their files: DELETE /exports/{id}.
func (a *API) deleteExport(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	owner, err := namedOwner(r, who)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	wanted, err := a.ifMatch(r, who, owner, id)
	if err != nil {
		return err
	}
	if err := a.c.Service.Delete(r.Context(), who, owner, id, wanted); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// namedOwner is whose export a call is about: what an administrator names, or "".
func namedOwner(r *http.Request, who access.Caller) (string, error) {
	named := r.URL.Query().Get("owner")
	switch {
	case named == "":
		return "", nil
	case named != who.Owner && !who.Admin():
		return "", refuse(forbidden, "only administrators name another owner; leave the parameter owner out")
	}
	if err := access.CheckOwner(named); err != nil {
		return "", refuse(badRequest, "%v", err)
	}
	return named, nil
}

// actFor makes the caller one who creates for the owner that an administrator names.
func actFor(r *http.Request, who access.Caller) (as access.Caller, named string, err error) {
	if named, err = namedOwner(r, who); named != "" {
		who.Owner = named
	}
	return who, named, err
}

func exportPath(id, owner string) string {
	p := "/exports/" + url.PathEscape(id)
	if owner != "" {
		p += "?owner=" + url.QueryEscape(owner)
	}
	return p
}

// maxKey is how many characters an Idempotency-Key may have.
const maxKey = 255

// idempotencyKey reads the header Idempotency-Key; nil where there is none. The draft makes it a quoted string; most clients send it bare.
func idempotencyKey(r *http.Request) (*job.Idempotency, error) {
	given := r.Header.Values("Idempotency-Key")
	if len(given) == 0 {
		return nil, nil
	}
	key := given[0]
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	printable := func(c rune) bool { return c > ' ' && c < 0x7f && c != '"' && c != '\\' }
	if len(given) > 1 || key == "" || len(key) > maxKey || bytes.ContainsFunc([]byte(key), func(c rune) bool { return !printable(c) }) {
		return nil, refuse(badRequest, "Idempotency-Key can't be used; allowed is one, of 1 to %d printable ASCII characters without blanks, such as a UUID", maxKey)
	}
	return &job.Idempotency{Key: key}, nil
}

func maskAll(texts []string) []string {
	masked := make([]string, len(texts))
	for i, s := range texts {
		masked[i] = maskAddresses(s)
	}
	return masked
}
