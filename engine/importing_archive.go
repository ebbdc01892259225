package engine

import (
	"context"
	"fmt"
	"math"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/engine/archive"
	"decant/engine/export"
	"decant/ingest"
)

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
