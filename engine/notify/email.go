package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/textproto"
	"os"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"decant/engine/export/request"
)

func emailProblem(c Config, m request.Message) (field, problem string) {
	switch {
	case c.Email.Host == "":
		return "medium", "the service has no mail server; choose another medium, or have notify.email configured"
	case m.Target == "" && c.Email.To == "":
		return "target", "there is none, and the service has no address to fall back on; name one such as plant@example.com"
	case m.Target != "" && !bareAddress(m.Target):
		return "target", "this is no email address; allowed is one such as plant@example.com"
	}
	return "", ""
}

// sendEmail hands a letter to the mail server. A letter that the server took counts as sent, whatever happens to the connection afterwards.
func sendEmail(ctx context.Context, s *sender, l letter) error {
	e := s.Email
	if e.Host == "" {
		return &failure{text: "the service has no mail server any more", permanent: true}
	}
	msg, err := e.compose(l)
	if err != nil {
		return &failure{text: "the email can't be written: " + err.Error(), permanent: true}
	}
	client, hold, err := s.mailClient(ctx)
	if err != nil {
		return err
	}
	defer hold.close()
	stop := context.AfterFunc(ctx, hold.close) // past the dial, go-mail looks at no context
	defer stop()
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return smtpUnready(e.Host, err)
	}
	err = client.SendWithSMTPClient(conn, msg)
	if msg.IsDelivered() {
		_ = client.CloseWithSMTPClient(conn)
		return nil
	}
	return smtpRefused(e.Host, err)
}

// compose writes a letter as RFC 5322 has it. Go-mail encodes what isn't ASCII (RFC 2047); markup has taken line ends out of the title.
func (e Email) compose(l letter) (*gomail.Msg, error) {
	from, err := mail.ParseAddress(e.From)
	if err != nil {
		return nil, fmt.Errorf("the service's notify.email.from is no address")
	}
	to := l.target
	if to == "" {
		to = e.To
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	if err := msg.To(to); err != nil {
		return nil, fmt.Errorf("the target is no address")
	}
	msg.Subject(emailMarkup.titleOf(l))
	_, domain, _ := strings.Cut(from.Address, "@")
	msg.SetMessageIDWithValue(l.id + "@" + domain)
	msg.SetDateWithValue(l.at)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office replies
	msg.SetBodyString(gomail.TypeTextPlain, emailMarkup.textOf(l, emailMarkup.limit)+"\n")
	if f := l.file; f != nil {
		msg.AttachReadSeeker(f.name, f, gomail.WithFileContentType(gomail.ContentType(f.mediaType)))
	}
	return msg, nil
}

// mailClient sets go-mail up: for one letter, so that a new configuration or a new password is used at once.
func (s *sender) mailClient(ctx context.Context) (*gomail.Client, *held, error) {
	e := s.Email
	trust := s.trust.Clone()
	trust.ServerName = e.Host
	if e.CA != "" {
		pem, err := os.ReadFile(e.CA)
		if err == nil {
			trust.RootCAs = x509.NewCertPool()
			if !trust.RootCAs.AppendCertsFromPEM(pem) {
				err = errors.New("it holds no certificate")
			}
		}
		if err != nil {
			return nil, nil, &failure{text: "the service can't read its notify.email.ca", cause: fmt.Errorf("read notify.email.ca %s: %w", e.CA, err)}
		}
	}
	hold := &held{}
	options := []gomail.Option{
		gomail.WithPort(e.port()), gomail.WithTimeout(tryTimeout), gomail.WithTLSConfig(trust), gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(ctx context.Context, network, _ string) (net.Conn, error) {
			c, err := s.dial(ctx, network, net.JoinHostPort(e.Host, strconv.Itoa(e.port()))) // go-mail puts no brackets around an IPv6 address
			if err != nil {
				return nil, err
			}
			if e.TLS == implicitTLS {
				c = tls.Client(c, trust)
			}
			return hold.keep(c), nil
		}),
	}
	switch e.TLS {
	case noTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	case implicitTLS:
		options = append(options, gomail.WithSSL())
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if e.Username != "" {
		password, err := secret("notify.email.password_file", e.PasswordFile)
		if err != nil {
			return nil, nil, err
		}
		options = append(options, gomail.WithUsername(e.Username), gomail.WithPassword(password), gomail.WithOpportunisticSMTPAuth(
			gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	client, err := gomail.NewClient(e.Host, options...)
	if err != nil {
		return nil, nil, &failure{text: "the service's mail settings are wrong", cause: err}
	}
	return client, hold, nil
}

// smtpUnready is a failure before the letter was offered: the server's or the settings' fault, so another try may do better, after an operator's hand maybe.
func smtpUnready(host string, err error) error {
	if reply := (*textproto.Error)(nil); errors.As(err, &reply) {
		if strings.HasPrefix(err.Error(), "SMTP AUTH") {
			err = fmt.Errorf("login: reply %d", reply.Code) // its words could repeat the password
		}
		return &failure{text: fmt.Sprintf("the mail server %s lets the service send nothing (%d)", host, reply.Code), cause: err}
	}
	_, network := errors.AsType[net.Error](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	if !network && !untrusted && !errors.Is(err, io.EOF) {
		return &failure{text: "the mail server " + host + " offers no TLS or no login of the kind that the service is to use", cause: err}
	}
	return unreached(host, err)
}

// smtpRefused is a letter that the server didn't take: for good with a code of 500 and more (RFC 5321 section 4.2.1).
func smtpRefused(host string, err error) error {
	var send *gomail.SendError
	if !errors.As(err, &send) || send.ErrorCode() == 0 {
		return unreached(host, err)
	}
	code := send.ErrorCode()
	text := fmt.Sprintf("the mail server %s refused the message: %s: %d %s", host, send.Reason, code, send.EnhancedStatusCode())
	return &failure{text: strings.TrimSpace(text), permanent: code >= 500, tooLarge: code == 552 || code == 554 && send.EnhancedStatusCode() == "5.3.4", cause: err}
}
