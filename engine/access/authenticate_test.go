package access

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// memory is a Store of some tokens.
type memory struct {
	tokens []Token
	err    error
	asked  int
}

func (m *memory) AddToken(_ context.Context, t Token) error {
	m.tokens = append(m.tokens, t)
	return nil
}

func (m *memory) TokenByHash(_ context.Context, hash string) (Token, error) {
	m.asked++
	if m.err != nil {
		return Token{}, m.err
	}
	i := slices.IndexFunc(m.tokens, func(t Token) bool { return strings.EqualFold(t.Hash, hash) })
	if i < 0 {
		return Token{}, ErrNoToken
	}
	return m.tokens[i], nil
}

func (m *memory) Tokens(context.Context) ([]Token, error)                 { return m.tokens, nil }
func (m *memory) RevokeToken(context.Context, string, int64) error        { return nil }
func (m *memory) Secret(context.Context, string) (secret []byte, e error) { return nil, nil }

func TestAuthenticate(t *testing.T) {
	at := func(n int64) *int64 { return &n }
	good, token := NewToken("alice", []Scope{Read}, []string{"a*"}, at(1000), 0, "")
	expired, expiredToken := NewToken("alice", []Scope{Read}, nil, at(500), 0, "")
	revoked, revokedToken := NewToken("alice", []Scope{Admin}, nil, nil, 0, "")
	revokedToken.RevokedAt = at(400)
	shouted, shoutedToken := NewToken("alice", []Scope{Admin}, nil, nil, 0, "")
	shoutedToken.Hash = strings.ToUpper(shoutedToken.Hash)
	unknown, _ := NewToken("alice", []Scope{Admin}, nil, nil, 0, "")
	store := &memory{tokens: []Token{token, expiredToken, revokedToken, shoutedToken}}

	for _, header := range []string{"Bearer " + good, "bearer " + good, "BEARER  " + good + " "} {
		got, err := Authenticate(t.Context(), store, header, 500)
		want := Caller{Token: token.ID, Owner: "alice", Scopes: []Scope{Read}, Channels: []string{"a*"}}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%.10s: %+v, %v", header, got, err)
		}
	}
	for _, c := range []struct {
		name, header string
		want         error
	}{
		{"none", "", ErrNoCredentials},
		{"another scheme", "Basic YTpi", ErrNoCredentials},
		{"the token alone", good, ErrNoCredentials},
		{"no token", "Bearer", ErrInvalid},
		{"an empty token", "Bearer ", ErrInvalid},
		{"never made", "Bearer " + unknown, ErrInvalid},
		{"expired", "Bearer " + expired, ErrInvalid},
		{"revoked", "Bearer " + revoked, ErrInvalid},
		{"a stored hash that only looks alike", "Bearer " + shouted, ErrInvalid},
		{"cut", "Bearer " + good[:len(good)-1], ErrInvalid},
		{"longer", "Bearer " + good + "0", ErrInvalid},
		{"two", "Bearer " + good + " " + good, ErrInvalid},
		{"capitals", "Bearer " + strings.ToUpper(good), ErrInvalid},
		{"its hash", "Bearer " + token.Hash, ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Authenticate(t.Context(), store, c.header, 500)
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if !cmp.Equal(got, Caller{}) {
				t.Errorf("a refused call has the caller %+v", got)
			}
		})
	}
	if _, err := Authenticate(t.Context(), store, "Bearer "+good, 1000); !errors.Is(err, ErrInvalid) {
		t.Errorf("a token at the moment it expires: %v", err)
	}
}

// TestAuthenticateFault: a store that can't be read is not a wrong token, and the answer doesn't hold the token.
func TestAuthenticateFault(t *testing.T) {
	text, _ := NewToken("alice", nil, nil, nil, 0, "")
	locked := errors.New("database is locked")
	_, err := Authenticate(t.Context(), &memory{err: locked}, "Bearer "+text, 0)
	if !errors.Is(err, locked) || errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), text) {
		t.Error(err)
	}
}

// FuzzAuthenticate: whatever the header is, the store is asked only about a well-formed token, and nothing but the token itself lets anybody in.
func FuzzAuthenticate(f *testing.F) {
	token := Token{ID: "1", Owner: "alice"}
	good := prefix + strings.Repeat("0123456789abcdef", 4)
	token.Hash = Hash(good)
	for _, seed := range []string{"", "Bearer", "Bearer ", "Bearer " + good, "bearer\t" + good, "Basic " + good, good, "Bearer " + good + "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		store := &memory{tokens: []Token{token}}
		who, err := Authenticate(context.Background(), store, header, 0)
		if (err == nil) != (who.Owner == "alice") {
			t.Errorf("%q: %+v, %v", header, who, err)
		}
		if err == nil && !strings.Contains(header, good) {
			t.Errorf("%q is let in", header)
		}
		if err != nil && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrNoCredentials) {
			t.Errorf("%q: %v", header, err)
		}
		if store.asked > 0 && len(header) < len("Bearer ")+len(good) {
			t.Errorf("the store was asked about %q", header)
		}
	})
}
