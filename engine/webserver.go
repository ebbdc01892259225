package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// webServer is the HTTP side of the service: bounds on connections, headers and time around the API's handler.
type webServer struct {
	listener net.Listener
	server   *http.Server
	url      string        // what clients on this machine call
	ending   time.Duration // given to answers that have begun when the service stops
}

const (
	headerTime = 10 * time.Second // to send a request's headers
	bodyTime   = time.Minute      // and its body
	answerTime = 2 * time.Minute  // to take the answer; a file has a time of its own
	idleTime   = 2 * time.Minute  // between two requests of a connection
	endTime    = 10 * time.Second // to end answers when the service stops
	maxHeader  = 64 << 10         // bytes
)

// listen takes the address. Nothing is answered before run.
func listen(cfg Config) (*webServer, error) {
	inner, err := net.Listen("tcp", cfg.Service.Listen)
	if err != nil {
		return nil, &InputError{fmt.Errorf("listen for the API: %w; choose another address with --listen", err)}
	}
	w := &webServer{url: "http://" + inner.Addr().String(), ending: endTime}
	w.listener = netutil.LimitListener(inner, cfg.Limits.Connections)
	w.server = &http.Server{
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       bodyTime,
		WriteTimeout:      answerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
	}
	if cfg.Service.Cert != "" {
		pair, err := tls.LoadX509KeyPair(cfg.Service.Cert, cfg.Service.Key)
		if err != nil {
			inner.Close()
			return nil, &InputError{fmt.Errorf("read the certificate of the service: %w", err)}
		}
		w.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		w.url = "https://" + inner.Addr().String()
	}
	return w, nil
}

// run answers until ctx ends, then lets answers that have begun end.
func (w *webServer) run(ctx context.Context) error {
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.Background(), w.ending)
		defer cancel()
		err := w.server.Shutdown(ending)
		if errors.Is(err, context.DeadlineExceeded) {
			err = w.server.Close() // a client that takes longer begins again where it was
		}
		stopped <- err
	})
	var err error
	if w.server.TLSConfig != nil {
		err = w.server.ServeTLS(w.listener, "", "")
	} else {
		err = w.server.Serve(w.listener)
	}
	if !stop() {
		return <-stopped
	}
	return fmt.Errorf("serve HTTP: %w", err)
}

func (w *webServer) close() error {
	err := w.server.Close()
	if closing := w.listener.Close(); err == nil && !errors.Is(closing, net.ErrClosed) {
		err = closing
	}
	return err
}
