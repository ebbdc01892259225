package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"decant/engine/export/request"
	"decant/engine/job"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	messageID = "0199c5a2-0b1e-7c4e-8a55-3f1f5d0c9b11"
	ended     = int64(1_790_000_000e9) // 2026-09-21T14:13:20Z
)

// config allows what listens on this machine.
func config() Config {
	c := Default()
	c.AllowPrivate = []string{"127.0.0.1", "::1"}
	return c
}

// testRequest is a request with two messages.
func testRequest(t *testing.T, success, failure request.Message, format string) json.RawMessage {
	t.Helper()
	message := func(m request.Message, policy string) map[string]any {
		out := map[string]any{"policy": policy, "medium": m.Medium, "title": m.Title, "text": m.Text}
		if m.Target != "" {
			out["target"] = m.Target
		}
		if m.Attach {
			out["attach"] = true
		}
		return out
	}
	if format == "" {
		format = `{"extension": "csv", "timezone": "Europe/Berlin"}`
	}
	text, err := json.Marshal(map[string]any{
		"format": json.RawMessage(format),
		"type":   "oneTime",
		"items": []any{map[string]any{"filename": "meter", "params": map[string]any{
			"target": map[string]any{"value": "power"}, "channelId": "plant", "subtopic": "meter", "from": 1_780_000_000, "to": 1_790_000_000,
		}}},
		"notification": map[string]any{"messages": []any{message(success, "onSuccess"), message(failure, "onFailure")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// doneJob is a job with one file.
func doneJob(t *testing.T, m request.Message) job.Job {
	t.Helper()
	end, expires := ended, ended+int64(30*24*time.Hour)
	other := request.Message{Medium: "email", Target: "plant@example.com", Title: "{{filename}}: {{status}}", Text: "{{error}}"}
	return job.Job{
		ID: "0199c5a2-0b1e-7c4e-8a55-000000000001", ExportID: "meter-monthly", Owner: "plant", Type: job.OneTime, Status: job.Done,
		Request: testRequest(t, m, other, ""), Due: ended, CreatedAt: ended - int64(time.Minute), EndedAt: &end, ExpiresAt: &expires, Folder: "f",
		Artifacts: []job.Artifact{
			{File: "meter.csv", MediaType: "text/csv; charset=utf-8", Rows: 4321, Bytes: 9},
			{File: "manifest.json", MediaType: "application/json", Item: -1},
		},
	}
}

// desk is a Notifier whose files and links are the test's.
type desk struct {
	*Notifier
	log strings.Builder
}

func newDesk(t *testing.T, c Config, content string) *desk {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	d := &desk{}
	path := file(t, "artifact", content)
	d.Notifier = New(c, Deps{
		Link: func(j job.Job, file string, expires int64) string {
			if file == "" {
				file = "all.zip"
			}
			return "https://decant.example.com/artifacts/" + j.ID + "/" + file + "?expires=" + time.Unix(0, expires).UTC().Format("20060102") + "&signature=a_b_c"
		},
		Open: func(j job.Job, file string) (*os.File, error) {
			if file != "meter.csv" && file != "" {
				return nil, job.ErrNotFound
			}
			return os.Open(path)
		},
		Clock: func() int64 { return ended + int64(time.Second) },
		Log:   slog.New(slog.NewTextHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	certificate, err := serverCertificate()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	d.trust = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	d.trust.RootCAs.AddCert(parsed)
	d.SetConfig(c)
	return d
}

// send makes one try of a message of a job that was done.
func (d *desk) send(t *testing.T, m request.Message) error {
	t.Helper()
	return d.sendOf(t, doneJob(t, m), "onSuccess")
}

func (d *desk) sendOf(t *testing.T, j job.Job, policy string) error {
	t.Helper()
	r, m, err := messageOf(j, policy)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return d.deliver(ctx, d.present(), j, r, m, messageID)
}

// wantFailure checks what a failure says, and that it says no secret.
func wantFailure(t *testing.T, err error, permanent bool, words string, secrets ...string) *failure {
	t.Helper()
	var f *failure
	if !errors.As(err, &f) {
		t.Fatalf("the error is %v; want a failure with %q", err, words)
	}
	if f.permanent != permanent {
		t.Errorf("%v: permanent is %v", f, f.permanent)
	}
	if !strings.Contains(f.Error(), words) {
		t.Errorf("the failure says %q; want %q in it", f, words)
	}
	for _, s := range secrets {
		if strings.Contains(f.Error(), s) || f.cause != nil && strings.Contains(f.cause.Error(), s) {
			t.Errorf("the failure tells the secret %s: %v; %v", s, f, f.cause)
		}
	}
	return f
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// contextWhen is a context that ends as soon as something is so.
func contextWhen(t *testing.T, so func() bool) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil && !so() {
			runtime.Gosched()
		}
		cancel()
	}()
	return ctx, func() { cancel(); <-done }
}

func mustParse(t *testing.T, j job.Job) *request.Request {
	t.Helper()
	r, err := request.Parse(j.Request, request.Options{Service: true})
	if err != nil {
		// Targets that request refuses are sent to all the same, where a test wants to see what happens then.
		j.Request = testRequest(t, request.Message{Medium: "telegram", Title: "t", Text: "x"}, request.Message{Medium: "telegram", Title: "t", Text: "x"}, "")
		if r, err = request.Parse(j.Request, request.Options{Service: true}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}
