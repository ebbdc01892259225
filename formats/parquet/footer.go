package parquet

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow/flight"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/metadata"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"decant/formats"
	"decant/formats/columnar"
)

const magic = "PAR1"

// footer gathers what stands at the file's end: the schema, and where each column of each row group is.
type footer struct {
	columns []formats.Column
	builder *metadata.FileMetaDataBuilder
	sorted  []int // by row group: the column that its rows are sorted by, or −1
}

func newFooter(doc formats.Document, codec codec) (*footer, error) {
	options := []parquet.WriterProperty{
		parquet.WithVersion(parquet.V2_LATEST), // earlier ones have no nanoseconds
		parquet.WithCreatedBy("decant"),
		parquet.WithCompression(codec.name),
	}
	for _, c := range doc.Columns {
		if isInteger(c.Type) {
			options = append(options, parquet.WithEncodingFor(c.Label, parquet.Encodings.DeltaBinaryPacked))
		}
	}
	props := parquet.NewWriterProperties(options...)
	types := columnar.Schema(doc)
	schema, err := pqarrow.ToParquet(types, props, pqarrow.NewArrowWriterProperties())
	if err != nil {
		return nil, fmt.Errorf("make the schema: %w", err)
	}
	about := metadata.NewKeyValueMetadata()
	encoded := base64.StdEncoding.EncodeToString(flight.SerializeSchema(types, memory.DefaultAllocator))
	if err := about.Append("ARROW:schema", encoded); err != nil {
		return nil, fmt.Errorf("make the schema: %w", err)
	}
	return &footer{columns: doc.Columns, builder: metadata.NewFileMetadataBuilder(schema, props, about)}, nil
}

// add notes an encoded row group, which begins at an offset of the file.
func (f *footer) add(g *group, offset int64) error {
	b := f.builder.AppendRowGroup()
	b.SetNumRows(g.rows)
	size := int64(0)
	for i := range g.chunks {
		c := &g.chunks[i]
		m := b.NextColumnChunk()
		m.SetStats(c.stats)
		info := metadata.ChunkMetaInfo{
			NumValues:        int64(g.rows),
			DataPageOffset:   offset + c.dictionary,
			IndexPageOffset:  -1,
			CompressedSize:   int64(len(c.bytes)),
			UncompressedSize: c.uncompressed,
		}
		stats := metadata.EncodingStats{DataEncodingStats: map[parquet.Encoding]int32{c.encoding: c.pages}}
		byDictionary := c.dictionary > 0
		if byDictionary {
			info.DictPageOffset = offset
			stats.DictEncodingStats = map[parquet.Encoding]int32{parquet.Encodings.Plain: 1}
		}
		if err := m.Finish(info, byDictionary, false, stats, nil); err != nil {
			return err
		}
		m.Contents().FileOffset = 0 // of a second copy of the column's metadata, which is not written
		offset += int64(len(c.bytes))
		size += c.uncompressed
	}
	f.sorted = append(f.sorted, g.sortedBy(f.columns))
	return b.Finish(size, int16(len(f.sorted)-1))
}

// write ends the file.
func (f *footer) write(w io.Writer) error {
	all, err := f.builder.Finish()
	if err != nil {
		return err
	}
	for i, column := range f.sorted {
		if column >= 0 {
			groups := all.RowGroups[i]
			sorting := newElement(groups.SortingColumns)
			sorting.ColumnIdx = int32(column)
			groups.SortingColumns = append(groups.SortingColumns, sorting)
		}
	}
	n, err := all.WriteTo(w, nil)
	if err != nil {
		return err
	}
	_, err = w.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), magic...))
	return err
}

// newElement makes what the pointers of a slice point to. The library's type has no name outside of it.
func newElement[T any]([]*T) *T { return new(T) }
