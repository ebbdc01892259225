// Package mqtt makes an MQTT broker a source of messages for ingest.
//
// One connection after the other:
//
//  1. connect with a stable client id and a session that the broker keeps;
//  2. subscribe, unless the session still has the same subscriptions; unsubscribe from filters that left the configuration;
//  3. hand over messages in order of receipt; each is acknowledged to the broker when the pipeline calls its Ack;
//  4. when the connection is lost, wait (longer every time) and begin again.
//
// What is handed over and not acknowledged when a connection ends, the broker delivers again on the next one, marked DUP.
// The next connection begins only after the last message of the one before was handed over, so the order of receipt
// survives, and a delivery and its repetition can be told apart.
//
// Flow control is that reading stops: while the pipeline's queue is full, take blocks, and nothing more is read from the
// connection. If that lasts longer than the keep-alive and PingTimeout together, the broker's answer to a ping goes
// unread, and the connection counts as lost. With QoS 1 and 2 nothing is lost by that.
package mqtt

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Config says which broker to read from, and as whom. Zero durations mean their defaults.
type Config struct {
	// URL is the broker's address: tcp or mqtt, ssl or mqtts, ws or wss. Without a port it is 1883, 8883, 80 or 443. A
	// user and password may stand in it; Username and Password beat them.
	URL string

	// ClientID is what the broker keeps the session under. It has to stay the same from run to run, and belong to one
	// process at a time: a broker closes the older of two connections with one id.
	ClientID string

	Topics []string // filters, such as channels/+/messages/#; those that others cover are left out
	QoS    byte     // 0, 1 or 2

	// Subscribed are the filters that an earlier run recorded. A broker that is expected to have a session and has none is
	// worth a warning; filters that are no longer in Topics are unsubscribed.
	Subscribed []string
	// Record keeps, durably, what to give as Subscribed the next time. It is called before and after the broker's
	// session changes, with all filters that the session may hold then. It may be nil.
	Record func(filters []string) error

	Username string
	Password string

	CA   string // file with PEM certificates to trust instead of the system's
	Cert string // file with our own certificate, PEM
	Key  string // file with its key, PEM

	KeepAlive      time.Duration // whole seconds. Default 30 s
	PingTimeout    time.Duration // how long the answer to a ping may take. Default 30 s
	ConnectTimeout time.Duration // default 10 s
	RetryMin       time.Duration // first pause. Default 1 s
	RetryMax       time.Duration // longest pause. Default 1 min

	Log *slog.Logger     // default slog.Default()
	Now func() time.Time // the clock for the moment of receipt. Default time.Now
}

// ports are the schemes and their usual ports.
var ports = map[string]string{
	"tcp": "1883", "mqtt": "1883",
	"ssl": "8883", "mqtts": "8883",
	"ws": "80", "wss": "443",
}

// Validate reports every fault of the configuration at once. It reads the certificate files.
func (c Config) Validate() error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	u, err := c.address()
	if err != nil {
		add("broker: %w", err)
	}
	if c.ClientID == "" {
		add("client id: empty; the broker keeps unacknowledged messages under it")
	} else if len(c.ClientID) > 65535 || strings.ContainsRune(c.ClientID, 0) {
		add("client id: longer than 65535 bytes, or with a zero byte in it")
	}
	if len(c.Topics) == 0 {
		add("topics: none to subscribe to")
	}
	for _, topic := range c.Topics {
		if err := checkFilter(topic); err != nil {
			add("topic %q: %w", topic, err)
		}
	}
	if c.QoS > 2 {
		add("qos: %d; allowed are 0, 1 and 2", c.QoS)
	}
	if c.Password != "" && c.user(u) == "" {
		add("password: given without a user name")
	}
	if c.KeepAlive < 0 || c.KeepAlive%time.Second != 0 || c.KeepAlive > 65535*time.Second {
		add("keep-alive: %s; allowed are whole seconds up to 65535", c.KeepAlive)
	}
	if c.PingTimeout < 0 || c.ConnectTimeout < 0 || c.RetryMin < 0 || c.RetryMax < 0 {
		add("timeouts and pauses: negative")
	}
	if u != nil {
		if _, err := c.tlsConfig(u); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&c.KeepAlive, 30 * time.Second},
		{&c.PingTimeout, 30 * time.Second},
		{&c.ConnectTimeout, 10 * time.Second},
		{&c.RetryMin, time.Second},
		{&c.RetryMax, time.Minute},
	} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	c.RetryMax = max(c.RetryMax, c.RetryMin)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// address parses the URL and fills in the port.
func (c Config) address() (*url.URL, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL such as tcp://localhost:1883", c.URL)
	}
	port, ok := ports[u.Scheme]
	if !ok || u.Hostname() == "" {
		return nil, fmt.Errorf("%q: give scheme and host, such as tcp://localhost:1883; schemes are tcp, mqtt, ssl, mqtts, ws, wss", u.Redacted())
	}
	if u.Port() == "" {
		u.Host += ":" + port
	}
	return u, nil
}

func (c Config) user(u *url.URL) string {
	if c.Username == "" && u != nil && u.User != nil {
		return u.User.Username()
	}
	return c.Username
}

// credentials are what CONNECT carries.
func (c Config) credentials(u *url.URL) (username, password string) {
	username, password = c.user(u), c.Password
	if password == "" && u.User != nil {
		password, _ = u.User.Password()
	}
	return username, password
}
