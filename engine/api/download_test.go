package api

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"decant/engine/job"
)

func newRequest(method, target string) *http.Request { return httptest.NewRequest(method, target, nil) }

func (s *service) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r)
	return w
}

// finishWith ends the next job with files: name, content, name, content, … The last is the manifest.
func (s *service) finishWith(files ...string) job.Job {
	s.t.Helper()
	o := done()
	o.Artifacts, o.Bytes = nil, 0
	o.Folder = fmt.Sprintf("job-%d", s.clock.Load())
	if err := os.Mkdir(filepath.Join(s.files, o.Folder), 0o777); err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(files); i += 2 {
		name, content := files[i], files[i+1]
		if err := os.WriteFile(filepath.Join(s.files, o.Folder, name), []byte(content), 0o666); err != nil {
			s.t.Fatal(err)
		}
		item := i / 2
		if i+2 == len(files) {
			item = -1
		}
		o.Artifacts = append(o.Artifacts, job.Artifact{File: name, MediaType: "text/csv; charset=utf-8", Item: item, Bytes: int64(len(content)), SHA256: sum(content)})
		o.Bytes += int64(len(content))
	}
	return s.finish(o)
}

func sum(content string) string {
	b := sha256.Sum256([]byte(content))
	return hex.EncodeToString(b[:])
}

const csvText = "time,value\n2026-11-21T11:00:00Z,20\n"

func TestDownload(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	j := s.finishWith("Zähler 1.csv", csvText, "manifest.json", "{}")
	for _, target := range []string{
		"/exports/x/download", "/exports/x/download?job=" + j.ID, "/jobs/" + j.ID + "/download",
		"/exports/x/download?file=Z%C3%A4hler+1.csv", "/jobs/" + j.ID + "/download?file=Z%C3%A4hler%201.csv",
	} {
		w := s.call("alice", "GET", target, "")
		if w.Code != http.StatusOK || w.Body.String() != csvText {
			t.Fatalf("%s: %d: %s", target, w.Code, w.Body)
		}
		for name, want := range map[string]string{
			"Content-Type":           "text/csv; charset=utf-8",
			"Content-Length":         fmt.Sprint(len(csvText)),
			"Content-Disposition":    `attachment; filename="Z_hler 1.csv"; filename*=UTF-8''Z%C3%A4hler%201.csv`,
			"Etag":                   `"` + sum(csvText) + `"`,
			"Last-Modified":          time.Unix(0, *j.EndedAt).UTC().Format(http.TimeFormat),
			"Accept-Ranges":          "bytes",
			"Cache-Control":          "private, no-cache",
			"X-Content-Type-Options": "nosniff",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", target, name, got, want)
			}
		}
	}
	if w := s.call("alice", "HEAD", "/exports/x/download", ""); w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("Content-Length") != fmt.Sprint(len(csvText)) {
		t.Errorf("HEAD: %d, %v, %d bytes", w.Code, w.Header(), w.Body.Len())
	}
	if w := s.call("alice", "GET", "/exports/x/download?file=manifest.json", ""); w.Body.String() != "{}" {
		t.Errorf("the manifest: %d: %s", w.Code, w.Body)
	}
}

func TestDownloadInParts(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	s.finishWith("a.csv", csvText, "manifest.json", "{}")
	tag := `"` + sum(csvText) + `"`
	for _, c := range []struct {
		name    string
		headers []string
		status  int
		body    string // of a success
	}{
		{"the first bytes", []string{"Range: bytes=0-3"}, 206, csvText[:4]},
		{"from a byte on", []string{"Range: bytes=5-"}, 206, csvText[5:]},
		{"the last bytes", []string{"Range: bytes=-3"}, 206, csvText[len(csvText)-3:]},
		{"beyond the end", []string{"Range: bytes=1000-"}, 416, ""},
		{"of another unit", []string{"Range: lines=1-2"}, 200, csvText},
		{"of bytes in capitals", []string{"Range: Bytes=0-3"}, 206, csvText[:4]},
		{"not a range", []string{"Range: bytes=x"}, 416, ""},
		{"of the same file", []string{"Range: bytes=0-3", "If-Range: " + tag}, 206, csvText[:4]},
		{"of another file", []string{"Range: bytes=0-3", `If-Range: "x"`}, 200, csvText},
		{"what is there already", []string{"If-None-Match: " + tag}, 304, ""},
		{"what is another", []string{`If-None-Match: "x"`}, 200, csvText},
		{"the file that is meant", []string{"If-Match: " + tag}, 200, csvText},
		{"another than is meant", []string{`If-Match: "x"`}, 412, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := s.call("alice", "GET", "/exports/x/download", "", c.headers...)
			if w.Code != c.status {
				t.Fatalf("%d, want %d: %s", w.Code, c.status, w.Body)
			}
			if c.status >= 400 {
				if got := w.Header().Get("Content-Type"); got != "application/problem+json" || w.Header().Get("ETag") != "" || w.Header().Get("Content-Disposition") != "" {
					t.Errorf("the problem's headers: %v", w.Header())
				}
				return
			}
			if w.Body.String() != c.body {
				t.Errorf("%q, want %q", w.Body, c.body)
			}
		})
	}
	for _, none := range []string{"bytes=1000-", "bytes=5-1"} {
		if w := s.call("alice", "GET", "/exports/x/download", "", "Range: "+none); w.Header().Get("Content-Range") != fmt.Sprintf("bytes */%d", len(csvText)) {
			t.Errorf("%s: Content-Range: %s", none, w.Header().Get("Content-Range"))
		}
	}
}

