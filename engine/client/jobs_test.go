package client

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// TestJobs: an export's or everybody's, as the filter says; the newest is asked for alone.
func TestJobs(t *testing.T) {
	var asked []string
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.EscapedPath()+" "+r.URL.Query().Encode())
		fmt.Fprint(w, `{"jobs": [{"id": "j", "ranges": [{"from": "2026-01-01T00:00:00Z", "to": null}], "notification": {"state": "sent", "error": null}}], "nextPage": null}`)
	})
	jobs := collect(t, c.Jobs(background, "a/b", JobFilter{Status: []string{Done, Failed}, Limit: 3}))
	if len(jobs) != 1 || jobs[0].Ranges[0].From.Year() != 2026 || jobs[0].Ranges[0].To != nil || jobs[0].Notification.State != "sent" {
		t.Errorf("%+v", jobs)
	}
	collect(t, c.Jobs(background, "", JobFilter{Stale: true}))
	if newest, err := c.Newest(background, "e", Done); err != nil || newest.ID != "j" {
		t.Errorf("%+v %v", newest, err)
	}
	want := []string{
		"/below/exports/a%2Fb/jobs limit=3&status%5B%5D=done&status%5B%5D=failed",
		"/below/jobs limit=500&stale=true",
		"/below/exports/e/jobs limit=1&status%5B%5D=done",
	}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}
