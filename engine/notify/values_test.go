package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"decant/engine/export/request"
	"decant/engine/job"
)

func jobOf(t *testing.T, text string, due string, k *int64) (job.Job, *request.Request) {
	t.Helper()
	r, err := request.Parse([]byte(text), request.Options{Service: true})
	if err != nil {
		t.Fatal(err)
	}
	created := at(t, "2026-01-31T00:00:00Z")
	return job.Job{ExportID: "the-export", Request: r.Raw, ExportCreated: created, Due: at(t, due), K: k}, r
}

func at(t *testing.T, s string) int64 {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UnixNano()
}

func TestSpan(t *testing.T) {
	item := func(fields string) string {
		return `{"params": {"target": {"value": "power"}, "channelId": "c", "subtopic": "s"` + fields + `}}`
	}
	one, third, seventh := int64(1), int64(3), int64(7)
	for _, c := range []struct {
		name, more string
		items      []string
		due        string
		k          *int64
		from, to   string
	}{
		{"everything", `"type": "oneTime"`, []string{item("")}, "2026-10-01T00:00:00Z", nil, firstSample, lastSample},
		{"from and to", `"type": "oneTime"`, []string{item(`, "from": 1782856800, "to": 1785535200.5`)}, "2026-10-01T00:00:00Z", nil,
			"2026-07-01T00:00:00+02:00", "2026-08-01T00:00:00.5+02:00"},
		{"a period that ends when the job is due", `"type": "oneTime"`, []string{item(`, "period": "P1D"`)}, "2026-03-29T22:00:00Z", nil,
			"2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		{"a period from", `"type": "oneTime"`, []string{item(`, "from": 1782856800, "period": "P1M"`)}, "2026-10-01T00:00:00Z", nil,
			"2026-07-01T00:00:00+02:00", "2026-08-01T00:00:00+02:00"},
		{"a period to", `"type": "oneTime"`, []string{item(`, "to": 1785535200, "period": "P1M"`)}, "2026-10-01T00:00:00Z", nil,
			"2026-07-01T00:00:00+02:00", "2026-08-01T00:00:00+02:00"},
		{"earliest and latest", `"type": "oneTime"`, []string{item(`, "from": 1782856800, "to": 1785535200`), item(`, "from": 1772319600, "to": 1772319601`)}, "2026-10-01T00:00:00Z", nil,
			"2026-03-01T00:00:00+01:00", "2026-08-01T00:00:00+02:00"},
		{"one open end", `"type": "oneTime"`, []string{item(`, "from": 1782856800`), item(`, "from": 1772319600, "to": 1772319601`)}, "2026-10-01T00:00:00Z", nil,
			"2026-03-01T00:00:00+01:00", lastSample},
		{"tiles of a start", `"type": "recurring", "periodicity": "P1M", "periodStart": 1769814000`, []string{item(`, "period": "P1M"`)}, "2026-04-29T22:00:00Z", &third,
			"2026-03-31T00:00:00+02:00", "2026-04-30T00:00:00+02:00"},
		{"tiles of the creation, the period said otherwise", `"type": "recurring", "periodicity": "P7D"`, []string{item(`, "period": "P1W"`)}, "2026-02-07T00:00:00Z", &one,
			"2026-01-31T01:00:00+01:00", "2026-02-07T01:00:00+01:00"},
		{"a longer period", `"type": "recurring", "periodicity": "P1D"`, []string{item(`, "period": "P1W"`)}, "2026-02-07T00:00:00Z", &seventh,
			"2026-01-31T01:00:00+01:00", "2026-02-07T01:00:00+01:00"},
		{"a resource", `"type": "oneTime"`, []string{`{"params": {"resource": "series"}}`}, "2026-10-01T00:00:00Z", nil, "", ""},
		{"a period that leaves int64", `"type": "oneTime"`, []string{item(`, "from": 9223372036, "period": "P1Y"`)}, "2026-10-01T00:00:00Z", nil,
			"2262-04-12T01:47:16+02:00", lastSample},
	} {
		j, r := jobOf(t, fmt.Sprintf(`{"format": {"extension": "csv", "timezone": "Europe/Berlin"}, %s, "items": [%s]}`, c.more, strings.Join(c.items, ",")), c.due, c.k)
		if from, to := span(j, r); from != c.from || to != c.to {
			t.Errorf("%s: %s to %s; want %s to %s", c.name, from, to, c.from, c.to)
		}
	}
}

