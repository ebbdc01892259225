package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/engine/export"
	"decant/formats"
)

// fields are the columns that a scan for an archive asks a store for: all there are.
var fields = []string{"time", "value", "kind", "text", "sum", "update", "received", "protocol"}

// rows is a record of a scan of fields.
type rows struct {
	n        int
	times    []arrow.Timestamp
	values   []float64
	kinds    []uint8
	text     *array.Binary
	sum      *array.Float64
	update   *array.Timestamp
	received []arrow.Timestamp
	protocol []uint8
}

// rowsOf lays a record's columns open.
func rowsOf(columns []arrow.Array) rows {
	return rows{
		n:        columns[0].Len(),
		times:    columns[0].(*array.Timestamp).TimestampValues(),
		values:   columns[1].(*array.Float64).Float64Values(),
		kinds:    columns[2].(*array.Uint8).Uint8Values(),
		text:     columns[3].(*array.Binary),
		sum:      columns[4].(*array.Float64),
		update:   columns[5].(*array.Timestamp),
		received: columns[6].(*array.Timestamp).TimestampValues(),
		protocol: columns[7].(*array.Uint8).Uint8Values(),
	}
}

func isNumber(kind uint8) bool {
	return kind == uint8(formats.ValueNumber) || kind == uint8(formats.ValueBool)
}

func hasText(kind uint8) bool {
	return kind == uint8(formats.ValueString) || kind == uint8(formats.ValueBytes)
}

// identity is what makes a row a repeat of another of the same time.
type identity struct {
	kind   uint8
	hasSum bool
	number uint64 // bits
	sum    uint64 // bits
	text   string
}

func (r *rows) identity(i int) identity {
	id := identity{kind: r.kinds[i]}
	switch {
	case isNumber(id.kind):
		id.number = math.Float64bits(r.values[i])
	case hasText(id.kind):
		id.text = string(r.text.Value(i))
	}
	if r.sum.IsValid(i) {
		id.hasSum, id.sum = true, math.Float64bits(r.sum.Value(i))
	}
	return id
}

// same says whether two rows are equal in all columns but the time.
func (r *rows) same(i int, o *rows, j int) bool {
	return r.identity(i) == o.identity(j) && r.received[i] == o.received[j] && r.protocol[i] == o.protocol[j] &&
		r.update.IsValid(i) == o.update.IsValid(j) && (r.update.IsNull(i) || r.update.Value(i) == o.update.Value(j))
}

// digest sums rows up in their order, with all their columns.
type digest struct {
	sum hash.Hash
	b   []byte
}

func newDigest() *digest { return &digest{sum: sha256.New()} }

func (d *digest) add(r *rows) {
	sums, updates := r.sum.NullN() < r.n, r.update.NullN() < r.n
	for i := range r.n {
		kind := r.kinds[i]
		d.b = binary.LittleEndian.AppendUint64(d.b, uint64(r.times[i]))
		d.b = binary.LittleEndian.AppendUint64(d.b, uint64(r.received[i]))
		has := byte(0)
		if sums && r.sum.IsValid(i) {
			has |= 1
		}
		if updates && r.update.IsValid(i) {
			has |= 2
		}
		d.b = append(d.b, kind, has, r.protocol[i])
		switch {
		case isNumber(kind):
			d.b = binary.LittleEndian.AppendUint64(d.b, math.Float64bits(r.values[i]))
		case hasText(kind):
			text := r.text.Value(i)
			d.b = binary.LittleEndian.AppendUint64(d.b, uint64(len(text)))
			d.b = append(d.b, text...)
		}
		if has&1 != 0 {
			d.b = binary.LittleEndian.AppendUint64(d.b, math.Float64bits(r.sum.Value(i)))
		}
		if has&2 != 0 {
			d.b = binary.LittleEndian.AppendUint64(d.b, uint64(r.update.Value(i)))
		}
		if len(d.b) > 64<<10 {
			d.flush()
		}
	}
}

// series adds a series by its names and the digest of its rows.
func (d *digest) series(s export.Series, sum string) {
	for _, text := range []string{s.Subtopic, s.Publisher, s.Name, s.Unit, sum} {
		d.b = binary.LittleEndian.AppendUint64(d.b, uint64(len(text)))
		d.b = append(d.b, text...)
	}
}

func (d *digest) flush() {
	d.sum.Write(d.b)
	d.b = d.b[:0]
}

// String is the digest so far, 128 bits of it.
func (d *digest) String() string {
	d.flush()
	return fmt.Sprintf("%x", d.sum.Sum(nil)[:16])
}

// add counts rows lo ≤ i < hi, which come after all that was counted. equal says whether a time came twice.
func (s *stats) add(r *rows, lo, hi int) (equal bool) {
	for i := lo; i < hi; i++ {
		t := int64(r.times[i])
		switch {
		case s.Samples == 0:
			s.First = t
		case t == s.Last:
			equal = true
		}
		s.Samples++
		s.Last = t
		s.Digits = digitsOf(t, s.Digits)
		switch kind := r.kinds[i]; {
		case isNumber(kind):
			v := r.values[i]
			if s.values() == 0 {
				s.FirstValue, s.Min, s.Max = t, v, v
			}
			s.LastValue, s.Min, s.Max = t, min(s.Min, v), max(s.Max, v)
			if kind == uint8(formats.ValueBool) {
				s.Bools++
			} else {
				s.Numbers++
			}
		case kind == uint8(formats.ValueString):
			s.Strings++
		case kind == uint8(formats.ValueBytes):
			s.Bytes++
		default:
			s.Empty++
		}
	}
	return equal
}

// digitsOf is how many fraction digits of a second a time needs, at least so many.
func digitsOf(t int64, least int) int {
	switch {
	case least == 9 || t%1e3 != 0:
		return 9
	case least == 6 || t%1e6 != 0:
		return 6
	case least == 3 || t%1e9 != 0:
		return 3
	}
	return 0
}

// split is a time as microseconds and the nanoseconds beyond them, 0 to 999.
func split(t int64) (micros int64, nanos int32) {
	micros, nanos = t/1000, int32(t%1000)
	if nanos < 0 {
		micros--
		nanos += 1000
	}
	return micros, nanos
}
