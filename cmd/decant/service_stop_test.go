package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// Limits are in force at once when the configuration is read again. One with a fault changes nothing.
func TestReloadOnHangup(t *testing.T) {
	t.Parallel()
	s := newLiveService(t, "")
	s.importRecent("power", 1)
	p := s.start()
	reloads := map[string]int{}
	reload := func(config, says string) {
		t.Helper()
		if err := os.WriteFile(s.config, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		reloads[says]++
		p.await(says, reloads[says])
	}
	// Their jobs wait for a grace that is longer than the test.
	waiting := func(id string) string {
		return fmt.Sprintf(`{"id": %q, "type": "recurring", "periodicity": "P1D", "periodStart": 0, "backfill": 1, "grace": "P9D", "format": {"extension": "csv"}, %s}`, id, recentItem)
	}
	s.call("POST", "/exports", "", waiting("one"), http.StatusCreated, nil)

	reload("[limits]\nowner_queued = 1\n", "the configuration was read again")
	s.call("POST", "/exports", "", waiting("two"), http.StatusTooManyRequests, nil)
	reload("[limits]\nowner_queued = 0\n[service]\nartifact_lief = \"1h\"\n", "the configuration was not read again")
	s.call("POST", "/exports", "", waiting("two"), http.StatusTooManyRequests, nil)
	reload("[limits]\nowner_exports = 1\n", "the configuration was read again")
	s.call("POST", "/exports", "", waiting("two"), http.StatusForbidden, nil)
	s.call("POST", "/exports/bulk", "", "["+waiting("two")+"]", http.StatusForbidden, nil)
	reload("[limits]\nbody = 40\n", "the configuration was read again")
	s.call("POST", "/exports", "", waiting("two"), http.StatusRequestEntityTooLarge, nil)
	reload("", "the configuration was read again")
	s.call("POST", "/exports", "", waiting("two"), http.StatusCreated, nil)
	if code := p.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
}

// timeout(1) sends its signal to the process and then to its group, so that it comes twice: that is one request to stop, and no crash.
func TestSignalsThatComeTogetherAreOne(t *testing.T) {
	t.Parallel()
	p := start(t, "decant", "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--embedded-broker", "127.0.0.1:0")
	p.await("the export service listens", 1)
	for i := range 10 {
		err := p.cmd.Process.Signal([]os.Signal{syscall.SIGTERM, os.Interrupt}[i%2])
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
	}
	if code := p.exit(); code != exitDone || !strings.Contains(p.stderr.String(), "everything acknowledged is stored") {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
}

// SIGTERM while a job runs: the job is handed back with nothing left of it, and the next start ends it with the bytes of an undisturbed export.
// What somebody downloads meanwhile is sent to its end.
func TestStopHandsJobsBackAndEndsDownloads(t *testing.T) {
	t.Parallel()
	s := newLiveService(t, "")
	s.store(random(t), 100_000)
	long := fmt.Sprintf(`{"id": "long", "type": "oneTime", "format": {"extension": "xlsx"}, %s}`, killedRequests["csv"])
	file := `{"id": "file", "type": "oneTime", "format": {"extension": "jsonl"}, ` + killedRequests["csv"] + `}`
	undisturbed := s.export("long", long)

	p := s.start()
	s.call("POST", "/exports", "", file, http.StatusCreated, nil)
	done := s.newest("file", "done")
	var job liveJob
	for { // until the stop comes while the job runs
		s.call("POST", "/exports", "", long, http.StatusCreated, nil)
		poll(t, "the job runs", func() bool { job = s.job("long"); return job.Status != "notProcessed" })
		if job.Status == "inProgress" {
			break
		}
		s.call("DELETE", "/exports/long", "", "", http.StatusNoContent, nil)
	}
	rest, sum := s.slowDownload("/exports/file/download")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	poll(t, "nobody is let in any more", func() bool {
		conn, err := net.Dial("tcp", s.addr)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	if _, err := io.Copy(sum, rest); err != nil {
		t.Errorf("the download was cut off: %v", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != done.Artifacts[0].SHA256 {
		t.Errorf("the download has %s, want %s", got, done.Artifacts[0].SHA256)
	}
	if code := p.exit(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
	s.onlyFoldersOf([]liveJob{done})

	p = s.start()
	ended := s.newest("long", "done")
	if ended.ID != job.ID || ended.Artifacts[0].SHA256 != undisturbed {
		t.Errorf("%+v; want job %s with %s", ended, job.ID, undisturbed)
	}
	s.onlyFoldersOf([]liveJob{done, ended})
	if code := p.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
}

// slowDownload begins a download of which the client has only read the header.
func (s *liveService) slowDownload(path string) (rest io.Reader, sum hash.Hash) {
	s.t.Helper()
	narrow := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(128 << 10)
		}
		return conn, err
	}}
	s.t.Cleanup(narrow.CloseIdleConnections)
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", "http://"+s.addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	res, err := narrow.RoundTrip(req)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%v %v", res, err)
	}
	s.t.Cleanup(func() { res.Body.Close() })
	return res.Body, sha256.New()
}

// A service prints a token at its first start, alone on stdout, and never again.
func TestFirstStartPrintsAToken(t *testing.T) {
	t.Parallel()
	s := &liveService{t: t, dir: t.TempDir(), addr: freeAddr(t)}
	s.data, s.config = filepath.Join(s.dir, "store"), filepath.Join(s.dir, "decant.toml")
	if err := os.WriteFile(s.config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := s.start()
	poll(t, "a line is printed", func() bool { return strings.Contains(p.stdout.String(), "\n") })
	printed := p.stdout.String()
	if !regexp.MustCompile(`^decant_[0-9a-f]{64}\n$`).MatchString(printed) {
		t.Fatalf("stdout: %q", printed)
	}
	s.token = strings.TrimSpace(printed)
	if strings.Contains(p.stderr.String(), s.token) {
		t.Error("the token is in the log")
	}
	for range 2 {
		s.call("GET", "/metrics", "", "", http.StatusOK, nil)
		if code := p.stop(); code != exitDone {
			t.Fatalf("exit code %d\n%s", code, p.stderr)
		}
		if all := p.stdout.String(); all != printed {
			t.Errorf("stdout: %q", all)
		}
		printed = "" // by the next start
		p = s.start()
	}
	// Revoking the last token makes no new one: who may write the folder makes tokens.
	listed, _, _ := decantOutput(t, "token", "list", "--data", s.data)
	id := regexp.MustCompile(`(?m)^[0-9a-f]{16}`).FindString(listed)
	if _, errs, code := decantOutput(t, "token", "revoke", id, "--data", s.data); code != exitDone {
		t.Fatal(errs)
	}
	s.call("GET", "/exports", "", "", http.StatusUnauthorized, nil)
	p.stop()
	p = s.start()
	p.stop()
	if p.stdout.String() != "" {
		t.Error("a service whose tokens are all revoked printed one")
	}
}
