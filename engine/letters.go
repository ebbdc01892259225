package engine

import (
	"errors"
	"io/fs"

	"decant/engine/store"
	"decant/ingest/deadletter"
)

// DeadLetters lists the store's dead letters without their payloads, also beside a running writer. Damage is reported beside what can be
// read. A store that never had one has none.
func DeadLetters(cfg Config) (deadletter.Listing, error) {
	if err := CheckStore(cfg); err != nil {
		return deadletter.Listing{}, err
	}
	listing, err := deadletter.List(deadLetters(cfg.Data))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return listing, err
}

// DeadLetter reads one letter with its payload. deadletter.ErrNotFound is one that never was, or that was dropped.
func DeadLetter(cfg Config, id uint64) (deadletter.Entry, error) {
	if err := CheckStore(cfg); err != nil {
		return deadletter.Entry{}, err
	}
	e, err := deadletter.Get(deadLetters(cfg.Data), id)
	if errors.Is(err, fs.ErrNotExist) {
		err = deadletter.ErrNotFound
	}
	return e, err
}

// CheckStore is nil where the configured folder holds a store, be it damaged, and store.ErrNotStore where it doesn't.
func CheckStore(cfg Config) error { return store.Check(cfg.Data) }
