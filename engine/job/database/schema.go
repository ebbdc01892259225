package database

import (
	"context"
	"fmt"
	"strings"
)

// migrate makes the tables or brings them up to date, in one transaction. Of several processes that start at once one does it.
func (db *DB) migrate(ctx context.Context, migrations []string) error {
	var from int
	err := db.write(ctx, func(t tx) error {
		if err := t.pass(gateSchema); err != nil {
			return err
		}
		if _, err := t.exec(`CREATE TABLE IF NOT EXISTS decant_schema (version BIGINT NOT NULL)`); err != nil {
			return err
		}
		if err := t.row(`SELECT coalesce(max(version), 0) FROM decant_schema`, nil, &from); err != nil {
			return err
		}
		if from > len(migrations) {
			return fmt.Errorf("its tables have version %d, and this decant knows up to %d: a newer decant has written it; start that one, or restore a backup from before", from, len(migrations))
		}
		for i, m := range migrations[from:] {
			for ddl := range strings.SplitSeq(m, ";\n") {
				if ddl = strings.TrimSpace(ddl); ddl == "" {
					continue
				}
				if _, err := t.exec(t.dialect.table(ddl)); err != nil {
					return fmt.Errorf("bring its tables to version %d: %w", from+i+1, err)
				}
			}
		}
		if from == len(migrations) {
			return nil
		}
		if _, err := t.exec(`DELETE FROM decant_schema`); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO decant_schema (version) VALUES ($1)`, len(migrations))
		return err
	})
	if err == nil && from != len(migrations) {
		db.log.Info("the service's database has new tables", "version", len(migrations), "before", from)
	}
	return err
}

// migrations lead from an empty database to the present tables. One that has been released is never changed: another is added.
var migrations = []string{version1}

const version1 = `
CREATE TABLE exports (
	key        TEXT PRIMARY KEY,
	id         TEXT NOT NULL,
	owner      TEXT NOT NULL,
	version    BIGINT NOT NULL,
	type       TEXT NOT NULL,
	title      TEXT NOT NULL,
	tags       TEXT,
	enabled    BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	deleted_at BIGINT,
	next_k     BIGINT,
	next_due   BIGINT,
	last_job   TEXT
);
CREATE UNIQUE INDEX exports_id ON exports (owner, id) WHERE deleted_at IS NULL;
CREATE INDEX exports_by_id ON exports (id);
CREATE INDEX exports_created ON exports (created_at, key);
CREATE INDEX exports_owned ON exports (owner, created_at, key);
CREATE INDEX exports_due ON exports (next_due, key) WHERE deleted_at IS NULL AND next_due IS NOT NULL;

CREATE TABLE revisions (
	export   TEXT NOT NULL REFERENCES exports (key),
	version  BIGINT NOT NULL,
	type     TEXT NOT NULL,
	request  TEXT NOT NULL,
	channels TEXT,
	PRIMARY KEY (export, version)
);

CREATE TABLE tags (
	export TEXT NOT NULL REFERENCES exports (key),
	label  TEXT NOT NULL,
	value  TEXT NOT NULL
);
CREATE INDEX tags_of ON tags (export, label, value);

CREATE TABLE owners (
	owner TEXT PRIMARY KEY,
	turn  BIGINT NOT NULL
);
CREATE INDEX owners_turn ON owners (turn);

CREATE TABLE jobs (
	id            TEXT PRIMARY KEY,
	export        TEXT NOT NULL REFERENCES exports (key),
	owner         TEXT NOT NULL,
	version       BIGINT NOT NULL,
	cause         TEXT NOT NULL,
	due           BIGINT NOT NULL,
	k             BIGINT,
	skipping      BIGINT NOT NULL,
	status        TEXT NOT NULL,
	not_before    BIGINT NOT NULL,
	free_at       BIGINT,
	worker        TEXT NOT NULL,
	claims        BIGINT NOT NULL,
	tries         BIGINT NOT NULL,
	created_at    BIGINT NOT NULL,
	started_at    BIGINT,
	ended_at      BIGINT,
	cancel        BIGINT NOT NULL,
	done_rows     BIGINT NOT NULL,
	expected_rows BIGINT NOT NULL,
	error         TEXT,
	saw           TEXT,
	artifacts     TEXT,
	folder        TEXT NOT NULL,
	bytes         BIGINT NOT NULL,
	expires_at    BIGINT,
	stored        TEXT,
	arrival       BIGINT NOT NULL,
	links         BIGINT NOT NULL,
	FOREIGN KEY (export, version) REFERENCES revisions (export, version)
);
CREATE INDEX jobs_line ON jobs (owner, due, id, free_at) WHERE free_at IS NOT NULL;
CREATE INDEX jobs_free ON jobs (owner, free_at) WHERE free_at IS NOT NULL;
CREATE INDEX jobs_before ON jobs (export, due, id) WHERE free_at IS NOT NULL;
CREATE INDEX jobs_running ON jobs (owner, free_at) WHERE status = 'inProgress';
CREATE INDEX jobs_status ON jobs (status);
CREATE INDEX jobs_created ON jobs (created_at, id);
CREATE INDEX jobs_owned ON jobs (owner, created_at, id);
CREATE INDEX jobs_of ON jobs (export, created_at, id);
CREATE INDEX jobs_expire ON jobs (expires_at) WHERE folder <> '';
CREATE INDEX jobs_bytes ON jobs (owner, bytes) WHERE folder <> '';

CREATE TABLE messages (
	id         TEXT PRIMARY KEY,
	job        TEXT NOT NULL UNIQUE REFERENCES jobs (id),
	policy     TEXT NOT NULL,
	medium     TEXT NOT NULL,
	state      TEXT NOT NULL,
	tries      BIGINT NOT NULL,
	not_before BIGINT NOT NULL,
	free_at    BIGINT,
	made_at    BIGINT NOT NULL,
	sent_at    BIGINT,
	error      TEXT NOT NULL
);
CREATE INDEX messages_free ON messages (free_at) WHERE free_at IS NOT NULL;

CREATE TABLE idempotency (
	owner      TEXT NOT NULL,
	key        TEXT NOT NULL,
	digest     TEXT NOT NULL,
	exports    TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);

CREATE TABLE tokens (
	id         TEXT PRIMARY KEY,
	hash       TEXT NOT NULL UNIQUE,
	owner      TEXT NOT NULL,
	scopes     TEXT NOT NULL,
	channels   TEXT,
	note       TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT,
	revoked_at BIGINT
);

CREATE TABLE secrets (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
);
`
