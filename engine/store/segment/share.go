package segment

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// shareable says whether the asked-for columns lie in the block as Arrow wants them. Those of version 1 do. What was decoded is
// overwritten by the next block; in memory, where kinds are mixed or texts and sums are asked for, they do not.
func (c *columns) shareable(fields []field) bool {
	switch {
	case c.reader != nil:
		return true
	case c.file != nil:
		return false
	}
	for _, f := range fields {
		switch {
		case f == fieldValue && c.kinds != nil,
			f == fieldText && c.texts != nil,
			f == fieldSum && c.hasSum != nil,
			f == fieldUpdate && c.hasUpdate != nil:
			return false
		}
	}
	return true
}

// share is a column's rows i ≤ k < j without a copy. The caller releases it.
func (c *columns) share(f field, i, j int) arrow.Array {
	switch f {
	case fieldTime:
		return c.timestamps(nil, bytesOf(c.time), i, j)
	case fieldReceived:
		return c.timestamps(nil, bytesOf(c.received), i, j)
	case fieldUpdate:
		if c.update == nil {
			return makeArray(timestamp, zeros(), zeros(), nil, 0, j-i)
		}
		return c.timestamps(c.updateValid, bytesOf(c.update), i, j)
	case fieldValue:
		return c.floats(nil, c.value, i, j)
	case fieldSum:
		return c.floats(c.sumValid, c.sum, i, j)
	case fieldKind:
		if c.kinds != nil {
			return makeArray(arrow.PrimitiveTypes.Uint8, nil, c.buffer(bytesOf(c.kinds)), nil, i, j)
		}
		return makeArray(arrow.PrimitiveTypes.Uint8, nil, constantBytes(byte(c.kind)), nil, 0, j-i)
	case fieldProtocol:
		if c.protocols != nil {
			return makeArray(arrow.PrimitiveTypes.Uint8, nil, c.buffer(bytesOf(c.protocols)), nil, i, j)
		}
		return makeArray(arrow.PrimitiveTypes.Uint8, nil, constantBytes(byte(c.protocol)), nil, 0, j-i)
	}
	if c.offsets == nil {
		return makeArray(arrow.BinaryTypes.Binary, zeros(), zeros(), memory.NewBufferBytes(nil), 0, j-i)
	}
	return makeArray(arrow.BinaryTypes.Binary, nil, c.buffer(bytesOf(c.offsets)), c.buffer(c.text), i, j)
}

func (c *columns) timestamps(valid, raw []byte, i, j int) arrow.Array {
	return makeArray(timestamp, c.bits(valid), c.buffer(raw), nil, i, j)
}

// floats is a column of numbers; one that is not there is all null.
func (c *columns) floats(valid []byte, column []float64, i, j int) arrow.Array {
	if column == nil {
		return makeArray(arrow.PrimitiveTypes.Float64, zeros(), zeros(), nil, 0, j-i)
	}
	return makeArray(arrow.PrimitiveTypes.Float64, c.bits(valid), c.buffer(bytesOf(column)), nil, i, j)
}

// bits is a validity bitmap; without one all are valid.
func (c *columns) bits(valid []byte) *memory.Buffer {
	if valid == nil {
		return nil
	}
	return c.buffer(valid)
}

// buffer is a column's memory: mapped bytes hold the Reader, Go's own memory needs no holder.
func (c *columns) buffer(b []byte) *memory.Buffer {
	if c.reader == nil {
		return memory.NewBufferBytes(b)
	}
	return c.reader.buffer(b)
}

// makeArray makes an array of rows i ≤ k < j and takes the buffers over.
func makeArray(t arrow.DataType, valid, values, text *memory.Buffer, i, j int) arrow.Array {
	buffers := []*memory.Buffer{valid, values}
	if t.ID() == arrow.BINARY {
		buffers = append(buffers, text)
	}
	nulls := 0
	if valid != nil {
		nulls = array.UnknownNullCount
	}
	data := array.NewData(t, j-i, buffers, nil, nulls, i)
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	defer data.Release()
	switch t.ID() {
	case arrow.TIMESTAMP:
		return array.NewTimestampData(data)
	case arrow.FLOAT64:
		return array.NewFloat64Data(data)
	case arrow.UINT8:
		return array.NewUint8Data(data)
	}
	return array.NewBinaryData(data)
}

// zeros serves as any column of a block that is not there: its bits, its values, its offsets.
var zeros = sync.OnceValue(func() *memory.Buffer { return memory.NewBufferBytes(make([]byte, 8*(rowsV1+1))) })

// constants are columns of one byte, made when first used.
var constants [256]atomic.Pointer[memory.Buffer]

func constantBytes(b byte) *memory.Buffer {
	if there := constants[b].Load(); there != nil {
		return there
	}
	made := memory.NewBufferBytes(bytes.Repeat([]byte{b}, rowsV1))
	constants[b].Store(made)
	return made
}
