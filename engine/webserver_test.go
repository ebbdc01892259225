package engine

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serveWeb runs a web server of a handler until the test ends. change, where there is one, sets it up before it answers. stop ends it and says how it ended.
func serveWeb(t *testing.T, connections int, handler http.HandlerFunc, change func(*webServer)) (w *webServer, stop func() error) {
	t.Helper()
	cfg := Default()
	cfg.Service.Listen, cfg.Limits.Connections = "127.0.0.1:0", connections
	w, err := listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.server.Handler = handler
	if change != nil {
		change(w)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- w.run(ctx) }()
	stopped := false
	stop = func() error { stopped = true; cancel(); return <-ran }
	t.Cleanup(func() {
		if !stopped {
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	return w, stop
}

func sayNothing(http.ResponseWriter, *http.Request) {}

// dialWeb opens a connection to a web server; it is closed with the test.
func dialWeb(t *testing.T, w *webServer) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", w.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(30 * time.Second)) // only met where the test has failed
	return conn
}

// ask sends a request by a connection and gives the answer.
func ask(t *testing.T, conn net.Conn, header string) *http.Response {
	t.Helper()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: decant\r\n"+header+"\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// As many connections as the limit says are served; one more waits until another ends.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	taken := make(chan string, 3)
	w, _ := serveWeb(t, 2, sayNothing, func(w *webServer) {
		w.server.ConnState = func(conn net.Conn, state http.ConnState) {
			if state == http.StateNew {
				taken <- conn.RemoteAddr().String()
			}
		}
	})
	first, second := dialWeb(t, w), dialWeb(t, w)
	for _, conn := range []net.Conn{first, second} {
		if res := ask(t, conn, ""); res.StatusCode != http.StatusOK {
			t.Fatal(res.Status)
		}
		<-taken
	}
	third := dialWeb(t, w) // the system takes it; the server does not
	if _, err := io.WriteString(third, "GET / HTTP/1.1\r\nHost: decant\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	// Two further calls by the others are answered meanwhile, so the server had the time to take the third.
	for _, conn := range []net.Conn{first, second} {
		ask(t, conn, "")
	}
	select {
	case addr := <-taken:
		t.Fatalf("%s was served as the third of 2", addr)
	default:
	}
	first.Close()
	res, err := http.ReadResponse(bufio.NewReader(third), nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", res, err)
	}
	if addr := <-taken; addr != third.LocalAddr().String() {
		t.Errorf("%s was served, want %s", addr, third.LocalAddr())
	}
}

// A header of 64 KiB is read, one that is a good deal longer is not. net/http reads 4 KiB more than it is told.
func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	w, _ := serveWeb(t, 10, sayNothing, nil)
	for _, tt := range []struct{ bytes, status int }{
		{maxHeader - 1<<10, http.StatusOK},
		{maxHeader + 8<<10, http.StatusRequestHeaderFieldsTooLarge},
	} {
		if res := ask(t, dialWeb(t, w), "X-Long: "+strings.Repeat("a", tt.bytes)+"\r\n"); res.StatusCode != tt.status {
			t.Errorf("%d bytes: %s, want %d", tt.bytes, res.Status, tt.status)
		}
	}
}

// What comes too slowly, or not at all, is cut off: headers, a body, and a connection that nobody uses.
func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	const short = 20 * time.Millisecond
	read := make(chan error, 1)
	for _, tt := range []struct {
		name   string
		sends  string
		change func(*http.Server)
		says   int // the status before it is cut off; 0: none
	}{
		{"header", "GET / HTTP/1.1\r\nHost: dec", func(s *http.Server) { s.ReadHeaderTimeout = short }, 0},
		{"body", "POST / HTTP/1.1\r\nHost: decant\r\nContent-Length: 10\r\n\r\nhalf", func(s *http.Server) { s.ReadTimeout = short }, http.StatusOK},
		{"next request", "GET / HTTP/1.1\r\nHost: decant\r\n\r\n", func(s *http.Server) { s.IdleTimeout = short }, http.StatusOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, _ := serveWeb(t, 10, func(_ http.ResponseWriter, r *http.Request) {
				_, err := io.Copy(io.Discard, r.Body)
				read <- err
			}, func(w *webServer) {
				if w.server.ReadHeaderTimeout != headerTime || w.server.ReadTimeout != bodyTime || w.server.IdleTimeout != idleTime {
					t.Error("a time is not bounded")
				}
				tt.change(w.server)
			})
			conn := dialWeb(t, w)
			if _, err := io.WriteString(conn, tt.sends); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(conn) // ends where the server closes the connection
			if err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			if tt.says != 0 {
				if !strings.HasPrefix(string(answer), "HTTP/1.1 200") {
					t.Errorf("answered %q", answer)
				}
				if err := <-read; (err != nil) != (tt.name == "body") {
					t.Errorf("reading the body: %v", err)
				}
			} else if strings.HasPrefix(string(answer), "HTTP/1.1 200") {
				t.Errorf("answered %q", answer)
			}
		})
	}
}

// When the service stops, an answer that has begun is sent to its end.
func TestAnswersThatHaveBegunEnd(t *testing.T) {
	t.Parallel()
	stopping := make(chan struct{})
	w, stop := serveWeb(t, 10, func(out http.ResponseWriter, _ *http.Request) {
		io.WriteString(out, "first ")
		out.(http.Flusher).Flush()
		<-stopping
		io.WriteString(out, "last")
	}, func(w *webServer) { w.server.RegisterOnShutdown(func() { close(stopping) }) })
	res := ask(t, dialWeb(t, w), "")
	if err := stop(); err != nil {
		t.Error(err)
	}
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "first last" {
		t.Errorf("%q, %v", body, err)
	}
}

// An answer that doesn't end is cut off, and the service has stopped well all the same.
func TestAnswersThatDoNotEndAreCutOff(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	w, stop := serveWeb(t, 10, func(out http.ResponseWriter, r *http.Request) {
		out.(http.Flusher).Flush()
		<-r.Context().Done()
		close(over)
	}, func(w *webServer) { w.ending = time.Millisecond })
	res := ask(t, dialWeb(t, w), "")
	if err := stop(); err != nil {
		t.Error(err)
	}
	<-over
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the answer ended as if it were whole")
	}
}

// Faults of the address and the certificate are told before anything is answered, and free the address again.
func TestListenFaults(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	absent := filepath.Join(t.TempDir(), "absent.pem")
	free := freeAddr(t)
	for _, tt := range []struct {
		listen, cert, says string
	}{
		{taken.Addr().String(), "", "choose another address with --listen"},
		{"127.0.0.1", "", "missing port"},
		{free, absent, "absent.pem"},
	} {
		cfg := Default()
		cfg.Service.Listen, cfg.Service.Cert, cfg.Service.Key = tt.listen, tt.cert, tt.cert
		w, err := listen(cfg)
		if input := (*InputError)(nil); w != nil || !errors.As(err, &input) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	l, err := net.Listen("tcp", free)
	if err != nil {
		t.Fatalf("the address is still taken: %v", err)
	}
	l.Close()
}
