package database

import (
	"context"
	"database/sql"

	"decant/engine/job"
)

func (db *DB) Expire(ctx context.Context, now int64, limit int) (jobs []job.Job, err error) {
	err = db.read(ctx, func(t tx) error {
		jobs, err = rows(t, scanJob, selectJobs+` WHERE j.folder <> '' AND j.expires_at <= $1 ORDER BY j.expires_at, j.id LIMIT $2`, now, limit)
		return err
	})
	return jobs, err
}

func (db *DB) Expired(ctx context.Context, id string, now int64) error {
	return db.write(ctx, func(t tx) error {
		changed, err := t.exec(`UPDATE jobs SET folder = '', bytes = 0, status = CASE WHEN status = 'done' THEN 'expired' ELSE status END WHERE id = $1 AND free_at IS NULL`, id)
		if err == nil && changed == 0 {
			return job.ErrNotFound
		}
		return err
	})
}

func (db *DB) Grown(ctx context.Context, id string, bytes int64) error {
	return db.write(ctx, func(t tx) error {
		changed, err := t.exec(`UPDATE jobs SET bytes = $2 WHERE id = $1 AND folder <> ''`, id, bytes)
		if err == nil && changed == 0 {
			return job.ErrNotFound
		}
		return err
	})
}

func (db *DB) Folders(ctx context.Context) (map[string]bool, error) {
	folders := map[string]bool{}
	err := db.read(ctx, func(t tx) error {
		kept, err := rows(t, one[string], `SELECT folder FROM jobs WHERE folder <> ''`)
		if err != nil {
			return err
		}
		for _, f := range kept {
			folders[f] = true
		}
		running, err := rows(t, func(r *sql.Rows) (l job.Lease, err error) {
			err = r.Scan(&l.JobID, &l.Try)
			return l, err
		}, `SELECT id, claims FROM jobs WHERE status = 'inProgress'`)
		for _, l := range running {
			folders[l.Folder()] = true
		}
		return err
	})
	return folders, err
}

func (db *DB) Usage(ctx context.Context, owner string) (bytes int64, err error) {
	err = db.read(ctx, func(t tx) error {
		if owner == "" {
			return t.row(`SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM jobs WHERE folder <> ''`, nil, &bytes)
		}
		return t.row(`SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM jobs WHERE folder <> '' AND owner = $1`, []any{owner}, &bytes)
	})
	return bytes, err
}

func (db *DB) Counts(ctx context.Context) (map[job.Status]int64, error) {
	type count struct {
		status job.Status
		n      int64
	}
	counts := map[job.Status]int64{}
	err := db.read(ctx, func(t tx) error {
		found, err := rows(t, func(r *sql.Rows) (c count, err error) {
			err = r.Scan(&c.status, &c.n)
			return c, err
		}, `SELECT status, count(*) FROM jobs GROUP BY status`)
		for _, c := range found {
			counts[c.status] = c.n
		}
		return err
	})
	return counts, err
}
