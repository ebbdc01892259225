package jobtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// settings make a server quick and forgetful: a test has no use for a database after the power has failed.
var settings = []string{
	"fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200", "shared_buffers = 32MB", "autovacuum = off",
	"listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", "lc_messages = 'C'",
}

// Postgres starts a PostgreSQL server of its own for a test, on a port of the loopback interface, and gives the URL of an empty database. The server ends
// with the test. Where PostgreSQL isn't installed the test is skipped; where CI=true it fails.
func Postgres(t testing.TB) string {
	t.Helper()
	bin := programs()
	if bin == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("PostgreSQL is not installed, and CI needs it: the package postgresql has initdb")
		}
		t.Skip("PostgreSQL is not installed: there is no initdb in PATH or /usr/lib/postgresql")
	}
	// Not t.TempDir: the server may run as another user, who can't enter that.
	folder, err := os.MkdirTemp("", "decant-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	s := server{t: t, bin: bin, data: filepath.Join(folder, "data")}
	s.giveAway(folder)
	s.run("initdb", "-D", s.data, "-U", "decant", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	port := freePort(t)
	config := strings.Join(append(settings, fmt.Sprintf("port = %d", port)), "\n") + "\n"
	file, err := os.OpenFile(filepath.Join(s.data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(config); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	s.start()
	at := url.URL{Scheme: "postgres", User: url.User("decant"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: "/postgres", RawQuery: "sslmode=disable"}
	return at.String()
}

// server is a PostgreSQL server and the user who runs it.
type server struct {
	t    testing.TB
	bin  string // folder of its programs
	data string
	owner
}

// command is one of PostgreSQL's programs, run by the server's user.
func (s *server) command(program string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, program), args...)
	c.Dir = filepath.Dir(s.data)
	s.become(c)
	return c
}

func (s *server) run(program string, args ...string) {
	s.t.Helper()
	if output, err := s.command(program, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, output)
	}
}

// start starts the server as a child, waits until it says that it is ready, and has it stopped when the test ends.
func (s *server) start() {
	s.t.Helper()
	c := s.command("postgres", "-D", s.data)
	log, err := c.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	read := make(chan struct{})
	s.t.Cleanup(func() {
		s.run("pg_ctl", "-D", s.data, "-m", "immediate", "-W", "stop")
		<-read
		c.Wait() // an immediate stop has an exit code of its own, which tells nothing
	})
	lines := bufio.NewScanner(log)
	var said []string
	for lines.Scan() {
		if strings.Contains(lines.Text(), "database system is ready to accept connections") {
			go func() {
				defer close(read)
				io.Copy(io.Discard, log)
			}()
			return
		}
		said = append(said, lines.Text())
	}
	close(read)
	s.t.Fatalf("PostgreSQL did not start:\n%s", strings.Join(said, "\n"))
}

// programs finds the folder of the newest PostgreSQL's programs; "" where there is none.
func programs() string {
	if found, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(found)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian keeps several, and none in PATH
	if len(found) == 0 {
		return ""
	}
	version := func(file string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(file))))
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }))
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
