package archive

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
)

func init() { minio.DefaultRetryUnit = time.Millisecond } // tests don't wait

const secret = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"

// server is an S3 server on a loopback address, in front of which faults can be made.
type server struct {
	url, ca string
	backend gofakes3.Backend

	mu    sync.Mutex
	fault func(w http.ResponseWriter, r *http.Request) (handled bool)
	puts  map[string]int // bodies sent, by path
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{backend: s3mem.New(), puts: map[string]int{}}
	if err := s.backend.CreateBucket("plant"); err != nil {
		t.Fatal(err)
	}
	real := gofakes3.New(s.backend).Server()
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		if r.Method == http.MethodPut {
			s.puts[r.URL.Path]++
		}
		fault := s.fault
		s.mu.Unlock()
		if fault == nil || !fault(w, r) {
			real.ServeHTTP(w, r)
		}
	}))
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections that are broken on purpose
	web.StartTLS()
	t.Cleanup(web.Close)
	s.url, s.ca = web.URL, filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// breakBy makes a fault; nil makes none.
func (s *server) breakBy(fault func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *server) sent(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.puts["/plant/archive/"+name]
}

func (s *server) env(name string) string {
	return map[string]string{"AWS_ENDPOINT_URL": s.url, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": secret, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": s.ca}[name]
}

func (s *server) open(t *testing.T, to string) *bucket {
	t.Helper()
	b, err := openS3(to, s.env)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, status int, code string) bool {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
	return true
}
