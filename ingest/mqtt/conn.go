package mqtt

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
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
