package database

import (
	"database/sql"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// connections is how many a process has open at most; PostgreSQL allows 100 in all by default.
const connections = 16

func openPostgres(url string) (*DB, error) {
	config, err := pgx.ParseConfig(url) // whose errors leave the password out
	if err != nil {
		return nil, &URLError{err}
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "decant"
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return &DB{dialect: postgresDialect, writer: pool, reader: pool}, nil
}

var postgresDialect = dialect{
	text:       `TEXT COLLATE "C"`,
	lockRow:    " FOR UPDATE",
	shareRow:   " FOR SHARE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	gate:       "SELECT pg_advisory_xact_lock($1)",
	snapshot:   sql.LevelRepeatableRead,
	again: func(err error) bool {
		var e *pgconn.PgError
		// 23505 is a unique violation: another added the same since we looked, and looking again tells what. The others are a serialization failure, a
		// deadlock, and a lock that could not be had.
		return errors.As(err, &e) && slices.Contains([]string{"23505", "40001", "40P01", "55P03"}, e.Code)
	},
}
