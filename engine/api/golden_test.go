package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"sort"
	"strings"
	"testing"

	"decant/engine/job"
)

// What differs from run to run: ids of jobs and exports, signatures, what of an ETag is an export's.
var (
	uuids      = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	signatures = regexp.MustCompile(`signature=[A-Za-z0-9_-]+`)
	exportTags = regexp.MustCompile(`(\\?"\d+-)[0-9a-f]{8}(\\?")`)
)

// Typical answers, whole: the status, the headers that are ours, and the body.
func TestAnswers(t *testing.T) {
	s := newService(t)
	s.create("alice", "meter", `"title": "Meter"`, `"tags": [{"label": "site", "value": "north"}]`, notification)
	s.finish(done())
	s.create("alice", "failing")
	s.finish(job.Outcome{Status: job.Failed, Error: &job.Fault{Kind: job.LimitFault, Message: "the items have 2000000000 rows; limits.rows allows 1000000000: choose a shorter range"}})
	jobID := ids(s.get(http.StatusOK, "alice", "GET", "/exports/meter/jobs", ""), "jobs")[0]

	for _, c := range []struct{ name, who, method, target, body, header string }{
		{"create", "alice", "POST", "/exports", recurring(`"id": "hourly"`, `"colour": "red"`), "Prefer: handling=lenient"},
		{"export", "alice", "GET", "/exports/meter", "", ""},
		{"exports", "reader", "GET", "/exports?limit=2&sort=createdAt:asc", "", ""},
		{"status", "alice", "GET", "/exports/meter/status", "", ""},
		{"job", "alice", "GET", "/jobs/" + jobID, "", ""},
		{"job-without-download", "reader", "GET", "/jobs/" + jobID, "", ""},
		{"job-failed", "alice", "GET", "/exports/failing/jobs", "", ""},
		{"run", "alice", "POST", "/exports/meter/run", "", ""},
		{"cancel", "alice", "POST", "/exports/meter/cancel", "", ""},
		{"plan", "alice", "POST", "/exports/plan", oneTime(), ""},
		{"full", "root", "POST", "/exports/full", `{"format": "parquet"}`, ""},
		{"bulk-faults", "alice", "POST", "/exports/bulk", `[{"type": "onetime"}, ` + oneTime(`"id": "meter"`) + `]`, ""},
		{"faults", "alice", "POST", "/exports", strings.Replace(oneTime(notification), `"csv"`, `"cvs"`, 1), ""},
		{"bad-request", "alice", "GET", "/exports?pagesize=10", "", ""},
		{"not-found", "alice", "GET", "/exports/none", "", ""},
		{"conflict", "alice", "POST", "/exports", oneTime(`"id": "meter"`), ""},
		{"unauthorized", "", "GET", "/exports", "", ""},
		{"forbidden", "reader", "DELETE", "/exports/meter", "", ""},
		{"method-not-allowed", "alice", "PATCH", "/exports/meter", "", ""},
		{"changed", "alice", "PUT", "/exports/meter", oneTime(), `If-Match: "7"`},
		{"too-large", "alice", "POST", "/exports", strings.Repeat(" ", 65<<10), ""},
		{"unknown-series", "alice", "POST", "/exports", strings.Replace(oneTime(), "temperature", "temprature", 1), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var headers []string
			if c.header != "" {
				headers = append(headers, c.header)
			}
			w := s.call(c.who, c.method, c.target, c.body, headers...)
			var b bytes.Buffer
			fmt.Fprintf(&b, "%d\n", w.Code)
			names := []string{}
			for name := range w.Header() {
				names = append(names, name)
			}
			sort.Strings(names)
			for _, name := range names {
				if name != "Content-Length" {
					fmt.Fprintf(&b, "%s: %s\n", name, w.Header().Get(name))
				}
			}
			b.WriteString("\n")
			if err := json.Indent(&b, w.Body.Bytes(), "", "  "); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			seen := map[string]string{}
			text = uuids.ReplaceAllStringFunc(text, func(id string) string {
				if seen[id] == "" {
					seen[id] = fmt.Sprintf("UUID-%d", len(seen)+1)
				}
				return seen[id]
			})
			text = exportTags.ReplaceAllString(text, "${1}…${2}")
			golden(t, c.name+".txt", signatures.ReplaceAllString(text, "signature=…"))
		})
	}
}
