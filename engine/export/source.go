package export

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow/array"
)

// Source is where samples come from. engine adapts the store to it; a remote engine is another.
type Source interface {
	// Open takes a snapshot: one consistent state of all that was acknowledged before. One snapshot serves a whole job.
	Open(ctx context.Context) (Snapshot, error)
}

// SeriesID names a series within one snapshot.
type SeriesID uint32

// Series is a series and what a snapshot holds of it over all time.
type Series struct {
	ID                                       SeriesID
	Channel, Subtopic, Publisher, Name, Unit string
	Samples                                  int64
	First, Last                              int64 // ns
}

// RangeStats is what a snapshot holds of one series in from ≤ t < to. All of it is exact: it decides what a file looks like, and
// that must not depend on where the samples lie.
type RangeStats struct {
	Samples                               int64
	Numbers, Bools, Strings, Bytes, Empty int64   // Samples by kind; Empty are without a value
	First, Last                           int64   // ns; valid where Samples > 0
	FirstValue, LastValue                 int64   // ns: the first and last number or bool; valid where Numbers+Bools > 0
	Digits                                int     // 0, 3, 6 or 9: fewest fraction digits of a second that hold every time
	Min, Max                              float64 // of numbers and bools; valid where Numbers+Bools > 0
}

// Columns of a scan, by field name. Each record has the asked-for ones, in the asked-for order:
//
//	time      timestamp[ns, UTC]
//	value     float64, null unless the sample is a number or a bool (0 or 1)
//	kind      uint8: ingest.Kind and formats.ValueKind, the same numbers
//	text      binary: a string or bytes; else empty or null
//	sum       float64, nullable: SenML's sum
//	received  timestamp[ns, UTC]
//	protocol  uint8: 1 mqtt, 2 import
//
// Snapshot is one consistent state of a source. It is safe for concurrent use, except that Close waits for no reader.
type Snapshot interface {
	// Series lists the series of a channel and subtopic ("" is any), sorted by channel, subtopic, name, unit, publisher.
	Series(ctx context.Context, channel, subtopic string) ([]Series, error)
	// Stats describes a series in [from, to) (ns; math.MinInt64 and math.MaxInt64 are open ends).
	Stats(ctx context.Context, id SeriesID, from, to int64) (RangeStats, error)
	// Scan reads a series in [from, to), by time, then arrival, duplicates already settled. The caller releases the reader; a record is
	// valid until the next call of Next unless retained. Errors come by the reader's Err.
	Scan(ctx context.Context, id SeriesID, from, to int64, columns ...string) (array.RecordReader, error)
	// Before finds the last number or bool of a series with time < t. ok is false where there is none.
	Before(ctx context.Context, id SeriesID, t int64) (time int64, value float64, ok bool, err error)
	// Stored counts the samples of a series that are stored in [from, to), before duplicates are settled. It is cheap, and more than it was in an older
	// snapshot where the range has got samples since.
	Stored(ctx context.Context, id SeriesID, from, to int64) (int64, error)
	// Arrival is the sequence number of the newest sample that the snapshot sees.
	Arrival() uint64
	Close() error
}

// Guarded is what a Snapshot is besides, whose records lie in memory that may fail while it is read. Guard runs f, which reads records of the
// snapshot's scans in the goroutine that Guard is called in; such a fault is then an error.
type Guarded interface {
	Guard(f func() error) error
}

// Guard is how work that reads what the snapshot's scans give is called. It is never nil: a snapshot whose memory can't fail calls it as it is.
func Guard(snap Snapshot) func(f func() error) error {
	if g, ok := snap.(Guarded); ok {
		return g.Guard
	}
	return func(f func() error) error { return f() }
}
