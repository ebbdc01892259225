package formats

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
)

// Cells reads one column of a record by its Type. It holds no reference of its own: it is valid as long as the record is.
// Rows count from 0; which accessor holds for a row is what Kind says.
type Cells struct {
	Type Type

	nulls   []byte // bitmap of the column (of Value: of its kinds), nil where no cell is null
	bit     int    // where the column begins in nulls
	ints    []int64
	times   []arrow.Timestamp
	numbers []float64
	bools   *array.Boolean
	binary  *array.Binary

	indices []int32 // Text
	entries *array.String

	kinds   []uint8 // Value
	structs arrow.Array
}

// CheckRecord says whether rec has the columns of a document. Names don't matter. After it, several goroutines may read rec:
// what Arrow counts at first use is counted.
func CheckRecord(rec arrow.Record, columns []Column) error {
	if n := int(rec.NumCols()); n != len(columns) {
		return fmt.Errorf("record has %d columns; the document says %d", n, len(columns))
	}
	for i, c := range columns {
		if got, want := rec.Column(i).DataType(), c.Type.arrow(); !arrow.TypeEqual(got, want) {
			return fmt.Errorf("column %q is %s in a record; the document says %s", c.Label, got, want)
		}
		countNulls(rec.Column(i))
	}
	return nil
}

func countNulls(col arrow.Array) {
	col.NullN()
	switch a := col.(type) {
	case *array.Dictionary:
		a.Indices().NullN()
		if a.Len() > 0 {
			a.Dictionary().NullN()
		}
	case *array.Struct:
		for i := range a.NumField() {
			a.Field(i).NullN()
		}
	}
}

// ReadCells reads all columns of a record that CheckRecord takes, into dst where it is large enough.
func ReadCells(dst []Cells, rec arrow.Record, columns []Column) []Cells {
	dst = dst[:0]
	for i, c := range columns {
		dst = append(dst, newCells(rec.Column(i), c.Type))
	}
	return dst
}

func newCells(col arrow.Array, t Type) Cells {
	c := Cells{Type: t}
	nulls := col
	switch a := col.(type) {
	case *array.Timestamp:
		c.times = a.TimestampValues()
	case *array.Float64:
		c.numbers = a.Float64Values()
	case *array.Int64:
		c.ints = a.Int64Values()
	case *array.Boolean:
		c.bools = a
	case *array.Binary:
		c.binary = a
	case *array.Dictionary:
		c.indices = a.Indices().(*array.Int32).Int32Values()
		if a.Len() > 0 {
			c.entries = a.Dictionary().(*array.String)
		}
	case *array.Struct:
		nulls = a.Field(0)
		c.kinds = a.Field(0).(*array.Uint8).Uint8Values()
		c.numbers = a.Field(1).(*array.Float64).Float64Values()
		c.binary = a.Field(2).(*array.Binary)
		if a.NullN() > 0 {
			c.structs = a
		}
	}
	if nulls.NullN() > 0 {
		c.nulls, c.bit = nulls.NullBitmapBytes(), nulls.Data().Offset()
	}
	return c
}

// Complete says whether no cell is missing, as far as can be told without a look at each of them.
func (c *Cells) Complete() bool {
	switch c.Type {
	case Text:
		return c.nulls == nil && (c.entries == nil || c.entries.NullN() == 0)
	case Value:
		return false
	}
	return c.nulls == nil
}

// Missing says whether the cell has no value.
func (c *Cells) Missing(row int) bool {
	if c.nulls != nil && bitutil.BitIsNotSet(c.nulls, c.bit+row) {
		return true
	}
	switch c.Type {
	case Text:
		return c.entries.NullN() > 0 && c.entries.IsNull(int(c.indices[row]))
	case Value:
		return ValueKind(c.kinds[row]) == ValueNone || c.structs != nil && c.structs.IsNull(row)
	}
	return false
}

