package database

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"decant/engine/job"
)

const selectExports = `SELECT e.key, e.id, e.owner, e.type, e.title, e.tags, r.request, e.enabled, r.channels, e.version, e.created_at, e.updated_at, e.deleted_at,
	e.next_k, e.next_due, e.last_job FROM exports e JOIN revisions r ON r.export = e.key AND r.version = e.version`

// listed is an export and the id of its newest job.
type listed struct {
	job.Export
	last *string
}

func scanExport(r *sql.Rows) (e listed, err error) {
	var tags, channels *string
	var request string
	var enabled int64
	var k, due *int64
	err = r.Scan(&e.Key, &e.ID, &e.Owner, &e.Type, &e.Title, &tags, &request, &enabled, &channels, &e.Version, &e.CreatedAt, &e.UpdatedAt, &e.DeletedAt, &k, &due, &e.last)
	if err != nil {
		return e, err
	}
	e.Request, e.Enabled = json.RawMessage(request), enabled != 0
	if k != nil && due != nil {
		e.Next = &job.Instant{K: *k, Due: *due}
	}
	return e, errors.Join(decode(tags, &e.Tags), decode(channels, &e.Channels))
}

// exports reads exports with their newest jobs.
func (t tx) exports(query string, args ...any) ([]job.Export, error) {
	found, err := rows(t, scanExport, query, args...)
	if err != nil {
		return nil, err
	}
	return t.withNewest(found, newBudget())
}

// newestAtOnce is of how many exports the newest jobs are read by one query.
const newestAtOnce = 50

// exportsPage reads exports with their newest jobs as long as there is room.
func (t tx) exportsPage(query string, args ...any) ([]job.Export, error) {
	b := newBudget()
	found, err := rowsWhile(t, scanExport, func(e *listed) bool { return b.export(&e.Export) }, query, args...)
	if err != nil {
		return nil, err
	}
	var exports []job.Export
	for some := range slices.Chunk(found, newestAtOnce) {
		if len(exports) > 0 && b.left <= 0 {
			break
		}
		more, err := t.withNewest(some, b)
		if err != nil {
			return nil, err
		}
		exports = append(exports, more...)
	}
	return exports, nil
}

// withNewest reads the newest jobs of exports.
func (t tx) withNewest(found []listed, b *budget) ([]job.Export, error) {
	var ids []string
	for _, e := range found {
		if e.last != nil {
			ids = append(ids, *e.last)
		}
	}
	newest := make(map[string]*job.Job, len(ids))
	if len(ids) > 0 {
		var q condition
		jobs, err := rows(t, scanJob, selectJobs+` WHERE `+q.in("j.id", ids), q.args...)
		if err != nil {
			return nil, err
		}
		for i := range jobs {
			b.job(&jobs[i])
			newest[jobs[i].ID] = &jobs[i]
		}
	}
	exports := make([]job.Export, len(found))
	for i, e := range found {
		exports[i] = e.Export
		if e.last != nil {
			exports[i].Last = newest[*e.last]
		}
	}
	return exports, nil
}

// exportsByKey reads exports in the order of their keys, deleted ones too.
func (t tx) exportsByKey(keys []string) ([]job.Export, error) {
	exports := make([]job.Export, 0, len(keys))
	for _, key := range keys {
		e, err := t.exports(selectExports+` WHERE e.key = $1`, key)
		if err != nil {
			return nil, err
		}
		exports = append(exports, e...)
	}
	return exports, nil
}

func (db *DB) Find(ctx context.Context, owner, id string) (exports []job.Export, err error) {
	err = db.read(ctx, func(t tx) error {
		exports, err = t.exports(selectExports+` WHERE e.id = $1 AND e.deleted_at IS NULL AND ($2 = '' OR e.owner = $2) ORDER BY e.owner`, id, owner)
		return err
	})
	return exports, err
}

func (db *DB) List(ctx context.Context, f job.Filter) (exports []job.Export, total int64, err error) {
	q, err := exportsQuery(f)
	if err != nil {
		return nil, 0, err
	}
	err = db.read(ctx, func(t tx) error {
		const newest = ` LEFT JOIN jobs j ON j.id = e.last_job`
		if err := t.row(`SELECT count(*) FROM exports e`+newest+q.where, q.args, &total); err != nil {
			return err
		}
		exports, err = t.exportsPage(selectExports+newest+q.where+q.order, q.args...)
		return err
	})
	return exports, total, err
}

func (db *DB) Due(ctx context.Context, now int64, limit int) (exports []job.Export, err error) {
	err = db.read(ctx, func(t tx) error {
		exports, err = t.exports(selectExports+` WHERE e.deleted_at IS NULL AND e.next_due IS NOT NULL AND e.next_due <= $1 ORDER BY e.next_due, e.key LIMIT $2`, now, limit)
		return err
	})
	return exports, err
}

func (db *DB) NextDue(ctx context.Context) (due int64, ok bool, err error) {
	return db.least(ctx, `SELECT min(next_due) FROM exports WHERE deleted_at IS NULL AND next_due IS NOT NULL`)
}

// least reads the one time that a query gives; ok is false where it is NULL.
func (db *DB) least(ctx context.Context, query string) (at int64, ok bool, err error) {
	var found *int64
	err = db.read(ctx, func(t tx) error { return t.row(query, nil, &found) })
	if err != nil || found == nil {
		return 0, false, err
	}
	return *found, true, nil
}
