package database

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// readers is how many connections read beside the one that writes.
const readers = 4

func openSQLite(path string) (*DB, error) {
	file, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of database %s: %w", file, err)
	}
	// SQLite would make the file readable by all; its log and index take over its mode.
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open database %s: %w", file, err)
	}
	writer, err := sql.Open("sqlite", sqliteURL(file, "immediate", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", file, err)
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", sqliteURL(file, "deferred", "query_only(1)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", file, err), writer.Close())
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	kept := map[*sql.DB]*statements{writer: {compiled: map[string]*sql.Stmt{}}, reader: {compiled: map[string]*sql.Stmt{}}}
	return &DB{dialect: sqliteDialect, writer: writer, reader: reader, group: newGroup(), statements: kept}, nil
}

var sqliteDialect = dialect{text: "TEXT", again: func(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	primary := e.Code() & 0xff
	return primary == lib.SQLITE_BUSY || primary == lib.SQLITE_LOCKED
}}

// sqliteURL names a file and how a connection is set up. A transaction that will write says so when it begins (immediate): one that finds out later can't wait for
// another writer, only fail.
func sqliteURL(file, lock string, pragmas ...string) string {
	name := filepath.ToSlash(file)
	if !strings.HasPrefix(name, "/") { // C:/…
		name = "/" + name
	}
	settings := url.Values{"_txlock": {lock}, "_pragma": append([]string{"busy_timeout(5000)"}, pragmas...)}
	return (&url.URL{Scheme: "file", Path: name, OmitHost: true, RawQuery: settings.Encode()}).String()
}
