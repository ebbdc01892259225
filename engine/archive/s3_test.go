package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// scratch makes a file on its way, of random bytes.
func scratch(t *testing.T, size int, seed uint64) (*Scratch, []byte) {
	t.Helper()
	b := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(seed)})
	random.Read(b)
	path := filepath.Join(t.TempDir(), "scratch")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return &Scratch{Path: path, Bytes: int64(size), SHA256: fmt.Sprintf("%x", sha256.Sum256(b))}, b
}

// puts brings a file and reads it back.
func puts(t *testing.T, p Place, name string, size int, seed uint64, wantSent bool) {
	t.Helper()
	s, want := scratch(t, size, seed)
	sent, err := p.Put(t.Context(), name, s)
	if err != nil || sent != wantSent {
		t.Fatalf("put %s: sent %v, %v; want sent %v", name, sent, err, wantSent)
	}
	got := make([]byte, size)
	if err := p.Read(t.Context(), name, 0, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s reads back other than it was put: %v", name, err)
	}
	if _, err := os.Stat(s.Path); err == nil {
		t.Errorf("put %s leaves its scratch file", name)
	}
}

// TestPlaces: what a folder and a bucket promise alike.
func TestPlaces(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) Place{
		"folder": func(t *testing.T) Place { return newFolder(filepath.Join(t.TempDir(), "archive")) },
		"bucket": func(t *testing.T) Place { return newServer(t).open(t, "s3://plant/archive") },
		"root":   func(t *testing.T) Place { return newServer(t).open(t, "s3://plant") },
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			if _, _, err := p.ReadManifest(t.Context()); !isMissing(err) {
				t.Errorf("a manifest where there is none: %v", err)
			}
			_, unlock, err := p.Lock(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := p.Lock(t.Context()); !errors.Is(err, ErrInUse) {
				t.Errorf("a second lock: %v, want %v", err, ErrInUse)
			}
			const file = "channel=a%2Fb c/day=2026-11-20/part-0.parquet"
			puts(t, p, file, 1000, 1, true)
			puts(t, p, file, 1000, 1, false) // the same again
			puts(t, p, file, 1000, 2, true)  // other bytes, which an interrupted run brought
			var part [10]byte
			if err := p.Read(t.Context(), file, 990, part[:]); err != nil {
				t.Errorf("read the end: %v", err)
			}
			if err := p.Read(t.Context(), file, 995, part[:]); !errors.As(err, new(*DamageError)) {
				t.Errorf("read beyond the end: %v, want damage", err)
			}
			if err := p.Read(t.Context(), file, 1000, part[:]); !errors.As(err, new(*DamageError)) {
				t.Errorf("read behind the end: %v, want damage", err)
			}
			if err := p.Read(t.Context(), "part-9.parquet", 0, part[:]); !isMissing(err) {
				t.Errorf("read what is not there: %v", err)
			}

			write := func(text, mark string) error { return p.WriteManifest(t.Context(), []byte(text), mark) }
			if err := write("one", ""); err != nil {
				t.Fatal(err)
			}
			if err := write("two", ""); !errors.Is(err, ErrInUse) {
				t.Errorf("a first manifest where there is one: %v, want %v", err, ErrInUse)
			}
			_, mark, err := p.ReadManifest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := write("two", mark); err != nil {
				t.Error(err)
			}
			if err := write("three", mark); !errors.Is(err, ErrInUse) {
				t.Errorf("a manifest over another run's: %v, want %v", err, ErrInUse)
			}
			if text, _, err := p.ReadManifest(t.Context()); string(text) != "two" || err != nil {
				t.Errorf("the manifest is %q, %v", text, err)
			}
			unlock()
			_, unlock, err = p.Lock(t.Context())
			if err != nil {
				t.Fatalf("lock again: %v", err)
			}
			unlock()
		})
	}
}

