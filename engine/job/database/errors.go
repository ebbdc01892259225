package database

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// URLError is a URL that names no database.
type URLError struct{ Err error }

func (e *URLError) Error() string { return "read the database's url: " + e.Err.Error() }

func (e *URLError) Unwrap() error { return e.Err }

// Unreachable says of an error that a PostgreSQL server could not be reached, or let nobody in.
func Unreachable(err error) bool {
	var connect *pgconn.ConnectError
	return errors.As(err, &connect)
}