func TestValues(t *testing.T) {
	const text = `{"format": {"extension": "xlsx", "filename": "all"}, "type": "oneTime", "items": [
		{"filename": "mine", "params": {"target": {"value": "power"}, "channelId": "c", "subtopic": "s"}},
		{"params": {"target": {"value": "power"}, "channelId": "c", "subtopic": "s"}},
		{"params": {"target": {"value": "energy"}, "channelId": "c", "subtopic": "s"}}]}`
	j, r := jobOf(t, text, "2026-10-01T00:00:00Z", nil)
	j.Error = &job.Fault{Message: "disk full"}
	j.Progress.Rows = 12
	if v := valuesOf(j, r, "onFailure", ""); v.Filename != "mine.xlsx, all.xlsx" || v.Status != "failed" || v.Rows != "12" || v.Error != "disk full" || v.DownloadURL != "" {
		t.Errorf("failed: %+v", v)
	}
	j.Artifacts = []job.Artifact{{File: "a.xlsx", Rows: 3}, {File: "b.xlsx", Rows: 4}, {File: "manifest.json", Item: -1}}
	j.Status = job.Expired // it was done, and is told of as such
	if v := valuesOf(j, r, "onSuccess", "l"); v.Filename != "a.xlsx, b.xlsx" || v.Status != "done" || v.Rows != "7" || v.Error != "" || v.DownloadURL != "l" {
		t.Errorf("done: %+v", v)
	}
	j, r = jobOf(t, `{"format": {"extension": "csv"}, "type": "oneTime", "items": [{"params": {"target": {"value": "power"}, "channelId": "c", "subtopic": "s"}}]}`, "2026-10-01T00:00:00Z", nil)
	if v := valuesOf(j, r, "onFailure", ""); v.Filename != "the-export" {
		t.Errorf("no name: %+v", v)
	}
}

func TestLinks(t *testing.T) {
	d := newDesk(t, config(), "")
	now := d.d.Clock()
	done := doneJob(t, request.Message{Medium: "slack", Target: "https://hooks.example.com/x", Text: "x"})
	for _, c := range []struct {
		name   string
		change func(*job.Job)
		policy string
		want   string // the date on which it ends
	}{
		{"as long as links live", func(*job.Job) {}, "onSuccess", "expires=20260928"},
		{"no longer than the file", func(j *job.Job) { e := now + int64(49*time.Hour); j.ExpiresAt = &e }, "onSuccess", "expires=20260923"},
		{"kept for ever", func(j *job.Job) { j.ExpiresAt = nil }, "onSuccess", "expires=20260928"},
		{"several files", func(j *job.Job) { j.Artifacts = append(j.Artifacts, j.Artifacts[0]) }, "onSuccess", "/all.zip?"},
		{"file that is due to go", func(j *job.Job) { e := now; j.ExpiresAt = &e }, "onSuccess", ""},
		{"file that is gone", func(j *job.Job) { j.Status, j.Folder = job.Expired, "" }, "onSuccess", ""},
		{"failed", func(*job.Job) {}, "onFailure", ""},
	} {
		j := done
		c.change(&j)
		if got := d.link(d.present(), j, c.policy); !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestAttachmentThatIsGone(t *testing.T) {
	d := newDesk(t, config(), "")
	h := newHookServer(t, 200, "{}")
	j := doneJob(t, request.Message{Medium: "discord", Target: h.URL, Text: "x", Attach: true})
	j.Artifacts[0].File = "other.csv" // which can't be opened
	if err := d.sendOf(t, j, "onSuccess"); err != nil {
		t.Fatal(err)
	}
	if got := h.body(t)["content"].(string); !strings.HasPrefix(got, "x\n\nThe file can't be read. It can be downloaded here\\: <https://") {
		t.Errorf("content %q", got)
	}
	h = newHookServer(t, 200, "{}")
	j = doneJob(t, request.Message{Medium: "discord", Target: h.URL, Text: "x", Attach: true})
	j.Status, j.Folder = job.Expired, ""
	if err := d.sendOf(t, j, "onSuccess"); err != nil {
		t.Fatal(err)
	}
	if got := h.body(t)["content"]; got != "x\n\nThe file is no longer kept." {
		t.Errorf("content %q", got)
	}
}

// A failed job's message takes no file along, and says why it failed.
func TestFailedJob(t *testing.T) {
	s := newMailServer(t, nil)
	d := newDesk(t, mailConfig(t, s), "")
	j := doneJob(t, request.Message{Medium: "slack", Target: "https://hooks.example.com/x", Text: "x"})
	j.Status, j.Artifacts, j.Folder, j.Error = job.Failed, nil, "", &job.Fault{Kind: job.LimitFault, Message: "too many rows"}
	if err := d.sendOf(t, j, "onFailure"); err != nil {
		t.Fatal(err)
	}
	m := s.received()[0].message(t)
	if body := readAll(t, m.Body); m.Header.Get("Subject") != "meter.csv: failed" || strings.TrimSpace(body) != "too many rows" {
		t.Errorf("%s\n%s", m.Header.Get("Subject"), body)
	}
}

func TestSetConfig(t *testing.T) {
	h := newHookServer(t, 200, "ok")
	c := config()
	c.AllowPrivate = nil
	d := newDesk(t, c, "")
	m := request.Message{Medium: "slack", Target: h.URL, Text: "x"}
	wantFailure(t, d.send(t, m), true, "allow_private")
	d.SetConfig(config())
	if err := d.send(t, m); err != nil {
		t.Errorf("now allowed: %v", err)
	}
	if _, problem := d.Check(m); problem != "" {
		t.Errorf("now allowed: %s", problem)
	}
}
