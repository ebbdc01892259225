package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What decant demo --serve prints works as it is printed: the lines are given to a shell.
func TestDemoServes(t *testing.T) {
	if testing.Short() {
		t.Skip("the demo takes some seconds; run without -short")
	}
	t.Parallel()
	for _, program := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("there is no %s", program)
			}
			t.Skipf("there is no %s", program)
		}
	}
	dir := t.TempDir()
	p := start(t, "decant", "demo", "--dir", filepath.Join(dir, "demo"), "--serve", "--listen", "127.0.0.1:0")
	p.await("the export service listens", 1)
	poll(t, "all lines are printed", func() bool { return strings.Contains(p.stdout.String(), "/download\"\n") })
	_, printed, _ := strings.Cut(p.stdout.String(), "In another terminal:\n")
	var lines []string
	for line := range strings.Lines(printed) {
		lines = append(lines, strings.TrimSpace(line))
	}
	if len(lines) != 4 || strings.Count(p.stdout.String(), "decant_") != 1 {
		t.Fatalf("want a line with the token and 3 calls:\n%s", p.stdout)
	}
	run := func(line string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", lines[0]+"\n"+line)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return string(out)
	}
	if made := run(lines[1]); !strings.Contains(made, `"id": "consumption"`) {
		t.Errorf("%s\n%s", lines[1], made)
	}
	poll(t, "the job is done", func() bool { return strings.Contains(run(lines[2]), `"status": "done"`) })
	run(lines[3])
	got, err := os.ReadFile(filepath.Join(dir, "consumption-by-meter.csv"))
	if err != nil || !strings.HasPrefix(string(got), "Month,Meter,kWh\n") || strings.Count(string(got), "\n") < 30 {
		t.Errorf("%v\n%s", err, got)
	}
	if code := p.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
}
