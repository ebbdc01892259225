package engine

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"decant/engine/archive"
	"decant/engine/export"
	"decant/ingest"
)

// storeOf is a configuration whose store holds samples.
func storeOf(t *testing.T, batches ...[]ingest.Sample) Config {
	t.Helper()
	cfg := Default()
	cfg.Data = t.TempDir()
	w, err := OpenWriter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := w.Append(t.Context(), ingest.Batch{Samples: b}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// snapshotOf opens what a configuration's data names.
func snapshotOf(t *testing.T, data string) export.Snapshot {
	t.Helper()
	cfg := Default()
	cfg.Data = data
	snap, err := Source(cfg).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { snap.Close() })
	return snap
}

// TestArchiveSameBytes: exports in every format have the same bytes from the store, from its archive in a folder, from one in a bucket, and from a store that was filled from it. A part of the
// samples came when their days were archived already.
func TestArchiveSameBytes(t *testing.T) {
	s3 := newS3(t)
	all := samples()
	for i := range all { // in two channels, one of which no file could be called, and with every column
		if i%7 == 0 {
			all[i].Series.Channel = "plänt/2=%"
		}
		if all[i].HasUpdate = i%5 == 0; all[i].HasUpdate {
			all[i].Update = all[i].Time - int64(i)
		}
	}
	middle := len(all) / 2
	cfg := storeOf(t, all[:middle])
	folder := filepath.Join(t.TempDir(), "archive")
	for _, to := range []string{folder, "s3://plant/year/archive"} {
		if _, err := Archive(t.Context(), cfg, to, archive.Options{Before: math.MaxInt64}); err != nil {
			t.Fatal(err)
		}
	}
	w, err := OpenWriter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Append(t.Context(), ingest.Batch{Samples: all[middle:]}), w.Close()); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{folder, "s3://plant/year/archive"} {
		if _, err := Archive(t.Context(), cfg, to, archive.Options{Before: math.MaxInt64}); err != nil {
			t.Fatal(err)
		}
	}
	restored := storeOf(t)
	to, err := OpenWriter(restored)
	if err != nil {
		t.Fatal(err)
	}
	summary, err := ImportArchive(t.Context(), to, "s3://plant/year/archive", func(string, int64, int64) {})
	if err := errors.Join(err, to.Close()); err != nil {
		t.Fatal(err)
	}
	series, err := snapshotOf(t, cfg.Data).Series(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	want := int64(0)
	for _, s := range series {
		want += s.Samples
	}
	if summary.Samples != want || summary.Series != int64(len(series)) {
		t.Errorf("imported %+v, want %d samples of %d series", summary, want, len(series))
	}

	hashes := exportAll(t, snapshotOf(t, cfg.Data))
	for _, data := range []string{folder, "s3://plant/year/archive", restored.Data} {
		if got := exportAll(t, snapshotOf(t, data)); !maps.Equal(got, hashes) {
			for name := range hashes {
				if got[name] != hashes[name] {
					t.Errorf("%s from %s has other bytes", name, data)
				}
			}
		}
	}
	// The samples themselves, to the last column.
	rows := func(data string) []string { return everything(t, snapshotOf(t, data)) }
	store := rows(cfg.Data)
	for _, data := range []string{folder, "s3://plant/year/archive", restored.Data} {
		if got := rows(data); !slices.Equal(got, store) {
			t.Errorf("%s holds other samples", data)
		}
	}
	if requests := s3.count(http.MethodPut, "part-"); requests == 0 {
		t.Error("nothing was sent to the bucket; the test asks another one")
	}
}

// everything is every row with every column, as text.
func everything(t *testing.T, snap export.Snapshot) (rows []string) {
	t.Helper()
	series, err := snap.Series(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range series {
		err := importSeries(t.Context(), appendText{&rows}, snap, s, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

type appendText struct{ rows *[]string }

func (a appendText) Append(_ context.Context, b ingest.Batch) error {
	for _, s := range b.Samples {
		*a.rows = append(*a.rows, fmt.Sprintf("%+v", s))
	}
	return nil
}

// TestInterruptedArchive: a run whose server goes away in the middle leaves no archive, and the next brings what is missing and nothing twice.
func TestInterruptedArchive(t *testing.T) {
	s3 := newS3(t)
	var all []ingest.Sample
	for day := range int64(12) {
		for i := range int64(50) {
			all = append(all, ingest.Sample{Series: ingest.Series{Channel: "plant", Subtopic: "data", Name: "n"}, Time: 1774738800e9 + day*86400e9 + i*1e9, Kind: ingest.KindNumber, Number: float64(i), Received: 1774738800e9, Protocol: ingest.ProtocolMQTT})
		}
	}
	cfg := storeOf(t, all)
	s3.refuseAfter(5, "part-")
	ctx, cancel := context.WithCancel(t.Context())
	s3.onRefusal(cancel) // the user stops it, as nothing moves
	report, err := Archive(ctx, cfg, "s3://plant/archive", archive.Options{Before: math.MaxInt64})
	if err == nil {
		t.Fatal("an archive on a server that went away is no error")
	}
	brought := s3.stored("part-")
	if len(brought) < 1 || len(brought) > 5 {
		t.Fatalf("%d files were brought (%v); the test wants some", len(brought), report)
	}
	cfg2 := Default()
	cfg2.Data = "s3://plant/archive"
	if got := everything(t, snapshotOf(t, cfg2.Data)); len(got) > 0 {
		t.Errorf("an archive whose first run was stopped shows %d samples", len(got))
	}

	s3.refuseAfter(math.MaxInt, "")
	s3.forget()
	if _, err := Archive(t.Context(), cfg, "s3://plant/archive", archive.Options{Before: math.MaxInt64}); err != nil {
		t.Fatal(err)
	}
	for _, key := range brought {
		if n := s3.count(http.MethodPut, key); n != 0 {
			t.Errorf("%s was there and was sent %d times more", key, n)
		}
	}
	if got, want := everything(t, snapshotOf(t, cfg2.Data)), everything(t, snapshotOf(t, cfg.Data)); !slices.Equal(got, want) {
		t.Error("the archive holds other samples than the store")
	}
}

// s3 is an S3 server on a loopback address, to which the environment points.
type s3 struct {
	mu       sync.Mutex
	requests []string // method and path
	left     int      // of the requests that are answered, of those
	word     string   // whose path has it
	refused  func()
	backend  gofakes3.Backend
}

func newS3(t *testing.T) *s3 {
	t.Helper()
	s := &s3{backend: s3mem.New(), left: math.MaxInt}
	if err := s.backend.CreateBucket("plant"); err != nil {
		t.Fatal(err)
	}
	real := gofakes3.New(s.backend).Server()
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.take(r) {
			real.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(web.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": web.URL, "AWS_ENDPOINT_URL_S3": "", "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": ca} {
		t.Setenv(name, value)
	}
	return s
}

// take notes a request and says whether it is answered.
func (s *s3) take(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, s.word) {
		return true
	}
	if s.left--; s.left < 0 && s.refused != nil {
		s.refused()
	}
	return s.left >= 0
}

func (s *s3) refuseAfter(n int, word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.word = n, word
}

func (s *s3) onRefusal(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = f
}

func (s *s3) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.refused = nil, nil
}

// count is how many requests with a method asked for a path that has the word.
func (s *s3) count(method, word string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if strings.HasPrefix(r, method+" ") && strings.Contains(r, word) {
			n++
		}
	}
	return n
}

// stored are the keys that the bucket has, of those that have the word.
func (s *s3) stored(word string) (keys []string) {
	list, err := s.backend.ListBucket("plant", &gofakes3.Prefix{}, gofakes3.ListBucketPage{})
	if err != nil {
		panic(err)
	}
	for _, o := range list.Contents {
		if strings.Contains(o.Key, word) {
			keys = append(keys, o.Key)
		}
	}
	return keys
}
