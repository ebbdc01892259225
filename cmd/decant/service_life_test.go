package main

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/parquet/file"

	"decant/ingest/ingesttest"
)

// recentItem selects what importRecent stored.
const recentItem = `"items": [{"params": {"target": {"value": "*"}, "channelId": "plant", "subtopic": "s"}}]`

// importRecent stores n samples of a series by decant import: 100, 101, …, a second apart, the last a minute ago.
func (s *liveService) importRecent(name string, n int) {
	s.t.Helper()
	var csv bytes.Buffer
	fmt.Fprintf(&csv, "time,%s\n", name)
	last := time.Now().UTC().Add(-time.Minute)
	for i := range n {
		fmt.Fprintf(&csv, "%s,%d\n", last.Add(time.Duration(i+1-n)*time.Second).Format(time.RFC3339), 100+i)
	}
	path := filepath.Join(s.dir, name+".csv")
	if err := os.WriteFile(path, csv.Bytes(), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if _, errs, code := decantOutput(s.t, "import", path, "--data", s.data, "--channel", "plant", "--subtopic", "s", "--time-column", "time"); code != exitDone {
		s.t.Fatal(errs)
	}
}

// job is an export's newest job; the zero job where there is none.
func (s *liveService) job(id string) liveJob {
	s.t.Helper()
	var listed struct {
		Jobs []liveJob `json:"jobs"`
	}
	s.call("GET", "/exports/"+id+"/jobs?pageSize=1", "", "", http.StatusOK, &listed)
	if len(listed.Jobs) == 0 {
		return liveJob{}
	}
	return listed.Jobs[0]
}

// newest waits until an export's newest job has a status.
func (s *liveService) newest(id, status string) (j liveJob) {
	s.t.Helper()
	poll(s.t, "the newest job of "+id+" is "+status, func() bool {
		j = s.job(id)
		if j.Status == "failed" && status != "failed" {
			s.t.Fatalf("job %s failed", j.ID)
		}
		return j.Status == status
	})
	return j
}

// get calls an address as anybody can, or with the token.
func (s *liveService) get(url string, withToken bool) (status int, body []byte) {
	s.t.Helper()
	if strings.HasPrefix(url, "/") {
		url = "http://" + s.addr + url
	}
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if withToken {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(res.Body); err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, body
}

// Samples come to a running service by its own broker, which lets in whom its file names, and by decant import beside it. An export sees both.
func TestSamplesComeToARunningService(t *testing.T) {
	t.Parallel()
	s := newLiveService(t, "")
	users := filepath.Join(s.dir, "users")
	if err := os.WriteFile(users, []byte("meter:secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config, fmt.Appendf(nil, "[ingest]\nusers_file = %q\n", users), 0o600); err != nil {
		t.Fatal(err)
	}
	broker := freeAddr(t)
	p := s.start("--embedded-broker", broker)

	message := func(n int) (string, []byte) {
		return "channels/plant/messages/s", fmt.Appendf(nil, `[{"n":"counter","t":%d,"v":%d}]`, 1_600_000_000+n, n)
	}
	for _, password := range []string{"", "guessed"} {
		if acked, err := (ingesttest.Publisher{Addr: broker, Client: "m", QoS: 1, Username: "meter", Password: password}).Publish(t.Context(), 1, message); err == nil || acked != 0 {
			t.Errorf("password %q: %d were taken, %v", password, acked, err)
		}
	}
	if acked, err := (ingesttest.Publisher{Addr: broker, Client: "m", QoS: 1, Username: "meter", Password: "secret"}).Publish(t.Context(), 5, message); err != nil || acked != 5 {
		t.Fatalf("%d of 5 were taken: %v", acked, err)
	}
	s.importRecent("power", 3)

	s.call("POST", "/exports", "", `{"id": "both", "type": "oneTime", "format": {"extension": "csv"}, `+recentItem+`}`, http.StatusCreated, nil)
	s.newest("both", "done")
	status, csv := s.get("/exports/both/download", true)
	if status != http.StatusOK || strings.Count(string(csv), ",counter,") != 5 || strings.Count(string(csv), ",power,") != 3 {
		t.Errorf("%d\n%s", status, csv)
	}
	if _, metrics := s.get("/metrics", true); !strings.Contains(string(metrics), "\ndecant_ingest_messages_total 5\n") {
		t.Errorf("the metrics don't count 5 messages:\n%s", metrics)
	}
	if code := p.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
}

// A message goes out with a link that works without a token until it is revoked, and the metrics count it.
func TestMailWithALink(t *testing.T) {
	t.Parallel()
	box := serveMail(t)
	s := newLiveService(t, box.config())
	s.importRecent("power", 3)
	s.start()
	s.call("POST", "/exports", "", `{"id": "told", "type": "oneTime", "format": {"extension": "csv"}, `+recentItem+`, "notification": {"messages": [`+
		`{"target": "plant@example.com", "policy": "onSuccess", "medium": "email", "title": "{{filename}}", "text": "{{rows}} rows: {{downloadUrl}}"}, `+
		`{"target": "plant@example.com", "policy": "onFailure", "medium": "email", "title": "failed", "text": "{{error}}"}]}}`, http.StatusCreated, nil)
	j := s.newest("told", "done")
	poll(t, "the message was sent", func() bool { return !s.job("told").pending() })

	text := box.text(t)
	link := regexp.MustCompile(`3 rows: (http://\S+)`).FindStringSubmatch(text)
	if link == nil {
		t.Fatalf("no link:\n%s", text)
	}
	status, got := s.get(link[1], false)
	if _, want := s.get("/exports/told/download", true); status != http.StatusOK || !bytes.Equal(got, want) || len(want) == 0 {
		t.Errorf("%d\n%s\nwant\n%s", status, got, want)
	}
	if _, metrics := s.get("/metrics", true); !strings.Contains(string(metrics), `decant_messages_total{medium="email",state="sent"} 1`) {
		t.Errorf("the metrics don't count the message:\n%s", metrics)
	}
	s.call("DELETE", "/jobs/"+j.ID+"/links", "", "", http.StatusNoContent, nil)
	if status, body := s.get(link[1], false); status != http.StatusForbidden || bytes.Equal(got, body) {
		t.Errorf("a revoked link: %d\n%s", status, body)
	}
}

// text is the newest message's text as its reader sees it.
func (m *mailbox) text(t *testing.T) string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	message, err := mail.ReadMessage(strings.NewReader(m.last))
	if err != nil {
		t.Fatalf("%v\n%s", err, m.last)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	if err != nil {
		t.Fatalf("%v\n%s", err, m.last)
	}
	return string(text)
}

// A condition that doesn't hold skips the run, and the job says which value it saw.
func TestConditionSkips(t *testing.T) {
	t.Parallel()
	s := newLiveService(t, "")
	s.importRecent("power", 3)
	s.start()
	request := func(id string, limit int) string {
		return fmt.Sprintf(`{"id": %q, "type": "oneTime", "format": {"extension": "csv"}, %s, "condition": {"target": "power", "channelId": "plant", "subtopic": "s",`+
			` "period": "P1D", "dsf": "max", "op": ">", "value": %d}}`, id, recentItem, limit)
	}
	s.call("POST", "/exports", "", request("holds", 101), http.StatusCreated, nil)
	s.call("POST", "/exports", "", request("fails", 102), http.StatusCreated, nil)
	for id, status := range map[string]string{"holds": "done", "fails": "skipped"} {
		j := s.newest(id, status)
		var shown struct {
			Condition struct {
				Value *float64 `json:"value"`
				Holds bool     `json:"holds"`
			} `json:"condition"`
		}
		s.call("GET", "/jobs/"+j.ID, "", "", http.StatusOK, &shown)
		if c := shown.Condition; c.Value == nil || *c.Value != 102 || c.Holds != (id == "holds") {
			t.Errorf("%s: the condition saw %+v; want 102, the highest of 3", id, c)
		}
	}
}

// A recurring export runs by itself at its instant, not while it is paused, and goes on after that.
func TestRecurringExportRunsByItself(t *testing.T) {
	t.Parallel()
	s := newLiveService(t, "")
	s.importRecent("power", 3)
	s.start()
	due := time.Now().Add(time.Second)
	request := fmt.Sprintf(`{"id": "daily", "type": "recurring", "periodicity": "P1D", "periodStart": %.3f, "grace": "PT0S", "format": {"extension": "csv"},`+
		` "items": [{"params": {"target": {"value": "*"}, "channelId": "plant", "subtopic": "s", "period": "P1D"}}], "enabled": %%v}`, float64(due.AddDate(0, 0, -1).UnixMilli())/1e3)
	type export struct {
		NextRun *time.Time `json:"nextRun"`
	}
	var made, paused, resumed export
	s.call("POST", "/exports", "", fmt.Sprintf(request, true), http.StatusCreated, &made)
	if made.NextRun == nil || made.NextRun.UnixMilli() != due.UnixMilli() {
		t.Errorf("the next run is %v, want %v", made.NextRun, due)
	}
	first := s.newest("daily", "done")
	if first.Artifacts[0].Rows != 3 {
		t.Errorf("%+v; want 3 rows", first)
	}
	s.call("PUT", "/exports/daily", "", fmt.Sprintf(request, false), http.StatusOK, &paused)
	if paused.NextRun != nil {
		t.Errorf("while it is paused the next run is %v", paused.NextRun)
	}
	s.call("PUT", "/exports/daily", "", fmt.Sprintf(request, true), http.StatusOK, &resumed)
	if resumed.NextRun == nil || resumed.NextRun.UnixMilli() != due.AddDate(0, 0, 1).UnixMilli() {
		t.Errorf("the next run is %v, want a day after %v", resumed.NextRun, due)
	}
	if j := s.job("daily"); j.ID != first.ID {
		t.Errorf("another run was made: %+v", j)
	}
}

// A full export holds every sample that is stored, in either format.
func TestFullExport(t *testing.T) {
	t.Parallel()
	s := newLiveService(t, "")
	s.importRecent("power", 500)
	s.importRecent("heat", 20)
	s.start()
	for format, count := range map[string]func(t *testing.T, b []byte) int{"jsonl": linesInGzip, "parquet": rowsInParquet} {
		var made struct {
			ID string `json:"id"`
		}
		s.call("POST", "/exports/full", "", fmt.Sprintf(`{"format": %q}`, format), http.StatusCreated, &made)
		j := s.newest(made.ID, "done")
		rows := 0
		for _, a := range j.Artifacts {
			if a.File == "manifest.json" {
				continue
			}
			status, body := s.get("/jobs/"+j.ID+"/download?file="+a.File, true)
			if status != http.StatusOK {
				t.Fatalf("%s: %d %s", a.File, status, body)
			}
			rows += count(t, body)
		}
		if rows != 520 {
			t.Errorf("%s: %d rows, want 520 in %+v", format, rows, j.Artifacts)
		}
	}
}

func linesInGzip(t *testing.T, b []byte) (n int) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for lines := json.NewDecoder(z); ; n++ {
		var row map[string]any
		if err := lines.Decode(&row); err == io.EOF {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func rowsInParquet(t *testing.T, b []byte) int {
	t.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return int(r.NumRows())
}

// Files expire: they go, and who asks for them is told so. The test moves their end in the database rather than to wait for it.
func TestArtifactsExpire(t *testing.T) {
	t.Parallel()
	s := newLiveService(t, "[service]\nartifact_life = \"1m\"\n")
	s.importRecent("power", 3)
	p := s.start()
	s.call("POST", "/exports", "", `{"id": "brief", "type": "oneTime", "format": {"extension": "csv"}, `+recentItem+`}`, http.StatusCreated, nil)
	j := s.newest("brief", "done")
	if code := p.stop(); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, p.stderr)
	}
	db, err := sql.Open("sqlite", filepath.Join(s.data, "service", "decant.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	hour := int64(time.Hour)
	changed, err := db.ExecContext(t.Context(), "UPDATE jobs SET expires_at = expires_at - $1 WHERE id = $2 AND expires_at BETWEEN $3 AND $4", hour, j.ID,
		time.Now().UnixNano(), time.Now().Add(time.Minute).UnixNano())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := changed.RowsAffected(); n != 1 || err != nil {
		t.Fatalf("%d jobs live for a minute, %v", n, err)
	}
	s.start()
	s.newest("brief", "expired")
	s.onlyFoldersOf(nil)
	if status, body := s.get("/jobs/"+j.ID+"/download", true); status != http.StatusGone {
		t.Errorf("%d %s", status, body)
	}
}
