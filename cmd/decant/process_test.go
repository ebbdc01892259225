package main

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what has to come. It ends only tests that have failed.
const patience = 30 * time.Second

// process is a command that runs beside the test.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *transcript
	stderr *transcript
	done   chan struct{} // closed when it is gone and all it wrote is read
}

// start starts one of the commands that TestMain put into the PATH. It is killed at the end of the test.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(name, args...), stdout: newTranscript(), stderr: newTranscript(), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait() // the exit code says it
		close(p.done)
	}()
	t.Cleanup(p.kill)
	return p
}

// kill is kill -9. It returns when the process is gone.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// stop asks the process to end, as an operator does, and returns its exit code.
func (p *process) stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Errorf("stop %s: %v\n%s", p.cmd.Path, err, p.stderr)
	}
	return p.exit()
}

// exit waits for the process to end by itself and returns its exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("%s has not ended\n%s", strings.Join(p.cmd.Args, " "), p.stderr)
	}
	return p.cmd.ProcessState.ExitCode()
}

// await returns when the process has written text to stderr n times.
func (p *process) await(text string, n int) {
	p.t.Helper()
	late := time.After(patience)
	for {
		written, grown := p.stderr.read()
		if strings.Count(written, text) >= n {
			return
		}
		select {
		case <-grown:
		case <-p.done:
			if strings.Count(p.stderr.String(), text) < n {
				p.t.Fatalf("%s ended without %q\n%s", strings.Join(p.cmd.Args, " "), text, p.stderr)
			}
		case <-late:
			p.t.Fatalf("%s does not write %q %d times\n%s", strings.Join(p.cmd.Args, " "), text, n, written)
		}
	}
}

// transcript is what a process has written to a stream so far.
type transcript struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{} // closed when more is there
}

func newTranscript() *transcript { return &transcript{grown: make(chan struct{})} }

func (s *transcript) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.grown)
	s.grown = make(chan struct{})
	return s.text.Write(b)
}

func (s *transcript) read() (string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String(), s.grown
}

func (s *transcript) String() string {
	text, _ := s.read()
	return text
}

// decantOutput runs decant to its end and returns what it printed, and its exit code.
func decantOutput(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "decant", args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
