package notify

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"decant/engine/export/request"
)

func TestDefaultIsValid(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
}

func TestConfigText(t *testing.T) {
	c := Default()
	meta, err := toml.Decode(`
		link_ttl = "24h"
		attach_limit = 5242880
		allow_private = ["127.0.0.1:25", "10.0.0.0/8"]
		[email]
		host = "mail.example.com"
		port = 2525
		tls = "tls"
		username = "decant"
		password_file = "/etc/decant/smtp"
		from = "decant <plant@example.com>"
		to = "all@example.com"
		ca = "/etc/decant/ca.pem"
		[slack]
		webhook_file = "/etc/decant/slack"
		[discord]
		webhook_file = "/etc/decant/discord"
		[telegram]
		token_file = "/etc/decant/telegram"
		chat = "@plant"
	`, &c)
	if err != nil || len(meta.Undecoded()) > 0 {
		t.Fatal(err, meta.Undecoded())
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if c.LinkTTL != 24*time.Hour || c.Email.port() != 2525 || c.Slack.WebhookFile != "/etc/decant/slack" || c.Telegram.APIURL != "https://api.telegram.org" {
		t.Errorf("%+v", c)
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	c := Config{
		LinkTTL: time.Second, AttachLimit: -1, AllowPrivate: []string{"127.0.0.1", "10.0.0"},
		Email:    Email{Host: "mail.example.com:25", Port: 70000, TLS: "maybe", Username: "x", From: "me", To: "all of you"},
		Telegram: Telegram{Chat: "1", APIURL: "api.telegram.org"},
	}
	err := c.Validate()
	if err == nil {
		t.Fatal("no fault")
	}
	for _, want := range []string{"notify.link_ttl", "notify.attach_limit", "notify.allow_private[1]", "notify.email.host", "notify.email.port", "notify.email.tls",
		"notify.email.from", "notify.email.to", "notify.email.password_file", "notify.telegram.token_file", "notify.telegram.api_url"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "allow_private[0]") {
		t.Errorf("what is right is named in\n%v", err)
	}
	c = Default()
	c.Email = Email{Host: "mail.example.com", TLS: noTLS, From: "a@b.example", Username: "x", PasswordFile: "y"}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "could be read on the way") {
		t.Errorf("a password in the clear: %v", err)
	}
	c.Email = Email{TLS: startTLS, To: "a@b.example"}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "notify.email.host") {
		t.Errorf("no host: %v", err)
	}
}

func TestCheck(t *testing.T) {
	all := Default()
	all.Email = Email{Host: "mail.example.com", TLS: startTLS, From: "a@example.com", To: "b@example.com"}
	all.Slack.WebhookFile, all.Discord.WebhookFile = "x", "x"
	all.Telegram.TokenFile, all.Telegram.Chat = "x", "1"
	bot := Default()
	bot.Telegram.TokenFile = "x"
	server := all
	server.Email.To = ""
	inner := Default()
	inner.AllowPrivate = []string{"10.0.0.1:443"}
	const hook = "https://hooks.example.com/x"
	for _, c := range []struct {
		name   string
		config Config
		m      request.Message
		field  string
	}{
		{"email", all, request.Message{Medium: "email", Target: "c@example.com", Attach: true}, ""},
		{"email to the configured", all, request.Message{Medium: "email"}, ""},
		{"email to nobody", server, request.Message{Medium: "email"}, "target"},
		{"email to a name", server, request.Message{Medium: "email", Target: "c <c@example.com>"}, "target"},
		{"email without a server", Default(), request.Message{Medium: "email", Target: "c@example.com"}, "medium"},
		{"slack", Default(), request.Message{Medium: "slack", Target: hook}, ""},
		{"slack to the configured", all, request.Message{Medium: "slack"}, ""},
		{"slack to nobody", Default(), request.Message{Medium: "slack"}, "target"},
		{"slack with a file", all, request.Message{Medium: "slack", Attach: true}, "attach"},
		{"discord", Default(), request.Message{Medium: "discord", Target: hook, Attach: true}, ""},
		{"discord in the clear", all, request.Message{Medium: "discord", Target: "http://hooks.example.com/x"}, "target"},
		{"discord to nobody", Default(), request.Message{Medium: "discord"}, "target"},
		{"discord to this machine", all, request.Message{Medium: "discord", Target: "https://127.0.0.1/x"}, "target"},
		{"discord to this machine by name", all, request.Message{Medium: "discord", Target: "https://localhost./x"}, "target"},
		{"discord to a private address", all, request.Message{Medium: "discord", Target: "https://10.0.0.1/x"}, "target"},
		{"discord to an allowed one", inner, request.Message{Medium: "discord", Target: "https://10.0.0.1/x"}, ""},
		{"discord to another port of it", inner, request.Message{Medium: "discord", Target: "https://10.0.0.1:8443/x"}, "target"},
		{"discord to a port beyond", inner, request.Message{Medium: "discord", Target: "https://10.0.0.1:99999/x"}, "target"},
		{"telegram", bot, request.Message{Medium: "telegram", Target: "1", Attach: true}, ""},
		{"telegram to the configured", all, request.Message{Medium: "telegram"}, ""},
		{"telegram to nobody", bot, request.Message{Medium: "telegram"}, "target"},
		{"telegram without a bot", Default(), request.Message{Medium: "telegram", Target: "1"}, "medium"},
		{"a medium of another kind", all, request.Message{Medium: "sms"}, "medium"},
	} {
		field, problem := New(c.config, Deps{}).Check(c.m)
		if field != c.field || (problem == "") != (field == "") {
			t.Errorf("%s: %q: %s", c.name, field, problem)
		}
	}
}

func TestSecretFiles(t *testing.T) {
	if got, err := secret("k", file(t, "s", " word\r\n")); got != "word" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, path := range []string{file(t, "empty", "\n"), filepath.Join(t.TempDir(), "gone"), t.TempDir(), file(t, "large", strings.Repeat("x", 70_000))} {
		_, err := secret("notify.k", path)
		wantFailure(t, err, false, "notify.k", path[:0]+"xxxxx")
		if strings.Contains(err.Error(), path) {
			t.Errorf("%v tells the path", err)
		}
	}
}
