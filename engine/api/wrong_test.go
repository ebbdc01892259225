package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"decant/engine/export/request"
	"decant/engine/job/jobtest"
)

// wrong is a call that can't succeed.
type wrong struct {
	who, method, target, body string
	headers                   []string
	status                    int    // expected
	path                      string // of a fault that the problem must name; "" where there need be none
}

// marker stands in all that is bob's.
const marker = "bobs-own"

// Every wrong call is answered by a problem that says whose fault it was, names its path, and tells nothing of other owners.
func TestWrongCalls(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { checkWrongCalls(t, newService(t)) })
	t.Run("postgres", func(t *testing.T) { checkWrongCalls(t, newServiceOn(t, jobtest.Postgres(t))) })
}

func checkWrongCalls(t *testing.T, s *service) {
	s.create("bob", marker, `"title": "`+marker+`"`, `"tags": [{"label": "`+marker+`", "value": "x"}]`)
	bobs := s.finish(done())
	s.create("alice", "mine")

	calls := wrongRoutes()
	calls = append(calls, wrongTokens()...)
	calls = append(calls, wrongOwners(bobs.ID)...)
	calls = append(calls, wrongIDs()...)
	calls = append(calls, wrongQueries()...)
	calls = append(calls, wrongBodies()...)
	calls = append(calls, wrongRequests()...)
	calls = append(calls, wrongHeaders()...)
	if len(calls) < 200 {
		t.Errorf("there are only %d wrong calls", len(calls))
	}
	for _, c := range calls {
		name := fmt.Sprintf("%s: %s %.150s %.200s %.100q", c.who, c.method, c.target, c.body, c.headers)
		w := s.call(c.who, c.method, c.target, c.body, c.headers...)
		if w.Code != c.status {
			t.Errorf("%s: %d, not %d: %s", name, w.Code, c.status, w.Body)
			continue
		}
		checkProblem(t, name, w, c.path)
		if text := w.Body.String() + fmt.Sprint(w.Header()); c.who != "bob" && !strings.Contains(c.target, marker) && strings.Contains(text, marker) {
			t.Errorf("%s: the answer tells of another owner: %s", name, text)
		}
	}
}

// checkProblem holds an answer against RFC 9457 and our own rules.
func checkProblem(t *testing.T, name string, w *httptest.ResponseRecorder, path string) {
	t.Helper()
	h := w.Header()
	if h.Get("Content-Type") != "application/problem+json" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: headers %v", name, h)
	}
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%s: %v: %s", name, err, w.Body)
	}
	if p.Status != w.Code || p.Title == "" || p.Detail == "" || !strings.HasPrefix(p.Type, typePrefix) {
		t.Errorf("%s: %s", name, w.Body)
	}
	for _, f := range p.Faults {
		if f.Path == path {
			return
		}
	}
	if path != "" {
		t.Errorf("%s: no fault has the path %s: %s", name, path, w.Body)
	}
}

func wrongRoutes() (calls []wrong) {
	for _, target := range []string{"/", "/export", "/exports/", "/exports//x", "/exports/./x", "/exports/../jobs", "//exports", "/exports/mine/runs", "/jobs/a/b/c", "/openapi", "/%00", "/admin", "/artifacts/a", "/favicon.ico"} {
		calls = append(calls, wrong{who: "alice", method: "GET", target: target, status: 404})
	}
	for target, methods := range map[string]string{
		"/exports": "PUT DELETE PATCH OPTIONS TRACE", "/exports/preview": "PATCH", "/exports/mine": "POST PATCH", "/exports/mine/run": "GET PUT DELETE",
		"/exports/mine/status": "POST", "/jobs": "POST DELETE", "/jobs/x": "PUT", "/jobs/x/links": "GET", "/series": "POST", "/livez": "POST", "/metrics": "PUT", "/openapi.json": "DELETE",
	} {
		for _, method := range strings.Fields(methods) {
			calls = append(calls, wrong{who: "alice", method: method, target: target, status: 405})
		}
	}
	return calls
}

func wrongTokens() (calls []wrong) {
	for _, rt := range routes() {
		if rt.scope == "" {
			continue
		}
		target := strings.NewReplacer("{id}", "mine", "{job}", "x", "{file}", "y").Replace(rt.pattern)
		calls = append(calls, wrong{method: rt.method, target: target, status: 401})
		for _, token := range []string{"Bearer x", "Basic YWxpY2U6eA==", "Bearer decant_" + strings.Repeat("0", 64)} {
			calls = append(calls, wrong{who: "alice", method: rt.method, target: target, headers: []string{"Authorization: " + token}, status: 401})
		}
		if rt.scope != "exporter:exports:read" && rt.scope != "exporter:exports:list" {
			calls = append(calls, wrong{who: "reader", method: rt.method, target: target, body: oneTime(), status: 403})
		}
	}
	return calls
}

