package segment

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// batch gathers rows that have to be copied. Until take it only notes where they lie.
type batch struct {
	fields []field
	mem    memory.Allocator
	spans  []span // their columns are held
	rows   int
	blocks int // whose columns they are
}

// heldBlocks is the most blocks that a batch holds decoded: of each it may have but one row.
const heldBlocks = 64

// full says whether it is time to take what was gathered.
func (b *batch) full() bool { return b.rows >= batchRows || b.blocks >= heldBlocks }

// span is rows i ≤ k < j of a block.
type span struct {
	*columns
	i, j int
}

func (b *batch) add(c *columns, i, j int) {
	b.rows += j - i
	if n := len(b.spans); n > 0 && b.spans[n-1].columns == c && b.spans[n-1].j == i {
		b.spans[n-1].j = j
		return
	}
	c.hold()
	if !c.gathered {
		c.gathered = true
		b.blocks++
	}
	b.spans = append(b.spans, span{c, i, j})
}

// take copies what was noted into a record of the caller's, and drops the columns.
func (b *batch) take(schema *arrow.Schema, spare *spare) arrow.Record {
	arrays := make([]arrow.Array, len(b.fields))
	for i, f := range b.fields {
		arrays[i] = b.column(f)
	}
	rec := array.NewRecord(schema, arrays, int64(b.rows))
	for _, a := range arrays {
		a.Release()
	}
	for _, s := range b.spans {
		s.gathered = false
		spare.drop(s.columns)
	}
	clear(b.spans)
	b.spans, b.rows, b.blocks = b.spans[:0], 0, 0
	return rec
}

func (b *batch) column(f field) arrow.Array {
	switch f {
	case fieldTime:
		return copied(b, f, everything, nil, func(c *columns) []int64 { return c.time })
	case fieldReceived:
		return copied(b, f, everything, nil, func(c *columns) []int64 { return c.received })
	case fieldUpdate:
		return copied(b, f, (*columns).updates, (*columns).hasUpdateAt, func(c *columns) []int64 { return c.update })
	case fieldValue:
		return copied(b, f, (*columns).values, (*columns).hasValueAt, func(c *columns) []float64 { return c.value })
	case fieldSum:
		return copied(b, f, (*columns).sums, (*columns).hasSumAt, func(c *columns) []float64 { return c.sum })
	case fieldKind:
		return b.octets(f, func(c *columns, i int) byte { return byte(c.kindAt(i)) })
	case fieldProtocol:
		return b.octets(f, func(c *columns, i int) byte { return byte(c.protocolAt(i)) })
	}
	return b.texts()
}

// A column is full in a block where every row has something in it, and void where none has. Between the two the rows tell.
type presence uint8

const (
	full presence = iota
	void
	mixed
)

func everything(*columns) presence { return full }

func (c *columns) values() presence {
	switch {
	case c.kinds != nil:
		return mixed
	case c.value == nil:
		return void
	}
	return full
}

func (c *columns) sums() presence    { return presenceOf(c.sum == nil, c.sumValid, c.hasSum) }
func (c *columns) updates() presence { return presenceOf(c.update == nil, c.updateValid, c.hasUpdate) }

func presenceOf(absent bool, valid []byte, has []bool) presence {
	switch {
	case absent:
		return void
	case valid == nil && has == nil:
		return full
	}
	return mixed
}

func (c *columns) hasValueAt(i int) bool { return isNumber(c.kindAt(i)) }

// copied gathers a column of 8 bytes a row. What is null has the value 0.
func copied[T int64 | float64](b *batch, f field, there func(*columns) presence, has func(*columns, int) bool, of func(*columns) []T) arrow.Array {
	raw := b.allocate(8 * b.rows)
	out := columnOf[T](raw.Bytes())
	nulls := nulls{batch: b}
	n := 0
	for _, s := range b.spans {
		switch column := of(s.columns); there(s.columns) {
		case full:
			if s.j-s.i == 1 {
				out[n] = column[s.i]
			} else {
				copy(out[n:], column[s.i:s.j])
			}
		case void:
			clear(out[n : n+s.j-s.i])
			for i := range s.j - s.i {
				nulls.set(n + i)
			}
		case mixed:
			for i := s.i; i < s.j; i++ {
				if has(s.columns, i) {
					out[n+i-s.i] = column[i]
				} else {
					out[n+i-s.i] = 0
					nulls.set(n + i - s.i)
				}
			}
		}
		n += s.j - s.i
	}
	return makeArray(fieldTypes[f].Type, nulls.bitmap, raw, nil, 0, b.rows)
}

// nulls makes a validity bitmap where one is needed.
type nulls struct {
	*batch
	bitmap *memory.Buffer
}

func (s *nulls) set(i int) {
	if s.bitmap == nil {
		s.bitmap = s.allocate((s.rows + 7) / 8)
		for k := range s.bitmap.Bytes() {
			s.bitmap.Bytes()[k] = 0xff
		}
	}
	s.bitmap.Bytes()[i/8] &^= 1 << (i % 8)
}

func (b *batch) octets(f field, at func(*columns, int) byte) arrow.Array {
	raw := b.allocate(b.rows)
	out := raw.Bytes()[:0]
	for _, s := range b.spans {
		for i := s.i; i < s.j; i++ {
			out = append(out, at(s.columns, i))
		}
	}
	return makeArray(fieldTypes[f].Type, nil, raw, nil, 0, b.rows)
}

func (b *batch) texts() arrow.Array {
	offsets := b.allocate(4 * (b.rows + 1))
	ends := columnOf[int32](offsets.Bytes())
	ends[0] = 0
	nulls := nulls{batch: b}
	n := 0
	for _, s := range b.spans {
		for i := s.i; i < s.j; i++ {
			ends[n+1] = ends[n]
			if hasText(s.kindAt(i)) {
				ends[n+1] += int32(len(s.textAt(i)))
			} else {
				nulls.set(n)
			}
			n++
		}
	}
	raw := b.allocate(int(ends[n]))
	out := raw.Bytes()[:0]
	for _, s := range b.spans {
		for i := s.i; i < s.j; i++ {
			if hasText(s.kindAt(i)) {
				out = append(out, s.textAt(i)...)
			}
		}
	}
	return makeArray(arrow.BinaryTypes.Binary, nulls.bitmap, offsets, raw, 0, b.rows)
}

// allocate makes a buffer. What is in it is not said.
func (b *batch) allocate(n int) *memory.Buffer {
	buf := memory.NewResizableBuffer(b.mem)
	buf.Resize(n)
	return buf
}
