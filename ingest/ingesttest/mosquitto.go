package ingesttest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// MosquittoOptions changes the broker from the settings that decant's documentation asks for: persistence true,
// max_queued_messages 0, max_inflight_messages 1000.
type MosquittoOptions struct {
	MaxInflight int    // messages a client may have unacknowledged; mosquitto's own default is 20. Default 1000
	Extra       string // lines for its configuration file
	// NoPersistence has a restarted broker forget its sessions.
	NoPersistence bool
}

// Broker is a mosquitto process. Its port and its folder stay the same when it is started again.
type Broker struct {
	t      testing.TB
	port   int
	config string
	cmd    *exec.Cmd
	log    *os.File
}

// Mosquitto starts a mosquitto on a free loopback port and stops it when the test ends. Without the program the test is skipped, or
// fails where the environment has CI=true.
func Mosquitto(t testing.TB, opts MosquittoOptions) *Broker {
	t.Helper()
	program := findMosquitto(t)
	if opts.MaxInflight == 0 {
		opts.MaxInflight = 1000
	}
	dir := t.TempDir()
	b := &Broker{t: t, port: FreePort(t), config: filepath.Join(dir, "mosquitto.conf")}
	lines := []string{
		fmt.Sprintf("listener %d 127.0.0.1", b.port),
		fmt.Sprintf("persistence %v", !opts.NoPersistence),
		"persistence_location " + dir + string(filepath.Separator),
		"max_queued_messages 0",
		"max_inflight_messages " + strconv.Itoa(opts.MaxInflight),
		"log_type error", "log_type warning", "log_type notice",
	}
	if os.Getuid() == 0 {
		lines = append(lines, "user root") // else it gives up its rights, and with them the folder
	}
	if !strings.Contains(opts.Extra, "allow_anonymous") {
		lines = append(lines, "allow_anonymous true")
	}
	if opts.Extra != "" {
		lines = append(lines, opts.Extra)
	}
	if err := os.WriteFile(b.config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "mosquitto.log"))
	if err != nil {
		t.Fatal(err)
	}
	b.log = log
	b.cmd = exec.Command(program)
	t.Cleanup(func() {
		b.Kill()
		log.Close()
	})
	b.Start()
	return b
}

func findMosquitto(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "mosquitto is not installed (Debian package mosquitto)"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// FreePort is a loopback port that nothing listens on at this moment. It is below those that systems give to outgoing connections, so that it
// stays free while its server is away, and a client that keeps trying it meanwhile is never connected to itself.
func FreePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 10000 + rand.IntN(20000)
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port between 10000 and 30000")
	return 0
}

// Addr is host and port.
func (b *Broker) Addr() string { return "127.0.0.1:" + strconv.Itoa(b.port) }

// URL is Addr as clients write it.
func (b *Broker) URL() string { return "tcp://" + b.Addr() }

// Start starts the broker and returns when it takes connections.
func (b *Broker) Start() {
	b.t.Helper()
	b.cmd = exec.Command(b.cmd.Path, "-c", b.config)
	b.cmd.Stdout, b.cmd.Stderr = b.log, b.log
	if err := b.cmd.Start(); err != nil {
		b.t.Fatalf("start mosquitto: %v", err)
	}
	b.waitReady()
}

// waitReady asks with a PINGREQ-less CONNECT until the broker answers: a connection alone may be taken by the
// system before the broker runs.
func (b *Broker) waitReady() {
	b.t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for {
		err := probe(b.Addr())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(b.log.Name())
			b.t.Fatalf("mosquitto on %s does not answer: %v\n%s", b.Addr(), err, log)
		}
		time.Sleep(time.Millisecond) // between two attempts to connect
	}
}

// probe connects as an MQTT client without a name. Any CONNACK will do, a refusal too.
func probe(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write(connectPacket("", "", "", true)); err != nil {
		return err
	}
	answer := make([]byte, 4)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if !bytes.HasPrefix(answer, []byte{0x20, 2}) {
		return errors.New("not a CONNACK")
	}
	return nil
}

// Stop ends the broker as an operator does, so that it saves its sessions, and returns when it is gone.
func (b *Broker) Stop() {
	b.t.Helper()
	b.end(syscall.SIGTERM)
}

// Kill ends the broker without a chance to save anything, and returns when it is gone.
func (b *Broker) Kill() { b.end(syscall.SIGKILL) }

func (b *Broker) end(how syscall.Signal) {
	if b.cmd.Process == nil {
		return
	}
	if how == syscall.SIGKILL {
		b.cmd.Process.Kill()
	} else {
		b.cmd.Process.Signal(how)
	}
	b.cmd.Wait()
	b.cmd = exec.Command(b.cmd.Path)
}

// Restart is Stop and Start.
func (b *Broker) Restart() {
	b.t.Helper()
	b.Stop()
	b.Start()
}

// Log is what the broker wrote so far.
func (b *Broker) Log() string {
	log, _ := os.ReadFile(b.log.Name())
	return string(log)
}
