package engine

import (
	"errors"
	"io"

	"decant/engine/store"
	"decant/ingest"
)

// Writer is where a command that isn't the ingesting process puts its samples.
type Writer interface {
	ingest.Appender
	io.Closer
}

// OpenWriter opens the store for writing or, where another process already writes it, the way to that process: it stores
// the samples in this one's place, with the same promise.
func OpenWriter(cfg Config) (Writer, error) {
	if err := cfg.refuseArchive(); err != nil {
		return nil, err
	}
	st, err := store.Open(cfg.store())
	if err == nil {
		return st, nil
	}
	if !errors.Is(err, store.ErrInUse) {
		return nil, err
	}
	client, dialing := store.Dial(cfg.Data)
	if dialing != nil {
		return nil, errors.Join(err, dialing)
	}
	return client, nil
}
