// Package access says who may do what: tokens with their owners, scopes and channels, and the signatures of links.
//
// A token is sent as Authorization: Bearer. What is stored of it is its hash, so nobody who reads the database can use it.
package access

import (
	"context"
	"errors"
)

// Scope is a right that a token carries, in the exporter's words.
type Scope string

const (
	Create   Scope = "exporter:exports:create" // create, change, run, cancel; plan
	List     Scope = "exporter:exports:list"
	Read     Scope = "exporter:exports:read" // exports, jobs, series, channels
	Delete   Scope = "exporter:exports:delete"
	Download Scope = "exporter:exports:download" // files and previews
	Metrics  Scope = "exporter:metrics:read"     // figures of all owners together
	Admin    Scope = "admin"                     // all of these, for every owner
)

// Scopes are all of them.
var Scopes = []Scope{Create, List, Read, Delete, Download, Metrics, Admin}

// Token is a stored token.
type Token struct {
	ID        string // names it in listings; tells nothing of the token
	Hash      string // hex SHA-256 of the token
	Owner     string
	Scopes    []Scope
	Channels  []string // globs; nil is any channel
	Note      string
	CreatedAt int64 // ns
	ExpiresAt *int64
	RevokedAt *int64
}

// Store keeps tokens and the secret that signs links.
type Store interface {
	// AddToken keeps a new token.
	AddToken(ctx context.Context, t Token) error
	// TokenByHash finds a token, revoked and expired ones too; ErrNoToken where there is none.
	TokenByHash(ctx context.Context, hash string) (Token, error)
	// Tokens lists all tokens by creation.
	Tokens(ctx context.Context) ([]Token, error)
	// RevokeToken makes a token invalid from now on; ErrNoToken where there is no such id.
	RevokeToken(ctx context.Context, id string, now int64) error
	// Secret gives a secret of 32 random bytes by name, and makes it at its first use.
	Secret(ctx context.Context, name string) ([]byte, error)
}

// ErrNoToken is a token that was never made.
var ErrNoToken = errors.New("there is no such token")

// Caller is who makes a call.
type Caller struct {
	Token    string // its id, for the log
	Owner    string
	Scopes   []Scope
	Channels []string // globs; nil is any channel
}
