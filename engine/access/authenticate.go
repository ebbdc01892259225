package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
)

// Errors of Authenticate. Any other is a fault of the store.
var (
	// ErrNoCredentials is a call that names no token.
	ErrNoCredentials = errors.New("the call has no token; send it as Authorization: Bearer TOKEN")
	// ErrInvalid is a token that may not be used. Whether it never was one, has expired or was revoked is said to nobody who might be guessing.
	ErrInvalid = errors.New("the token is not valid: it is mistyped, has expired or was revoked")
)

// Authenticate finds out who makes a call from the value of its Authorization header, at a moment (ns).
//
// A token is looked up by its hash. How long the store takes tells of the hash at most, and a hash leads back to no token.
func Authenticate(ctx context.Context, store Store, header string, now int64) (Caller, error) {
	text, err := parseBearer(header)
	if err != nil {
		return Caller{}, err
	}
	hash := Hash(text)
	t, err := store.TokenByHash(ctx, hash)
	if errors.Is(err, ErrNoToken) {
		return Caller{}, ErrInvalid
	}
	if err != nil {
		return Caller{}, fmt.Errorf("look up a token: %w", err)
	}
	// A store that compares without regard to case, or to the end of a text, lets nobody in.
	if subtle.ConstantTimeCompare([]byte(t.Hash), []byte(hash)) != 1 || !t.Valid(now) {
		return Caller{}, ErrInvalid
	}
	return Caller{Token: t.ID, Owner: t.Owner, Scopes: t.Scopes, Channels: t.Channels}, nil
}

// parseBearer takes the token out of an Authorization header (RFC 6750 section 2.1). The scheme is read without regard to case (RFC 9110
// section 11.1); another scheme counts as no token.
func parseBearer(header string) (string, error) {
	scheme, text, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", ErrNoCredentials
	}
	text = strings.Trim(text, " ")
	if !looksLikeToken(text) {
		return "", ErrInvalid
	}
	return text, nil
}
