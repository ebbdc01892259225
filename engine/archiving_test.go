package engine

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"decant/engine/archive"
	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/engine/store"
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
		x, cfg := newTarget(t)
		return archiveTarget{target: x, cfg: cfg, to: t.TempDir()}
	})
}

// TestArchiveAway: what is archived goes from the store when the archive was read back, and stays where anything of it is amiss or another process writes the store.
func TestArchiveAway(t *testing.T) {
	cfg := storeOf(t, samples())
	want := everything(t, snapshotOf(t, cfg.Data))
	log := slog.New(slog.DiscardHandler)
	to := filepath.Join(t.TempDir(), "archive")
	all := archive.Options{Before: math.MaxInt64}

	w, err := OpenWriter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ArchiveAway(t.Context(), cfg, to, all, log); !errors.Is(err, store.ErrInUse) {
		t.Errorf("beside a writer: %v, want %v", err, store.ErrInUse)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	report, err := Archive(t.Context(), cfg, to, all)
	if err != nil {
		t.Fatal(err)
	}
	part := filepath.Join(to, filepath.FromSlash(report.Added[0].File))
	whole, err := os.ReadFile(part)
	if err != nil {
		t.Fatal(err)
	}
	rotten := slices.Clone(whole)
	rotten[2] ^= 1 // of the magic, which no scan looks at
	if err := os.WriteFile(part, rotten, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, deleted, err := ArchiveAway(t.Context(), cfg, to, all, log); !errors.As(err, new(*archive.DamageError)) || deleted != 0 {
		t.Errorf("with a file that is damaged: %v, %d samples are deleted", err, deleted)
	}
	if got := everything(t, snapshotOf(t, cfg.Data)); !slices.Equal(got, want) {
		t.Fatal("the store has lost samples")
	}

	if err := os.WriteFile(part, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, deleted, err := ArchiveAway(t.Context(), cfg, to, all, log); err != nil || deleted != int64(len(want)) {
		t.Errorf("%d of %d samples are deleted, %v", deleted, len(want), err)
	}
	if left := everything(t, snapshotOf(t, cfg.Data)); len(left) > 0 {
		t.Errorf("%d samples are left in the store", len(left))
	}
	if got := everything(t, snapshotOf(t, to)); !slices.Equal(got, want) {
		t.Error("the archive holds other samples than the store did")
	}
}
