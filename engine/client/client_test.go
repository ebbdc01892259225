package client

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:8080":       "",
		"https://exports.example.org": "",
		"https://example.org/exports": "",
		"127.0.0.1:8080":              "the server's address",
		"ftp://example.org":           "http://127.0.0.1:8080",
		"http://":                     "http://127.0.0.1:8080",
		"http://a:hush@example.org":   "token alone",
		"http://example.org?x=1":      "http://127.0.0.1:8080",
	} {
		_, err := New(Config{Server: address, Token: "t"})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	if _, err := New(Config{Server: "http://example.org", Token: "sec\nret"}); err == nil || strings.Contains(err.Error(), "sec") {
		t.Errorf("a token with a line end: %v", err)
	}
}

func TestInClear(t *testing.T) {
	for address, want := range map[string]bool{
		"http://127.0.0.1:8080": false, "http://[::1]:80": false, "http://localhost": false, "https://example.org": false,
		"http://example.org": true, "http://10.0.0.1": true,
	} {
		c, err := New(Config{Server: address, Token: "t"})
		if err != nil {
			t.Fatal(err)
		}
		if c.InClear() != want {
			t.Errorf("%s: %t", address, !want)
		}
	}
}

// TestCall: what goes over the wire.
func TestCall(t *testing.T) {
	var got *http.Request
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(background)
		fmt.Fprint(w, `{"id": "a/b ü", "enabled": true}`)
	})
	c.owner, c.agent = "plant & co", "decant/test"
	if _, err := c.Change(background, "a/b ü", Request{}, `"3"`); err != nil {
		t.Fatal(err)
	}
	if want := "/below/exports/a%2Fb%20%C3%BC?owner=plant+%26+co"; got.URL.RequestURI() != want {
		t.Errorf("%s, want %s", got.URL.RequestURI(), want)
	}
	for name, want := range map[string]string{"Authorization": "Bearer " + testToken, "If-Match": `"3"`, "Content-Type": "application/json", "User-Agent": "decant/test"} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
}

// TestAgain: what is asked again, how often, and after which time.
func TestAgain(t *testing.T) {
	get := func(c *Client) error { _, err := c.Export(background, "a"); return err }
	put := func(c *Client) error { _, err := c.Change(background, "a", Request{}, `"1"`); return err }
	keyed := func(c *Client) error { _, err := c.Create(background, Request{}, CreateOptions{Key: "k"}); return err }
	bare := func(c *Client) error { _, err := c.Create(background, Request{}, CreateOptions{}); return err }
	for _, tt := range []struct {
		name   string
		call   func(*Client) error
		status int // 0: no connection
		after  time.Duration
		tries  int
	}{
		{"get, unavailable", get, 503, 0, 4},
		{"get, bad gateway", get, 502, 0, 4},
		{"get, no connection", get, 0, 0, 4},
		{"get, internal", get, 500, 0, 1},
		{"get, not found", get, 404, 0, 1},
		{"get, busy", get, 429, 10 * time.Second, 4},
		{"get, busy for long", get, 429, time.Hour, 1},
		{"put, unavailable", put, 503, 0, 4},
		{"put, bad gateway", put, 502, 0, 1},
		{"put, no connection", put, 0, 0, 1},
		{"post with key, no connection", keyed, 0, 0, 4},
		{"post with key, bad gateway", keyed, 502, 0, 4},
		{"post, no connection", bare, 0, 0, 1},
		{"post, bad gateway", bare, 502, 0, 1},
		{"post, busy", bare, 429, time.Second, 4},
		{"post, faults", bare, 422, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries, begun := 0, time.Now()
				c := clientOver(t, roundTrip(func(r *http.Request) (*http.Response, error) {
					if tries++; tt.status == 0 {
						return gone{}.RoundTrip(r)
					}
					w := httptest.NewRecorder()
					sendProblem(w, &Error{Status: tt.status, RetryAfter: tt.after})
					return w.Result(), nil
				}))
				var told []error
				c.failing = func(err error) { told = append(told, err) }
				err := tt.call(c)
				if len(told) != min(1, tt.tries-1) {
					t.Errorf("%d tries, and told was %v", tries, told)
				}
				var no *Error
				var network *NetworkError
				if tt.status == 0 && !errors.As(err, &network) || tt.status != 0 && (!errors.As(err, &no) || no.Status != tt.status) {
					t.Errorf("%v", err)
				}
				if tries != tt.tries {
					t.Errorf("%d tries, want %d", tries, tt.tries)
				}
				if took := time.Since(begun); took < tt.after*time.Duration(tt.tries-1) || took > time.Minute+tt.after*time.Duration(tt.tries-1) {
					t.Errorf("it took %s", took)
				}
				if strings.Contains(err.Error(), testToken) {
					t.Errorf("the error tells the token: %v", err)
				}
			})
		})
	}
}

