package notify

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"strings"
	"testing"

	"decant/engine/export/request"
)

func mailConfig(t *testing.T, s *mailServer) Config {
	c := config()
	c.Email.Host = "127.0.0.1"
	c.Email.From = "decant <plant@example.com>"
	c.Email.Port = s.port()
	c.Email.CA = authority(t)
	if s.password != "" {
		c.Email.Username = "decant"
		c.Email.PasswordFile = file(t, "password", s.password+"\n")
	}
	return c
}

func toPlant(title, text string) request.Message {
	return request.Message{Medium: "email", Target: "plant@example.com", Title: title, Text: text}
}

func TestEmail(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*mailServer)
		tls  string
	}{
		{"starttls with a login", func(s *mailServer) { s.password = "open sesame" }, startTLS},
		{"tls with a login", func(s *mailServer) { s.password, s.implicit = "open sesame", true }, implicitTLS},
		{"none", func(s *mailServer) { s.plain = true }, noTLS},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newMailServer(t, c.set)
			conf := mailConfig(t, s)
			conf.Email.TLS = c.tls
			err := newDesk(t, conf, "1,2,3").send(t, toPlant("Zähler {{filename}}", "{{rows}} rows, {{from}} to {{to}}:\n{{downloadUrl}}"))
			if err != nil {
				t.Fatal(err)
			}
			got := s.received()
			if len(got) != 1 {
				t.Fatalf("%d messages came", len(got))
			}
			if got[0].secure != (c.tls != noTLS) || got[0].login != (s.password != "") {
				t.Errorf("secure %v, login %v", got[0].secure, got[0].login)
			}
			if !strings.HasPrefix(got[0].from, "FROM:<plant@example.com>") || !strings.HasPrefix(got[0].to, "TO:<plant@example.com>") {
				t.Errorf("envelope %s %s", got[0].from, got[0].to)
			}
			m := got[0].message(t)
			for name, want := range map[string]string{
				"Message-ID":     "<" + messageID + "@example.com>",
				"Date":           "Mon, 21 Sep 2026 14:13:20 +0000",
				"From":           `"decant" <plant@example.com>`,
				"To":             "<plant@example.com>",
				"Auto-Submitted": "auto-generated",
				"Content-Type":   "text/plain; charset=UTF-8",
			} {
				if got := m.Header.Get(name); got != want {
					t.Errorf("%s: %q; want %q", name, got, want)
				}
			}
			if subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || subject != "Zähler meter.csv" {
				t.Errorf("subject %q, %v", subject, err)
			}
			body := readAll(t, quotedprintable.NewReader(m.Body))
			want := "4321 rows, 2026-05-28T22:26:40+02:00 to 2026-09-21T16:13:20+02:00:\n" +
				"https://decant.example.com/artifacts/0199c5a2-0b1e-7c4e-8a55-000000000001/meter.csv?expires=20260928&signature=a_b_c\n"
			if strings.ReplaceAll(body, "\r\n", "\n") != want {
				t.Errorf("body\n%s\nwant\n%s", body, want)
			}
		})
	}
}

func TestEmailTargetFromTheConfiguration(t *testing.T) {
	s := newMailServer(t, nil)
	c := mailConfig(t, s)
	c.Email.To = "all@example.com"
	m := toPlant("done", "")
	m.Target = ""
	if err := newDesk(t, c, "").send(t, m); err != nil {
		t.Fatal(err)
	}
	if got := s.received(); len(got) != 1 || got[0].to != "TO:<all@example.com>" {
		t.Errorf("got %v", got)
	}
}

func TestEmailHeadersCannotBeInjected(t *testing.T) {
	s := newMailServer(t, nil)
	d := newDesk(t, mailConfig(t, s), "")
	j := doneJob(t, toPlant("a\r\nBcc: thief@example.com\r\n\r\nb {{filename}}", "text"))
	j.Artifacts[0].File = "x\r\nBcc: thief@example.com\n\u2028Cc: c@example.com.csv"
	if err := d.sendOf(t, j, "onSuccess"); err != nil {
		t.Fatal(err)
	}
	m := s.received()[0].message(t)
	if m.Header.Get("Bcc") != "" || m.Header.Get("Cc") != "" {
		t.Errorf("injected: %v", m.Header)
	}
	if got, want := header(t, s.received()[0].data, "Subject"),
		"Subject: a Bcc: thief@example.com b x Bcc: thief@example.com Cc: c@example.com.csv"; strings.Join(strings.Fields(got), " ") != want {
		t.Errorf("got %q", got)
	}
}

func TestEmailAttachment(t *testing.T) {
	s := newMailServer(t, nil)
	c := mailConfig(t, s)
	m := toPlant("file", "see the file")
	m.Attach = true
	content := strings.Repeat("time,value\n", 1000)
	if err := newDesk(t, c, content).send(t, m); err != nil {
		t.Fatal(err)
	}
	got := s.received()[0].message(t)
	kind, parameters, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		t.Fatalf("%s, %v", kind, err)
	}
	parts := multipart.NewReader(got.Body, parameters["boundary"])
	text, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	if body := readAll(t, text); strings.TrimSpace(body) != "see the file" {
		t.Errorf("text %q", body)
	}
	attached, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	if attached.FileName() != "meter.csv" || !strings.HasPrefix(attached.Header.Get("Content-Type"), "text/csv; charset=utf-8") {
		t.Errorf("attachment %s, %s", attached.FileName(), attached.Header)
	}
	if body := readAll(t, base64.NewDecoder(base64.StdEncoding, attached)); body != content {
		t.Errorf("the attachment has %d bytes of other content", len(body))
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Errorf("another part: %v", err)
	}
}

