// Package parquet writes documents as Parquet.
//
// Times are TIMESTAMP(NANOS, adjusted to UTC); the zone stands in the Arrow schema that the file carries, where pyarrow, DuckDB and others look
// for it. A row group holds at most 262,144 rows. Nothing in the file depends on the clock, the machine or decant's version. Package
// columnar says how columns are typed.
package parquet

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"decant/formats"
	"decant/formats/columnar"
)

// batchesPerGroup makes row groups large enough for readers and small enough to hold in memory: a group is written when it is full.
const batchesPerGroup = 8

// Open starts a document on w. The writer is also an io.Closer: see formats.Writer.
func Open(w io.Writer, doc formats.Document) (formats.Writer, error) {
	codec, err := codec(doc.Compression)
	if err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	cw, err := columnar.Open(w, doc, func(out *formats.Output, mem memory.Allocator) (columnar.File, error) {
		fw, err := pqarrow.NewFileWriter(columnar.Schema(doc), out, properties(doc, codec, mem),
			pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema(), pqarrow.WithAllocator(mem)))
		return &file{fw: fw}, err
	})
	if err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	return cw, nil
}

func codec(name string) (compress.Compression, error) {
	switch name {
	case "", "zstd":
		return compress.Codecs.Zstd, nil
	case "none":
		return compress.Codecs.Uncompressed, nil
	case "gzip":
		return compress.Codecs.Gzip, nil
	case "snappy":
		return compress.Codecs.Snappy, nil
	}
	return 0, fmt.Errorf("compression %q is not known here; allowed are zstd, none, gzip and snappy", name)
}

func properties(doc formats.Document, codec compress.Compression, mem memory.Allocator) *parquet.WriterProperties {
	options := []parquet.WriterProperty{
		parquet.WithAllocator(mem),
		parquet.WithVersion(parquet.V2_LATEST), // earlier ones have no nanoseconds
		parquet.WithCreatedBy("decant"),
		parquet.WithCompression(codec),
		// A dictionary that overflows into plain pages gives a column two encodings, which the library lists in the order of a Go
		// map: other bytes in every run. So none overflows. A row group's text bounds them; numbers, mostly all different, have none.
		parquet.WithDictionaryPageSizeLimit(1 << 30),
	}
	for _, c := range doc.Columns {
		switch c.Type {
		case formats.Time, formats.TimeUTC, formats.Integer: // they rise in small steps
			options = append(options,
				parquet.WithDictionaryFor(c.Label, false),
				parquet.WithEncodingFor(c.Label, parquet.Encodings.DeltaBinaryPacked))
		case formats.Number, formats.Bytes:
			options = append(options, parquet.WithDictionaryFor(c.Label, false))
		}
	}
	return parquet.NewWriterProperties(options...)
}

// file puts batchesPerGroup batches into a row group.
type file struct {
	fw      *pqarrow.FileWriter
	batches int
}

func (f *file) Write(batch arrow.Record) error {
	if f.batches == batchesPerGroup {
		f.fw.NewBufferedRowGroup()
		f.batches = 0
	}
	f.batches++
	return f.fw.WriteBuffered(batch)
}

func (f *file) Close() error { return f.fw.Close() }
