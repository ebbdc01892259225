package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"decant/engine/access"
)

// call makes the path of a route that can be called.
func (rt route) target() string {
	return strings.NewReplacer("{id}", "x", "{job}", "x", "{file}", "x").Replace(rt.pattern)
}

// TestEveryRouteAsksForItsScope: no route is answered without a token but those that are meant to be, and none with a token that has all scopes but
// its own.
func TestEveryRouteAsksForItsScope(t *testing.T) {
	s := newService(t)
	for i, scope := range access.Scopes[:len(access.Scopes)-1] {
		others := append(append([]access.Scope{}, access.Scopes[:i]...), access.Scopes[i+1:len(access.Scopes)-1]...)
		s.token("all but "+string(scope), "alice", nil, others...)
	}
	s.token("all but admin", "alice", nil, access.Scopes[:len(access.Scopes)-1]...)
	open := map[string]bool{}
	for _, rt := range routes() {
		w := s.call("", rt.method, rt.target(), "")
		if rt.scope == "" {
			open[rt.pattern] = true
			if w.Code == http.StatusUnauthorized {
				t.Errorf("%s %s: %d, though it is open to all", rt.method, rt.pattern, w.Code)
			}
			continue
		}
		if got := w.Header().Get("WWW-Authenticate"); w.Code != http.StatusUnauthorized || got != `Bearer realm="decant"` {
			t.Errorf("%s %s without a token: %d, WWW-Authenticate %s", rt.method, rt.pattern, w.Code, got)
		}
		w = s.call("all but "+string(rt.scope), rt.method, rt.target(), "")
		want := fmt.Sprintf(`Bearer realm="decant", error="insufficient_scope", scope="%s"`, rt.scope)
		if got := w.Header().Get("WWW-Authenticate"); w.Code != http.StatusForbidden || got != want || !strings.Contains(w.Body.String(), string(rt.scope)) {
			t.Errorf("%s %s without %s: %d, WWW-Authenticate %s: %s", rt.method, rt.pattern, rt.scope, w.Code, got, w.Body)
		}
		if w := s.call("root", rt.method, rt.target(), ""); w.Code == http.StatusUnauthorized || w.Code == http.StatusForbidden {
			t.Errorf("%s %s as an administrator: %d", rt.method, rt.pattern, w.Code)
		}
	}
	for _, pattern := range []string{"/artifacts/{job}/{file}", "/livez", "/readyz", "/openapi.json"} {
		if !open[pattern] {
			t.Errorf("%s asks for a token", pattern)
		}
		delete(open, pattern)
	}
	if len(open) > 0 {
		t.Errorf("these are open to all, too: %v", open)
	}
}

// TestWrongTokens: unknown, expired and revoked tokens get the same answer to the byte, and it holds nothing of them.
func TestWrongTokens(t *testing.T) {
	s := newService(t)
	ctx := context.Background()
	expires := begin + int64(time.Hour)
	expired, token := access.NewToken("alice", []access.Scope{access.Read}, nil, &expires, begin, "")
	if err := s.queue.AddToken(ctx, token); err != nil {
		t.Fatal(err)
	}
	if w := s.call("", "GET", "/channels", "", "Authorization: Bearer "+expired); w.Code != http.StatusOK {
		t.Fatalf("a token that is good for another hour: %d", w.Code)
	}
	revoked, token := access.NewToken("alice", []access.Scope{access.Read}, nil, nil, begin, "")
	if err := s.queue.AddToken(ctx, token); err != nil {
		t.Fatal(err)
	}
	if w := s.call("", "GET", "/channels", "", "Authorization: Bearer "+revoked); w.Code != http.StatusOK {
		t.Fatalf("a token that was not revoked yet: %d", w.Code)
	}
	s.clock.Store(expires)
	if err := s.queue.RevokeToken(ctx, token.ID, expires); err != nil {
		t.Fatal(err)
	}
	unknown, _ := access.NewToken("alice", []access.Scope{access.Read}, nil, nil, begin, "")
	answers := map[string]bool{}
	for name, header := range map[string]string{
		"expired": "Bearer " + expired, "revoked": "bearer " + revoked, "unknown": "Bearer " + unknown,
		"malformed": "Bearer " + unknown[:20], "empty": "Bearer ", "two words": "Bearer a b",
	} {
		w := s.call("", "GET", "/channels", "", "Authorization: "+header)
		if got := w.Header().Get("WWW-Authenticate"); w.Code != http.StatusUnauthorized || got != `Bearer realm="decant", error="invalid_token"` {
			t.Errorf("%s: %d, WWW-Authenticate %s", name, w.Code, got)
		}
		answers[w.Body.String()] = true
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
}

// TestTokensAreTakenFromTheirHeaderAlone: not from the address, not from two headers at once.
func TestTokensAreTakenFromTheirHeaderAlone(t *testing.T) {
	s := newService(t)
	for _, name := range []string{"access_token", "token", "authorization"} {
		w := s.call("", "GET", "/channels?"+name+"="+s.tokens["alice"], "")
		if w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), s.tokens["alice"]) {
			t.Errorf("%s: %d: %s", name, w.Code, w.Body)
		}
		w = s.call("bob", "GET", "/channels?"+name+"="+s.tokens["alice"], "")
		if w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), s.tokens["alice"]) {
			t.Errorf("%s beside a header: %d: %s", name, w.Code, w.Body)
		}
	}
	r := newRequest("GET", "/channels")
	r.Header["Authorization"] = []string{"Bearer " + s.tokens["alice"], "Bearer " + s.tokens["bob"]}
	if w := s.send(r); w.Code != http.StatusBadRequest || w.Header().Get("WWW-Authenticate") != `Bearer realm="decant", error="invalid_request"` {
		t.Errorf("two headers: %d, %s", w.Code, w.Header())
	}
}

// TestTokenStoreFault: a database that can't be read is the service's fault, and no token is called wrong for it.
func TestTokenStoreFault(t *testing.T) {
	s := newService(t)
	s.api.c.Tokens = closedStore{s.queue}
	if w := s.call("alice", "GET", "/channels", ""); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "on fire") {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}

type closedStore struct{ access.Store }

func (closedStore) TokenByHash(context.Context, string) (access.Token, error) {
	return access.Token{}, fmt.Errorf("the disk is on fire")
}
