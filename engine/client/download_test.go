package client

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// brittle serves a file over connections that break.
type brittle struct {
	content []byte
	breaks  []int // after how many bytes each connection breaks; behind the last none does
	ranges  bool
	tags    bool
	served  int
	first   []string // Range of each connection
}

func (b *brittle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.first = append(b.first, r.Header.Get("Range"))
	if b.tags {
		w.Header().Set("ETag", `"`+hash256(b.content)+`"`)
	}
	if !b.ranges {
		r.Header.Del("Range")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.content))
}

// RoundTrip cuts what the handler answers.
func (b *brittle) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	answer := w.Result()
	if b.served < len(b.breaks) {
		answer.Body = io.NopCloser(io.MultiReader(io.LimitReader(answer.Body, int64(b.breaks[b.served])), broken{}))
	}
	b.served++
	return answer, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func hash256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func random(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestDownload: wherever connections break, the file comes whole, or there is none and an error says so.
func TestDownload(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		b := &brittle{
			content: random(rapid.IntRange(0, 2000).Draw(rt, "bytes")),
			breaks:  rapid.SliceOfN(rapid.IntRange(0, 2500), 0, 8).Draw(rt, "breaks"),
			ranges:  rapid.Bool().Draw(rt, "ranges"),
			tags:    rapid.Bool().Draw(rt, "tags"),
		}
		want := Expected{}
		if rapid.Bool().Draw(rt, "told") {
			want = Expected{Bytes: int64(len(b.content)), SHA256: hash256(b.content)}
		}
		path := filepath.Join(dir, "file.csv")
		os.Remove(path)
		var err error
		var last int64
		synctest.Test(t, func(t *testing.T) {
			err = clientOver(t, b).Download(t.Context(), Source{"e", "j", "file.csv"}, path, want, false, func(n int64) { last = n })
		})
		names := files(t, dir)
		if err != nil {
			var network *NetworkError
			if !errors.As(err, &network) || b.served < dryTries || len(names) > 0 {
				rt.Fatalf("%v after %d connections; files %v", err, b.served, names)
			}
			return
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, b.content) || !slices.Equal(names, []string{"file.csv"}) || last != int64(len(got)) && len(got) > 0 {
			rt.Fatalf("%d of %d bytes came, %d were told, %v; files %v", len(got), len(b.content), last, err, names)
		}
	})
}

func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestDownloadGoesOn: the second connection asks for what the first left out.
func TestDownloadGoesOn(t *testing.T) {
	b := &brittle{content: random(1000), breaks: []int{300, 200}, ranges: true, tags: true}
	path := filepath.Join(t.TempDir(), "file")
	synctest.Test(t, func(t *testing.T) {
		if err := clientOver(t, b).Download(t.Context(), Source{"e", "j", "f"}, path, Expected{}, false, func(int64) {}); err != nil {
			t.Error(err)
		}
	})
	if want := []string{"", "bytes=300-", "bytes=500-"}; !slices.Equal(b.first, want) {
		t.Errorf("%q", b.first)
	}
}

// TestDownloadOfChangedFile: bytes of two files are never put together.
func TestDownloadOfChangedFile(t *testing.T) {
	b := &brittle{content: random(1000), breaks: []int{300}, ranges: true, tags: true}
	path := filepath.Join(t.TempDir(), "file")
	other := random(700)
	synctest.Test(t, func(t *testing.T) {
		told := 0
		err := clientOver(t, b).Download(t.Context(), Source{"e", "j", "f"}, path, Expected{}, false, func(n int64) {
			if told++; told == 1 {
				b.content = other
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, other) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestDownloadRefuses(t *testing.T) {
	content := random(100)
	b := &brittle{content: content, ranges: true}
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	fetch := func(want Expected, overwrite bool) error {
		return clientOver(t, b).Download(background, Source{"e", "j", "f"}, path, want, overwrite, func(int64) {})
	}
	var sum *ChecksumError
	if err := fetch(Expected{Bytes: 100, SHA256: hash256(nil)}, false); !errors.As(err, &sum) || len(files(t, dir)) > 0 {
		t.Errorf("another checksum: %v, %v", err, files(t, dir))
	}
	if err := fetch(Expected{Bytes: 99, SHA256: hash256(content)}, false); err == nil || len(files(t, dir)) > 0 {
		t.Errorf("too many bytes: %v", err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := fetch(Expected{}, false); !errors.Is(err, ErrExists) {
		t.Errorf("%v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "mine" {
		t.Errorf("it was replaced by %q", got)
	}
	if err := fetch(Expected{}, true); err != nil {
		t.Error(err)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, content) {
		t.Errorf("it was not replaced: %q", got)
	}
	missing := clientOf(t, func(w http.ResponseWriter, r *http.Request) { sendProblem(w, &Error{Status: 410, Detail: "expired"}) })
	var no *Error
	if err := missing.Download(background, Source{"e", "j", "f"}, filepath.Join(dir, "other"), Expected{}, false, func(int64) {}); !errors.As(err, &no) || no.Status != 410 {
		t.Errorf("%v", err)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"file"}) {
		t.Errorf("%v", got)
	}
}

// TestStream: what went out can be gone on with, and not taken back.
func TestStream(t *testing.T) {
	for _, ranges := range []bool{true, false} {
		b := &brittle{content: random(1000), breaks: []int{10}, ranges: ranges, tags: true}
		var out bytes.Buffer
		synctest.Test(t, func(t *testing.T) {
			err := clientOver(t, b).Stream(t.Context(), Source{"e", "j", "f"}, &out, Expected{1000, hash256(b.content)}, func(int64) {})
			if (err == nil) != ranges {
				t.Errorf("ranges %t: %v", ranges, err)
			}
		})
		if ranges && !bytes.Equal(out.Bytes(), b.content) || !bytes.HasPrefix(b.content, out.Bytes()) {
			t.Errorf("ranges %t: %d bytes came", ranges, out.Len())
		}
	}
}

// TestDownloadOverTCP: the same over connections that a real server cuts.
func TestDownloadOverTCP(t *testing.T) {
	content := random(1 << 20)
	cut := 3
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		if cut--; cut >= 0 {
			w = &cutter{w, 300_000}
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	defer server.Close()
	c, err := New(Config{Server: server.URL, Token: testToken})
	if err != nil {
		t.Fatal(err)
	}
	defer c.http.CloseIdleConnections()
	path := filepath.Join(t.TempDir(), "file")
	if err := c.Download(background, Source{"e", "j", "f"}, path, Expected{int64(len(content)), hash256(content)}, false, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// cutter ends a connection after so many bytes.
type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(b []byte) (int, error) {
	if len(b) > c.left {
		if _, err := c.ResponseWriter.Write(b[:c.left]); err == nil {
			err = http.NewResponseController(c.ResponseWriter).Flush()
			if err != nil {
				return 0, fmt.Errorf("flush: %w", err)
			}
		}
		panic(http.ErrAbortHandler)
	}
	c.left -= len(b)
	return c.ResponseWriter.Write(b)
}