// TestFailing: a service that is gone is told once, and once more when it came back and went again.
func TestFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var there bool
		told := 0
		c, err := New(Config{Server: "http://service.test", Failing: func(error) { told++ }, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if !there {
				return gone{}.RoundTrip(r)
			}
			w := httptest.NewRecorder()
			fmt.Fprint(w, `{"id": "a"}`)
			return w.Result(), nil
		})})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []int{1, 1, 1, 2} {
			there = i == 2
			if _, err := c.Export(t.Context(), "a"); (err == nil) != there {
				t.Errorf("call %d: %v", i, err)
			}
			if told != want {
				t.Errorf("after call %d it was told %d times, want %d", i, told, want)
			}
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestStopped: a pause ends with the context.
func TestStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer stop()
		_, err := clientOver(t, gone{}).Export(ctx, "a")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

// TestRedirect: the token goes nowhere but to the service.
func TestRedirect(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirection was followed") }))
	defer other.Close()
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/login", http.StatusFound)
	})
	_, err := c.Export(background, "a")
	if err == nil || !strings.Contains(err.Error(), other.URL+"/login") || !strings.Contains(err.Error(), "DECANT_SERVER") {
		t.Errorf("%v", err)
	}
}

func TestProblem(t *testing.T) {
	for name, tt := range map[string]struct {
		problem Error
		want    string
	}{
		"the detail has the faults": {Error{Status: 422, Detail: "the request has a fault: type: it is missing", Faults: []Fault{{Path: "type", Message: "it is missing"}}}, "the request has a fault: type: it is missing"},
		"it doesn't":                {Error{Status: 422, Detail: "2 of the requests can't be taken", Faults: []Fault{{Path: "exports[1].type", Value: `"x"`, Message: "allowed are a, b"}, {Path: "exports[2]", Message: "no"}}}, "2 of the requests can't be taken\n  exports[1].type: \"x\": allowed are a, b\n  exports[2]: no"},
		"a title alone":             {Error{Status: 404, Title: "There is no such thing"}, "There is no such thing"},
		"nothing":                   {Error{Status: 500}, "GET /exports/a: the service answers 500 Internal Server Error"},
	} {
		c := clientOf(t, func(w http.ResponseWriter, r *http.Request) { sendProblem(w, &tt.problem) })
		if _, err := c.Export(background, "a"); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %q, want %q", name, err, tt.want)
		}
	}
	page := clientOf(t, func(w http.ResponseWriter, r *http.Request) { http.Error(w, "<html>", http.StatusForbidden) })
	if _, err := page.Export(background, "a"); err == nil || err.Error() != "GET /exports/a: the service answers 403 Forbidden" {
		t.Errorf("a proxy's page: %v", err)
	}
	other := clientOf(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>") })
	var network *NetworkError
	if _, err := other.Cancel(background, "a"); !errors.As(err, &network) {
		t.Errorf("something that is no service: %v", err)
	}
}

// TestList: pages are asked for one after the other, and none that isn't needed.
func TestList(t *testing.T) {
	service := newFakeService()
	for i := range 7 {
		id := fmt.Sprintf("e%d", i)
		service.exports[id] = &fakeExport{request: Request{}.With("title", "t"), version: i + 1}
	}
	asked := 0
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) { asked++; service.ServeHTTP(w, r) })
	all := collect(t, c.Exports(background, Filter{}))
	if len(all) != 7 || asked != 4 || all[6].ID != "e6" || all[6].ETag != `"of 7"` {
		t.Errorf("%d exports in %d pages: %+v", len(all), asked, all)
	}
	if got := string(all[6].Request.JSON()); got != `{"title":"t","id":"e6"}` {
		t.Errorf("its request is %s", got)
	}
	for limit, pages := range map[int]int{1: 1, 2: 1, 3: 2, 7: 4, 8: 4} {
		asked = 0
		if got := collect(t, c.Exports(background, Filter{Limit: limit})); len(got) != min(limit, 7) || asked != pages {
			t.Errorf("limit %d: %d exports in %d pages", limit, len(got), asked)
		}
	}
}

// TestCertificates: a server with a certificate of its own is trusted where its authority is named, and nowhere else.
func TestCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"id": "a"}`) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it says so when a client hangs up
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	trusting, err := New(Config{Server: server.URL, Token: "t", CA: ca})
	if err != nil {
		t.Fatal(err)
	}
	defer trusting.http.CloseIdleConnections()
	if e, err := trusting.Export(background, "a"); err != nil || e.ID != "a" {
		t.Errorf("%+v %v", e, err)
	}
	if err := os.WriteFile(ca, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Server: server.URL, Token: "t", CA: ca}); err == nil {
		t.Error("a file without certificates was taken")
	}
	distrusting, err := New(Config{Server: server.URL, Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	var network *NetworkError
	if err := distrusting.Delete(background, "a", ""); !errors.As(err, &network) {
		t.Errorf("an unknown authority: %v", err)
	}
}