// wrongOwners are calls about what is another's: as if it were not there.
func wrongOwners(bobsJob string) (calls []wrong) {
	for _, who := range []string{"alice", "limited"} {
		for method, targets := range map[string]string{
			"GET":    "/exports/ID /exports/ID/status /exports/ID/jobs /exports/ID/download /jobs/JOB",
			"POST":   "/exports/ID/run /exports/ID/cancel /jobs/JOB/cancel",
			"PUT":    "/exports/ID",
			"DELETE": "/exports/ID /jobs/JOB/links",
		} {
			for _, target := range strings.Fields(targets) {
				body := ""
				if method == "PUT" {
					body = strings.ReplaceAll(oneTime(), "plant", "meter")
				}
				target = strings.NewReplacer("ID", marker, "JOB", bobsJob).Replace(target)
				calls = append(calls, wrong{who: who, method: method, target: target, body: body, status: 404})
			}
		}
		calls = append(calls, wrong{who: who, method: "GET", target: "/exports?owner=bob", status: 403},
			wrong{who: who, method: "GET", target: "/jobs?owner=root", status: 403},
			wrong{who: who, method: "DELETE", target: "/exports/mine?owner=bob", status: 403})
	}
	// alice's own, but her limited token doesn't reach the channel.
	for _, target := range []string{"/exports/mine", "/exports/mine/status", "/exports/mine/jobs"} {
		calls = append(calls, wrong{who: "limited", method: "GET", target: target, status: 404})
	}
	return append(calls,
		wrong{who: "limited", method: "POST", target: "/exports", body: oneTime(), status: 403, path: "items[0].params.channelId"},
		wrong{who: "limited", method: "POST", target: "/exports/preview", body: oneTime(), status: 403, path: "items[0].params.channelId"},
		wrong{who: "limited", method: "POST", target: "/exports/bulk", body: "[" + oneTime() + "]", status: 403, path: "exports[0].items[0].params.channelId"})
}

func wrongIDs() (calls []wrong) {
	for _, id := range []string{"x", "%2e%2e", "%2F", "a%2Fb", "%00", "%ff%fe", "'%20OR%201=1--", "%F0%9F%92%A9", "..%2f..%2fetc%2fpasswd", strings.Repeat("x", 5000), "%25", "a%0Ab", "*", "null"} {
		for _, target := range []string{"/exports/ID", "/exports/ID/status", "/jobs/ID"} {
			calls = append(calls, wrong{who: "alice", method: "GET", target: strings.Replace(target, "ID", id, 1), status: 404})
		}
		calls = append(calls, wrong{who: "alice", method: "DELETE", target: "/exports/" + id, status: 404},
			wrong{who: "alice", method: "POST", target: "/exports/" + id + "/run", status: 404})
	}
	return calls
}

func wrongQueries() (calls []wrong) {
	for query, path := range map[string]string{
		"page=0": "page", "page=-1": "page", "page=x": "page", "page=99999999999999999999": "page", "page=": "page", "page=1&page=2": "page", "page=1.5": "page",
		"pageSize=0": "pageSize", "pageSize=1001": "pageSize", "limit=0": "limit", "limit=1e3": "limit", "page=1&limit=1": "page", "offset=x": "offset", "offset=e30": "offset",
		"offset=eyJvIjotMSwidSI6MX0": "offset", "sort=colour": "sort", "sort=createdAt:down": "sort", "sort=": "sort", "sort=key;DROP%20TABLE": "", "status[]=finished": "status[]", "status[]=": "status[]",
		"type=weekly": "type", "type=": "type", "from=yesterday": "from", "from=1e400": "from", "from=NaN": "from", "from=1795262400000": "from", "to=2026-13-01": "to", "from=2026-02-01&to=2026-01-01": "to",
		"fields=state": "fields", "fields=": "fields", "pretty=maybe": "pretty", "colour=red": "colour", "ids": "ids[]", "ids[]=": "ids[]", "%ff=1": "", "ids[]=%00": "", "ids[]=%ff": "", "a=%zz": "", "Page=1": "Page",
		"tagLabels[]=a" + strings.Repeat("&tagLabels[]=a", 20): "tagLabels[]", "ids[]=" + strings.Repeat("a,", 1000) + "a": "ids[]", strings.Repeat("x", 3000): strings.Repeat("x", 200) + "…",
	} {
		for _, target := range []string{"/exports", "/jobs", "/exports/mine/jobs"} {
			calls = append(calls, wrong{who: "alice", method: "GET", target: target + "?" + query, status: 400, path: path})
		}
	}
	return append(calls,
		wrong{who: "alice", method: "GET", target: "/jobs?stale=perhaps", status: 400, path: "stale"},
		wrong{who: "alice", method: "GET", target: "/jobs?stale=true&status[]=failed", status: 400, path: "status[]"},
		wrong{who: "alice", method: "GET", target: "/exports/mine?field=id", status: 400, path: "field"},
		wrong{who: "alice", method: "POST", target: "/exports/mine/run?at=tomorrow", status: 400, path: "at"},
		wrong{who: "alice", method: "POST", target: "/exports/mine/run?at=2099-01-01", status: 400, path: "at"},
		wrong{who: "root", method: "GET", target: "/exports?owner=%20", status: 400},
		wrong{who: "root", method: "POST", target: "/exports?owner=a%2Fb", body: oneTime(), status: 400})
}

