package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Media types of bodies. JSON Lines has no registered one; both are in use.
var (
	jsonTypes  = []string{"application/json"}
	linesTypes = []string{"application/x-ndjson", "application/jsonl"}
)

// bodyType is the media type of a body, if it is one of those that are taken; a body that names none counts as the first.
func bodyType(r *http.Request, taken []string) (string, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return "", refuse(unsupported, "bodies in %s are not taken; send it as it is", shown(encoding))
	}
	given := r.Header.Get("Content-Type")
	if given == "" {
		return taken[0], nil
	}
	kind, parameters, err := mime.ParseMediaType(given)
	if err != nil || !slices.Contains(taken, kind) {
		return "", refuse(unsupported, "the body is %s; allowed: %s. With curl: -H 'Content-Type: %s'", shown(given), strings.Join(taken, ", "), taken[0])
	}
	if charset, ok := parameters["charset"]; ok && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return "", refuse(unsupported, "the body is in %s; JSON is UTF-8", shown(charset))
	}
	return kind, nil
}

// readBody reads a body of at most so many bytes.
func readBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, err
		}
		return nil, refuse(badRequest, "the body can't be read to its end: %v", err)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, refuse(badRequest, "the body is empty; send the request as JSON")
	}
	return body, nil
}

// readJSON reads a body that is JSON: what is not is refused before anybody looks for faults in it.
func (a *API) readJSON(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if _, err := bodyType(r, jsonTypes); err != nil {
		return nil, err
	}
	body, err := readBody(w, r, a.limits().Body)
	if err != nil {
		return nil, err
	}
	return body, checkJSON(body)
}

// checkJSON refuses what is not JSON, and says where.
func checkJSON(text []byte) error {
	if !utf8.Valid(text) {
		return refuse(badRequest, "the body is not JSON: it is not UTF-8")
	}
	var whole json.RawMessage
	err := json.Unmarshal(text, &whole)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return refuse(badRequest, "the body is not JSON: %v", err)
	}
	before := text[:min(max(int(syntax.Offset)-1, 0), len(text))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return refuse(badRequest, "%s", fmt.Sprintf("the body is not JSON: line %d, column %d: %v", line, column, syntax))
}
