package engine

import (
	"context"
	"io"
	"log/slog"

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
	return openDatabase(ctx, cfg, slog.New(slog.DiscardHandler))
}

func openDatabase(ctx context.Context, cfg Config, log *slog.Logger) (*database.DB, error) {
	return database.Open(ctx, cfg.database(), database.Options{Log: log})
}
