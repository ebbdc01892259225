package database

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"decant/engine/job"
)

func (db *DB) Add(ctx context.Context, j job.Job, admission job.Admission) error {
	return db.write(ctx, func(t tx) error {
		if err := t.row(`SELECT owner FROM exports WHERE key = $1 AND deleted_at IS NULL`, []any{j.ExportKey}, &j.Owner); err != nil {
			return notFound(err)
		}
		if err := t.admit(admission, []job.Job{j}); err != nil {
			return err
		}
		return t.addJobs(j.ExportKey, []job.Job{j})
	})
}

// addJobs puts jobs of an export in line, with the request that the export has now.
func (t tx) addJobs(key string, jobs []job.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	version, err := t.holdExport(key, 0)
	if err != nil {
		return err
	}
	var owner string
	if err := t.row(`SELECT owner FROM exports WHERE key = $1`, []any{key}, &owner); err != nil {
		return err
	}
	if _, err := t.exec(`INSERT INTO owners (owner, turn) VALUES ($1, 0) ON CONFLICT DO NOTHING`, owner); err != nil {
		return err
	}
	for _, j := range jobs {
		j.Status = cmp.Or(j.Status, job.NotProcessed)
		_, err := t.exec(`INSERT INTO jobs (id, export, owner, version, cause, due, k, skipping, status, not_before, free_at, worker, claims, tries,
				created_at, started_at, ended_at, cancel, done_rows, expected_rows, error, saw, folder, bytes, arrival, links)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', 0, 0, $12, $13, $14, 0, 0, 0, $15, $16, '', 0, 0, 0)`,
			j.ID, key, owner, version, string(j.Cause), j.Due, j.K, j.Skipping, string(j.Status), j.NotBefore, freeAt(j.Status, j.NotBefore),
			j.CreatedAt, j.StartedAt, j.EndedAt, text(j.Error), encodeSeen(j.Saw))
		if err != nil {
			return err
		}
	}
	_, err = t.exec(`UPDATE exports SET last_job = (SELECT id FROM jobs WHERE export = $1 ORDER BY created_at DESC, id DESC LIMIT 1) WHERE key = $1`, key)
	return err
}

// freeAt is when a job or message may be claimed that isn't: never, once it has ended.
func freeAt(s job.Status, notBefore int64) *int64 {
	if s.Ended() {
		return nil
	}
	return &notBefore
}

// retry is what a caller is told who meets a full queue: when a job may have ended.
const retry = 10 * time.Second

// admit says whether jobs of one owner fit the limits. Others that ask wait until this transaction ends, so that no two fill the same place.
func (t tx) admit(a job.Admission, jobs []job.Job) error {
	adding := 0
	for _, j := range jobs {
		if !cmp.Or(j.Status, job.NotProcessed).Ended() {
			adding++
		}
	}
	if adding == 0 || a == (job.Admission{}) {
		return nil
	}
	if err := t.pass(gateAdmit); err != nil {
		return err
	}
	var open int
	if a.QueuedEach > 0 {
		owner := jobs[0].Owner
		if err := t.row(`SELECT count(*) FROM jobs WHERE owner = $1 AND free_at IS NOT NULL`, []any{owner}, &open); err != nil {
			return err
		}
		if open+adding > a.QueuedEach {
			return &job.BusyError{Limit: "owner_queued", Max: a.QueuedEach, Owner: owner, Retry: retry}
		}
	}
	if a.Queued > 0 {
		if err := t.row(`SELECT count(*) FROM jobs WHERE free_at IS NOT NULL`, nil, &open); err != nil {
			return err
		}
		if open+adding > a.Queued {
			return &job.BusyError{Limit: "queued", Max: a.Queued, Retry: retry}
		}
	}
	return nil
}

// selectJobs reads jobs with the request of their version and their message.
const selectJobs = `SELECT j.id, j.export, e.id, e.created_at, j.owner, r.channels, r.request, r.type, j.version, j.cause, j.due, j.k, j.skipping,
	j.status, j.not_before, j.tries, j.created_at, j.started_at, j.ended_at, j.cancel, j.done_rows, j.expected_rows, j.error, j.saw,
	j.artifacts, j.folder, j.bytes, j.expires_at, j.stored, j.arrival, j.links,
	m.id, m.policy, m.medium, m.state, m.tries, m.not_before, m.sent_at, m.error
	FROM jobs j JOIN exports e ON e.key = j.export JOIN revisions r ON r.export = j.export AND r.version = j.version LEFT JOIN messages m ON m.job = j.id`

func scanJob(r *sql.Rows) (j job.Job, err error) {
	var channels, fault, saw, artifacts, stored *string
	var messageID, policy, medium, state, problem *string
	var tries *int
	var notBefore, sentAt *int64
	var request string
	var cancel, arrival int64
	err = r.Scan(&j.ID, &j.ExportKey, &j.ExportID, &j.ExportCreated, &j.Owner, &channels, &request, &j.Type, &j.Version, &j.Cause, &j.Due, &j.K, &j.Skipping,
		&j.Status, &j.NotBefore, &j.Tries, &j.CreatedAt, &j.StartedAt, &j.EndedAt, &cancel, &j.Progress.Rows, &j.Progress.Expected, &fault, &saw,
		&artifacts, &j.Folder, &j.Bytes, &j.ExpiresAt, &stored, &arrival, &j.Links,
		&messageID, &policy, &medium, &state, &tries, &notBefore, &sentAt, &problem)
	if err != nil {
		return j, err
	}
	j.Request, j.Cancel, j.Arrival = json.RawMessage(request), cancel != 0, uint64(arrival)
	if messageID != nil {
		j.Message = &job.Message{ID: *messageID, JobID: j.ID, Policy: *policy, Medium: *medium, State: job.MessageState(*state), Tries: *tries, NotBefore: *notBefore, SentAt: sentAt, Error: *problem}
	}
	j.Saw, err = decodeSeen(saw)
	return j, errors.Join(err, decode(channels, &j.Channels), decode(fault, &j.Error), decode(artifacts, &j.Artifacts), decode(stored, &j.Stored))
}

func (db *DB) Job(ctx context.Context, owner, id string) (j job.Job, err error) {
	err = db.read(ctx, func(t tx) error {
		found, err := rows(t, scanJob, selectJobs+` WHERE j.id = $1 AND e.deleted_at IS NULL AND ($2 = '' OR j.owner = $2)`, id, owner)
		if err == nil && len(found) == 0 {
			return job.ErrNotFound
		}
		if err == nil {
			j = found[0]
		}
		return err
	})
	return j, err
}

func (db *DB) Jobs(ctx context.Context, f job.Filter) (jobs []job.Job, total int64, err error) {
	q, err := jobsQuery(f)
	if err != nil {
		return nil, 0, err
	}
	err = db.read(ctx, func(t tx) error {
		if err := t.row(`SELECT count(*) FROM jobs j JOIN exports e ON e.key = j.export JOIN revisions r ON r.export = j.export AND r.version = j.version`+q.where, q.args, &total); err != nil {
			return err
		}
		jobs, err = rowsWhile(t, scanJob, newBudget().job, selectJobs+q.where+q.order, q.args...)
		return err
	})
	return jobs, total, err
}

// notFound is ErrNotFound for a query that found no row.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return job.ErrNotFound
	}
	return err
}
