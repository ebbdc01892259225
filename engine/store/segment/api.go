package segment

import (
	"context"
	"io"

	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Writer writes one segment.
type Writer struct{}

// NewWriter starts a segment on w.
func NewWriter(w io.Writer) *Writer { panic("next commit") }

// Add writes rows of a series. Series come in the order of Compare; the same series may come again with later rows.
func (w *Writer) Add(s ingest.Series, r Rows) error { panic("next commit") }

// Close writes the footer. It does not close or sync the io.Writer.
func (w *Writer) Close() error { panic("next commit") }

// Reader is an open segment.
type Reader struct{}

// SeriesEntry is a series of a segment.
type SeriesEntry struct {
	Series      ingest.Series
	Rows        int64
	First, Last int64 // ns
}

// Open maps the segment at path. The Reader is held once, by the caller.
func Open(path string) (*Reader, error) { panic("next commit") }

// Retain holds the Reader once more.
func (r *Reader) Retain() {}

// Release lets go of it; the last one unmaps the file.
func (r *Reader) Release() {}

// Path is the name the segment was opened by.
func (r *Reader) Path() string { panic("next commit") }

// Size is the file's length in bytes.
func (r *Reader) Size() int64 { panic("next commit") }

// Rows is the number of rows of all series.
func (r *Reader) Rows() int64 { panic("next commit") }

// Series lists the series, in the order of Compare. The slice is the Reader's.
func (r *Reader) Series() []SeriesEntry { panic("next commit") }

// Find gives the index of a series in Series.
func (r *Reader) Find(s ingest.Series) (i int, ok bool) { panic("next commit") }

// Run is series i of Series.
func (r *Reader) Run(i int) Run { panic("next commit") }

// Verify reads every byte against its checksum and reports each fault. The error is the first fault, or ctx's.
func (r *Reader) Verify(ctx context.Context, report func(offset int64, text string)) error {
	panic("next commit")
}

// Run is one sorted run of one series.
type Run struct{}

// MemoryRun is a run over rows in memory, which must be sorted and stay as they are while it is in use.
func MemoryRun(rows Rows) Run { panic("next commit") }

// Len is the number of rows; Bounds their first and last time.
func (r Run) Len() int64                           { panic("next commit") }
func (r Run) Bounds() (first, last int64, ok bool) { panic("next commit") }

// Scan reads one series in from ≤ t < to out of runs, oldest arrival first.
func Scan(ctx context.Context, runs []Run, from, to int64, policy Duplicates, columns []string, mem memory.Allocator) array.RecordReader {
	panic("next commit")
}

// RangeStats describes one series in from ≤ t < to.
func RangeStats(ctx context.Context, runs []Run, from, to int64, policy Duplicates) (Stats, error) {
	panic("next commit")
}

// Before finds the last number or bool with time < t.
func Before(ctx context.Context, runs []Run, t int64, policy Duplicates) (time int64, value float64, ok bool, err error) {
	panic("next commit")
}
