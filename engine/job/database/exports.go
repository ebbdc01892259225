package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"decant/engine/job"
)

func (db *DB) Create(ctx context.Context, adding []job.Adding, key *job.Idempotency, admission job.Admission) (exports []job.Export, again bool, err error) {
	if len(adding) == 0 {
		return nil, false, nil
	}
	now := adding[0].Export.CreatedAt
	err = db.write(ctx, func(t tx) error {
		exports, again = nil, false
		// One at a time, so that of two with the same key the second sees what the first has made.
		if err := t.pass(gateAdmit); err != nil {
			return err
		}
		if key != nil {
			if err := t.forgetKeys(now); err != nil {
				return err
			}
			keys, used, err := t.used(*key, now)
			if err != nil {
				return err
			}
			if used {
				again = true
				exports, err = t.exportsByKey(keys)
				return err
			}
		}
		if err := t.admitExports(admission, adding); err != nil {
			return err
		}
		var jobs []job.Job
		for _, a := range adding {
			for _, j := range a.Jobs {
				j.Owner = a.Export.Owner
				jobs = append(jobs, j)
			}
		}
		if err := t.admit(admission, jobs); err != nil {
			return err
		}
		keys := make([]string, len(adding))
		for i, a := range adding {
			if err := t.addExport(i, a.Export); err != nil {
				return err
			}
			if err := t.addJobs(a.Export.Key, a.Jobs); err != nil {
				return err
			}
			keys[i] = a.Export.Key
		}
		if key != nil {
			_, err := t.exec(`INSERT INTO idempotency (owner, key, digest, exports, created_at) VALUES ($1, $2, $3, $4, $5)`, key.Owner, key.Key, key.Digest, text(keys), now)
			if err != nil {
				return err
			}
		}
		exports, err = t.exportsByKey(keys)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return exports, again, nil
}

// admitExports says whether exports of one owner fit the limit. The transaction has passed the gate, so that no two fill the same place.
func (t tx) admitExports(a job.Admission, adding []job.Adding) error {
	if a.ExportsEach <= 0 {
		return nil
	}
	owner := adding[0].Export.Owner
	var have int
	if err := t.row(`SELECT count(*) FROM exports WHERE owner = $1 AND deleted_at IS NULL`, []any{owner}, &have); err != nil {
		return err
	}
	if have+len(adding) > a.ExportsEach {
		return &job.TooManyError{Owner: owner, Have: have, Adding: len(adding), Max: a.ExportsEach}
	}
	return nil
}

// addExport adds the export that stands at an index of those to create.
func (t tx) addExport(index int, e job.Export) error {
	var taken int64
	if err := t.row(`SELECT count(*) FROM exports WHERE owner = $1 AND id = $2 AND deleted_at IS NULL`, []any{e.Owner, e.ID}, &taken); err != nil {
		return err
	}
	if taken > 0 {
		return &job.ConflictError{Index: index, Message: fmt.Sprintf("the id %q is in use; choose another, or change or delete the export that has it", e.ID)}
	}
	k, due := instant(e.Next)
	_, err := t.exec(`INSERT INTO exports (key, id, owner, version, type, title, tags, enabled, created_at, updated_at, next_k, next_due) VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.Key, e.ID, e.Owner, string(e.Type), e.Title, text(e.Tags), flag(e.Enabled), e.CreatedAt, e.UpdatedAt, k, due)
	if err != nil {
		return err
	}
	e.Version = 1
	return t.addRevision(e)
}

// addRevision stores what a version of an export asks for, and its tags.
func (t tx) addRevision(e job.Export) error {
	_, err := t.exec(`INSERT INTO revisions (export, version, type, request, channels) VALUES ($1, $2, $3, $4, $5)`, e.Key, e.Version, string(e.Type), string(e.Request), text(e.Channels))
	if err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM tags WHERE export = $1`, e.Key); err != nil {
		return err
	}
	for _, tag := range e.Tags {
		if _, err := t.exec(`INSERT INTO tags (export, label, value) VALUES ($1, $2, $3)`, e.Key, tag.Label, tag.Value); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) Change(ctx context.Context, e job.Export, version int64, now int64) (job.Export, error) {
	var changed job.Export
	err := db.write(ctx, func(t tx) error {
		stored, err := t.holdExport(e.Key, version)
		if err != nil {
			return err
		}
		e.Version = stored + 1
		_, err = t.exec(`UPDATE exports SET version = $2, type = $3, title = $4, tags = $5, enabled = $6, updated_at = $7 WHERE key = $1`,
			e.Key, e.Version, string(e.Type), e.Title, text(e.Tags), flag(e.Enabled), now)
		if err != nil {
			return err
		}
		if e.Next != job.KeepNext {
			k, due := instant(e.Next)
			if _, err := t.exec(`UPDATE exports SET next_k = $2, next_due = $3 WHERE key = $1`, e.Key, k, due); err != nil {
				return err
			}
		}
		if err := t.addRevision(e); err != nil {
			return err
		}
		found, err := t.exportsByKey([]string{e.Key})
		if err != nil {
			return err
		}
		changed = found[0]
		return nil
	})
	return changed, err
}

// holdExport keeps others from changing an export that is not deleted until the transaction ends, and gives its version. Another than
// wanted is ErrVersion; 0 is any.
func (t tx) holdExport(key string, wanted int64) (version int64, err error) {
	err = t.row(`SELECT version FROM exports WHERE key = $1 AND deleted_at IS NULL`+t.dialect.lockRow, []any{key}, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, job.ErrNotFound
	}
	if err == nil && wanted != 0 && wanted != version {
		return 0, job.ErrVersion
	}
	return version, err
}

func (db *DB) Delete(ctx context.Context, key string, version int64, now int64) error {
	return db.write(ctx, func(t tx) error {
		if _, err := t.holdExport(key, version); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE exports SET deleted_at = $2, updated_at = $2, next_k = NULL, next_due = NULL WHERE key = $1`, key, now); err != nil {
			return err
		}
		if _, err := t.exec(cancelling+` WHERE export = $2 AND free_at IS NOT NULL`, now, key); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE jobs SET expires_at = $2 WHERE export = $1 AND folder <> ''`, key, now); err != nil {
			return err
		}
		_, err := t.exec(`UPDATE messages SET state = 'undelivered', free_at = NULL, error = 'the export was deleted' WHERE state = 'pending' AND job IN (SELECT id FROM jobs WHERE export = $1)`, key)
		return err
	})
}

func (db *DB) Advance(ctx context.Context, key string, from job.Instant, jobs []job.Job, to *job.Instant, now int64) (bool, error) {
	moved := false
	// A run that a power cut undoes is due again, and made anew.
	err := db.writeSoon(ctx, func(t tx) error {
		k, due := instant(to)
		changed, err := t.exec(`UPDATE exports SET next_k = $4, next_due = $5 WHERE key = $1 AND next_k = $2 AND next_due = $3 AND deleted_at IS NULL`, key, from.K, from.Due, k, due)
		moved = changed > 0
		if err != nil || !moved {
			return err
		}
		return t.addJobs(key, jobs)
	})
	return moved && err == nil, err
}

func instant(i *job.Instant) (k, due *int64) {
	if i == nil {
		return nil, nil
	}
	return &i.K, &i.Due
}
