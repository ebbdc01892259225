package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

// mailbox is an SMTP server that takes every message and remembers which it has seen, and in which life of the sender.
type mailbox struct {
	port int

	mu   sync.Mutex
	life int
	seen map[string][]int // by Message-ID: the sender's lives
	last string           // the newest message, as it came
}

// serveMail starts a mailbox on a free loopback port; it ends with the test.
func serveMail(t *testing.T) *mailbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailbox{port: l.Addr().(*net.TCPAddr).Port, seen: map[string][]int{}}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { m.talk(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); open.Wait() })
	return m
}

// config is the section of decant.toml that sends mail here.
func (m *mailbox) config() string {
	return fmt.Sprintf(`[notify]
allow_private = ["127.0.0.1"]
[notify.email]
host = "127.0.0.1"
port = %d
tls = "none"
from = "decant@example.com"
`, m.port)
}

// talk is one connection: RFC 5321 as far as a sender without extensions needs it. What comes by it belongs to the life in which it began, though it be
// read when the sender is dead.
func (m *mailbox) talk(conn net.Conn) {
	defer conn.Close()
	m.mu.Lock()
	life := m.life
	m.mu.Unlock()
	say := func(line string) { conn.Write([]byte(line + "\r\n")) }
	say("220 mailbox")
	in := bufio.NewScanner(conn)
	for in.Scan() {
		verb, _, _ := strings.Cut(strings.ToUpper(in.Text()), " ")
		switch verb {
		case "DATA":
			say("354 go on")
			id := ""
			var text strings.Builder
			for in.Scan() && in.Text() != "." {
				text.WriteString(in.Text() + "\r\n")
				if name, value, _ := strings.Cut(in.Text(), ":"); id == "" && strings.EqualFold(name, "Message-ID") {
					id = strings.TrimSpace(value)
				}
			}
			if in.Err() != nil || in.Text() != "." {
				return // cut off: the sender has no answer
			}
			m.mu.Lock()
			m.seen[id] = append(m.seen[id], life)
			m.last = text.String()
			m.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 mailbox")
		}
	}
}

// next begins another life of the sender.
func (m *mailbox) next() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.life++
}

// check holds what was seen to want different messages, none of them twice in one life.
func (m *mailbox) check(t *testing.T, want int) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.seen) != want {
		t.Errorf("%d different messages came, want %d", len(m.seen), want)
	}
	for id, lives := range m.seen {
		for i := 1; i < len(lives); i++ {
			if lives[i] == lives[i-1] {
				t.Errorf("message %s came twice from one process: %v", id, lives)
			}
		}
	}
}

// repeated is how many messages came more than once.
func (m *mailbox) repeated() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, lives := range m.seen {
		if len(lives) > 1 {
			n++
		}
	}
	return n
}
