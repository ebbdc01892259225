package engine

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/engine/export"
	"decant/engine/store"
)

// store is the store's share of the configuration.
func (c Config) store() store.Config {
	return store.Config{
		Dir:        c.Data,
		Program:    "decant " + Version(),
		Duplicates: c.Duplicates,
		MaxSeries:  c.Limits.Series,
		HeadBytes:  c.Limits.Memory,
		Expire:     c.expire(),
		FreeDisk:   FreeDisk,
	}
}

// Source is the store, or the archive, that the configuration's data names, as exports see it. It may be read while another process writes.
func Source(cfg Config) export.Source { return source{cfg} }

type source struct{ cfg Config }

// Source is the store that the intake writes, read in its process: a snapshot sees what is acknowledged, and opens no file.
func (in *Intake) Source() export.Source { return writer{in.store} }

type writer struct{ store *store.Store }

func (w writer) Open(ctx context.Context) (export.Snapshot, error) {
	snap, err := w.store.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return snapshot{snap}, nil
}

func (s source) Open(ctx context.Context) (export.Snapshot, error) {
	if archived, ok, err := archivedSource(s.cfg); err != nil {
		return nil, err
	} else if ok {
		return archived.Open(ctx)
	}
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

func (s snapshot) Stored(ctx context.Context, id export.SeriesID, from, to int64) (int64, error) {
	return s.Snapshot.Stored(ctx, uint32(id), from, to)
}
