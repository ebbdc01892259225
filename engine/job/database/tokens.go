package database

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"decant/engine/access"
)

const selectTokens = `SELECT id, hash, owner, scopes, channels, note, created_at, expires_at, revoked_at FROM tokens`

func scanToken(r *sql.Rows) (t access.Token, err error) {
	var scopes string
	var channels *string
	if err := r.Scan(&t.ID, &t.Hash, &t.Owner, &scopes, &channels, &t.Note, &t.CreatedAt, &t.ExpiresAt, &t.RevokedAt); err != nil {
		return t, err
	}
	return t, errors.Join(decode(&scopes, &t.Scopes), decode(channels, &t.Channels))
}

func (db *DB) AddToken(ctx context.Context, token access.Token) error {
	return db.write(ctx, func(t tx) error {
		scopes := token.Scopes
		if scopes == nil {
			scopes = []access.Scope{}
		}
		_, err := t.exec(`INSERT INTO tokens (id, hash, owner, scopes, channels, note, created_at, expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			token.ID, token.Hash, token.Owner, text(scopes), text(token.Channels), token.Note, token.CreatedAt, token.ExpiresAt, token.RevokedAt)
		return err
	})
}

func (db *DB) TokenByHash(ctx context.Context, hash string) (token access.Token, err error) {
	err = db.read(ctx, func(t tx) error {
		found, err := rows(t, scanToken, selectTokens+` WHERE hash = $1`, hash)
		if err == nil && len(found) == 0 {
			return access.ErrNoToken
		}
		if err == nil {
			token = found[0]
		}
		return err
	})
	return token, err
}

func (db *DB) Tokens(ctx context.Context) (tokens []access.Token, err error) {
	err = db.read(ctx, func(t tx) error {
		tokens, err = rows(t, scanToken, selectTokens+` ORDER BY created_at, id`)
		return err
	})
	return tokens, err
}

func (db *DB) RevokeToken(ctx context.Context, id string, now int64) error {
	return db.write(ctx, func(t tx) error {
		changed, err := t.exec(`UPDATE tokens SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1`, id, now)
		if err == nil && changed == 0 {
			return access.ErrNoToken
		}
		return err
	})
}

func (db *DB) Secret(ctx context.Context, name string) (secret []byte, err error) {
	fresh := make([]byte, 32)
	rand.Read(fresh) // never fails: it ends the program instead
	var stored string
	err = db.write(ctx, func(t tx) error {
		if _, err := t.exec(`INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, hex.EncodeToString(fresh)); err != nil {
			return err
		}
		return t.row(`SELECT value FROM secrets WHERE name = $1`, []any{name}, &stored)
	})
	if err != nil {
		return nil, err
	}
	secret, err = hex.DecodeString(stored)
	if err != nil {
		return nil, fmt.Errorf("read secret %s of the database: %w", name, err)
	}
	return secret, nil
}
