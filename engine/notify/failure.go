package notify

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// failure is why a try didn't send. Its text goes to the job, where its owner reads it, so it holds no secret, nothing that the target answered, and
// no address that a name led to; the cause is for the log.
type failure struct {
	text      string
	permanent bool          // another try would meet the same
	after     time.Duration // how long the target asked to be left alone; 0 where it did not
	tooLarge  bool          // without the file it may go
	cause     error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

// unreached is a failure to connect to a host or to talk to it.
func unreached(host string, err error) *failure {
	f := &failure{cause: err}
	var blocked *blockedError
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	var op *net.OpError
	switch {
	case errors.As(err, &blocked):
		f.permanent = true
		f.text = blocked.Error()
		f.cause = fmt.Errorf("%w: %s", err, blocked.to)
	case errors.As(err, &timeout) && timeout.Timeout():
		f.text = host + " did not answer in time"
	case errors.As(err, &dns):
		f.text = host + " can't be found"
	case errors.As(err, &op) && op.Op == "dial":
		f.text = "no connection to " + host
	case errors.As(err, new(*tls.CertificateVerificationError)):
		f.text = host + " has a certificate that isn't trusted"
	default:
		f.text = "the connection to " + host + " broke"
	}
	return f
}

// httpFailure is an answer other than 2xx. after is the answer's Retry-After.
func httpFailure(host string, status int, after time.Duration) *failure {
	f := &failure{text: fmt.Sprintf("%s answered with status %d", host, status)}
	switch {
	case status == 429:
		f.after = after
		f.text += ", too many messages"
	case status == 413:
		f.permanent, f.tooLarge = true, true
	case status >= 300 && status < 400:
		f.permanent = true
		f.text += ", a redirect, which is not followed"
	case status < 500:
		f.permanent = true
	default:
		f.after = after
	}
	return f
}

// retryAfter reads a Retry-After header: seconds, which Discord gives with a fraction, or a date. It is at most a day.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	var d time.Duration
	if s, err := strconv.ParseFloat(header, 64); err == nil {
		d = seconds(s)
	} else if t, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", header); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), 24*time.Hour)
}

func seconds(s float64) time.Duration {
	if !(s > 0) {
		return 0
	}
	return time.Duration(min(s, 86400) * float64(time.Second))
}

// secret reads a file that holds nothing but a secret. key names it in the configuration.
func secret(key, path string) (string, error) {
	data, err := os.ReadFile(path)
	if err == nil && len(data) > 64<<10 {
		err = errors.New("it is larger than a secret")
	}
	s := strings.TrimSpace(string(data))
	if err == nil && s == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", &failure{text: "the service can't read its " + key, cause: fmt.Errorf("read %s %s: %w", key, path, err)}
	}
	return s, nil
}
