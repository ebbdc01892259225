package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Bounds of one call.
const (
	maxAnswer   = 64 << 20        // bytes of a JSON answer
	maxProblem  = 4 << 20         // bytes of an answer that says no
	callTime    = 2 * time.Minute // a try of a call with a JSON answer
	headersTime = 5 * time.Minute // until an answer begins: a zip is made at its first use
)

// Config says where the service is and who calls.
type Config struct {
	Server    string // http:// or https://, a host, and a path where the service lies below one
	Token     string
	Owner     string // whose exports an administrator means; empty: the service's rule
	CA        string // PEM file of the authorities that may vouch for the server; empty: the system's
	UserAgent string
	Transport http.RoundTripper // nil: HTTP over TCP
	Failing   func(error)       // told, once until a call succeeds, what went wrong when a call is to be made again; may be nil
}

// Client calls one service as one caller. Its methods may be called from several goroutines.
type Client struct {
	base  *url.URL
	token string
	owner string
	agent string
	http  *http.Client

	failing func(error)
	told    atomic.Bool // failing was called, and no call has succeeded since
}

// New makes a Client; nothing is sent yet.
func New(c Config) (*Client, error) {
	base, err := url.Parse(c.Server)
	if err != nil {
		return nil, fmt.Errorf("the server's address: %w", err)
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("the server's address is %q; write one such as http://127.0.0.1:8080 or https://exports.example.org", base.Redacted())
	}
	if base.User != nil {
		return nil, fmt.Errorf("the server's address %q holds a name or password; callers are known by their token alone", base.Redacted())
	}
	if strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the token holds blanks or characters that no token has; it is what decant token create printed")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	transport := c.Transport
	if transport == nil {
		if transport, err = overTCP(c.CA); err != nil {
			return nil, err
		}
	}
	return &Client{base: base, token: c.Token, owner: c.Owner, agent: c.UserAgent, failing: c.Failing, http: &http.Client{
		Transport: transport,
		// A redirection would carry the token to where the user didn't send it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func overTCP(ca string) (http.RoundTripper, error) {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: headersTime,
		IdleConnTimeout:       30 * time.Second,
		MaxIdleConnsPerHost:   4,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if ca == "" {
		return t, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	t.TLSClientConfig.RootCAs = x509.NewCertPool()
	if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read certificates: %s holds none in PEM form", ca)
	}
	return t, nil
}

// InClear says whether the token goes over a network unencrypted: by http, and not to this machine itself.
func (c *Client) InClear() bool {
	if c.base.Scheme == "https" || c.base.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(c.base.Hostname())
	return ip == nil || !ip.IsLoopback()
}

// call is one call of the API.
type call struct {
	method string
	path   string // of the API; segments escaped
	query  url.Values
	header http.Header
	body   []byte
	again  again
}

// segment escapes a part of a path: an id may hold what has a meaning there.
func segment(s string) string {
	if s == "." || s == ".." { // a path's own words, which escaping leaves as they are
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}

// owned is a query of the calls that know owner.
func (c *Client) owned() url.Values {
	if c.owner == "" {
		return url.Values{}
	}
	return url.Values{"owner": {c.owner}}
}

// do makes a call and reads its JSON answer into out, unless that is nil.
func (c *Client) do(ctx context.Context, call call, out any) error {
	return call.again.run(ctx, c.became, func() error {
		ctx, cancel := context.WithTimeout(ctx, callTime)
		defer cancel()
		answer, err := c.send(ctx, call)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
		if err != nil {
			return &NetworkError{Doing: call.method + " " + call.path, Err: err}
		}
		if len(data) > maxAnswer {
			return fmt.Errorf("%s %s: the answer is longer than %d bytes", call.method, call.path, maxAnswer)
		}
		if out == nil {
			return nil
		}
		if err := json.Unmarshal(data, out); err != nil {
			return &NetworkError{Doing: call.method + " " + call.path, Err: fmt.Errorf("the answer is not what the service sends: %w", err)}
		}
		return nil
	})
}

// became tells the user of the first try that failed, where another follows; nil is one that succeeded.
func (c *Client) became(err error) {
	if err == nil {
		c.told.Store(false)
	} else if !c.told.Swap(true) && c.failing != nil {
		c.failing(err)
	}
}

// send makes one try of a call. The answer is one that says yes, and the caller closes its body.
func (c *Client) send(ctx context.Context, call call) (*http.Response, error) {
	target := *c.base
	target.Path = ""
	to := target.String() + c.base.EscapedPath() + call.path
	if len(call.query) > 0 {
		to += "?" + call.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, call.method, to, bytes.NewReader(call.body))
	if err != nil {
		return nil, fmt.Errorf("call the service: %w", err)
	}
	for name, values := range call.header {
		req.Header[name] = values
	}
	if call.body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.roundTrip(req, call.method+" "+call.path)
}

// roundTrip makes a request and turns an answer that says no into an *Error.
func (c *Client) roundTrip(req *http.Request, doing string) (*http.Response, error) {
	if c.agent != "" {
		req.Header.Set("User-Agent", c.agent)
	}
	answer, err := c.http.Do(req)
	if err != nil {
		if req.Context().Err() != nil && errors.Is(context.Cause(req.Context()), context.Canceled) {
			return nil, context.Canceled
		}
		var outer *url.Error // says the address again, query and all
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return nil, &NetworkError{Doing: doing, Server: c.base.String(), Err: err}
	}
	if answer.StatusCode >= 200 && answer.StatusCode < 300 {
		return answer, nil
	}
	defer answer.Body.Close()
	return nil, problem(answer, doing)
}
