package mqtt

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/url"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// open opens the network connection that paho speaks over, and gives up when ctx ends.
func (s *Source) open(ctx context.Context, u *url.URL) (*bufferedConn, error) {
	config, err := s.cfg.tlsConfig(u)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.ConnectTimeout)
	defer cancel()
	conn, err := dial(ctx, u, config, s.cfg.ConnectTimeout)
	if err != nil {
		return nil, err
	}
	return newBufferedConn(conn, s.cfg.KeepAlive+s.cfg.PingTimeout), nil
}

func dial(ctx context.Context, u *url.URL, config *tls.Config, timeout time.Duration) (net.Conn, error) {
	switch u.Scheme {
	case "tcp", "mqtt":
		return new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	case "ssl", "mqtts":
		return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", u.Host)
	}
	// paho's WebSocket dialer knows no context: leave it behind when ctx ends, and close what it may still bring.
	type dialed struct {
		conn net.Conn
		err  error
	}
	done := make(chan dialed, 1)
	plain := *u
	plain.User = nil
	go func() {
		conn, err := paho.NewWebsocket(plain.String(), config, timeout, nil, nil)
		done <- dialed{conn, err}
	}()
	select {
	case d := <-done:
		return d.conn, d.err
	case <-ctx.Done():
		go func() {
			if d := <-done; d.err == nil {
				d.conn.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// bufferedConn reads ahead, and closes so that what was written arrives. paho reads a packet in four or more small reads;
// unbuffered, each is a system call.
type bufferedConn struct {
	net.Conn
	r        *bufio.Reader
	deadline time.Duration // for one write
	closing  sync.Once
}

// farewell is how long the broker may take to close its side after we have closed ours.
const farewell = time.Second

func newBufferedConn(conn net.Conn, deadline time.Duration) *bufferedConn {
	return &bufferedConn{Conn: conn, r: bufio.NewReaderSize(conn, 64<<10), deadline: deadline}
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// Write gives up on a peer that reads nothing for as long as it may leave a ping unanswered: otherwise an acknowledgement to a
// dead peer could wait until the system's own timeout, many minutes later.
func (c *bufferedConn) Write(p []byte) (int, error) {
	if err := c.Conn.SetWriteDeadline(time.Now().Add(c.deadline)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// Close closes our direction first, and reads until the broker closes its own. A socket closed over unread messages resets
// the connection, and then the broker throws away the acknowledgements that it has not yet read.
func (c *bufferedConn) Close() (err error) {
	c.closing.Do(func() {
		if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
			if c.Conn.SetReadDeadline(time.Now().Add(farewell)) == nil {
				io.Copy(io.Discard, c.Conn) // until it closes, or farewell has passed
			}
		}
		err = c.Conn.Close()
	})
	return err
}

// abort closes at once.
func (c *bufferedConn) abort() { c.Conn.Close() }

// forgetful is a paho store that keeps nothing. decant publishes nothing, and what it received and did not
// acknowledge is in the broker's session.
type forgetful struct{}

func (forgetful) Open()                             {}
func (forgetful) Put(string, packets.ControlPacket) {}
func (forgetful) Get(string) packets.ControlPacket  { return nil }
func (forgetful) All() []string                     { return nil }
func (forgetful) Del(string)                        {}
func (forgetful) Close()                            {}
func (forgetful) Reset()                            {}
