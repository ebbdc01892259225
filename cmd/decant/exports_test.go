package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"decant/engine/client"
)

// TestExportScripts runs testdata/exports/*.txtar against a service. In these scripts "serve" starts one on the store in data and sets DECANT_SERVER,
// "stop" ends it, and "token" sets DECANT_TOKEN to what decant token create prints.
func TestExportScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/exports",
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Values[serverKey{}] = new(server)
			return nil
		},
		// [absent:curl] holds where there is no curl, which is a fault where all is to be tested.
		Condition: func(condition string) (bool, error) {
			program, ok := strings.CutPrefix(condition, "absent:")
			if !ok {
				return false, fmt.Errorf("there is no condition %s", condition)
			}
			if _, err := exec.LookPath(program); err != nil {
				if os.Getenv("CI") == "true" {
					return false, fmt.Errorf("there is no %s", program)
				}
				return true, nil
			}
			return false, nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serve": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Value(serverKey{}).(*server).start(ts, args)
			},
			"stop": func(ts *testscript.TestScript, _ bool, _ []string) { ts.Value(serverKey{}).(*server).stop(ts) },
			"token": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(ts.Exec("decant", append([]string{"token", "create", "--data", "data"}, args...)...))
				ts.Setenv("DECANT_TOKEN", strings.TrimSpace(ts.ReadFile("stdout")))
			},
		},
	})
}

type serverKey struct{}

// server is the service of a script.
type server struct{ cmd *exec.Cmd }

var listening = regexp.MustCompile(`the export service listens" url=(\S+)`)

// start returns when the service listens.
func (s *server) start(ts *testscript.TestScript, args []string) {
	s.cmd = exec.Command("decant", append([]string{"serve", "--data", "data", "--listen", "127.0.0.1:0"}, args...)...)
	s.cmd.Dir = ts.MkAbs(".")
	stderr, err := s.cmd.StderrPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	cmd := s.cmd
	ts.Defer(func() { cmd.Process.Kill(); cmd.Wait() })
	var told strings.Builder
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		told.WriteString(lines.Text() + "\n")
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, stderr) // until Wait closes it
			ts.Setenv("DECANT_SERVER", m[1])
			return
		}
	}
	ts.Fatalf("the service does not listen:\n%s", told.String())
}

func (s *server) stop(ts *testscript.TestScript) {
	if runtime.GOOS == "windows" { // which has no signal that asks
		s.cmd.Process.Kill()
		s.cmd.Wait()
		return
	}
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	ts.Check(s.cmd.Wait())
}

// TestServiceExitCodes: what the service says has the code that the same has here.
func TestServiceExitCodes(t *testing.T) {
	job := func(status, kind string) error {
		return &client.JobError{Job: client.Job{Status: status, Error: &client.JobFault{Kind: kind}}}
	}
	for _, tt := range []struct {
		err  error
		want int
	}{
		{&client.Error{Status: 302}, 2},
		{&client.Error{Status: 400}, 2},
		{&client.Error{Status: 401}, 2},
		{&client.Error{Status: 403}, 2},
		{&client.Error{Status: 403, Kind: client.OverLimit}, 6},
		{&client.Error{Status: 404}, 3},
		{&client.Error{Status: 409}, 2},
		{&client.Error{Status: 410}, 3},
		{&client.Error{Status: 412}, 2},
		{&client.Error{Status: 413}, 6},
		{&client.Error{Status: 422}, 2},
		{&client.Error{Status: 422, Kind: client.UnknownSeries}, 3},
		{&client.Error{Status: 429}, 6},
		{&client.Error{Status: 500}, 5},
		{&client.Error{Status: 503}, 5},
		{&client.NetworkError{Err: errors.New("refused")}, 5},
		{&client.ChecksumError{}, 5},
		{&client.FolderError{Files: []client.FileError{{Name: "a.json", Err: &client.InputError{Err: errors.New("not JSON")}}}}, 2},
		{&client.FolderError{Files: []client.FileError{{Name: "a.json", Err: &client.Error{Status: 422}}}}, 2},
		{job(client.Failed, "request"), 2},
		{job(client.Failed, "notFound"), 3},
		{job(client.Failed, "data"), 4},
		{job(client.Failed, "limit"), 6},
		{job(client.Failed, "service"), 1},
		{&client.JobError{Job: client.Job{Status: client.Cancelled}}, 130},
	} {
		if got := exitCode(tt.err); got != tt.want {
			t.Errorf("%T %v: exit code %d, want %d", tt.err, tt.err, got, tt.want)
		}
	}
}

