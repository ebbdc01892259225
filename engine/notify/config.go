package notify

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"
)

// Config is the [notify] section of the configuration file. Start from Default. Secrets stand in files of their own, which are read when they are
// used, so a new secret needs no restart.
type Config struct {
	LinkTTL     time.Duration `toml:"link_ttl"`     // how long a link to a file is valid; never longer than the file is kept
	AttachLimit int64         `toml:"attach_limit"` // bytes; what is larger is sent as a link
	// AllowPrivate are the loopback, private and other special addresses that messages may be sent to: 127.0.0.1, 10.0.0.0/8, mail.plant.lan, each also with
	// a port (127.0.0.1:25, [::1]:25). A name stands for whatever it resolves to.
	AllowPrivate []string `toml:"allow_private"`
	Email        Email    `toml:"email"`
	Slack        Webhook  `toml:"slack"`
	Discord      Webhook  `toml:"discord"`
	Telegram     Telegram `toml:"telegram"`
}

// Email says how to hand a message to a mail server.
type Email struct {
	Host         string `toml:"host"` // empty: no email is sent
	Port         int    `toml:"port"` // 0: 587, with tls = "tls" 465, with "none" 25
	TLS          string `toml:"tls"`  // starttls, tls or none
	Username     string `toml:"username"`
	PasswordFile string `toml:"password_file"`
	From         string `toml:"from"` // plant@example.com, or decant <plant@example.com>
	To           string `toml:"to"`   // where a message names no target
	CA           string `toml:"ca"`   // PEM file of the authorities to trust, in place of the system's
}

// Webhook is where a message of Slack or Discord goes that names no target.
type Webhook struct {
	WebhookFile string `toml:"webhook_file"` // holds the webhook's address, which is a secret
}

// Telegram says as which bot to write.
type Telegram struct {
	TokenFile string `toml:"token_file"` // empty: nothing is sent to Telegram
	Chat      string `toml:"chat"`       // where a message names no target
	APIURL    string `toml:"api_url"`    // of a Bot API server of your own
}

// What Email.TLS may be.
const (
	startTLS    = "starttls"
	implicitTLS = "tls"
	noTLS       = "none"
)

// Default is the configuration where nothing is said: no medium is set up.
func Default() Config {
	return Config{
		LinkTTL:     7 * 24 * time.Hour,
		AttachLimit: 10 << 20,
		Email:       Email{TLS: startTLS},
		Telegram:    Telegram{APIURL: "https://api.telegram.org"},
	}
}

// Validate reports every fault at once. It reads no file and asks no network.
func (c Config) Validate() error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf("notify."+format, args...)) }
	if c.LinkTTL < time.Minute {
		bad("link_ttl: %s; allowed is 1m and more", c.LinkTTL)
	}
	if c.AttachLimit < 0 {
		bad("attach_limit: %d; allowed is 0 and more, in bytes", c.AttachLimit)
	}
	for i, entry := range c.AllowPrivate {
		if _, err := parseAllowed(entry); err != nil {
			bad("allow_private[%d]: %w", i, err)
		}
	}
	c.Email.validate(bad)
	if chat := c.Telegram.Chat; chat != "" && c.Telegram.TokenFile == "" {
		bad("telegram.token_file: there is none, but a chat; name the file that holds the bot's token")
	}
	if u, err := url.Parse(c.Telegram.APIURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		bad("telegram.api_url: this is no address; allowed is one such as https://api.telegram.org")
	}
	return errors.Join(faults...)
}

func (e Email) validate(bad func(format string, args ...any)) {
	switch e.TLS {
	case startTLS, implicitTLS, noTLS:
	default:
		bad("email.tls: %q; allowed are starttls, tls, and none for a connection that anybody on the way can read", e.TLS)
	}
	if e.Port < 0 || e.Port > 65535 {
		bad("email.port: %d; allowed are 1 to 65535, and 0 for the usual one", e.Port)
	}
	if e.Host == "" {
		if e.Username != "" || e.PasswordFile != "" || e.From != "" || e.To != "" {
			bad("email.host: there is none; name the mail server, or leave out the whole section")
		}
		return
	}
	if strings.ContainsAny(e.Host, ":/ \t\r\n") && !isIP(e.Host) {
		bad("email.host: %q; allowed is a host's name or address, without a port", e.Host)
	}
	if _, err := mail.ParseAddress(e.From); err != nil {
		bad("email.from: %q is no address; allowed is one such as decant <plant@example.com>", e.From)
	}
	if e.To != "" && !bareAddress(e.To) {
		bad("email.to: %q is no address; allowed is one such as plant@example.com", e.To)
	}
	if (e.Username == "") != (e.PasswordFile == "") {
		bad("email.username and notify.email.password_file: only one of them is there; both or none are needed")
	}
	if e.Username != "" && e.TLS == noTLS {
		bad("email.username: with tls = \"none\" the password could be read on the way; use starttls or tls, or a server that asks for none")
	}
}

func bareAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

// port is the port that e means.
func (e Email) port() int {
	switch {
	case e.Port != 0:
		return e.Port
	case e.TLS == implicitTLS:
		return 465
	case e.TLS == noTLS:
		return 25
	}
	return 587
}
