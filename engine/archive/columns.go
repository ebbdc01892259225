package archive

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"

	"decant/formats"
)

var timestamp = &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}

// fieldTypes are the columns of a scan.
var fieldTypes = map[string]arrow.DataType{
	"time":     timestamp,
	"value":    arrow.PrimitiveTypes.Float64,
	"kind":     arrow.PrimitiveTypes.Uint8,
	"text":     arrow.BinaryTypes.Binary,
	"sum":      arrow.PrimitiveTypes.Float64,
	"update":   timestamp,
	"received": timestamp,
	"protocol": arrow.PrimitiveTypes.Uint8,
}

// field reads a row group's rows of a scan's column. The array lies in Go's memory: it needs no release. bytes is about what it takes.
func (p *part) field(ctx context.Context, g int, name string) (a arrow.Array, bytes int64, err error) {
	rows := int(p.groups[g].rows)
	switch name {
	case "time":
		a, err = p.times(ctx, g, colTime, colTimeNanos)
	case "received":
		a, err = p.times(ctx, g, colReceived, colReceivedNanos)
	case "update":
		a, err = numbers[int64](ctx, p, g, colUpdate, timestamp)
	case "value":
		a, err = numbers[float64](ctx, p, g, colValue, arrow.PrimitiveTypes.Float64)
	case "sum":
		a, err = numbers[float64](ctx, p, g, colSum, arrow.PrimitiveTypes.Float64)
	case "kind":
		a, err = p.kinds(ctx, g)
	case "protocol":
		a, err = p.protocols(ctx, g)
	case "text":
		return p.texts(ctx, g)
	}
	return a, int64(9 * rows), err
}

// whole says whether as many rows came as there are.
func whole(got, rows int64, err error) error {
	if err == nil && got != rows {
		err = fmt.Errorf("it has %d of %d rows", got, rows)
	}
	return err
}

// empty says whether a column of a row group has nulls alone: then it is not read.
func (p *part) empty(g, c int) bool { return p.groups[g].nulls[c] == p.groups[g].rows }

// times puts microseconds and the rest together. Such columns have no nulls.
func (p *part) times(ctx context.Context, g, c, rest int) (arrow.Array, error) {
	rows := p.groups[g].rows
	ns := make([]int64, rows)
	err := p.column(ctx, g, c, func(r file.ColumnChunkReader, n int64) error {
		got, _, err := r.(*file.Int64ColumnChunkReader).ReadBatch(n, ns, nil, nil)
		return whole(got, n, err)
	})
	if err != nil {
		return nil, err
	}
	nanos := make([]int32, rows)
	err = p.column(ctx, g, rest, func(r file.ColumnChunkReader, n int64) error {
		got, _, err := r.(*file.Int32ColumnChunkReader).ReadBatch(n, nanos, nil, nil)
		return whole(got, n, err)
	})
	if err != nil {
		return nil, err
	}
	for i := range ns {
		ns[i] = join(ns[i], nanos[i])
	}
	return makeArray(timestamp, nil, arrow.GetBytes(ns), nil, int(rows)), nil
}

// batchReader is what the library's readers of columns of numbers have in common.
type batchReader[T any] interface {
	ReadBatch(n int64, values []T, there, repeated []int16) (rows int64, read int, err error)
}

// numbers reads a column of numbers that may be null, as an array of type t.
func numbers[T int64 | float64](ctx context.Context, p *part, g, c int, t arrow.DataType) (arrow.Array, error) {
	rows := p.groups[g].rows
	v := make([]T, rows)
	if p.empty(g, c) {
		return makeArray(t, make([]byte, bitutil.BytesForBits(rows)), arrow.GetBytes(v), nil, int(rows)), nil
	}
	there := make([]int16, rows)
	err := p.column(ctx, g, c, func(r file.ColumnChunkReader, n int64) error {
		got, _, err := r.(batchReader[T]).ReadBatch(n, v, there, nil)
		return whole(got, n, err)
	})
	if err != nil {
		return nil, err
	}
	var valid []byte
	if p.groups[g].nulls[c] != 0 {
		valid = spread(v, there)
	}
	return makeArray(t, valid, arrow.GetBytes(v), nil, int(rows)), nil
}

// spread moves the values that are there, which stand together at the front, to their rows, and gives the bits of these.
func spread[T any](v []T, there []int16) []byte {
	valid := make([]byte, bitutil.BytesForBits(int64(len(there))))
	next := 0
	for _, l := range there {
		next += int(l)
	}
	var none T
	for i := len(there) - 1; i >= 0; i-- {
		if there[i] == 0 {
			v[i] = none
			continue
		}
		next--
		v[i] = v[next]
		bitutil.SetBit(valid, i)
	}
	return valid
}