func TestAttachmentOverTheLimitIsALink(t *testing.T) {
	s := newMailServer(t, nil)
	c := mailConfig(t, s)
	c.AttachLimit = 10
	m := toPlant("file", "see the file")
	m.Attach = true
	if err := newDesk(t, c, "eleven bytes").send(t, m); err != nil {
		t.Fatal(err)
	}
	body := readAll(t, quotedprintable.NewReader(s.received()[0].message(t).Body))
	want := "see the file\n\nThe file (12 bytes) is larger than what may be attached (10 bytes). It can be downloaded here: https://decant.example.com/"
	if !strings.HasPrefix(strings.ReplaceAll(body, "\r\n", "\n"), want) {
		t.Errorf("body %q", body)
	}
}

func TestEmailFailures(t *testing.T) {
	for _, c := range []struct {
		name      string
		set       func(*mailServer)
		change    func(*Config)
		permanent bool
		words     string
	}{
		{"recipient unknown", func(s *mailServer) { s.answers["RCPT"] = "550 5.1.1 nobody of that name" }, nil, true, "550 5.1.1"},
		{"recipient greylisted", func(s *mailServer) { s.answers["RCPT"] = "451 4.7.1 later" }, nil, false, "451 4.7.1"},
		{"sender refused", func(s *mailServer) { s.answers["MAIL"] = "553 5.1.8 who" }, nil, true, "553"},
		{"data refused", func(s *mailServer) { s.answers["."] = "554 5.6.0 no" }, nil, true, "554 5.6.0"},
		{"disk full", func(s *mailServer) { s.answers["."] = "452 4.3.1 later" }, nil, false, "452"},
		{"server closing", func(s *mailServer) { s.answers["EHLO"], s.answers["HELO"] = "421 4.3.2 later", "421 4.3.2 later" }, nil, false, "421"},
		{"no STARTTLS", func(s *mailServer) { s.plain = true }, nil, false, "no TLS"},
		{"unknown authority", nil, func(c *Config) { c.Email.Host, c.Email.CA = "127.0.0.1", "" }, false, "certificate"},
		{"login refused", func(s *mailServer) { s.password = "other than configured" }, nil, false, "535"},
		{"no login offered", func(s *mailServer) { s.password = "x"; s.answers["EHLO"] = "250 STARTTLS" }, nil, false, "no login"},
		{"guard", nil, func(c *Config) { c.AllowPrivate = nil }, true, "allow_private"},
		{"password gone", func(s *mailServer) { s.password = "x" }, func(c *Config) { c.Email.PasswordFile += "-gone" }, false, "notify.email.password_file"},
		{"authority gone", nil, func(c *Config) { c.Email.CA += "-gone" }, false, "notify.email.ca"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newMailServer(t, c.set)
			conf := mailConfig(t, s)
			if s.password != "" {
				conf.Email.PasswordFile = file(t, "password", "open sesame")
			}
			if c.change != nil {
				c.change(&conf)
			}
			d := newDesk(t, conf, "")
			if c.name == "unknown authority" {
				d.trust.RootCAs = nil
			}
			f := wantFailure(t, d.send(t, toPlant("t", "x")), c.permanent, c.words, "open sesame")
			if f.cause == nil {
				t.Error("no cause for the log")
			}
			if got := s.received(); len(got) != 0 {
				t.Errorf("%d messages came all the same", len(got))
			}
		})
	}
}

// What happens after the server took the letter doesn't count: a second one would be worse.
func TestEmailTakenIsSent(t *testing.T) {
	s := newMailServer(t, func(s *mailServer) { s.answers["RSET"], s.answers["QUIT"] = "500 what", "500 what" })
	if err := newDesk(t, mailConfig(t, s), "").send(t, toPlant("t", "x")); err != nil {
		t.Fatal(err)
	}
	if n := len(s.received()); n != 1 {
		t.Errorf("%d messages came", n)
	}
}

func TestEmailTooLargeForTheServerIsALink(t *testing.T) {
	s := newMailServer(t, nil)
	s.answers["."] = "552 5.3.4 too big"
	d := newDesk(t, mailConfig(t, s), "content")
	m := toPlant("t", "x")
	m.Attach = true
	wantFailure(t, d.send(t, m), true, "552") // the letter without the file was refused as well
	s2 := newMailServer(t, func(s *mailServer) { s.once = map[string]string{".": "552 5.3.4 too big"} })
	d = newDesk(t, mailConfig(t, s2), "content")
	if err := d.send(t, m); err != nil {
		t.Fatal(err)
	}
	body := readAll(t, quotedprintable.NewReader(s2.received()[0].message(t).Body))
	if !strings.Contains(body, "The file (7 bytes) is too large for email. It can be downloaded here: https://") {
		t.Errorf("body %q", body)
	}
}

func TestEmailServerThatSaysNothing(t *testing.T) {
	s := newMailServer(t, func(s *mailServer) { s.silent = true })
	d := newDesk(t, mailConfig(t, s), "")
	j := doneJob(t, toPlant("t", "x"))
	r, m, err := messageOf(j, "onSuccess")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextWhen(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.open) > 0 })
	defer cancel()
	wantFailure(t, d.deliver(ctx, d.present(), j, r, m, messageID), false, "127.0.0.1")
}
