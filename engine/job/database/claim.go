package database

import (
	"context"
	"database/sql"
	"errors"

	"decant/engine/job"
)

// withFree are owners o with a job that is free. The least free_at of an owner is the first entry of jobs_free; an EXISTS would make SQLite go through all of them.
const withFree = ` FROM owners o WHERE (SELECT min(j.free_at) FROM jobs j WHERE j.owner = o.owner AND j.free_at IS NOT NULL) <= $1`

// inTurn are these owners in the order in which they are to be served. A job in progress whose lease has ended is nobody's work.
const inTurn = `SELECT o.owner` + withFree + `
	ORDER BY (SELECT count(*) FROM jobs r WHERE r.owner = o.owner AND r.status = 'inProgress' AND r.free_at > $1), o.turn, o.owner`

// nextOf is the free job of an owner that was due first, of those that no earlier one of the same schedule holds up. The plus keeps both databases from reading by
// free_at and sorting all that is free: jobs_line has them in order.
const nextOf = `SELECT j.id, j.cancel FROM jobs j
	WHERE j.owner = $1 AND j.free_at IS NOT NULL AND +j.free_at <= $2
	AND (j.cause NOT IN ('scheduled', 'backfill') OR NOT EXISTS (SELECT 1 FROM jobs b
		WHERE b.export = j.export AND b.free_at IS NOT NULL AND b.cause IN ('scheduled', 'backfill') AND (b.due < j.due OR b.due = j.due AND b.id < j.id)))
	ORDER BY j.due, j.id LIMIT 1`

func (db *DB) Claim(ctx context.Context, worker string, now, until int64) (*job.Claimed, error) {
	// Mostly there is nothing to do, and a look at it should not wait for a writer.
	err := db.read(ctx, func(t tx) error {
		var found int64
		return t.row(`SELECT 1`+withFree+` LIMIT 1`, []any{now}, &found)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var claimed *job.Claimed
	// A claim that a power cut undoes was of a worker that it killed.
	err = db.writeSoon(ctx, func(t tx) error {
		claimed = nil
		owners, err := rows(t, one[string], inTurn, now)
		if err != nil {
			return err
		}
		for _, owner := range owners {
			id, err := t.next(owner, now)
			if err != nil {
				return err
			}
			if id != "" {
				claimed, err = t.claim(id, owner, worker, now, until)
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// next finds the job of an owner that comes next, and keeps others from taking it; "" where there is none. One that is free again because its worker died, and
// was to be cancelled, ends here.
func (t tx) next(owner string, now int64) (string, error) {
	for {
		var id string
		var cancel int64
		err := t.row(nextOf+t.dialect.skipLocked, []any{owner, now}, &id, &cancel)
		if errors.Is(err, sql.ErrNoRows) {
			return "", nil
		}
		if err != nil || cancel == 0 {
			return id, err
		}
		if _, err := t.exec(`UPDATE jobs SET status = 'cancelled', ended_at = $2, free_at = NULL, cancel = 0 WHERE id = $1`, id, now); err != nil {
			return "", err
		}
	}
}

func (t tx) claim(id, owner, worker string, now, until int64) (*job.Claimed, error) {
	var try int
	err := t.row(`UPDATE jobs SET status = 'inProgress', worker = $2, started_at = $3, free_at = $4, claims = claims + 1, tries = tries + 1, done_rows = 0, expected_rows = 0
		WHERE id = $1 RETURNING claims`, []any{id, worker, now, until}, &try)
	if err != nil {
		return nil, err
	}
	if _, err := t.exec(`UPDATE owners SET turn = (SELECT max(turn) + 1 FROM owners) WHERE owner = $1`, owner); err != nil {
		return nil, err
	}
	found, err := rows(t, scanJob, selectJobs+` WHERE j.id = $1`, id)
	if err != nil {
		return nil, err
	}
	return &job.Claimed{Job: found[0], Lease: job.Lease{JobID: id, Worker: worker, Try: try}}, nil
}

func (db *DB) Beat(ctx context.Context, l job.Lease, until int64, p job.Progress) (cancel bool, err error) {
	err = db.writeSoon(ctx, func(t tx) error {
		var asked int64
		err := t.row(`UPDATE jobs SET free_at = $4, done_rows = $5, expected_rows = $6 WHERE id = $1 AND worker = $2 AND claims = $3 AND status = 'inProgress' RETURNING cancel`,
			[]any{l.JobID, l.Worker, l.Try, until, p.Rows, p.Expected}, &asked)
		cancel = asked != 0
		return lost(err)
	})
	return cancel, err
}

// lost is ErrLost for a query that found no job under a lease.
func lost(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return job.ErrLost
	}
	return err
}

func (db *DB) Reclaim(ctx context.Context, worker string, now int64) (n int, err error) {
	err = db.write(ctx, func(t tx) error {
		changed, err := t.exec(`UPDATE jobs SET status = 'notProcessed', worker = '', free_at = $2, not_before = $2 WHERE worker = $1 AND status = 'inProgress' AND cancel = 0`, worker, now)
		if err != nil {
			return err
		}
		ended, err := t.exec(`UPDATE jobs SET status = 'cancelled', worker = '', free_at = NULL, ended_at = $2, cancel = 0 WHERE worker = $1 AND status = 'inProgress'`, worker, now)
		n = int(changed + ended)
		return err
	})
	return n, err
}