func TestDownloadZip(t *testing.T) {
	s := newService(t)
	s.create("alice", "two")
	j := s.finishWith("a.csv", csvText, "b.csv", "time\n", "manifest.json", "{}")
	w := s.call("alice", "GET", "/exports/two/download", "")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/zip" || w.Header().Get("Content-Disposition") != `attachment; filename="two.zip"` {
		t.Fatalf("%d, %v", w.Code, w.Header())
	}
	z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f.Name+": "+string(text))
	}
	if want := "a.csv: " + csvText + "|b.csv: time\n|manifest.json: {}"; strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
	for _, target := range []string{"/exports/two/download?file=all.zip", "/jobs/" + j.ID + "/download"} {
		if again := s.call("alice", "GET", target, ""); !bytes.Equal(again.Body.Bytes(), w.Body.Bytes()) || again.Header().Get("ETag") != w.Header().Get("ETag") {
			t.Errorf("%s: %d: not the same bytes and ETag", target, again.Code)
		}
	}
	s.create("alice", "other")
	s.finishWith("a.csv", csvText, "c.csv", "time\n", "manifest.json", "{}")
	if other := s.call("alice", "GET", "/exports/other/download", ""); other.Header().Get("ETag") == w.Header().Get("ETag") {
		t.Error("other files, the same ETag")
	}
}

// TestDownloadNewestDone: a newer job that is not done doesn't hide the files of the one before.
func TestDownloadNewestDone(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	old := s.finishWith("a.csv", "old", "manifest.json", "{}")
	s.get(http.StatusAccepted, "alice", "POST", "/exports/x/run", "")
	s.finishWith("a.csv", "new", "manifest.json", "{}")
	s.get(http.StatusAccepted, "alice", "POST", "/exports/x/run", "")
	if w := s.call("alice", "GET", "/exports/x/download", ""); w.Body.String() != "new" {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	if w := s.call("alice", "GET", "/exports/x/download?job="+old.ID, ""); w.Body.String() != "old" {
		t.Errorf("the job before: %d: %s", w.Code, w.Body)
	}
}

// TestNoDownload: what there is not, or not yet, or no more, is said.
func TestNoDownload(t *testing.T) {
	s := newService(t)
	refused := func(status int, says, who, target string) {
		t.Helper()
		w := s.call(who, "GET", target, "")
		if w.Code != status || !strings.Contains(w.Body.String(), says) {
			t.Errorf("%s: %d, want %d and %q: %s", target, w.Code, status, says, w.Body)
		}
	}
	s.create("alice", "never", `"run": "manual"`)
	refused(http.StatusNotFound, "has not run yet", "alice", "/exports/never/download")
	s.create("alice", "x")
	refused(http.StatusConflict, "it is notProcessed", "alice", "/exports/x/download")
	failed := s.finish(job.Outcome{Status: job.Failed, Error: &job.Fault{Kind: job.UserFault, Message: "the sun went out; see " + webhook}})
	refused(http.StatusNotFound, "it is failed: the sun went out", "alice", "/exports/x/download")
	refused(http.StatusNotFound, "https://hooks.slack.com/***", "alice", "/jobs/"+failed.ID+"/download")

	s.get(http.StatusAccepted, "alice", "POST", "/exports/x/run", "")
	j := s.finishWith("a.csv", csvText, "manifest.json", "{}")
	refused(http.StatusNotFound, `no file \"b.csv\"`, "alice", "/exports/x/download?file=b.csv")
	refused(http.StatusNotFound, "no file", "alice", "/exports/x/download?file=../a.csv")
	refused(http.StatusNotFound, "no file", "alice", "/exports/x/download?file=.download.zip")
	refused(http.StatusNotFound, "no such export", "bob", "/exports/x/download")
	refused(http.StatusNotFound, "no such export", "bob", "/jobs/"+j.ID+"/download")
	refused(http.StatusNotFound, "no such export", "limited", "/jobs/"+j.ID+"/download")
	refused(http.StatusNotFound, "no such export", "alice", "/exports/never/download?job="+j.ID) // of another export
	refused(http.StatusNotFound, "no such export", "alice", "/exports/x/download?job=y")

	s.clock.Store(*j.ExpiresAt)
	refused(http.StatusGone, "have expired", "alice", "/exports/x/download")
	if err := s.queue.Expired(context.Background(), j.ID, s.clock.Load()); err != nil {
		t.Fatal(err)
	}
	refused(http.StatusGone, "have expired", "alice", "/exports/x/download?job="+j.ID)
}

// TestDownloadOfADamagedFile: a file that isn't what was written is not handed out.
func TestDownloadOfADamagedFile(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	j := s.finishWith("a.csv", csvText, "manifest.json", "{}")
	if err := os.Truncate(filepath.Join(s.files, j.Folder, "a.csv"), 3); err != nil {
		t.Fatal(err)
	}
	w := s.call("alice", "GET", "/exports/x/download", "")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), s.files) {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	if err := os.Remove(filepath.Join(s.files, j.Folder, "a.csv")); err != nil {
		t.Fatal(err)
	}
	if w := s.call("alice", "GET", "/exports/x/download", ""); w.Code != http.StatusNotFound {
		t.Errorf("removed meanwhile: %d: %s", w.Code, w.Body)
	}
}