// TestManyPieces: a large file is sent in pieces; what a killed run left of its upload goes, and what is there is recognised.
func TestManyPieces(t *testing.T) {
	s := newServer(t)
	b := s.open(t, "s3://plant/archive")
	b.piece = 5 << 20
	const size = 12 << 20
	s.breakBy(func(w http.ResponseWriter, r *http.Request) bool {
		return r.URL.Query().Get("partNumber") == "2" && refuse(w, http.StatusBadRequest, "EntityTooSmall")
	})
	broken, _ := scratch(t, size, 1)
	if _, err := b.Put(t.Context(), "large", broken); err == nil {
		t.Fatal("a piece that the server refused is no error")
	}
	if err := b.Read(t.Context(), "large", 0, make([]byte, 1)); !isMissing(err) {
		t.Errorf("half a file is there: %v", err)
	}
	s.breakBy(nil)
	puts(t, b, "large", size, 1, true)
	before := s.sent("large")
	puts(t, b, "large", size, 1, false)
	if again := s.sent("large"); again != before {
		t.Errorf("%d pieces were sent again", again-before)
	}
}

// TestTryAgain: a server that can't just now is asked again.
func TestTryAgain(t *testing.T) {
	s := newServer(t)
	b := s.open(t, "s3://plant/archive")
	asked := map[string]int{}
	var mu sync.Mutex
	s.breakBy(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		key := r.Method + r.URL.Path
		asked[key]++
		if r.Method == http.MethodPut && asked[key] <= 2 {
			return refuse(w, http.StatusServiceUnavailable, "SlowDown")
		}
		return r.Method == http.MethodGet && asked[key] == 1 && refuse(w, http.StatusTooManyRequests, "TooManyRequests")
	})
	puts(t, b, "file", 1000, 1, true)
	if got := s.sent("file"); got != 3 {
		t.Errorf("the file was sent %d times, want twice for nothing and once more", got)
	}
	s.breakBy(func(w http.ResponseWriter, r *http.Request) bool {
		return refuse(w, http.StatusServiceUnavailable, "SlowDown")
	})
	_, err := b.Put(t.Context(), "file", must(scratch(t, 10, 2)))
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "run it again later") {
		t.Errorf("a server that never can: %v", err)
	}
}

func must(s *Scratch, _ []byte) *Scratch { return s }

