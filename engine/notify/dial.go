package notify

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// How long the steps of a try may take, and how much of an answer is read.
const (
	dialTimeout   = 10 * time.Second
	answerTimeout = 30 * time.Second
	tryTimeout    = 2 * time.Minute // of a whole try, uploads included
	maxHeader     = 64 << 10
	maxAnswer     = 64 << 10
)

// blockedError is a connection that the guard refused. Where the name led is for the log alone: whoever wrote the target may not know the network.
type blockedError struct {
	host string
	to   netip.AddrPort
}

func (e *blockedError) Error() string {
	return fmt.Sprintf("%s is at a loopback, private or otherwise special address, which notify.allow_private doesn't name", e.host)
}

// dialer makes connections that the guard has seen. The check is made on the address of the socket that is about to connect, so a name that
// resolves to something else between check and use gains nothing.
type dialer struct {
	guard    guard
	resolver *net.Resolver // nil: the system's
}

// dial is net.Dialer.DialContext for TCP.
func (d dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	nd := net.Dialer{
		Timeout:  dialTimeout,
		Resolver: d.resolver,
		Control: func(network, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("check the address of %s: %w", host, err)
			}
			if network != "tcp4" && network != "tcp6" || !d.guard.permits(host, to) {
				return &blockedError{host, to}
			}
			return nil
		},
	}
	return nd.DialContext(ctx, network, address)
}

// client makes an HTTP client that dials through the guard. It follows no redirect, since one could lead anywhere and carry the file along, asks
// no proxy of the environment, which would dial in its place, and keeps no connection: messages are rare.
func (d dialer) client(trust *tls.Config) *http.Client {
	return &http.Client{
		Timeout:       tryTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            d.dial,
			TLSClientConfig:        trust,
			TLSHandshakeTimeout:    dialTimeout,
			ResponseHeaderTimeout:  answerTimeout,
			MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives:      true,
			DisableCompression:     true,
		},
	}
}