// TestBySource: the faults of one of many requests name its file.
func TestBySource(t *testing.T) {
	err := bySource(&client.Error{Status: 422, Detail: "2 of the requests can't be taken", Faults: []client.Fault{
		{Path: "exports[1].type", Message: "missing"}, {Path: "exports[0]", Message: "never seen"}, {Path: "exports[7].type", Message: "odd"},
	}}, []string{"a.json", "b.json, request 2"})
	want := "2 of the requests can't be taken\n  b.json, request 2: type: missing\n  a.json: never seen\n  exports[7].type: odd"
	if err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

func TestShellQuoted(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no sh")
		}
		t.Skip("there is no sh")
	}
	for _, s := range []string{"", "plain", "it's", `a"b\c`, "$HOME `date` *", "two\nlines", "''", "-e"} {
		out, err := exec.CommandContext(t.Context(), sh, "-c", "printf %s "+shellQuoted(s)).Output()
		if err != nil || string(out) != s {
			t.Errorf("%q became %q: %v", s, out, err)
		}
	}
}

func TestConfirm(t *testing.T) {
	for given, want := range map[string]bool{"y\n": true, " YES \n": true, "y": true, "n\n": false, "\n": false, "": false, "yep\n": false} {
		a := &app{ctx: t.Context(), stdin: strings.NewReader(given), stderr: io.Discard}
		if got, err := a.confirm("Really?"); err != nil || got != want {
			t.Errorf("%q: %t %v", given, got, err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	terminal, keyboard := io.Pipe() // at which nobody types
	defer keyboard.Close()
	a := &app{ctx: ctx, stdin: interruptible{ctx, terminal}, stderr: io.Discard}
	if _, err := a.confirm("Really?"); !errors.Is(err, errInterrupted) {
		t.Errorf("%v", err)
	}
}

// TestDownloadPaths: where files go, and that a service can't choose a place outside.
func TestDownloadPaths(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := errors.Join(os.Mkdir("there", 0o777), os.WriteFile("taken", nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	one := []client.Artifact{{File: "a.csv"}}
	both := []client.Artifact{{File: "a.csv"}, {File: "manifest.json", Item: -1}}
	for _, tt := range []struct {
		output string
		files  []client.Artifact
		want   []string // nil: refused
	}{
		{"", one, []string{"a.csv"}},
		{"b.csv", one, []string{"b.csv"}},
		{"there", one, []string{filepath.Join("there", "a.csv")}},
		{"new", both, []string{filepath.Join("new", "a.csv"), filepath.Join("new", "manifest.json")}},
		{"taken", one, nil},
		{"", []client.Artifact{{File: "../a.csv"}}, nil},
		{"", []client.Artifact{{File: ".."}}, nil},
		{"", []client.Artifact{{File: "a/b.csv"}}, nil},
		{"", []client.Artifact{{File: ""}}, nil},
	} {
		got, err := (&downloadExportCmd{Output: tt.output}).paths(tt.files)
		if (err == nil) != (tt.want != nil) || !slices.Equal(got, tt.want) {
			t.Errorf("-o %q of %+v: %q %v, want %q", tt.output, tt.files, got, err, tt.want)
		}
	}
}