// TestReadAgain: a connection that breaks in the middle of an answer is made anew.
func TestReadAgain(t *testing.T) {
	s := newServer(t)
	b := s.open(t, "s3://plant/archive")
	puts(t, b, "file", 1000, 1, true)
	broken, most := 0, 2
	s.breakBy(func(w http.ResponseWriter, r *http.Request) bool {
		if broken++; broken > most {
			return false
		}
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("ETag", `"x"`)
		w.Header().Set("Last-Modified", time.Unix(0, 0).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(make([]byte, 10))
		panic(http.ErrAbortHandler)
	})
	got := make([]byte, 1000)
	_, want := scratch(t, 1000, 1)
	if err := b.Read(t.Context(), "file", 0, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("read over connections that break: %v", err)
	}
	broken = 0
	if _, _, err := b.get(t.Context(), "file"); err != nil {
		t.Errorf("read all over connections that break: %v", err)
	}
	broken, most = 0, math.MaxInt
	_, _, all := b.get(t.Context(), "file")
	for _, err := range []error{all, b.Read(t.Context(), "file", 0, got)} { // the network's fault, not the file's
		if !errors.Is(err, ErrUnreachable) || errors.As(err, new(*DamageError)) {
			t.Errorf("read over connections that always break: %v, want %v", err, ErrUnreachable)
		}
	}
}

// TestWrongBytes: a server that keeps other bytes than it was sent is found out.
func TestWrongBytes(t *testing.T) {
	s := newServer(t)
	b := s.open(t, "s3://plant/archive")
	// What is there has the right length and other bytes: it is sent anew.
	puts(t, b, "file", 1000, 1, true)
	_, err := s.backend.PutObject("plant", "archive/file", map[string]string{}, bytes.NewReader(make([]byte, 1000)), 1000, nil)
	if err != nil {
		t.Fatal(err)
	}
	puts(t, b, "file", 1000, 1, true)

	s.breakBy(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		body, _ := io.ReadAll(r.Body)
		wrong := bytes.Repeat([]byte{1}, len(body))
		s.backend.PutObject("plant", "archive/file", map[string]string{}, bytes.NewReader(wrong), int64(len(wrong)), nil)
		w.Header().Set("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)
		return true
	})
	_, err = b.Put(t.Context(), "file", must(scratch(t, 1000, 2)))
	if !errors.As(err, new(*DamageError)) || !strings.Contains(err.Error(), "other bytes than it was sent") {
		t.Errorf("a server that keeps other bytes: %v", err)
	}
}

// TestRefused: what is wrong with a bucket or the credentials is said with what to do, and never with a secret.
func TestRefused(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct {
		name, to string
		fault    func(w http.ResponseWriter, r *http.Request) bool
		kind     error
		words    []string
	}{
		{"no bucket", "s3://nothing/x", nil, ErrAccess, []string{"there is no bucket nothing", "AWS_ENDPOINT_URL"}},
		{"denied", "s3://plant/x", func(w http.ResponseWriter, r *http.Request) bool {
			return refuse(w, http.StatusForbidden, "AccessDenied")
		}, ErrAccess, []string{"denies access", "AWS_ACCESS_KEY_ID", "s3:PutObject"}},
		{"key", "s3://plant/x", func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method != http.MethodHead && refuse(w, http.StatusForbidden, "InvalidAccessKeyId")
		}, ErrAccess, []string{"refuses the credentials", "AWS_SECRET_ACCESS_KEY"}},
		{"gone", "s3://plant/x", func(w http.ResponseWriter, r *http.Request) bool { panic(http.ErrAbortHandler) },
			ErrUnreachable, []string{"does not answer", "AWS_ENDPOINT_URL"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.breakBy(c.fault)
			defer s.breakBy(nil)
			_, _, err := s.open(t, c.to).Lock(t.Context())
			if !errors.Is(err, c.kind) {
				t.Fatalf("%v, want %v", err, c.kind)
			}
			for _, word := range append(c.words, c.to) {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q has a secret", err)
			}
		})
	}
	for _, to := range []string{"s3://", "s3:///x", "s3://No_Bucket!/x"} {
		if b, err := openS3(to, s.env); err == nil {
			if _, _, err = b.Lock(t.Context()); !errors.Is(err, ErrAccess) {
				t.Errorf("%s: %v, want %v", to, err, ErrAccess)
			}
		}
	}
	if _, err := openS3("s3://plant/x", func(string) string { return "https://me:" + secret + "@host" }); !errors.Is(err, ErrAccess) || strings.Contains(err.Error(), secret) {
		t.Errorf("an endpoint with a user: %v", err)
	}
}

// A machine whose programs all get AWS_CA_BUNDLE may have a server without TLS.
func TestCertificatesForPlainHTTP(t *testing.T) {
	s := newServer(t)
	env := func(name string) string {
		if name == "AWS_ENDPOINT_URL" {
			return "http://127.0.0.1:9000"
		}
		return s.env(name)
	}
	if _, err := openS3("s3://plant/archive", env); err != nil {
		t.Error(err)
	}
}

// TestLease: a run that was killed is out when its lease is; one that lost its lease ends.
func TestLease(t *testing.T) {
	s := newServer(t)
	b := s.open(t, "s3://plant/archive")
	now := time.Now()
	killed, err := b.takeLease(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.takeLease(t.Context(), now.Add(leaseTime-2*time.Second)); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), killed.lease.Holder) {
		t.Errorf("a lease in force is taken: %v", err)
	}
	next, err := b.takeLease(t.Context(), now.Add(leaseTime+time.Second))
	if err != nil {
		t.Fatalf("a lease that is over is not taken: %v", err)
	}
	if err := killed.write(t.Context(), now); !isTaken(err) {
		t.Errorf("a lost lease is renewed: %v", err)
	}
	killed.release(t.Context())
	if err := next.write(t.Context(), now.Add(leaseTime)); err != nil {
		t.Errorf("renew the lease: %v", err)
	}
	next.release(t.Context())
	if _, _, err := b.get(context.Background(), lockName); !isMissing(err) {
		t.Errorf("the lease is there when it was given back: %v", err)
	}
}