func wrongBodies() (calls []wrong) {
	deep := strings.Repeat("[", 100_000)
	for _, target := range []string{"/exports", "/exports/preview", "/exports/plan", "/exports/bulk"} {
		for _, body := range []string{" ", "\n", "{", "nonsense", `{"a": }`, `{"a": 1,}`, `{'a': 1}`, "\x00", "\xff\xfe", "{} {}", "[1", `"`, "\ufeff{}", "01", "NaN", deep[:10_000], `{"a": "` + "\x01" + `"}`, "{}\x00"} {
			calls = append(calls, wrong{who: "alice", method: "POST", target: target, body: body, status: 400})
		}
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "nonsense", "application/json; charset=latin1", "/"} {
			calls = append(calls, wrong{who: "alice", method: "POST", target: target, body: oneTime(), headers: []string{"Content-Type: " + kind}, status: 415})
		}
		calls = append(calls, wrong{who: "alice", method: "POST", target: target, body: "[" + strings.Repeat(" ", 300<<10) + "]", status: 413},
			wrong{who: "alice", method: "POST", target: target, body: oneTime(), headers: []string{"Content-Encoding: gzip"}, status: 415})
	}
	return append(calls,
		wrong{who: "alice", method: "POST", target: "/exports", body: "", status: 400},
		wrong{who: "alice", method: "PUT", target: "/exports/mine", body: "{", status: 400},
		wrong{who: "alice", method: "PUT", target: "/exports/mine", body: "[]", status: 422},
		wrong{who: "alice", method: "PUT", target: "/exports/mine", body: oneTime(`"id": "other"`), status: 422, path: "id"},
		wrong{who: "alice", method: "POST", target: "/exports/bulk", body: "{}", status: 400},
		wrong{who: "alice", method: "POST", target: "/exports/bulk", body: "null", status: 400},
		wrong{who: "alice", method: "POST", target: "/exports/bulk", body: "[]", status: 422},
		wrong{who: "alice", method: "POST", target: "/exports/bulk", body: "[null, 1]", status: 422, path: "exports[1]"},
		wrong{who: "alice", method: "POST", target: "/exports/bulk", body: "[" + strings.Repeat("0,", maxDrafts) + "0]", status: 413},
		wrong{who: "alice", method: "POST", target: "/exports/bulk", body: "[" + strings.Repeat("{},", 900) + "{}]", status: 422, path: "exports[0].format"})
}

