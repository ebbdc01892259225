package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestWatch: a job is followed over a service that goes and comes back, to its end.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		c := clientOver(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			switch at := time.Since(begun); {
			case at < 10*time.Second:
				fmt.Fprintf(w, `{"id": "j", "exportId": "e", "status": "inProgress", "progress": {"rows": %d, "expected": 10}}`, at/time.Second)
			case at < 5*time.Minute:
				return gone{}.RoundTrip(r)
			case at < 6*time.Minute:
				sendProblem(w, &Error{Status: 503})
			default:
				fmt.Fprint(w, `{"id": "j", "exportId": "e", "status": "failed", "progress": {"rows": 10, "expected": 10}, "error": {"kind": "data", "message": "block 3 is damaged"}}`)
			}
			return w.Result(), nil
		}))
		var rows []int64
		away := 0
		job, err := c.Watch(t.Context(), "j", 10*time.Minute, func(j Job) { rows = append(rows, j.Progress.Rows) }, func(error) { away++ })
		if err != nil || job.Status != Failed || away != 1 || rows[0] != 0 || rows[len(rows)-1] != 10 {
			t.Errorf("%+v %v: away %d times, rows %v", job, err, away, rows)
		}
		if took := time.Since(begun); took > 6*time.Minute+15*time.Second {
			t.Errorf("its end was seen after %s", took)
		}
		var bad *JobError
		if err := job.Outcome(); !errors.As(err, &bad) || err.Error() != "job j of export e: failed: block 3 is damaged" {
			t.Errorf("%v", err)
		}
	})
}

// TestWatchGivesUp: after patience, at once where waiting can't help, and when the user stops.
func TestWatchGivesUp(t *testing.T) {
	never := func(Job) { t.Error("there was no answer") }
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		_, err := clientOver(t, gone{}).Watch(t.Context(), "j", time.Minute, never, func(error) {})
		var network *NetworkError
		if took := time.Since(begun); !errors.As(err, &network) || took < time.Minute || took > 90*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		c := clientOf(t, func(w http.ResponseWriter, r *http.Request) { sendProblem(w, &Error{Status: 404}) })
		if _, err := c.Watch(t.Context(), "j", time.Minute, never, func(error) {}); err == nil || time.Since(begun) > 0 {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		c := clientOf(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"status": "inProgress"}`) })
		if _, err := c.Watch(ctx, "j", time.Minute, func(Job) {}, func(error) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestOutcome(t *testing.T) {
	for status, bad := range map[string]bool{Done: false, Skipped: false, Expired: false, Failed: true, Cancelled: true} {
		if err := (Job{Status: status}).Outcome(); (err != nil) != bad {
			t.Errorf("%s: %v", status, err)
		}
	}
	faults := Job{ID: "j", ExportID: "e", Status: Failed, Error: &JobFault{Kind: "request", Message: "2 faults", Faults: []Fault{{Path: "a", Message: "x"}, {Path: "b", Message: "y"}}}}
	if got := faults.Outcome().Error(); !strings.HasSuffix(got, "failed\n  a: x\n  b: y") {
		t.Errorf("%q", got)
	}
}
