package database

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"time"
)

// attempts is how often a transaction is tried that others get in the way of.
const attempts = 6

// tx is a transaction. Its methods take $1 for parameters.
type tx struct {
	*sql.Tx
	ctx      context.Context
	dialect  dialect
	compiled *statements // nil where the driver keeps them
}

// write runs a transaction that changes something. do may be called several times, and sees each time what is stored then.
func (db *DB) write(ctx context.Context, do func(tx) error) error {
	if db.group != nil {
		return db.group.write(ctx, db, false, do)
	}
	return db.transact(ctx, db.writer, nil, do)
}

// writeSoon is write for what may be undone by a power cut, as if it had never happened, as long as nothing was written after it: it isn't synced by itself, but with the next write. A
// process that is killed loses nothing. On PostgreSQL, whose server may lose power while its clients go on, it is write.
func (db *DB) writeSoon(ctx context.Context, do func(tx) error) error {
	if db.group != nil {
		return db.group.write(ctx, db, true, do)
	}
	return db.write(ctx, do)
}

// read runs a transaction that sees one state of the database, and keeps no writer waiting.
func (db *DB) read(ctx context.Context, do func(tx) error) error {
	return db.transact(ctx, db.reader, &sql.TxOptions{ReadOnly: true, Isolation: db.dialect.snapshot}, do)
}

// transact runs a transaction of a pool.
func (db *DB) transact(ctx context.Context, pool *sql.DB, o *sql.TxOptions, do func(tx) error) error {
	err := db.attempt(ctx, pool, pool, o, do)
	if err == nil {
		db.statements[pool].compile(ctx, pool)
	}
	return err
}

// beginner begins transactions: a pool, or one of its connections.
type beginner interface {
	BeginTx(ctx context.Context, o *sql.TxOptions) (*sql.Tx, error)
}

// attempt runs a transaction, again where others get in its way.
func (db *DB) attempt(ctx context.Context, pool *sql.DB, from beginner, o *sql.TxOptions, do func(tx) error) error {
	for attempt := 1; ; attempt++ {
		err := db.once(ctx, pool, from, o, do)
		if err == nil || attempt == attempts || !db.dialect.again(err) || ctx.Err() != nil {
			return err
		}
		pause := time.NewTimer(time.Duration(1+rand.IntN(1<<attempt)) * time.Millisecond)
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

func (db *DB) once(ctx context.Context, pool *sql.DB, from beginner, o *sql.TxOptions, do func(tx) error) error {
	t, err := from.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	defer t.Rollback() // does nothing after Commit
	if err := do(tx{t, ctx, db.dialect, db.statements[pool]}); err != nil {
		return err
	}
	return t.Commit()
}

// exec runs a statement and says how many rows it changed.
func (t tx) exec(query string, args ...any) (int64, error) {
	var result sql.Result
	var err error
	if s := t.compiled.find(query); s != nil {
		result, err = t.StmtContext(t.ctx, s).ExecContext(t.ctx, args...)
	} else {
		result, err = t.ExecContext(t.ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row reads the one row of a query; sql.ErrNoRows where there is none.
func (t tx) row(query string, args []any, into ...any) error {
	if s := t.compiled.find(query); s != nil {
		return t.StmtContext(t.ctx, s).QueryRowContext(t.ctx, args...).Scan(into...)
	}
	return t.QueryRowContext(t.ctx, query, args...).Scan(into...)
}

// rows reads all rows of a query.
func rows[T any](t tx, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	found, err := t.query(query, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var all []T
	for found.Next() {
		one, err := scan(found)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, found.Err()
}

func (t tx) query(query string, args ...any) (*sql.Rows, error) {
	if s := t.compiled.find(query); s != nil {
		return t.StmtContext(t.ctx, s).QueryContext(t.ctx, args...)
	}
	return t.QueryContext(t.ctx, query, args...)
}

// one scans a row of one column.
func one[T any](r *sql.Rows) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}

// pass lets one transaction at a time through a gate, until it ends.
func (t tx) pass(gate int64) error {
	if t.dialect.gate == "" {
		return nil
	}
	_, err := t.exec(t.dialect.gate, gate)
	return err
}
