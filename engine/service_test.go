package engine

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// quietService is how a service runs in these tests: on free ports, in a folder of its own, with an embedded broker.
func quietService(t *testing.T) (Config, ServeOptions) {
	cfg := Default()
	cfg.Data = filepath.Join(t.TempDir(), "store")
	cfg.Service.Listen = "127.0.0.1:0"
	cfg.Ingest.Embedded = "127.0.0.1:0"
	return cfg, ServeOptions{Role: RoleAll, Log: slog.New(slog.DiscardHandler)}
}

// A service that can't open has let go of all that it had taken by then: goroutines, addresses and the store's lock.
func TestAServiceThatDoesNotOpenLeavesNothing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, cfg *Config, o *ServeOptions)
		says  string
	}{
		{"users of the broker", func(t *testing.T, cfg *Config, _ *ServeOptions) {
			cfg.Ingest.UsersFile = filepath.Join(t.TempDir(), "absent")
		}, "read the broker's users"},
		{"address of the broker", func(_ *testing.T, cfg *Config, _ *ServeOptions) {
			cfg.Ingest.Embedded = cfg.Service.Listen // taken by then
		}, "address already in use"},
		{"database", func(t *testing.T, cfg *Config, _ *ServeOptions) {
			if err := os.MkdirAll(cfg.database(), 0o700); err != nil { // a folder is no database
				t.Fatal(err)
			}
		}, "decant.db"},
		{"artifacts", func(t *testing.T, cfg *Config, _ *ServeOptions) {
			cfg.Service.Artifacts = filepath.Join(t.TempDir(), "file", "artifacts")
			if err := os.WriteFile(filepath.Dir(cfg.Service.Artifacts), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "make the folder of artifacts"},
		{"first token", func(_ *testing.T, _ *Config, o *ServeOptions) {
			o.FirstToken = func(string) error { return errors.New("nobody reads stdout") }
		}, "nobody reads stdout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ignored := goleak.IgnoreCurrent()
			cfg, o := quietService(t)
			cfg.Service.Listen, cfg.Ingest.Embedded = freeAddr(t), freeAddr(t)
			good := cfg
			tt.spoil(t, &cfg, &o)
			s, err := OpenService(t.Context(), cfg, o)
			if s != nil || err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("%v, want an error that says %q", err, tt.says)
			}
			goleak.VerifyNone(t, ignored)
			for _, addr := range []string{good.Service.Listen, good.Ingest.Embedded} {
				l, err := net.Listen("tcp", addr)
				if err != nil {
					t.Fatalf("the address is still taken: %v", err)
				}
				l.Close()
			}
			in, err := OpenIntake(good, o.Log)
			if err != nil {
				t.Fatalf("the store is still in use: %v", err)
			}
			if err := in.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A service that ran leaves nothing behind either, and has said that it was ready.
func TestAServiceThatRanLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	cfg, o := quietService(t)
	s, err := OpenService(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(s.URL() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("ready: %s", res.Status)
	}
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A service that was opened and never runs is closed like any other.
func TestAServiceThatNeverRunsCloses(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	cfg, o := quietService(t)
	s, err := OpenService(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