// kinds tells each row's kind by the columns in which it has a value.
func (p *part) kinds(ctx context.Context, g int) (arrow.Array, error) {
	rows := p.groups[g].rows
	kinds := make([]uint8, rows)
	for _, x := range []struct {
		column int
		kind   formats.ValueKind
	}{{colValue, formats.ValueNumber}, {colBool, formats.ValueBool}, {colString, formats.ValueString}, {colData, formats.ValueBytes}} {
		if p.empty(g, x.column) {
			continue
		}
		there := make([]int16, rows)
		if p.groups[g].nulls[x.column] == 0 {
			for i := range there {
				there[i] = 1
			}
		} else if err := p.column(ctx, g, x.column, func(r file.ColumnChunkReader, n int64) error { return readLevels(r, there) }); err != nil {
			return nil, err
		}
		for i, l := range there {
			if l != 0 {
				kinds[i] = uint8(x.kind)
			}
		}
	}
	return makeArray(arrow.PrimitiveTypes.Uint8, nil, kinds, nil, int(rows)), nil
}

// readLevels reads which rows have a value.
func readLevels(r file.ColumnChunkReader, there []int16) error {
	n := int64(len(there))
	var got int64
	var err error
	switch r := r.(type) {
	case *file.Float64ColumnChunkReader:
		got, _, err = r.ReadBatch(n, make([]float64, n), there, nil)
	case *file.BooleanColumnChunkReader:
		got, _, err = r.ReadBatch(n, make([]bool, n), there, nil)
	case *file.ByteArrayColumnChunkReader:
		got, _, err = r.ReadBatch(n, make([]parquet.ByteArray, n), there, nil)
	}
	return whole(got, n, err)
}

func (p *part) protocols(ctx context.Context, g int) (arrow.Array, error) {
	rows := p.groups[g].rows
	out := make([]uint8, rows)
	err := p.column(ctx, g, colProtocol, func(r file.ColumnChunkReader, n int64) error {
		texts := make([]parquet.ByteArray, n)
		got, _, err := r.(*file.ByteArrayColumnChunkReader).ReadBatch(n, texts, nil, nil)
		if err = whole(got, n, err); err != nil {
			return err
		}
		for i, text := range texts {
			if i > 0 && string(text) == string(texts[i-1]) {
				out[i] = out[i-1]
			} else if out[i], err = parseProtocol(text); err != nil {
				return err
			}
		}
		return nil
	})
	return makeArray(arrow.PrimitiveTypes.Uint8, nil, out, nil, int(rows)), err
}

// texts puts strings and data into one column; other rows are empty.
func (p *part) texts(ctx context.Context, g int) (a arrow.Array, bytes int64, err error) {
	rows := p.groups[g].rows
	var columns [2][]parquet.ByteArray
	total := 0
	for i, c := range []int{colString, colData} {
		if p.empty(g, c) {
			continue
		}
		err := p.column(ctx, g, c, func(r file.ColumnChunkReader, n int64) error {
			there := make([]int16, n)
			v := make([]parquet.ByteArray, n)
			got, values, err := r.(*file.ByteArrayColumnChunkReader).ReadBatch(n, v, there, nil)
			for _, b := range v[:values] {
				total += len(b)
			}
			spread(v, there)
			columns[i] = v
			return whole(got, n, err)
		})
		if err != nil {
			return nil, 0, err
		}
	}
	offsets, text := make([]int32, rows+1), make([]byte, 0, total)
	for i := range int(rows) {
		for _, v := range columns {
			if v != nil {
				text = append(text, v[i]...)
			}
		}
		offsets[i+1] = int32(len(text))
	}
	return makeArray(arrow.BinaryTypes.Binary, nil, arrow.Int32Traits.CastToBytes(offsets), text, int(rows)), 4*rows + int64(total), nil
}

// makeArray makes an array over Go's memory. No validity is all valid.
func makeArray(t arrow.DataType, valid, values, text []byte, rows int) arrow.Array {
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(values)}
	nulls := 0
	if valid != nil {
		buffers[0], nulls = memory.NewBufferBytes(valid), array.UnknownNullCount
	}
	if t.ID() == arrow.BINARY {
		buffers = append(buffers, memory.NewBufferBytes(text))
	}
	data := array.NewData(t, rows, buffers, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}
