package parquet

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
)

// presence says which rows of a column have a value.
type presence struct {
	rows    int
	missing int
	bits    []byte // a bit a row, as in Arrow; nothing while no value is missing
}

func (p *presence) reset() { p.rows, p.missing, p.bits = 0, 0, p.bits[:0] }

// addAll adds n rows that have values.
func (p *presence) addAll(n int) {
	if p.missing > 0 {
		p.grow(n)
		bitutil.SetBitsTo(p.bits, int64(p.rows), int64(n), true)
	}
	p.rows += n
}

// add adds a row.
func (p *presence) add(present bool) {
	if !present && p.missing == 0 {
		p.grow(0)
		bitutil.SetBitsTo(p.bits, 0, int64(p.rows), true)
	}
	if !present {
		p.missing++
	}
	if p.missing > 0 {
		p.grow(1)
		bitutil.SetBitTo(p.bits, p.rows, present)
	}
	p.rows++
}

// grow makes room for n more rows.
func (p *presence) grow(n int) {
	for len(p.bits)*8 < p.rows+n {
		p.bits = append(p.bits, 0)
	}
}

// count is how many rows of a range have values.
func (p *presence) count(from, to int) int {
	if p.missing == 0 {
		return to - from
	}
	return bitutil.CountSetBits(p.bits, from, to-from)
}

// appendLevels appends a page's definition levels, 1 for a row with a value and 0 for one without, with their length before them. The
// page begins at a multiple of eight rows, so Arrow's bits are Parquet's packed levels as they are.
func (p *presence) appendLevels(dst []byte, from, to int) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	switch p.count(from, to) {
	case to - from:
		dst = append(binary.AppendUvarint(dst, uint64(to-from)<<1), 1)
	case 0:
		dst = append(binary.AppendUvarint(dst, uint64(to-from)<<1), 0)
	default:
		packed := p.bits[from/8 : (to+7)/8]
		dst = append(binary.AppendUvarint(dst, uint64(len(packed))<<1|1), packed...)
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// gather appends the values of a range of rows of an Arrow array to dst, and notes which there are.
func gather[T any](dst []T, p *presence, col arrow.Array, values []T, from, to int) []T {
	if col.NullN() == 0 {
		p.addAll(to - from)
		return append(dst, values[from:to]...)
	}
	for row := from; row < to; row++ {
		present := col.IsValid(row)
		if present {
			dst = append(dst, values[row])
		}
		p.add(present)
	}
	return dst
}
