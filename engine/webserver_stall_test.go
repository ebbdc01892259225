package engine

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener that has one connection to give.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// A client that asks and takes no answer loses its connection, of which there are only so many.
func TestAnswersAreTakenInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cfg Config
		cfg.Service.Listen, cfg.Limits.Connections = "127.0.0.1:0", 1
		w, err := listen(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w.listener.Close()
		client, server := net.Pipe()
		accepted := make(pipes, 1)
		accepted <- server
		w.listener = accepted
		w.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- w.run(ctx) }()

		if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(answerTime + time.Second)
		if n, err := client.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("after %v the connection still gives %d bytes, %v", answerTime, n, err)
		}
		client.Close()
		stop()
		close(accepted)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
