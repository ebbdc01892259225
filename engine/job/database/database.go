package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"decant/engine/access"
	"decant/engine/job"
)

// Options of a database. The zero value will do.
type Options struct {
	Log *slog.Logger // told when tables are made or brought up to date; nil is nobody
}

// DB is an open database. Its methods may be called from any number of goroutines.
type DB struct {
	dialect dialect
	writer  *sql.DB
	reader  *sql.DB // the writer itself on PostgreSQL
	group   *group  // of SQLite's transactions; PostgreSQL syncs for several of its own accord
	log     *slog.Logger

	statements map[*sql.DB]*statements // of a pool whose driver keeps none
}

var (
	_ job.Queue    = (*DB)(nil)
	_ access.Store = (*DB)(nil)
)

// Open opens the database at url, postgres://… or the path of an SQLite file, and makes its tables or brings them up to date. The file and its
// folder are made where they are missing, for their owner alone. A database that a newer decant has written is refused; a *URLError is a URL that
// can't be read, and Unreachable says whether there is no server.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	open := openSQLite
	if IsPostgres(url) {
		open = openPostgres
	}
	db, err := open(url)
	if err != nil {
		return nil, err
	}
	db.log = o.Log
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if err := db.migrate(ctx, migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("open the service's database: %w", err), db.Close())
	}
	return db, nil
}

// IsPostgres says whether a URL names a PostgreSQL database; any other is the path of an SQLite file.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Close closes all connections. What runs meanwhile fails.
func (db *DB) Close() error {
	err := db.writer.Close()
	if db.reader != db.writer {
		err = errors.Join(db.reader.Close(), err)
	}
	return err
}
