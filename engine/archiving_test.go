package engine

import (
	"context"
	"math"
	"testing"

	"decant/engine/archive"
	"decant/engine/export"
	"decant/engine/export/exporttest"
)

// archiveTarget is a store that is archived after every append, so that what comes goes into further parts of days that are archived. A snapshot is the archive's.
type archiveTarget struct {
	target
	cfg Config
	to  string
}

func (x archiveTarget) Append(samples ...exporttest.Sample) error {
	if err := x.target.Append(samples...); err != nil {
		return err
	}
	return x.archive()
}

func (x archiveTarget) archive() error {
	_, err := Archive(context.Background(), x.cfg, x.to, archive.Options{Before: math.MaxInt64})
	return err
}

func (x archiveTarget) Open(ctx context.Context) (export.Snapshot, error) {
	if err := x.archive(); err != nil { // of a store that is still empty
		return nil, err
	}
	snap, err := Source(Config{Data: x.to, Duplicates: x.cfg.Duplicates}).Open(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := x.target.Open(ctx)
	return withRepeats{snap, stored}, err
}

// withRepeats counts what is stored as the store does: the archive keeps equal samples once.
type withRepeats struct {
	export.Snapshot
	store export.Snapshot
}

func (s withRepeats) Stored(ctx context.Context, id export.SeriesID, from, to int64) (int64, error) {
	return s.store.Stored(ctx, id, from, to)
}

func (s withRepeats) Close() error {
	s.store.Close()
	return s.Snapshot.Close()
}

// TestArchiveContract: an archive answers as the store does that it was made of, however often more was added to it, and exports from it have the same bytes.
func TestArchiveContract(t *testing.T) {
	exporttest.TestSource(t, func(t *testing.T) exporttest.Target {
		cfg := Default()
		cfg.Data = t.TempDir()
		w, err := OpenWriter(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { w.Close() })
		return archiveTarget{target: target{Source(cfg), w}, cfg: cfg, to: t.TempDir()}
	})
}
