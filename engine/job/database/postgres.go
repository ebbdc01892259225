package database

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// connections is how many a process has open at most; PostgreSQL allows 100 in all by default.
const connections = 16

func openPostgres(url string) (*DB, error) {
	config, err := pgx.ParseConfig(url) // whose errors leave the password out
	if err != nil {
		return nil, fmt.Errorf("read the database's url: %w", err)
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
		if !errors.As(err, &e) {
			return errors.Is(err, sql.ErrConnDone)
		}
		switch e.Code {
		case "40001", "40P01", "55P03": // serialization failure, deadlock, lock not available
			return true
		case "23505": // unique violation: another added the same since we looked; looking again tells which
			return true
		}
		return false
	},
}
