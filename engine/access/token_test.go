package access

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNewToken(t *testing.T) {
	expires := int64(200)
	seen := map[string]bool{}
	for range 100 {
		text, token := NewToken("alice", []Scope{Read, Admin}, []string{"plant-*"}, &expires, 100, "laptop")
		if !regexp.MustCompile(`^decant_[0-9a-f]{64}$`).MatchString(text) {
			t.Fatalf("token %q", text)
		}
		if seen[text] || seen[token.ID] {
			t.Fatal("a token or an id was made twice")
		}
		seen[text], seen[token.ID] = true, true
		if strings.Contains(text, token.ID) {
			t.Errorf("the id %s is part of the token", token.ID)
		}
		want := Token{ID: token.ID, Hash: Hash(text), Owner: "alice", Scopes: []Scope{Read, Admin}, Channels: []string{"plant-*"}, Note: "laptop", CreatedAt: 100, ExpiresAt: &expires}
		if diff := cmp.Diff(want, token); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestHashIsSHA256(t *testing.T) {
	// FIPS 180-4's example, so that a stored hash can be found with any tool.
	if got := Hash("abc"); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Error(got)
	}
}

func TestTokenValid(t *testing.T) {
	at := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		name             string
		expires, revoked *int64
		now              int64
		want             bool
	}{
		{"for ever", nil, nil, 1 << 62, true},
		{"before it expires", at(100), nil, 99, true},
		{"at the moment it expires", at(100), nil, 100, false},
		{"revoked", nil, at(50), 60, false},
		{"revoked, by a clock that went back", nil, at(50), 40, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := (Token{ExpiresAt: c.expires, RevokedAt: c.revoked}).Valid(c.now); got != c.want {
				t.Errorf("valid: %v", got)
			}
		})
	}
}

func TestCheckOwner(t *testing.T) {
	for _, owner := range []string{"a", "7", "alice", "plant-3@example.com", "a.b_c+d-e", strings.Repeat("x", 64)} {
		if err := CheckOwner(owner); err != nil {
			t.Errorf("%q: %v", owner, err)
		}
	}
	for owner, says := range map[string]string{
		"":                      "empty",
		"-a":                    "the first",
		".a":                    "the first",
		"a b":                   "allowed are letters",
		"a/b":                   "allowed are letters",
		"a\nb":                  "allowed are letters",
		"é":                     "allowed are letters",
		"a\x00":                 "allowed are letters",
		strings.Repeat("x", 65): "at most 64",
	} {
		if err := CheckOwner(owner); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v; it should say %q", owner, err, says)
		}
	}
}

func TestParseScopes(t *testing.T) {
	for _, c := range []struct {
		texts []string
		want  []Scope
	}{
		{[]string{"admin"}, []Scope{Admin}},
		{[]string{"read,list"}, []Scope{List, Read}},
		{[]string{"download", " exporter:exports:create ", "download"}, []Scope{Create, Download}},
		{[]string{"exporter:exports:delete exporter:exports:read"}, []Scope{Read, Delete}},
		{[]string{"metrics"}, []Scope{Metrics}},
		{[]string{"exporter:metrics:read"}, []Scope{Metrics}},
		{[]string{"read"}, []Scope{Read}},
		{[]string{"create,list,read,delete,download,metrics,admin"}, Scopes},
	} {
		got, err := ParseScopes(c.texts...)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, %v; want %v", c.texts, got, err, c.want)
		}
	}
	for _, text := range []string{"", ",", "write", "exports:read", "Admin", "exporter:exports:", "read,write", ":read", "metrics:read"} {
		if got, err := ParseScopes(text); err == nil || !strings.Contains(err.Error(), "exporter:exports:read") {
			t.Errorf("%q: %v, %v; it should list what is allowed", text, got, err)
		}
	}
}
