package database

import (
	"context"

	"decant/engine/job"
)

func (db *DB) Finish(ctx context.Context, l job.Lease, o job.Outcome) error {
	return db.write(ctx, func(t tx) error {
		// The export first, and then the job, as in Delete: it is deleted before or after, and leaves neither message nor artifacts to a deleted export.
		var deleted *int64
		err := t.row(`SELECT deleted_at FROM exports WHERE key = (SELECT export FROM jobs WHERE id = $1)`+t.dialect.shareRow, []any{l.JobID}, &deleted)
		if err != nil {
			return lost(err)
		}
		var cancel int64
		err = t.row(`SELECT cancel FROM jobs WHERE id = $1 AND worker = $2 AND claims = $3 AND status = 'inProgress'`+t.dialect.lockRow, []any{l.JobID, l.Worker, l.Try}, &cancel)
		if err != nil {
			return lost(err)
		}
		if o.Status == job.NotProcessed {
			if cancel == 0 {
				return t.putBack(l.JobID, o)
			}
			o = job.Outcome{Status: job.Cancelled, At: o.At, Progress: o.Progress, Error: o.Error}
		}
		if deleted != nil {
			o.Message = nil
			if o.Folder != "" {
				o.ExpiresAt = &o.At
			}
		}
		_, err = t.exec(`UPDATE jobs SET status = $2, worker = '', free_at = NULL, ended_at = $3, cancel = 0, done_rows = $4, expected_rows = $5,
			error = $6, saw = $7, artifacts = $8, folder = $9, bytes = $10, expires_at = $11, stored = $12, arrival = $13 WHERE id = $1`,
			l.JobID, string(o.Status), o.At, o.Progress.Rows, o.Progress.Expected,
			text(o.Error), encodeSeen(o.Saw), text(o.Artifacts), o.Folder, o.Bytes, o.ExpiresAt, text(o.Stored), int64(o.Arrival))
		if err != nil || o.Message == nil {
			return err
		}
		// A job has one message, so its id will do for both.
		_, err = t.exec(`INSERT INTO messages (id, job, policy, medium, state, tries, not_before, free_at, made_at, error) VALUES ($1, $1, $2, $3, 'pending', 0, $4, $4, $5, '')`,
			l.JobID, o.Message.Policy, o.Message.Medium, o.Message.NotBefore, o.At)
		return err
	})
}

// putBack puts a job in line for another try.
func (t tx) putBack(id string, o job.Outcome) error {
	_, err := t.exec(`UPDATE jobs SET status = 'notProcessed', worker = '', not_before = $2, free_at = $2, tries = tries - $3, done_rows = $4, expected_rows = $5, error = $6, saw = $7 WHERE id = $1`,
		id, o.NotBefore, flag(o.KeepTry), o.Progress.Rows, o.Progress.Expected, text(o.Error), encodeSeen(o.Saw))
	return err
}

// cancelling ends jobs that wait and asks the workers of those in progress to. It is one statement, so that no job slips from one state to the other between two.
const cancelling = `UPDATE jobs SET
	ended_at = CASE WHEN status = 'notProcessed' THEN $1 ELSE ended_at END,
	free_at = CASE WHEN status = 'notProcessed' THEN NULL ELSE free_at END,
	cancel = CASE WHEN status = 'notProcessed' THEN 0 ELSE 1 END,
	status = CASE WHEN status = 'notProcessed' THEN 'cancelled' ELSE status END`

func (db *DB) CancelJob(ctx context.Context, id string, now int64) error {
	return db.write(ctx, func(t tx) error {
		changed, err := t.exec(cancelling+` WHERE id = $2 AND free_at IS NOT NULL AND EXISTS (SELECT 1 FROM exports e WHERE e.key = jobs.export AND e.deleted_at IS NULL)`, now, id)
		if err != nil || changed > 0 {
			return err
		}
		if err := t.visible(id); err != nil {
			return err
		}
		return job.ErrEnded
	})
}

// visible is ErrNotFound where there is no such job, or its export was deleted.
func (t tx) visible(id string) error {
	var found int64
	return notFound(t.row(`SELECT 1 FROM jobs j JOIN exports e ON e.key = j.export WHERE j.id = $1 AND e.deleted_at IS NULL`, []any{id}, &found))
}

func (db *DB) Revoke(ctx context.Context, id string, now int64) error {
	return db.write(ctx, func(t tx) error {
		if err := t.visible(id); err != nil {
			return err
		}
		_, err := t.exec(`UPDATE jobs SET links = links + 1 WHERE id = $1`, id)
		return err
	})
}
