package segment

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// batch gathers rows that have to be copied.
type batch struct {
	fields   []field
	builders []array.Builder
	rows     int
}

func (b *batch) init(fields []field, mem memory.Allocator) {
	b.fields = fields
	for _, f := range fields {
		b.builders = append(b.builders, array.NewBuilder(mem, fieldTypes[f].Type))
	}
}

func (b *batch) release() {
	for _, builder := range b.builders {
		builder.Release()
	}
	b.builders = nil
}

// take is what was gathered, as a record of the caller's.
func (b *batch) take(schema *arrow.Schema) arrow.Record {
	arrays := make([]arrow.Array, len(b.builders))
	for i, builder := range b.builders {
		arrays[i] = builder.NewArray()
	}
	rec := array.NewRecord(schema, arrays, int64(b.rows))
	for _, a := range arrays {
		a.Release()
	}
	b.rows = 0
	return rec
}

// add copies rows i ≤ k < j of a block.
func (b *batch) add(c *columns, i, j int) {
	for k, f := range b.fields {
		switch builder := b.builders[k].(type) {
		case *array.TimestampBuilder:
			addTimes(builder, c, f, i, j)
		case *array.Float64Builder:
			addNumbers(builder, c, f, i, j)
		case *array.Uint8Builder:
			addBytes(builder, c, f, i, j)
		case *array.BinaryBuilder:
			addTexts(builder, c, i, j)
		}
	}
	b.rows += j - i
}

func addTimes(builder *array.TimestampBuilder, c *columns, f field, i, j int) {
	switch f {
	case fieldTime:
		builder.AppendValues(columnOf[arrow.Timestamp](bytesOf(c.time[i:j])), nil)
		return
	case fieldReceived:
		builder.AppendValues(columnOf[arrow.Timestamp](bytesOf(c.received[i:j])), nil)
		return
	}
	for k := i; k < j; k++ {
		if c.hasUpdateAt(k) {
			builder.Append(arrow.Timestamp(c.update[k]))
		} else {
			builder.AppendNull()
		}
	}
}

func addNumbers(builder *array.Float64Builder, c *columns, f field, i, j int) {
	switch {
	case f == fieldSum:
		for k := i; k < j; k++ {
			if c.hasSumAt(k) {
				builder.Append(c.sum[k])
			} else {
				builder.AppendNull()
			}
		}
	case c.kinds != nil:
		for k := i; k < j; k++ {
			if isNumber(c.kinds[k]) {
				builder.Append(c.value[k])
			} else {
				builder.AppendNull()
			}
		}
	case c.value == nil:
		builder.AppendNulls(j - i)
	default:
		builder.AppendValues(c.value[i:j], nil)
	}
}

func addBytes(builder *array.Uint8Builder, c *columns, f field, i, j int) {
	for k := i; k < j; k++ {
		if f == fieldKind {
			builder.Append(uint8(c.kindAt(k)))
		} else {
			builder.Append(uint8(c.protocolAt(k)))
		}
	}
}

func addTexts(builder *array.BinaryBuilder, c *columns, i, j int) {
	for k := i; k < j; k++ {
		if hasText(c.kindAt(k)) {
			builder.AppendString(c.textAt(k))
		} else {
			builder.AppendNull()
		}
	}
}
