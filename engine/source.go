package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/engine/export"
	"decant/engine/store"
	"decant/ingest/deadletter"
)

// store is the store's share of the configuration.
func (c Config) store() store.Config {
	return store.Config{
		Dir:        c.Data,
		Program:    "decant " + Version(),
		Duplicates: c.Duplicates,
		MaxSeries:  c.Limits.Series,
		HeadBytes:  c.Limits.Memory,
	}
}

// Source is the store as exports see it. It may be read while another process writes.
func Source(cfg Config) export.Source { return source{cfg} }

type source struct{ cfg Config }

func (s source) Open(ctx context.Context) (export.Snapshot, error) {
	snap, err := store.OpenSnapshot(ctx, s.cfg.store())
	if err != nil {
		return nil, err
	}
	return snapshot{snap}, nil
}

// snapshot adapts the store's snapshot to what export sees. The two say the same things in types of their own, because
// neither package knows the other.
type snapshot struct{ *store.Snapshot }

func (s snapshot) Series(ctx context.Context, channel, subtopic string) ([]export.Series, error) {
	stored, err := s.Snapshot.Series(ctx, channel, subtopic)
	if err != nil {
		return nil, err
	}
	series := make([]export.Series, len(stored))
	for i, x := range stored {
		series[i] = export.Series{
			ID:      export.SeriesID(x.ID),
			Channel: x.Series.Channel, Subtopic: x.Series.Subtopic, Publisher: x.Series.Publisher, Name: x.Series.Name, Unit: x.Series.Unit,
			Samples: x.Samples, First: x.First, Last: x.Last,
		}
	}
	return series, nil
}

func (s snapshot) Stats(ctx context.Context, id export.SeriesID, from, to int64) (export.RangeStats, error) {
	stats, err := s.Snapshot.Stats(ctx, uint32(id), from, to)
	return export.RangeStats(stats), err
}

func (s snapshot) Scan(ctx context.Context, id export.SeriesID, from, to int64, columns ...string) (array.RecordReader, error) {
	return s.Snapshot.Scan(ctx, uint32(id), from, to, columns...)
}

func (s snapshot) Before(ctx context.Context, id export.SeriesID, t int64) (int64, float64, bool, error) {
	return s.Snapshot.Before(ctx, uint32(id), t)
}

// VerifySummary is what Verify read.
type VerifySummary struct {
	Files   int64 // CURRENT, segments and logs
	Bytes   int64 // of these
	Samples int64
	Letters int64 // dead letters
}

// Verify reads every byte of the store, of its dead letters and of what is kept of the broker's session against the checksums and reports
// each fault.
func Verify(ctx context.Context, cfg Config, report func(file string, offset int64, fault string)) (VerifySummary, error) {
	s, err := store.Verify(ctx, cfg.Data, func(f store.Fault) { report(f.File, f.Offset, f.Text) })
	summary := VerifySummary{Files: int64(1 + s.Segments + s.Logs), Bytes: s.Bytes, Samples: s.Samples} // CURRENT is one, too
	var damage *store.CorruptError
	if err != nil && !errors.As(err, &damage) { // damage is reported
		return summary, err
	}
	if _, err := readSession(cfg.Data); errors.As(err, &damage) {
		report(damage.File, damage.Offset, damage.Text)
	} else if err != nil {
		return summary, err
	}
	letters, err := deadletter.List(deadLetters(cfg.Data))
	summary.Letters = int64(len(letters.Entries))
	for _, err := range unjoin(err) {
		var damage *deadletter.CorruptError
		if !errors.As(err, &damage) {
			return summary, err
		}
		report(damage.File, damage.Offset, damage.What)
	}
	return summary, nil
}

// unjoin takes apart what errors.Join put together.
func unjoin(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, err := range joined.Unwrap() {
		all = append(all, unjoin(err)...)
	}
	return all
}

// FreeDisk is how many bytes there are for files in dir, which need not exist yet.
func FreeDisk(dir string) (int64, error) {
	for {
		free, err := freeBytes(dir)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return free, err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return 0, fmt.Errorf("find free disk of %s: %w", dir, os.ErrNotExist)
		}
		dir = parent
	}
}