// TestContentDisposition: any name comes back from what a client reads.
func TestContentDisposition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOfN(rapid.RuneFrom([]rune("aä😀 \"\\%';=/\x01\x7f\n*")), 1, 20, -1).Draw(t, "name")
		header := contentDisposition(name)
		kind, parameters, err := mime.ParseMediaType(header)
		if err != nil || kind != "attachment" {
			t.Fatalf("%q: %v", header, err)
		}
		if parameters["filename"] != name {
			t.Fatalf("%q is read as %q", header, parameters["filename"])
		}
		for _, c := range []byte(header) {
			if c < ' ' || c > '~' {
				t.Fatalf("%q holds %q", header, c)
			}
		}
	})
}

// TestPace: a client that takes nothing for a minute, or less than 8 KiB/s on the whole, meets its deadline.
func TestPace(t *testing.T) {
	begun := time.Unix(1000, 0)
	p := newPace(begun)
	for _, c := range []struct {
		name  string
		taken int64
		after time.Duration
		n     int
		want  time.Duration // from the begin
	}{
		{"at first", 0, 0, 32 << 10, time.Minute},
		{"a quick client", 100 << 20, 10 * time.Second, 32 << 10, 70 * time.Second},
		{"a slow one", 80 << 10, 65 * time.Second, 0, 70 * time.Second},
		{"a quick one that has become slow", 8 << 20, 1083 * time.Second, 8 << 10, 1085 * time.Second},
	} {
		p.taken = c.taken
		if got := p.deadline(begun.Add(c.after), c.n).Sub(begun); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestSenderSetsDeadlines: each write of a file has its deadline, and a client that misses one is cut off there.
func TestSenderSetsDeadlines(t *testing.T) {
	w := &stalling{ResponseWriter: httptest.NewRecorder(), after: 2}
	s := &sender{ResponseWriter: &response{ResponseWriter: w}, pace: newPace(time.Now())}
	n, err := io.Copy(s, io.LimitReader(zeros{}, 1<<20))
	if !errors.Is(err, os.ErrDeadlineExceeded) || n != 2*32<<10 || len(w.deadlines) != 3 {
		t.Errorf("%d bytes, %v, %d deadlines", n, err, len(w.deadlines))
	}
	for _, d := range w.deadlines {
		if time.Until(d) > stall || time.Until(d) <= 0 {
			t.Errorf("a deadline in %v", time.Until(d))
		}
	}
}

// TestDownloadOutlivesTheRequestsTime: the deadline for reading the request is lifted before a file is made or sent.
func TestDownloadOutlivesTheRequestsTime(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	s.finishWith("a.csv", csvText, "b.csv", "", "manifest.json", "{}")
	w := &arrived{ResponseRecorder: httptest.NewRecorder()}
	r := newRequest("GET", "/exports/x/download")
	r.Header.Set("Authorization", "Bearer "+s.tokens["alice"])
	s.http.ServeHTTP(w, r)
	if w.Code != http.StatusOK || len(w.deadlines) != 1 || !w.deadlines[0].IsZero() {
		t.Errorf("%d, read deadlines %v", w.Code, w.deadlines)
	}
}

// arrived remembers read deadlines.
type arrived struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
}

func (w *arrived) SetReadDeadline(t time.Time) error {
	w.deadlines = append(w.deadlines, t)
	return nil
}

// stalling is a client that takes some writes, and then none in time.
type stalling struct {
	http.ResponseWriter
	deadlines []time.Time
	after     int
}

func (w *stalling) SetWriteDeadline(t time.Time) error {
	w.deadlines = append(w.deadlines, t)
	return nil
}

func (w *stalling) Write(b []byte) (int, error) {
	if len(w.deadlines) > w.after {
		return 0, os.ErrDeadlineExceeded
	}
	return w.ResponseWriter.Write(b)
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
