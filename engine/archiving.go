package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"runtime"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/engine/archive"
	"decant/engine/export"
	"decant/engine/store"
	"decant/ingest"
)

// Archived is the archive that the configuration's data names in the store's place, as exports see it; ok is false where it names none.
func Archived(cfg Config) (s export.Source, ok bool, err error) {
	if !archive.Is(cfg.Data) {
		return nil, false, nil
	}
	place, err := archive.Open(cfg.Data, os.Getenv)
	return archive.Source{Place: place, Last: cfg.Duplicates == "last"}, true, err
}

// checkStore refuses to write where an archive is: only `decant archive` writes one.
func (c Config) checkStore() error {
	if archive.Is(c.Data) {
		return &InputError{fmt.Errorf("%s is an archive, which is only read; name the folder of a store with --data", c.Data)}
	}
	return nil
}

// Archive brings the store's settled days to the place that to names, a folder or s3://bucket/prefix.
func Archive(ctx context.Context, cfg Config, to string, opts archive.Options) (*archive.Report, error) {
	place, snap, err := openArchiving(ctx, cfg, to)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	return archive.Run(ctx, snap, place, archiving(cfg, opts))
}

// ArchiveAway is Archive, and then deletes from the store what the archive has, after it has read that back. The store's lock is held from before the first sample is read until the last
// is deleted, so that none can come between; a store that another process writes is store.ErrInUse.
func ArchiveAway(ctx context.Context, cfg Config, to string, opts archive.Options, log *slog.Logger) (report *archive.Report, deleted int64, err error) {
	place, err := archive.Open(to, os.Getenv)
	if err != nil {
		return nil, 0, err
	}
	if err := CheckStore(cfg); err != nil {
		return nil, 0, err
	}
	c := cfg.store()
	c.NoSocket, c.NoUpkeep, c.Log = true, true, log
	st, err := store.Open(c)
	if errors.Is(err, store.ErrInUse) {
		return nil, 0, fmt.Errorf("%w; what it takes while days are archived could not be told from what is archived, so nothing is deleted beside it: archive without deleting, or stop it meanwhile", err)
	}
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if closing := st.Close(); err == nil {
			err = closing
		}
	}()
	snap, err := st.Snapshot(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer snap.Close()
	if report, err = archive.Run(ctx, snapshot{snap}, place, archiving(cfg, opts)); err != nil {
		return report, 0, err
	}
	deleted, err = archive.Remove(ctx, place, report.Complete, deleter{st})
	return report, deleted, err
}

// deleter deletes whole channels' ranges.
type deleter struct{ store *store.Store }

func (d deleter) DeleteChannel(ctx context.Context, channel string, from, to int64) (int64, error) {
	every := []store.Name{{Prefix: true}}
	deleted, err := d.store.Delete(ctx, store.Deletion{Selection: store.Selection{Channel: channel, Names: every}, From: from, To: to})
	return deleted.Samples, err
}

// archiving completes the options of a run.
func archiving(cfg Config, opts archive.Options) archive.Options {
	opts.Last = cfg.Duplicates == "last"
	opts.Version = Version()
	opts.Workers = runtime.GOMAXPROCS(0)
	return opts
}

// PreviewArchive says what Archive would do.
func PreviewArchive(ctx context.Context, cfg Config, to string, opts archive.Options) ([]archive.Planned, error) {
	place, snap, err := openArchiving(ctx, cfg, to)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	return archive.Preview(ctx, snap, place, opts)
}

func openArchiving(ctx context.Context, cfg Config, to string) (archive.Place, export.Snapshot, error) {
	place, err := archive.Open(to, os.Getenv)
	if err != nil {
		return nil, nil, err
	}
	snap, err := source{cfg}.Open(ctx)
	return place, snap, err
}

// verifyArchive is Verify of an archive.
func verifyArchive(ctx context.Context, cfg Config, report func(file string, offset int64, fault string)) (VerifySummary, error) {
	place, err := archive.Open(cfg.Data, os.Getenv)
	if err != nil {
		return VerifySummary{}, err
	}
	m, err := archive.Verify(ctx, place, func(d *archive.DamageError) { report(d.File, 0, d.Text) })
	if err != nil {
		return VerifySummary{}, err
	}
	return VerifySummary{Files: int64(1 + len(m.Parts)), Bytes: m.Bytes, Samples: m.Rows}, nil
}

