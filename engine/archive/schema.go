package archive

import (
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/schema"

	"github.com/apache/arrow/go/v17/arrow/memory"
)

// The columns of a part, in their order. Channel and day are in its path. docs/archive.md says what each holds, and why times are microseconds
// with a column for the rest.
const (
	colTime = iota
	colTimeNanos
	colSubtopic
	colPublisher
	colName
	colUnit
	colValue
	colBool
	colString
	colData
	colSum
	colUpdate
	colReceived
	colReceivedNanos
	colProtocol
	columnCount
)

var micros = schema.NewTimestampLogicalType(true, schema.TimeUnitMicros)

// columns are the names and types; a column is required or may be null.
var columns = [columnCount]struct {
	name     string
	physical parquet.Type
	logical  schema.LogicalType
	null     bool
}{
	colTime:          {"time", parquet.Types.Int64, micros, false},
	colTimeNanos:     {"time_nanos", parquet.Types.Int32, nil, false},
	colSubtopic:      {"subtopic", parquet.Types.ByteArray, schema.StringLogicalType{}, false},
	colPublisher:     {"publisher", parquet.Types.ByteArray, schema.StringLogicalType{}, false},
	colName:          {"name", parquet.Types.ByteArray, schema.StringLogicalType{}, false},
	colUnit:          {"unit", parquet.Types.ByteArray, schema.StringLogicalType{}, false},
	colValue:         {"value", parquet.Types.Double, nil, true},
	colBool:          {"bool_value", parquet.Types.Boolean, nil, true},
	colString:        {"string_value", parquet.Types.ByteArray, schema.StringLogicalType{}, true},
	colData:          {"data_value", parquet.Types.ByteArray, nil, true},
	colSum:           {"sum", parquet.Types.Double, nil, true},
	colUpdate:        {"update_time_ns", parquet.Types.Int64, nil, true}, // a period, no moment: a timestamp would show 5 s as 1970-01-01 00:00:05
	colReceived:      {"received", parquet.Types.Int64, micros, false},
	colReceivedNanos: {"received_nanos", parquet.Types.Int32, nil, false},
	colProtocol:      {"protocol", parquet.Types.ByteArray, schema.StringLogicalType{}, false},
}

// newRoot makes the schema of a part. Each part has its own: arrow writes into it when it first asks a column's path.
func newRoot() *schema.GroupNode {
	fields := make(schema.FieldList, columnCount)
	for i, c := range columns {
		repetition := parquet.Repetitions.Required
		if c.null {
			repetition = parquet.Repetitions.Optional
		}
		fields[i] = schema.Must(schema.NewPrimitiveNodeLogical(c.name, repetition, c.logical, c.physical, -1, -1))
	}
	return schema.MustGroup(schema.NewGroupNode("sample", parquet.Repetitions.Required, fields, -1))
}

// smallRows is below how many rows of its first row group a part is compressed by snappy: the library makes an encoder of zstd for each page, which takes longer than such a part's
// rows do.
const smallRows = 8 << 10

// properties say how a part is written whose first row group is g. The same rows give the same bytes: an interrupted run recognises by that what it had brought.
func properties(g *gathered) *parquet.WriterProperties {
	codec := compress.Codecs.Zstd
	if g.n < smallRows {
		codec = compress.Codecs.Snappy
	}
	options := []parquet.WriterProperty{
		parquet.WithAllocator(memory.DefaultAllocator),
		parquet.WithVersion(parquet.V2_LATEST),
		parquet.WithCreatedBy("decant"),
		parquet.WithCompression(codec),
		// A dictionary that overflows gives a column two encodings, which the library lists in the order of a Go map: other bytes in every run.
		parquet.WithDictionaryPageSizeLimit(1 << 30),
		parquet.WithDictionaryFor(columns[colValue].name, !g.distinct()), // it pays where values repeat
		parquet.WithDictionaryFor(columns[colSum].name, false),
		parquet.WithDictionaryFor(columns[colData].name, false),
	}
	for _, c := range []int{colTime, colUpdate, colReceived} { // they rise in small steps, or stay as they are
		options = append(options, parquet.WithDictionaryFor(columns[c].name, false), parquet.WithEncodingFor(columns[c].name, parquet.Encodings.DeltaBinaryPacked))
	}
	return parquet.NewWriterProperties(options...)
}
