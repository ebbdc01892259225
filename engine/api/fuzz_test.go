package api

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

// Whatever a body is, POST /exports answers it with a problem or an export that can be read again, and takes it back with PUT.
func FuzzCreate(f *testing.F) {
	for _, seed := range []string{oneTime(), recurring(`"backfill": 2`), oneTime(notification, `"id": "x"`), oneTime(`"colour": 1`), "{", "[]", `{"items": [{}]}`,
		oneTime(`"condition": {"target": "temperature", "channelId": "plant", "subtopic": "events.data", "period": "PT1H", "dsf": "max", "op": ">", "value": 3}`)} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	s := newService(f)
	s.http = s.api.Handler() // the description is held against in other tests; here it would cost most of the time
	f.Fuzz(func(t *testing.T, body []byte, lenient bool) {
		s.t = t
		var headers []string
		if lenient {
			headers = append(headers, "Prefer: handling=lenient")
		}
		w := s.call("alice", "POST", "/exports", string(body), headers...)
		if w.Code != 201 {
			if w.Code < 400 || w.Code >= 500 || !json.Valid(w.Body.Bytes()) || strings.Contains(w.Body.String(), "SECRETSECRET") {
				t.Fatalf("%d: %s", w.Code, w.Body)
			}
			return
		}
		path := w.Header().Get("Location")
		shown := s.call("alice", "GET", path, "")
		if shown.Code != 200 || !json.Valid(shown.Body.Bytes()) {
			t.Fatalf("%d: %s", shown.Code, shown.Body)
		}
		for _, w := range []*httptest.ResponseRecorder{s.call("alice", "PUT", path, shown.Body.String()), s.call("alice", "DELETE", path, "")} {
			if w.Code >= 300 {
				t.Fatalf("%d: %s, after %s", w.Code, w.Body, shown.Body)
			}
		}
	})
}
