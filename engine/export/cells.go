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
	// add takes the column's cells of runs.
	add(runs []stretch)
}

// newCells makes the cells of a column of long rows.
func newCells(mem memory.Allocator, it *Item, col column, zone *time.Location) cells {
	if col.function >= 0 {
		if col.Type == formats.Value {
			return newValueCells(mem, everyKind)
		}
		values := it.values[col.function]
		return &functionCells{b: array.NewFloat64Builder(mem), function: values}
	}
	switch col.ID {
	case "time", "timeUtc":
		return &timeCells{b: newTimes(mem), of: func(c *cursor) []arrow.Timestamp { return c.times }}
	case "created":
		return &timeCells{b: newTimes(mem), of: func(c *cursor) []arrow.Timestamp { return c.received }}
	case "offset":
		return newOffsetCells(mem, it.offsets, zone)
	case "protocol":
		return newProtocolCells(mem)
	case "sum":
		return &sumCells{array.NewFloat64Builder(mem)}
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

	gathered []arrow.Timestamp // of the runs that come now
}

func (x *timeCells) add(runs []stretch) {
	list := x.gathered[:0]
	for _, r := range runs {
		if times := x.of(r.c); r.hi-r.lo == 1 {
			list = append(list, times[r.lo])
		} else {
			list = append(list, times[r.lo:r.hi]...)
		}
	}
	x.b.AppendValues(list, nil)
	x.gathered = list
}
func (x *timeCells) take() arrow.Array { return takeAndReserve(x.b) }
func (x *timeCells) release()          { x.b.Release() }

// functionCells print a function of a bucket, or the value of a sample.
type functionCells struct {
	b        *array.Float64Builder
	function int // index in a cursor's values

	gathered []float64 // of the runs that come now
}

func (x *functionCells) add(runs []stretch) {
	list := x.gathered[:0]
	for _, r := range runs {
		if r.c.values[x.function].NullN() > 0 {
			x.b.AppendValues(list, nil)
			list = list[:0]
			addFloats(x.b, r.c.values[x.function], r)
		} else if numbers := r.c.numbers[x.function]; r.hi-r.lo == 1 {
			list = append(list, numbers[r.lo])
		} else {
			list = append(list, numbers[r.lo:r.hi]...)
		}
	}
	x.b.AppendValues(list, nil)
	x.gathered = list
}
func (x *functionCells) take() arrow.Array { return takeAndReserve(x.b) }
func (x *functionCells) release()          { x.b.Release() }

// addFloats takes a run of a column that may have nulls.
func addFloats(b *array.Float64Builder, column *array.Float64, r stretch) {
	b.Reserve(r.hi - r.lo)
	for i := r.lo; i < r.hi; i++ {
		if column.IsNull(i) {
			b.UnsafeAppendBoolToBitmap(false)
		} else {
			b.UnsafeAppend(column.Value(i))
		}
	}
}

// takeAndReserve gives what a builder collected, and makes room for as much again: records are alike but for the last.
func takeAndReserve(b array.Builder) arrow.Array {
	n := b.Len()
	list := b.NewArray()
	b.Reserve(n)
	return list
}

// sumCells print the sum that SenML has beside a value.
type sumCells struct{ b *array.Float64Builder }

func (x *sumCells) add(runs []stretch) {
	for _, r := range runs {
		addFloats(x.b, r.c.sum, r)
	}
}
func (x *sumCells) take() arrow.Array { return x.b.NewArray() }
func (x *sumCells) release()          { x.b.Release() }

type countCells struct{ b *array.Int64Builder }

func (x *countCells) add(runs []stretch) {
	for _, r := range runs {
		x.b.AppendValues(r.c.count[r.lo:r.hi], nil)
	}
}
func (x *countCells) take() arrow.Array { return x.b.NewArray() }
func (x *countCells) release()          { x.b.Release() }

// boolCells and bytesCells print one kind of value; decimated rows and deltas have numbers only.
type boolCells struct{ b *array.BooleanBuilder }

func (x *boolCells) add(runs []stretch) {
	for _, r := range runs {
		for i := r.lo; i < r.hi; i++ {
			if r.c.kind(i) == formats.ValueBool {
				x.b.Append(r.c.values[0].Value(i) != 0)
			} else {
				x.b.AppendNull()
			}
		}
	}
}
func (x *boolCells) take() arrow.Array { return x.b.NewArray() }
func (x *boolCells) release()          { x.b.Release() }

type bytesCells struct{ b *array.BinaryBuilder }

func (x *bytesCells) add(runs []stretch) {
	for _, r := range runs {
		for i := r.lo; i < r.hi; i++ {
			if r.c.kind(i) == formats.ValueBytes {
				x.b.Append(r.c.text.Value(i))
			} else {
				x.b.AppendNull()
			}
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

func (x *valueCells) add(runs []stretch) {
	for _, r := range runs {
		for i := r.lo; i < r.hi; i++ {
			x.addRow(r.c, i)
		}
	}
}

func (x *valueCells) addRow(c *cursor, i int) {
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
