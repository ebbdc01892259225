package parquet

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/parquet"

	"decant/formats"
)

// column holds a column's rows of one row group.
type column interface {
	// add appends the rows from ≤ row < to of a record's column, which c reads.
	add(c *formats.Cells, col arrow.Array, from, to int)
	// size is how many bytes of texts it holds.
	size() int
	// encode makes the pages of all its rows.
	encode(c *chunk, e *encoder)
	// reset makes it empty, for the next row group.
	reset()
}

func newColumn(t formats.Type) column {
	switch {
	case isInteger(t):
		return &integers{}
	case t == formats.Number:
		return &numbers{}
	case t == formats.Bool:
		return &bools{}
	}
	return newTexts()
}

func isInteger(t formats.Type) bool {
	return t == formats.Time || t == formats.TimeUTC || t == formats.Integer
}

// integers are times and integers: differences, packed. They mostly rise in small steps.
type integers struct {
	presence
	values []int64 // of rows that have one
}

func (x *integers) add(_ *formats.Cells, col arrow.Array, from, to int) {
	switch a := col.(type) {
	case *array.Timestamp:
		values := arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(a.TimestampValues()))
		x.values = gather(x.values, &x.presence, a, values, from, to)
	case *array.Int64:
		x.values = gather(x.values, &x.presence, a, a.Int64Values(), from, to)
	}
}

func (x *integers) size() int { return 0 }

func (x *integers) reset() {
	x.presence.reset()
	x.values = x.values[:0]
}

func (x *integers) encode(c *chunk, e *encoder) {
	c.encoding = parquet.Encodings.DeltaBinaryPacked
	var all bounds[int64]
	at := 0
	for from := 0; from < x.rows; from += pageRows {
		to := min(x.rows, from+pageRows)
		values := x.values[at : at+x.count(from, to)]
		at += len(values)
		e.page = appendDeltas(x.appendLevels(e.page[:0], from, to), values)
		page := boundsOf(values)
		all.merge(page)
		e.dataPage(c, to-from, to-from-len(values), page.span(appendInt))
	}
	c.setStats(x.missing, all.span(appendInt), true)
}

// ascending says whether every row has a value and none is smaller than the one before.
func (x *integers) ascending() bool {
	if x.missing > 0 {
		return false
	}
	for i := 1; i < len(x.values); i++ {
		if x.values[i] < x.values[i-1] {
			return false
		}
	}
	return true
}

// bounds are the smallest and the largest of some values, if there are any.
type bounds[T int64 | float64] struct {
	least, most T
	some        bool
}

func boundsOf[T int64 | float64](values []T) bounds[T] {
	if len(values) == 0 {
		return bounds[T]{}
	}
	least, most := values[0], values[0]
	for _, v := range values[1:] {
		least, most = min(least, v), max(most, v)
	}
	return bounds[T]{least, most, true}
}

func (b *bounds[T]) merge(other bounds[T]) {
	switch {
	case !b.some:
		*b = other
	case other.some:
		b.least, b.most = min(b.least, other.least), max(b.most, other.most)
	}
}

func (b *bounds[T]) span(encode func([]byte, T) []byte) span {
	if !b.some {
		return span{}
	}
	return span{encode(nil, b.least), encode(nil, b.most)}
}

func appendInt(dst []byte, v int64) []byte { return binary.LittleEndian.AppendUint64(dst, uint64(v)) }

func appendFloat(dst []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
}

// bools are a bit each.
type bools struct {
	presence
	values []uint32 // 0 and 1, of rows that have one
}

func (x *bools) add(c *formats.Cells, _ arrow.Array, from, to int) {
	for row := from; row < to; row++ {
		present := !c.Missing(row)
		x.presence.add(present)
		if !present {
			continue
		}
		v := uint32(0)
		if c.Bool(row) {
			v = 1
		}
		x.values = append(x.values, v)
	}
}

func (x *bools) size() int { return 0 }

func (x *bools) reset() {
	x.presence.reset()
	x.values = x.values[:0]
}

func (x *bools) encode(c *chunk, e *encoder) {
	c.encoding = parquet.Encodings.Plain
	var all span
	at := 0
	for from := 0; from < x.rows; from += pageRows {
		to := min(x.rows, from+pageRows)
		values := x.values[at : at+x.count(from, to)]
		at += len(values)
		e.page = appendPacked(x.appendLevels(e.page[:0], from, to), values, 1)
		var page span
		for v := range uint32(2) {
			if slices.Contains(values, v) {
				page = page.with([]byte{byte(v)})
			}
		}
		all = all.with(page.least).with(page.most)
		e.dataPage(c, to-from, to-from-len(values), page)
	}
	c.setStats(x.missing, all, true)
}