// Kind says which accessor holds for a cell: Number, Bool, Text or Bytes. ValueNone is a missing cell. Of times and integers, which
// Int gives, it says ValueNumber.
func (c *Cells) Kind(row int) ValueKind {
	if c.Missing(row) {
		return ValueNone
	}
	switch c.Type {
	case Text:
		return ValueString
	case Bool:
		return ValueBool
	case Bytes:
		return ValueBytes
	case Value:
		return ValueKind(c.kinds[row])
	}
	return ValueNumber
}

// Int gives a cell of a Time or TimeUTC column (ns since 1970, UTC) or of an Integer column.
func (c *Cells) Int(row int) int64 {
	if c.times != nil {
		return int64(c.times[row])
	}
	return c.ints[row]
}

// Number gives a cell of a Number column, or of a Value column's kind ValueNumber.
func (c *Cells) Number(row int) float64 { return c.numbers[row] }

// Bool gives a cell of a Bool column, or of a Value column's kind ValueBool.
func (c *Cells) Bool(row int) bool {
	if c.Type == Value {
		return c.numbers[row] != 0
	}
	return c.bools.Value(row)
}

// Text gives a cell of a Text column, or of a Value column's kind ValueString. The string lies in the record.
func (c *Cells) Text(row int) string {
	if c.Type == Value {
		b := c.binary.Value(row)
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	return c.entries.Value(int(c.indices[row]))
}

// Bytes gives a cell of a Bytes column, or of a Value column's kind ValueBytes. The bytes lie in the record.
func (c *Cells) Bytes(row int) []byte { return c.binary.Value(row) }

// Entries is the number of entries in a Text column's dictionary.
func (c *Cells) Entries() int {
	if c.entries == nil {
		return 0
	}
	return c.entries.Len()
}

// Entry gives the dictionary entry that a cell of a Text column, not a missing one, shows.
func (c *Cells) Entry(row int) int { return int(c.indices[row]) }

// EntryText gives an entry of a Text column's dictionary; a missing one is empty.
func (c *Cells) EntryText(entry int) string {
	if c.entries.IsNull(entry) {
		return ""
	}
	return c.entries.Value(entry)
}

// Printer prints cells as plain text, without any format's quoting. It is not safe for concurrent use.
type Printer struct {
	zoned, utc *TimePrinter
}

// NewPrinter makes the printer of a document's cells.
func NewPrinter(doc Document) *Printer {
	return &Printer{
		zoned: NewTimePrinter(doc.Zone, doc.ZoneName, doc.Times),
		utc:   NewTimePrinter(time.UTC, "UTC", doc.Times),
	}
}

// Append prints a cell; a missing one prints nothing. Numbers print by AppendNumber, times by the document's time style, bools as
// true and false, bytes as base64url without padding.
func (p *Printer) Append(dst []byte, c *Cells, row int) []byte {
	switch c.Kind(row) {
	case ValueNumber:
		return p.AppendNumber(dst, c, row)
	case ValueBool:
		return strconv.AppendBool(dst, c.Bool(row))
	case ValueString:
		return append(dst, c.Text(row)...)
	case ValueBytes:
		return AppendBytes(dst, c.Bytes(row))
	}
	return dst
}

// AppendNumber prints a cell that Kind calls a number: a time, an integer or a number.
func (p *Printer) AppendNumber(dst []byte, c *Cells, row int) []byte {
	switch c.Type {
	case Time:
		return p.zoned.Append(dst, int64(c.times[row]))
	case TimeUTC:
		return p.utc.Append(dst, int64(c.times[row]))
	case Integer:
		return strconv.AppendInt(dst, c.ints[row], 10)
	}
	return AppendNumber(dst, c.numbers[row])
}

// AppendBytes prints bytes as base64url without padding.
func AppendBytes(dst, b []byte) []byte { return base64.RawURLEncoding.AppendEncode(dst, b) }