// ArchiveSummary is what ImportArchive stored.
type ArchiveSummary struct {
	Series, Samples int64
	First, Last     int64 // ns; valid where Samples > 0
}

// importBatch is how many samples go to the store at once.
const importBatch = 10_000

// ImportArchive stores all that the archive from holds as it was: with times of receipt, protocols, sums and update times. What would make more series than the store may
// have is refused before anything is stored. Importing again changes nothing, since equal samples are kept once.
func ImportArchive(ctx context.Context, to ingest.Appender, from string, progress func(name string, samples, expected int64)) (ArchiveSummary, error) {
	var summary ArchiveSummary
	place, err := archive.Open(from, os.Getenv)
	if err != nil {
		return summary, err
	}
	snap, err := archive.Source{Place: place}.Open(ctx)
	if err != nil {
		return summary, err
	}
	defer snap.Close()
	all, err := snap.Series(ctx, "", "")
	if err != nil {
		return summary, err
	}
	expected := int64(0)
	for _, s := range all {
		expected += s.Samples
		if err := admit(to, []ingest.Sample{{Series: seriesOf(s)}}); err != nil {
			return summary, err
		}
	}
	for _, s := range all {
		err := importSeries(ctx, to, snap, s, func(n int) {
			summary.Samples += int64(n)
			progress(from, summary.Samples, expected)
		})
		if err != nil {
			if summary.Samples > 0 {
				err = &PartialError{File: from, Samples: summary.Samples, Err: err}
			}
			return summary, err
		}
		if summary.Series == 0 {
			summary.First, summary.Last = s.First, s.Last
		}
		summary.Series++
		summary.First, summary.Last = min(summary.First, s.First), max(summary.Last, s.Last)
	}
	return summary, nil
}

func seriesOf(s export.Series) ingest.Series {
	return ingest.Series{Channel: s.Channel, Subtopic: s.Subtopic, Publisher: s.Publisher, Name: s.Name, Unit: s.Unit}
}

// importSeries appends a series' samples in their order.
func importSeries(ctx context.Context, to ingest.Appender, snap export.Snapshot, s export.Series, stored func(n int)) error {
	r, err := snap.Scan(ctx, s.ID, math.MinInt64, math.MaxInt64, "time", "value", "kind", "text", "sum", "update", "received", "protocol")
	if err != nil {
		return err
	}
	defer r.Release()
	batch := make([]ingest.Sample, 0, importBatch)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := to.Append(ctx, ingest.Batch{Samples: batch}); err != nil {
			return fmt.Errorf("store series %s: %w", s.Name, err)
		}
		stored(len(batch))
		batch = batch[:0]
		return nil
	}
	for r.Next() {
		rec := r.Record()
		for i := range int(rec.NumRows()) {
			batch = append(batch, sampleOf(seriesOf(s), rec, i))
			if len(batch) == importBatch {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	return flush()
}

// sampleOf is row i of a record of importSeries' scan.
func sampleOf(series ingest.Series, rec arrow.Record, i int) ingest.Sample {
	x := ingest.Sample{
		Series:   series,
		Time:     int64(rec.Column(0).(*array.Timestamp).Value(i)),
		Kind:     ingest.Kind(rec.Column(2).(*array.Uint8).Value(i)),
		Received: int64(rec.Column(6).(*array.Timestamp).Value(i)),
		Protocol: ingest.Protocol(rec.Column(7).(*array.Uint8).Value(i)),
	}
	switch x.Kind {
	case ingest.KindNumber, ingest.KindBool:
		x.Number = rec.Column(1).(*array.Float64).Value(i)
	case ingest.KindString, ingest.KindBytes:
		x.Text = string(rec.Column(3).(*array.Binary).Value(i))
	}
	if sum := rec.Column(4).(*array.Float64); sum.IsValid(i) {
		x.HasSum, x.Sum = true, sum.Value(i)
	}
	if update := rec.Column(5).(*array.Timestamp); update.IsValid(i) {
		x.HasUpdate, x.Update = true, int64(update.Value(i))
	}
	return x
}
