package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// step is one command of README with what README says it prints.
type step struct {
	command string
	prints  string
}

var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")

// consoleSteps reads the console blocks of a Markdown text. A line that begins with "$ " is a command; lines up to the next are what it
// prints.
func consoleSteps(text string) []step {
	var steps []step
	for _, block := range consoleBlock.FindAllStringSubmatch(text, -1) {
		for _, line := range strings.SplitAfter(block[1], "\n") {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, step{command: strings.TrimSuffix(command, "\n")})
			} else if len(steps) > 0 {
				steps[len(steps)-1].prints += line
			}
		}
	}
	return steps
}

// durations are what differs between two runs of one command.
var durations = regexp.MustCompile(` +\b[0-9.]+(ms|s|µs|m[0-9.]+s)\b`)

func normal(text string) string {
	return durations.ReplaceAllString(text, " TIME")
}

// called are what differs between two calls of a service: ids and the times of today.
var called = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`)

// normalStep is what a step prints, less what differs from run to run.
func normalStep(command, text string) string {
	if strings.HasPrefix(command, "decant exports") {
		text = called.ReplaceAllString(text, "CALLED")
	}
	return normal(text)
}

// TestReadme runs README's commands, in order, in one folder, and holds what they print against what README shows.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("README's commands take some seconds; run without -short")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	r := newReadmeRun(t)
	text := string(readme)
	for _, s := range consoleSteps(text) {
		got := r.run(s)
		if os.Getenv("UPDATE") != "" && got != "" {
			text = strings.Replace(text, "$ "+s.command+"\n"+s.prints, "$ "+s.command+"\n"+got, 1)
		}
	}
	if text != string(readme) {
		if err := os.WriteFile("../../README.md", []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// readmeRun is the folder and the environment in which README's commands run.
type readmeRun struct {
	t           *testing.T
	dir         string
	env         []string
	port        string // stands for README's 1883
	http        string // and for its 8080
	noMosquitto bool
}

func newReadmeRun(t *testing.T) *readmeRun {
	t.Helper()
	dir := t.TempDir()
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test binary is decant when it is called so: testscript.Main sees to that.
	if err := os.Symlink(self, filepath.Join(bin, "decant")); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(freeAddr(t))
	_, http, _ := net.SplitHostPort(freeAddr(t))
	config := "listener 1883 127.0.0.1\nallow_anonymous true\npersistence true\nmax_queued_messages 0\n"
	files := map[string]string{
		"mosquitto.conf": strings.ReplaceAll(config, "1883", port),
		"plant.csv":      "time,Boiler temperature,Boiler running\n2026-08-01 00:00:00,71.5,true\n2026-08-01 00:10:00,71.75,true\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return &readmeRun{
		t:           t,
		dir:         dir,
		env:         append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH")+string(os.PathListSeparator)+"/usr/sbin", "DECANT_DATA="),
		port:        port,
		http:        http,
		noMosquitto: !haveMosquitto(t),
	}
}

// run runs a step and gives what it prints, or nothing where it does not run here.
func (r *readmeRun) run(s step) string {
	r.t.Helper()
	command := strings.NewReplacer("1883", r.port, "8080", r.http, "decant serve", "decant serve --listen 127.0.0.1:"+r.http).Replace(s.command)
	command = strings.Replace(command, goRun, "decant", 1)
	needsBroker := strings.Contains(command, "mosquitto") || strings.Contains(command, "--broker") || strings.Contains(command, "series --data ./plant")
	switch {
	case command == "go test ./...":
		return "" // it is what runs this test
	case needsBroker && r.noMosquitto:
		r.t.Logf("mosquitto is not installed; not run: %s", command)
		return ""
	case strings.HasPrefix(command, "curl ") && !haveCurl(r.t):
		r.t.Logf("curl is not installed; not run: %s", command)
		return ""
	case strings.HasPrefix(command, "export "):
		r.export(strings.TrimPrefix(command, "export "))
		return ""
	case strings.HasSuffix(command, "&"):
		r.background(strings.TrimSuffix(command, "&"))
		return ""
	}
	// What a device published is on its way for a moment, so a listing may have to be looked at again.
	want := normalStep(command, strings.ReplaceAll(s.prints, goRun, "decant"))
	var got string
	for try := 0; ; try++ {
		got = strings.ReplaceAll(r.output(command), r.port, "1883")
		if normalStep(command, got) == want || !strings.HasPrefix(command, "decant series") || try == 100 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if normalStep(command, got) != want && os.Getenv("UPDATE") == "" {
		r.t.Errorf("$ %s\nprints\n%s\nREADME shows\n%s", s.command, got, s.prints)
	}
	if strings.HasPrefix(s.command, goRun) {
		got = strings.ReplaceAll(got, "  decant ", "  "+goRun+" ")
	}
	return got
}

// goRun is how README's first command calls decant, on a machine that has not built it yet.
const goRun = "go run ./cmd/decant"

func (r *readmeRun) output(command string) string {
	r.t.Helper()
	c := exec.CommandContext(r.t.Context(), "bash", "-c", command)
	c.Dir, c.Env = r.dir, r.env
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		r.t.Fatalf("$ %s\n%v\n%s", command, err, stderr.String())
	}
	return stdout.String()
}

// export sets a variable for the commands that follow.
func (r *readmeRun) export(assignment string) {
	name, _, _ := strings.Cut(assignment, "=")
	value := r.output("export " + assignment + "; printf %s \"$" + name + "\"")
	r.env = append(r.env, name+"="+value)
}

// background starts a server and waits until it serves.
func (r *readmeRun) background(command string) {
	r.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, "bash", "-c", "exec "+command)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	c.Dir, c.Env = r.dir, r.env
	want := "connected to broker"
	if strings.HasPrefix(command, "decant serve") {
		want = "the export service listens"
	}
	log := &lines{want: want, seen: make(chan struct{})}
	c.Stderr = log
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		stop()
		c.Wait()
	})
	if strings.HasPrefix(command, "mosquitto") {
		waitForPort(r.t, "127.0.0.1:"+r.port)
		return
	}
	select {
	case <-log.seen:
	case <-time.After(30 * time.Second):
		r.t.Fatalf("%s does not say %q:\n%s", command, want, log.text.String())
	}
}

func haveMosquitto(t *testing.T) bool {
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto"} {
		if _, err := exec.LookPath(name); err == nil {
			return true
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("mosquitto is not installed (Debian package mosquitto)")
	}
	return false
}

func haveCurl(t *testing.T) bool {
	_, err := exec.LookPath("curl")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("curl is not installed (Debian package curl)")
	}
	return err == nil
}

func waitForPort(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(fmt.Errorf("nothing listens on %s: %w", address, err))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// lines is a log that tells when a word was written to it.
type lines struct {
	text bytes.Buffer
	want string
	seen chan struct{}
	done bool
}

func (l *lines) Write(b []byte) (int, error) {
	l.text.Write(b)
	if !l.done && strings.Contains(l.text.String(), l.want) {
		l.done = true
		close(l.seen)
	}
	return len(b), nil
}