// wrongRequests are well-formed JSON with a fault that has a path.
func wrongRequests() (calls []wrong) {
	item := func(change string) string {
		return `{"format": {"extension": "csv"}, "type": "oneTime", "items": [{"params": {` + change + `}}]}`
	}
	const chosen = `"target": {"value": "temperature"}, "channelId": "plant", "subtopic": "events.data"`
	for body, path := range map[string]string{
		`{}`: "format", `[]`: "", `1`: "", `"text"`: "", `null`: "", `true`: "",
		`{"format": {"extension": "csv"}, "format": {"extension": "csv"}}`:   "",
		`{"format": {"extension": "doc"}, "type": "oneTime", "items": []}`:   "format.extension",
		`{"format": {"extension": "csv"}, "type": "oneTime", "items": []}`:   "items",
		`{"format": {"extension": "csv"}, "type": "oneTime", "items": {}}`:   "items",
		`{"format": [], "type": "oneTime", "items": [` + plantItem + `]}`:    "format",
		strings.Replace(oneTime(), "oneTime", "once", 1):                     "type",
		strings.Replace(oneTime(), "events.data", "", 1):                     "",
		strings.Replace(recurring(), "PT1H", "PT1S", 1):                      "periodicity",
		strings.Replace(recurring(), "PT1H", "soon", 1):                      "periodicity",
		oneTime(`"periodicity": "P1M"`):                                      "periodicity",
		oneTime(`"id": "a/b"`):                                               "id",
		oneTime(`"id": ""`):                                                  "id",
		oneTime(`"id": "bulk"`):                                              "id",
		oneTime(`"id": 7`):                                                   "id",
		oneTime(`"tags": {}`):                                                "tags",
		oneTime(`"tags": [{"label": "a"}]`):                                  "tags[0].value",
		oneTime(`"run": "later"`):                                            "run",
		oneTime(`"enabled": "yes"`):                                          "enabled",
		oneTime(`"backfill": 3`):                                             "backfill",
		oneTime(`"grace": "soon"`):                                           "grace",
		oneTime(`"condition": {}`):                                           "condition.target",
		oneTime(`"notification": {"messages": []}`):                          "notification.messages",
		oneTime(`"owner": "bob"`):                                            "owner",
		oneTime(`"title": "a\u0000b"`):                                       "title",
		oneTime(`"tags": [{"label": "a", "value": "\u0000"}]`):               "tags[0].value",
		oneTime(`"colour": "red"`):                                           "colour",
		item(chosen + `, "decimation": {"ds": "1x"}`):                        "items[0].params.decimation.ds",
		item(chosen + `, "from": 1795262400000`):                             "items[0].params.from",
		item(chosen + `, "from": "2026-01-01"`):                              "items[0].params.from",
		item(chosen + `, "resource": "series"`):                              "items[0].params.target",
		item(strings.Replace(chosen, `"temperature"`, `["temperature"]`, 1)): "items[0].params.target.value",
	} {
		for _, target := range []string{"/exports", "/exports/plan"} {
			calls = append(calls, wrong{who: "alice", method: "POST", target: target, body: body, status: 422, path: path})
		}
	}
	for _, change := range []string{`"temperature" "temprature"`, `"plant" "plnat"`} {
		var was, is string
		fmt.Sscanf(change, "%q %q", &was, &is)
		calls = append(calls, wrong{who: "alice", method: "POST", target: "/exports", body: strings.Replace(oneTime(), was, is, 1), status: 422})
	}
	return calls
}

func wrongHeaders() (calls []wrong) {
	for header, status := range map[string]int{
		"If-Match: 1": 400, `If-Match: "`: 400, "If-Match: ,": 400, `If-Match: "1"x`: 400, `If-Match: W/"1"`: 412, `If-Match: "0"`: 412, `If-Match: "-1"`: 412, `If-Match: "18446744073709551616"`: 412,
	} {
		calls = append(calls, wrong{who: "alice", method: "PUT", target: "/exports/mine", body: oneTime(), headers: []string{header}, status: status},
			wrong{who: "alice", method: "DELETE", target: "/exports/mine", headers: []string{header}, status: status})
	}
	for _, key := range []string{"", " ", `"`, `""`, "a b", "ä", strings.Repeat("k", 10_000)} {
		for _, target := range []string{"/exports", "/exports/bulk"} {
			calls = append(calls, wrong{who: "alice", method: "POST", target: target, body: oneTime(), headers: []string{"Idempotency-Key: " + key}, status: 400})
		}
	}
	for _, prefer := range []string{"handling=strict", "handling", "lenient", `handling="`, strings.Repeat("a,", 5000), "handling=strict, handling=lenient"} {
		calls = append(calls, wrong{who: "alice", method: "POST", target: "/exports", body: oneTime(`"colour": 1`), headers: []string{"Prefer: " + prefer}, status: 422, path: "colour"})
	}
	return calls
}

// A panic is an answer that names an id and nothing else.
func TestPanic(t *testing.T) {
	s := newService(t)
	s.api.c.Service = nil
	w := s.call("alice", "GET", "/exports/x", "")
	if w.Code != http.StatusInternalServerError {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	checkProblem(t, "panic", w, "")
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || !strings.HasPrefix(p.Instance, "urn:decant:error:") || strings.Contains(w.Body.String(), "nil pointer") {
		t.Errorf("%v: %s", err, w.Body)
	}
}

// An answer tells of at most maxFaults faults, whatever a body has.
func TestManyFaults(t *testing.T) {
	var faults request.Faults
	for i := range 5 * maxFaults {
		faults = append(faults, request.Fault{Path: fmt.Sprint(i), Message: "wrong"})
	}
	if p := problemOf(faults); len(p.Faults) != maxFaults || len(p.Detail) > 1000 {
		t.Errorf("%d faults, a detail of %d bytes", len(p.Faults), len(p.Detail))
	}
}
