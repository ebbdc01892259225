package columnar

import (
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
)

const (
	maxRows  = 32 << 10  // of a batch
	maxCells = 512 << 10 // of a batch
	maxBytes = 8 << 20   // of a batch's texts and bytes; its last row may go beyond
)

// Schema is the schema of a columnar file. Times are timestamp[ns] in the document's zone (or UTC, where the column is), texts utf8;
// a Value column is utf8 too, each cell printed as formats.Printer prints it.
func Schema(doc formats.Document) *arrow.Schema {
	fields := formats.Schema(doc.Columns).Fields()
	for i, c := range doc.Columns {
		switch c.Type {
		case formats.Time:
			fields[i].Type = &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: doc.ZoneName}
		case formats.Text, formats.Value:
			fields[i].Type = arrow.BinaryTypes.String
		}
	}
	return arrow.NewSchema(fields, nil)
}

// batches gathers rows into batches of Schema. Where a batch ends depends on the rows alone, never on how they came.
type batches struct {
	columns []formats.Column
	printer *formats.Printer
	builder *array.RecordBuilder
	emit    func(arrow.Record) error
	limit   int   // rows
	textual []int // the columns of texts and bytes

	rows, bytes int // gathered
	cells       []formats.Cells
	text        []byte
}

func newBatches(doc formats.Document, mem memory.Allocator, emit func(arrow.Record) error) *batches {
	// Values are text here beside real times, so times in them don't occur; the printer needs a zone all the same.
	printer := formats.NewPrinter(formats.Document{Zone: time.UTC})
	var textual []int
	for i, c := range doc.Columns {
		switch c.Type {
		case formats.Text, formats.Value, formats.Bytes:
			textual = append(textual, i)
		}
	}
	return &batches{
		columns: doc.Columns,
		textual: textual,
		printer: printer,
		builder: array.NewRecordBuilder(mem, Schema(doc)),
		emit:    emit,
		limit:   max(1, min(maxRows, maxCells/len(doc.Columns))),
	}
}

// add appends the rows of a record that formats.CheckRecord took, and emits each batch that is full.
func (b *batches) add(rec arrow.Record) error {
	b.cells = formats.ReadCells(b.cells, rec, b.columns)
	n := int(rec.NumRows())
	for from := 0; from < n; {
		to := b.room(from, n)
		for i := range b.cells {
			if !b.appendWhole(i, rec.Column(i), from, to) {
				b.appendCells(i, from, to)
			}
		}
		b.rows += to - from
		from = to
		if b.rows == b.limit || b.bytes >= maxBytes {
			if err := b.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// room says up to which row the batch takes rows, and counts their bytes.
func (b *batches) room(from, n int) int {
	end := min(n, from+b.limit-b.rows)
	for row := from; row < end; row++ {
		for _, i := range b.textual {
			b.bytes += size(&b.cells[i], row)
		}
		if b.bytes >= maxBytes {
			return row + 1
		}
	}
	return end
}

func size(c *formats.Cells, row int) int {
	switch c.Kind(row) {
	case formats.ValueString:
		return len(c.Text(row))
	case formats.ValueBytes:
		return len(c.Bytes(row))
	}
	return 0
}

// flush emits what is gathered, if anything is.
func (b *batches) flush() error {
	if b.rows == 0 {
		return nil
	}
	rec := b.builder.NewRecord()
	defer rec.Release()
	b.rows, b.bytes = 0, 0
	return b.emit(rec)
}

// appendWhole appends a range of a column as it lies, where the batch holds it like that and nothing is missing.
func (b *batches) appendWhole(i int, col arrow.Array, from, to int) bool {
	if col.NullN() > 0 {
		return false
	}
	switch col := col.(type) {
	case *array.Timestamp:
		b.builder.Field(i).(*array.TimestampBuilder).AppendValues(col.TimestampValues()[from:to], nil)
	case *array.Int64:
		b.builder.Field(i).(*array.Int64Builder).AppendValues(col.Int64Values()[from:to], nil)
	case *array.Float64:
		b.builder.Field(i).(*array.Float64Builder).AppendValues(col.Float64Values()[from:to], nil)
	default:
		return false
	}
	return true
}

func (b *batches) appendCells(i, from, to int) {
	c := &b.cells[i]
	field := b.builder.Field(i)
	field.Reserve(to - from)
	for row := from; row < to; row++ {
		if c.Missing(row) {
			field.AppendNull()
			continue
		}
		switch field := field.(type) {
		case *array.TimestampBuilder:
			field.Append(arrow.Timestamp(c.Int(row)))
		case *array.Int64Builder:
			field.Append(c.Int(row))
		case *array.Float64Builder:
			field.Append(c.Number(row))
		case *array.BooleanBuilder:
			field.Append(c.Bool(row))
		case *array.BinaryBuilder:
			field.Append(c.Bytes(row))
		case *array.StringBuilder:
			if c.Type == formats.Text {
				field.Append(c.Text(row))
			} else {
				b.text = b.printer.Append(b.text[:0], c, row)
				field.BinaryBuilder.Append(b.text)
			}
		}
	}
}
