package jobtest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"decant/engine/access"
)

// Tokens is the contract of an access.Store. open gives an empty one.
func Tokens(t *testing.T, open func(t *testing.T) access.Store) {
	token := func(id string, at int64) access.Token {
		return access.Token{ID: id, Hash: "hash of " + id, Owner: "ada", Scopes: []access.Scope{access.Read}, CreatedAt: at}
	}
	add := func(t *testing.T, s access.Store, all ...access.Token) {
		t.Helper()
		for _, one := range all {
			if err := s.AddToken(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Run("a token comes back as it was given", func(t *testing.T) {
		s := open(t)
		full := access.Token{
			ID: "1", Hash: "h", Owner: "o'; --", Scopes: access.Scopes, Channels: []string{"a*", "ä"}, Note: "é", CreatedAt: 1, ExpiresAt: ptr[int64](2), RevokedAt: ptr[int64](3),
		}
		none := token("2", 2)
		none.Channels = []string{}
		add(t, s, full, none, token("3", 3))
		for _, want := range []access.Token{full, none, token("3", 3)} {
			got, err := s.TokenByHash(t.Context(), want.Hash)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		}
	})
	t.Run("a token that was never made", func(t *testing.T) {
		s := open(t)
		add(t, s, token("1", 1))
		for _, hash := range []string{"", "hash", "HASH OF 1", "hash of 1 ", "%", "' OR 1=1 --"} {
			if _, err := s.TokenByHash(t.Context(), hash); !errors.Is(err, access.ErrNoToken) {
				t.Errorf("%q: %v", hash, err)
			}
		}
	})
	t.Run("an id and a hash are one token's", func(t *testing.T) {
		s := open(t)
		add(t, s, token("1", 1))
		sameHash := token("2", 2)
		sameHash.Hash = token("1", 1).Hash
		for _, second := range []access.Token{token("1", 2), sameHash} {
			if err := s.AddToken(t.Context(), second); err == nil {
				t.Errorf("%+v is a second one", second)
			}
		}
	})
	t.Run("listed by creation", func(t *testing.T) {
		s := open(t)
		if all, err := s.Tokens(t.Context()); len(all) != 0 || err != nil {
			t.Errorf("%v, %v", all, err)
		}
		add(t, s, token("b", 3), token("c", 1), token("a", 3))
		all, err := s.Tokens(t.Context())
		if diff := cmp.Diff([]access.Token{token("c", 1), token("a", 3), token("b", 3)}, all); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("revoked once and for all", func(t *testing.T) {
		s := open(t)
		add(t, s, token("1", 1), token("2", 1))
		for _, now := range []int64{5, 9} {
			if err := s.RevokeToken(t.Context(), "1", now); err != nil {
				t.Fatal(err)
			}
		}
		for id, want := range map[string]*int64{"1": ptr[int64](5), "2": nil} {
			got, err := s.TokenByHash(t.Context(), "hash of "+id)
			if diff := cmp.Diff(want, got.RevokedAt); diff != "" || err != nil {
				t.Errorf("%s: %v, revoked at (-want +got):\n%s", id, err, diff)
			}
		}
		if err := s.RevokeToken(t.Context(), "none", 5); !errors.Is(err, access.ErrNoToken) {
			t.Error(err)
		}
	})
	t.Run("a secret is made once", func(t *testing.T) {
		s := open(t)
		secrets := make([][]byte, 8)
		if err := errors.Join(together(len(secrets), func(i int) (err error) {
			secrets[i], err = s.Secret(context.Background(), "links")
			return err
		})...); err != nil {
			t.Fatal(err)
		}
		for _, got := range secrets {
			if !bytes.Equal(got, secrets[0]) || len(got) != 32 {
				t.Fatalf("secrets %x and %x", got, secrets[0])
			}
		}
		if other, err := s.Secret(t.Context(), "other"); err != nil || bytes.Equal(other, secrets[0]) {
			t.Errorf("another's secret %x, %v", other, err)
		}
	})
}
