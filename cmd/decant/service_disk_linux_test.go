package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// When the disk is full and the store has stopped, the service goes on answering and says that it is not ready. With room, the next start is ready.
func TestServiceIsNotReadyOnAFullDisk(t *testing.T) {
	t.Parallel()
	disk, makeRoom := smallDisk(t)
	s := &liveService{t: t, dir: t.TempDir(), addr: freeAddr(t), data: filepath.Join(disk, "store")}
	s.config = filepath.Join(s.dir, "decant.toml")
	if err := os.WriteFile(s.config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := s.start()
	poll(t, "the first token is printed", func() bool { return strings.Contains(p.stdout.String(), "\n") })
	s.token = strings.TrimSpace(p.stdout.String())
	s.call("GET", "/readyz", "", "", http.StatusOK, nil)

	var csv bytes.Buffer
	csv.WriteString("time,a\n")
	for i := range 200_000 {
		fmt.Fprintf(&csv, "%d,%d.5\n", 1_600_000_000+i, i)
	}
	file := filepath.Join(s.dir, "big.csv")
	if err := os.WriteFile(file, csv.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs, code := decantOutput(t, "import", file, "--data", s.data, "--channel", "plant", "--subtopic", "s", "--time-column", "time", "--time-format", "unix")
	if code != exitLimit || !strings.Contains(errs, "no space left") {
		t.Fatalf("import: exit code %d: %s", code, errs)
	}
	s.call("GET", "/readyz", "", "", http.StatusServiceUnavailable, nil)
	s.call("GET", "/livez", "", "", http.StatusOK, nil)
	s.call("GET", "/series", "", "", http.StatusOK, nil)
	p.await("the service is not ready", 1)
	if code := p.stop(); code == exitInternal {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}

	makeRoom()
	s.start()
	s.call("GET", "/readyz", "", "", http.StatusOK, nil)
}
