// Package broker is an MQTT broker inside the process, for one-box use, the demo and tests. It takes messages and
// serves none: subscriptions are accepted and stay silent.
//
// Its promise is the PUBACK itself: a publisher gets it when the samples are durable. For that, every message is taken
// in a hook that hands it to the pipeline and tells the server to forget it; the server then neither
// acknowledges nor stores it. When the pipeline calls Ack, the PUBACK goes out by the connection that brought the message, and is
// dropped without a word if that connection is gone: the publisher sends again, marked DUP, and is recognised.
//
// Flow control is per connection: a publisher's connection is read on as long as the pipeline takes. QoS 2 is not offered:
// MQTT 5 publishers are told so, a 3.1.1 publisher that sends it is disconnected.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"

	"decant/ingest"
)

// Config says where the broker listens and whom it lets in.
type Config struct {
	Listen string // host:port; port 0 takes a free one. Default 127.0.0.1:1883

	// Users are names and passwords. With none, everybody is let in, and Listen has to be a loopback address.
	Users map[string]string

	// MaxPacket is the size in bytes from which on a packet is not read; its sender is disconnected. It bounds memory; a payload
	// that is only longer than the pipeline likes becomes a dead letter. Default 16 MiB.
	MaxPacket uint32

	Log *slog.Logger     // default slog.Default()
	Now func() time.Time // the clock for the moment of receipt. Default time.Now
}

// Validate reports every fault of the configuration at once.
func (c Config) Validate() error {
	c = c.withDefaults()
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("broker: listen address %q: give host:port, such as 127.0.0.1:1883", c.Listen)
	}
	var faults []error
	if len(c.Users) == 0 && !loopback(host) {
		faults = append(faults, fmt.Errorf("broker: %s can be reached from other machines: name users with passwords, or listen on 127.0.0.1", c.Listen))
	}
	for name, password := range c.Users {
		if name == "" || password == "" {
			faults = append(faults, fmt.Errorf("broker: user %q: name and password can't be empty", name))
		}
	}
	return errors.Join(faults...)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:1883"
	}
	if c.MaxPacket == 0 {
		c.MaxPacket = 16 << 20
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Broker is a source of the messages that publishers send to it. It runs once.
type Broker struct {
	cfg      Config
	listener net.Listener
}

var _ ingest.Source = (*Broker)(nil)

// Listen takes the address, so that publishers can already connect; they are served when Run begins.
func Listen(cfg Config) (*Broker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	return &Broker{cfg: cfg, listener: listener}, nil
}

// Addr is where the broker listens, its port included.
func (b *Broker) Addr() string { return b.listener.Addr().String() }

// URL is Addr as publishers write it.
func (b *Broker) URL() string { return "tcp://" + b.Addr() }

// Close gives the address back. It is only needed where Run is never called.
func (b *Broker) Close() error { return b.listener.Close() }

// Run serves publishers until ctx ends, then disconnects them and returns nil.
func (b *Broker) Run(ctx context.Context, take func(ingest.Message) bool) error {
	capabilities := mochi.NewDefaultServerCapabilities()
	capabilities.MaximumQos = 1
	capabilities.MaximumPacketSize = b.cfg.MaxPacket
	capabilities.ReceiveMaximum = 65535 // how many may be in flight is the pipeline's to say
	capabilities.SharedSubAvailable = 0
	server := mochi.New(&mochi.Options{
		Capabilities:            capabilities,
		Logger:                  slog.New(quiet{b.cfg.Log.Handler()}),
		ClientNetReadBufferSize: 64 << 10,
		SysTopicResendInterval:  3600, // nobody is served its $SYS topics
	})
	open := newConnections()
	if err := server.AddHook(&hook{cfg: b.cfg, take: take, open: open}, nil); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	if err := server.AddListener(listeners.NewNet("mqtt", b.listener)); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	if err := server.Serve(); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	<-ctx.Done()
	open.flush()
	if err := server.Close(); err != nil {
		return fmt.Errorf("broker: close: %w", err)
	}
	return nil
}
