package api

import (
	"fmt"
	"net/http"
	"testing"
)

// The calls that a dashboard makes, over a queue of some size. conform is left out: it is the tests' own.
func BenchmarkAPI(b *testing.B) {
	s := newService(b)
	s.http = s.api.Handler()
	for i := range 100 {
		s.create("alice", fmt.Sprintf("e%d", i), `"run": "manual"`, notification)
	}
	for _, c := range []struct{ call, method, target, body string }{
		{"show", "GET", "/exports/e50", ""},
		{"status", "GET", "/exports/e50/status", ""},
		{"list", "GET", "/exports", ""},
		{"plan", "POST", "/exports/plan", oneTime()},
		{"refuse", "POST", "/exports", `{"format": {"extension": "cvs"}}`},
	} {
		b.Run("call="+c.call, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if w := s.call("alice", c.method, c.target, c.body); w.Code >= http.StatusInternalServerError {
					b.Fatalf("%d: %s", w.Code, w.Body)
				}
			}
		})
	}
}
