package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"time"

	"decant/engine/export/request"
)

// letter is a message to send, before any medium has seen it.
type letter struct {
	id     string    // the same at each try
	at     time.Time // when its job ended
	target string    // "" is the configured one

	title, text string // templates
	values      values
	note        []piece // what the notifier adds to the text
	file        *attachment
}

// attachment is a file that goes with a letter. Whoever opened it closes it.
type attachment struct {
	*os.File
	name      string
	mediaType string
	size      int64 // bytes
}

// medium is a way to people.
type medium struct {
	send func(ctx context.Context, s *sender, l letter) error
	// host is where letters to a target go, for the lanes and the log.
	host func(c Config, target string) string
	// problem says why nothing can be sent to a target as the service is configured.
	problem func(c Config, m request.Message) (field, problem string)
	files   bool // it takes files
}

var media = map[string]medium{
	"email":    {sendEmail, func(c Config, _ string) string { return c.Email.Host }, emailProblem, true},
	"slack":    {sendSlack, hookHost, func(c Config, m request.Message) (string, string) { return hookProblem(c, c.Slack, m) }, false},
	"discord":  {sendDiscord, hookHost, func(c Config, m request.Message) (string, string) { return hookProblem(c, c.Discord, m) }, true},
	"telegram": {sendTelegram, func(c Config, _ string) string { return hostOf(c.Telegram.APIURL) }, telegramProblem, true},
}

// Check says why a message can't be delivered as the service is configured: the field that is at fault and the problem with it; "" where it can.
func (c Config) Check(m request.Message) (field, problem string) {
	by, known := media[m.Medium]
	if !known {
		return "medium", "this is no medium; allowed are email, telegram, slack and discord"
	}
	if m.Attach && !by.files {
		return "attach", "a " + m.Medium + " webhook takes no files; leave this out and write {{downloadUrl}} into the text"
	}
	return by.problem(c, m)
}

// sender is what a configuration makes: it is replaced whole when that changes.
type sender struct {
	Config
	dialer
	client *http.Client
	trust  *tls.Config // of HTTP and, where the configuration names no authority, of SMTP
	clock  func() int64
	log    *slog.Logger
}

func newSender(c Config, d dialer, trust *tls.Config, clock func() int64, log *slog.Logger) *sender {
	d.guard = newGuard(c.AllowPrivate)
	return &sender{Config: c, dialer: d, client: d.client(trust), trust: trust, clock: clock, log: log}
}

// post sends a body to an address, of which only the host may be shown, and returns the beginning of the answer; of one other than 2xx too.
func (s *sender) post(ctx context.Context, to *url.URL, contentType string, body io.Reader, length int64) ([]byte, error) {
	// The address is set afterwards so that no error of NewRequest can quote it.
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://host.invalid/", body)
	if err != nil {
		return nil, err
	}
	req.URL, req.Host, req.ContentLength = to, to.Host, length
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", "decant")
	res, err := s.client.Do(req)
	if err != nil {
		var quoting *url.Error
		if errors.As(err, &quoting) {
			err = quoting.Err
		}
		return nil, unreached(to.Hostname(), err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return answer, httpFailure(to.Hostname(), res.StatusCode, retryAfter(res.Header.Get("Retry-After"), time.Unix(0, s.clock())))
	}
	if err != nil {
		s.log.Debug("the answer to a notification is cut short", "host", to.Hostname(), "error", err) // 2xx: it was taken
	}
	return answer, nil
}

// literalProblem says why an address that a target gives as such can't be dialled. Names are looked at when they are dialled.
func (c Config) literalProblem(u *url.URL) string {
	host := u.Hostname()
	if canonicalHost(host) == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	port := uint64(443)
	if u.Port() != "" {
		if port, err = strconv.ParseUint(u.Port(), 10, 16); err != nil {
			return "its port is none"
		}
	}
	if !newGuard(c.AllowPrivate).permits(u.Hostname(), netip.AddrPortFrom(ip, uint16(port))) {
		return "this is a loopback, private or otherwise special address, which the service doesn't send to"
	}
	return ""
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
