package database

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"decant/engine/access"
	"decant/engine/job"
	"decant/engine/job/jobtest"
)

func TestSQLite(t *testing.T) {
	fresh := func(t *testing.T) string { return filepath.Join(t.TempDir(), "decant.db") }
	each(t, fresh, func(t *testing.T) *DB {
		db := openTest(t, fresh(t))
		// What is on disk after a crash is crash_test.go's business; here waiting for the disk would only take time.
		if _, err := db.writer.Exec(`PRAGMA synchronous = OFF`); err != nil {
			t.Fatal(err)
		}
		return db
	})
}

func TestPostgreSQL(t *testing.T) {
	server := jobtest.Postgres(t)
	fresh := func(t *testing.T) string {
		db, err := sql.Open("pgx", server)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(`CREATE DATABASE fresh`); err != nil {
			t.Fatal(err)
		}
		return strings.Replace(server, "/postgres?", "/fresh?", 1)
	}
	each(t, fresh, func(t *testing.T) *DB {
		db := openTest(t, server)
		empty(t, db.writer)
		return db
	})
}

// each is what holds on both. fresh gives the URL of a database that nobody has opened, once; open opens one without content.
func each(t *testing.T, fresh func(t *testing.T) string, open func(t *testing.T) *DB) {
	t.Run("opening", func(t *testing.T) { opening(t, fresh) })
	t.Run("reads don't wait", func(t *testing.T) { readsDoNotWait(t, open(t)) })
	t.Run("queue", func(t *testing.T) { jobtest.Queue(t, func(t *testing.T) job.Queue { return open(t) }) })
	t.Run("tokens", func(t *testing.T) { jobtest.Tokens(t, func(t *testing.T) access.Store { return open(t) }) })
}

// tables are all but the schema's version.
var tables = []string{"messages", "jobs", "owners", "tags", "revisions", "exports", "idempotency", "tokens", "secrets"}

// empty takes everything out of a database, which is quicker than to make another.
func empty(t testing.TB, db *sql.DB) {
	t.Helper()
	var statements strings.Builder
	for _, table := range tables {
		statements.WriteString("DELETE FROM " + table + ";")
	}
	if _, err := db.ExecContext(context.Background(), statements.String()); err != nil {
		t.Fatal(err)
	}
}

func openTest(t testing.TB, url string) *DB {
	t.Helper()
	db, err := Open(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
