package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// answer sends JSON. It is made whole before the first byte goes out, so that what can't be printed is still a problem.
func answer(w http.ResponseWriter, r *http.Request, status int, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if pretty(r) {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // nobody is left to tell
	return nil
}

// isoTime prints ns as ISO 8601, UTC, with milliseconds.
func isoTime(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000Z") }

// isoTimeOrNull is nil, and null in JSON, for what has not happened.
func isoTimeOrNull(ns *int64) *string {
	if ns == nil {
		return nil
	}
	s := isoTime(*ns)
	return &s
}
