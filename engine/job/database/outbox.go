package database

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"decant/engine/job"
)

// collected is a message and when it was made.
type collected struct {
	job.Message
	made int64
}

func (db *DB) Collect(ctx context.Context, now, until int64, limit int) ([]job.Message, error) {
	// Mostly there is nothing to send, and to see that should not keep a writer waiting.
	first, ok, err := db.NextMessage(ctx)
	if err != nil || !ok || first > now {
		return nil, err
	}
	var messages []job.Message
	err = db.write(ctx, func(t tx) error {
		found, err := rows(t, func(r *sql.Rows) (c collected, err error) {
			err = r.Scan(&c.ID, &c.JobID, &c.Policy, &c.Medium, &c.State, &c.Tries, &c.NotBefore, &c.SentAt, &c.Error, &c.made)
			return c, err
		}, `UPDATE messages SET free_at = $2 WHERE id IN (SELECT id FROM messages WHERE free_at IS NOT NULL AND free_at <= $1 ORDER BY made_at, id LIMIT $3`+t.dialect.skipLocked+`)
			RETURNING id, job, policy, medium, state, tries, not_before, sent_at, error, made_at`, now, until, limit)
		if err != nil {
			return err
		}
		slices.SortFunc(found, func(a, b collected) int { return cmp.Or(cmp.Compare(a.made, b.made), cmp.Compare(a.ID, b.ID)) })
		messages = make([]job.Message, len(found))
		for i, c := range found {
			messages[i] = c.Message
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return messages, nil
}

func (db *DB) Record(ctx context.Context, m job.Message) error {
	return db.write(ctx, func(t tx) error {
		var free *int64
		if m.State == job.Pending {
			free = &m.NotBefore
		}
		changed, err := t.exec(`UPDATE messages SET state = $2, tries = $3, not_before = $4, free_at = $5, sent_at = $6, error = $7 WHERE id = $1 AND state = 'pending'`,
			m.ID, string(m.State), m.Tries, m.NotBefore, free, m.SentAt, m.Error)
		if err != nil || changed > 0 {
			return err
		}
		var found int64
		return notFound(t.row(`SELECT 1 FROM messages WHERE id = $1`, []any{m.ID}, &found))
	})
}

func (db *DB) NextMessage(ctx context.Context) (at int64, ok bool, err error) {
	return db.least(ctx, `SELECT min(free_at) FROM messages WHERE free_at IS NOT NULL`)
}
