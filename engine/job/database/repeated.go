package database

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"decant/engine/job"
)

// keyLife is how long an idempotency key is kept.
const keyLife = int64(24 * time.Hour)

func (db *DB) Repeated(ctx context.Context, key job.Idempotency, now int64) (exports []job.Export, again bool, err error) {
	err = db.read(ctx, func(t tx) error {
		var keys []string
		if keys, again, err = t.used(key, now); err != nil || !again {
			return err
		}
		exports, err = t.exportsByKey(keys)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return exports, again, nil
}

// used says which exports an idempotency key made that is not too old.
func (t tx) used(k job.Idempotency, now int64) (keys []string, used bool, err error) {
	var digest, made string
	err = t.row(`SELECT digest, exports FROM idempotency WHERE owner = $1 AND key = $2 AND created_at > $3`, []any{k.Owner, k.Key, now - keyLife}, &digest, &made)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case digest != k.Digest:
		return nil, false, &job.ConflictError{Index: -1, Message: fmt.Sprintf("the idempotency key %q was used for another request within the last day; send the same request, or another key", k.Key)}
	}
	return keys, true, json.Unmarshal([]byte(made), &keys)
}

// forgetKeys forgets keys that are too old.
func (t tx) forgetKeys(now int64) error {
	_, err := t.exec(`DELETE FROM idempotency WHERE created_at <= $1`, now-keyLife)
	return err
}
