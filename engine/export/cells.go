package export

import (
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
)

// collected are a column's cells of the next record.
type collected interface {
	// take gives what was added, and starts over. The caller releases it.
	take() arrow.Array
	release()
}

// cells collects a column's cells.
type cells interface {
	collected
	// add takes the column's cells from c's rows lo ≤ row < hi.
	add(c *cursor, lo, hi int)
}

// newCells makes the cells of a column of long rows.
func newCells(mem memory.Allocator, it *Item, col column, zone *time.Location) cells {
	if col.function >= 0 {
		if col.Type == formats.Value {
			return newValueCells(mem, everyKind)
		}
		values := it.values[col.function]
		return &numberCells{array.NewFloat64Builder(mem), func(c *cursor) *array.Float64 { return c.values[values] }}
	}
	switch col.ID {
	case "time", "timeUtc":
		return &timeCells{newTimes(mem), func(c *cursor) []arrow.Timestamp { return c.times }}
	case "created":
		return &timeCells{newTimes(mem), func(c *cursor) []arrow.Timestamp { return c.received }}
	case "offset":
		return newOffsetCells(mem, it.offsets, zone)
	case "protocol":
		return newProtocolCells(mem)
	case "sum":
		return &numberCells{array.NewFloat64Builder(mem), func(c *cursor) *array.Float64 { return c.sum }}
	case "count":
		return &countCells{array.NewInt64Builder(mem)}
	case "stringValue":
		return newValueCells(mem, stringsOnly)
	case "boolValue":
		return &boolCells{array.NewBooleanBuilder(mem)}
	case "dataValue":
		return &bytesCells{array.NewBinaryBuilder(mem, arrow.BinaryTypes.Binary)}
	}
	return newSeriesCells(mem, it.Series, col.ID)
}

func newTimes(mem memory.Allocator) *array.TimestampBuilder {
	return array.NewTimestampBuilder(mem, &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"})
}

type timeCells struct {
	b  *array.TimestampBuilder
	of func(*cursor) []arrow.Timestamp
}

func (x *timeCells) add(c *cursor, lo, hi int) {
	times := x.of(c)
	if hi-lo == 1 {
		x.b.Append(times[lo])
		return
	}
	x.b.AppendValues(times[lo:hi], nil)
}
func (x *timeCells) take() arrow.Array { return x.b.NewArray() }
func (x *timeCells) release()          { x.b.Release() }

type numberCells struct {
	b  *array.Float64Builder
	of func(*cursor) *array.Float64
}

func (x *numberCells) add(c *cursor, lo, hi int) {
	column := x.of(c)
	values := column.Float64Values()
	if column.NullN() > 0 {
		x.b.Reserve(hi - lo)
		for i := lo; i < hi; i++ {
			if column.IsNull(i) {
				x.b.UnsafeAppendBoolToBitmap(false)
			} else {
				x.b.UnsafeAppend(values[i])
			}
		}
		return
	}
	if hi-lo == 1 {
		x.b.Append(values[lo])
		return
	}
	x.b.AppendValues(values[lo:hi], nil)
}
func (x *numberCells) take() arrow.Array { return x.b.NewArray() }
func (x *numberCells) release()          { x.b.Release() }

type countCells struct{ b *array.Int64Builder }

func (x *countCells) add(c *cursor, lo, hi int) { x.b.AppendValues(c.count[lo:hi], nil) }
func (x *countCells) take() arrow.Array         { return x.b.NewArray() }
func (x *countCells) release()                  { x.b.Release() }

// boolCells and bytesCells print one kind of value; decimated rows and deltas have numbers only.
type boolCells struct{ b *array.BooleanBuilder }

func (x *boolCells) add(c *cursor, lo, hi int) {
	for i := lo; i < hi; i++ {
		if c.kind(i) == formats.ValueBool {
			x.b.Append(c.values[0].Value(i) != 0)
		} else {
			x.b.AppendNull()
		}
	}
}
func (x *boolCells) take() arrow.Array { return x.b.NewArray() }
func (x *boolCells) release()          { x.b.Release() }

type bytesCells struct{ b *array.BinaryBuilder }

func (x *bytesCells) add(c *cursor, lo, hi int) {
	for i := lo; i < hi; i++ {
		if c.kind(i) == formats.ValueBytes {
			x.b.Append(c.text.Value(i))
		} else {
			x.b.AppendNull()
		}
	}
}
func (x *bytesCells) take() arrow.Array { return x.b.NewArray() }
func (x *bytesCells) release()          { x.b.Release() }

// kinds to print in a Value column.
const (
	everyKind   = 1<<formats.ValueNone | 1<<formats.ValueNumber | 1<<formats.ValueBool | 1<<formats.ValueString | 1<<formats.ValueBytes
	stringsOnly = 1 << formats.ValueString
)

// valueCells print whatever kind a sample has. Buckets and deltas are numbers and don't get here.
type valueCells struct {
	b       *array.StructBuilder
	kinds   *array.Uint8Builder
	numbers *array.Float64Builder
	texts   *array.BinaryBuilder
	shown   int // set of kinds; others are missing values
}

func newValueCells(mem memory.Allocator, shown int) *valueCells {
	b := array.NewStructBuilder(mem, formats.ValueType)
	return &valueCells{
		b:       b,
		kinds:   b.FieldBuilder(0).(*array.Uint8Builder),
		numbers: b.FieldBuilder(1).(*array.Float64Builder),
		texts:   b.FieldBuilder(2).(*array.BinaryBuilder),
		shown:   shown,
	}
}

func (x *valueCells) add(c *cursor, lo, hi int) {
	for i := lo; i < hi; i++ {
		kind := c.kind(i)
		if x.shown>>kind&1 == 0 {
			kind = formats.ValueNone
		}
		number, text := 0.0, []byte(nil)
		switch kind {
		case formats.ValueNumber, formats.ValueBool:
			number = c.values[0].Value(i)
		case formats.ValueString, formats.ValueBytes:
			text = c.text.Value(i)
		}
		x.put(kind, number, text)
	}
}

func (x *valueCells) put(kind formats.ValueKind, number float64, text []byte) {
	x.b.Append(true)
	x.kinds.Append(uint8(kind))
	x.numbers.Append(number)
	if text == nil {
		x.texts.AppendEmptyValue()
	} else {
		x.texts.Append(text)
	}
}
func (x *valueCells) take() arrow.Array { return x.b.NewArray() }
func (x *valueCells) release()          { x.b.Release() }

// kind of row i. Rows without a column of kinds are numbers.
func (c *cursor) kind(i int) formats.ValueKind {
	if c.kinds == nil {
		return formats.ValueNumber
	}
	return formats.ValueKind(c.kinds[i])
}
