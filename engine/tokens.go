package engine

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"decant/engine/access"
	"decant/engine/job/database"
)

// Tokens is the service's database as far as tokens go.
type Tokens interface {
	access.Store
	io.Closer
}

// OpenTokens opens the service's database, and makes it where there is none. A running service may have it open too.
func OpenTokens(ctx context.Context, cfg Config) (Tokens, error) {
	if err := cfg.refuseArchive(); err != nil {
		return nil, err
	}
	return openDatabase(ctx, cfg, slog.New(slog.DiscardHandler))
}

// FindTokens is OpenTokens that makes nothing. A store whose service never ran has no tokens, which is access.ErrNoToken.
func FindTokens(ctx context.Context, cfg Config) (Tokens, error) {
	if _, err := os.Stat(cfg.database()); !database.IsPostgres(cfg.database()) && errors.Is(err, fs.ErrNotExist) {
		return nil, cmp.Or(CheckStore(cfg), access.ErrNoToken)
	}
	return OpenTokens(ctx, cfg)
}

func openDatabase(ctx context.Context, cfg Config, log *slog.Logger) (*database.DB, error) {
	return database.Open(ctx, cfg.database(), database.Options{Log: log})
}
