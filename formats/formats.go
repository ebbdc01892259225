// Package formats holds what every output format shares: the model of a document and its columns, the Writer that each
// format implements, and the printing of numbers, times and values.
//
// A document goes through three steps:
//
//  1. Open hands a format all that it must know before the first row: columns, zone, title, summary, charts (Document).
//  2. Write takes Arrow records whose schema is Schema(doc.Columns), any number of rows each.
//  3. Finish takes what is only known at the end (Report) and completes the file.
//
// A Writer that will not be finished, because it failed or the job was cancelled, is given to Abandon, which frees what it holds.
//
// A Writer holds a bounded number of batches (PDF is the exception: it holds the document). The same document and the same rows, however
// they are cut into records, give the same bytes. A Writer never closes or syncs the io.Writer it was given.
package formats

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
)

// Writer is an open document. It is sticky: after a fault every call returns that fault, where it writes from a goroutine of its own at the
// latest Finish. It is not safe for concurrent use, and touches the io.Writer below from one goroutine at a time, never after Finish or Close has
// returned.
//
// A Writer that holds more than memory (goroutines, retained records, scratch files) is also an io.Closer. Its Close frees all of it, may
// be called at any time and more than once, also after Finish or a fault, and completes nothing; Finish frees the same.
type Writer interface {
	// Write prints the rows of rec. The record stays the caller's; what Write keeps beyond its return it retains itself.
	Write(rec arrow.Record) error
	// Finish completes the document. After it, Write and Finish return ErrFinished.
	Finish(r Report) error
}

// ErrFinished is what a Writer returns after Finish, ErrAbandoned what it returns after Abandon.
var (
	ErrFinished  = errors.New("the document is already finished")
	ErrAbandoned = errors.New("the document was abandoned before it was finished")
)

// Abandon frees what w holds, finished or not.
func Abandon(w Writer) {
	if c, ok := w.(io.Closer); ok {
		c.Close()
	}
}

// Open starts a document on w. One such function a format; a format that can't print the document says why.
type Open func(w io.Writer, doc Document) (Writer, error)

// Type is what a column holds, and so its Arrow type in the records that a Writer takes.
type Type uint8

const (
	// Time is timestamp[ns, UTC], printed in the document's zone by its time style.
	Time Type = iota
	// TimeUTC is timestamp[ns, UTC], printed in UTC by the document's time style.
	TimeUTC
	// Text is dictionary<int32, utf8>; null is a missing value.
	Text
	// Number is float64; null is a missing value. Never NaN or infinite.
	Number
	// Integer is int64.
	Integer
	// Bool is boolean, printed true and false.
	Bool
	// Bytes is binary, printed as base64url without padding.
	Bytes
	// Value is whatever kind each sample has: struct<kind uint8, number float64, text binary>, where kind is a
	// ValueKind. It stands only where an item holds more than numbers; else the column is Number.
	Value
)

// ValueKind is the field kind of a Value column. The numbers equal ingest.Kind's.
type ValueKind uint8

const (
	ValueNone ValueKind = iota
	ValueNumber
	ValueBool // number is 0 or 1
	ValueString
	ValueBytes
)

// Column is one column of a document.
type Column struct {
	ID    string // the column's id (time, name, value, …); in wide output time or the series' name
	Label string // what the header prints
	Type  Type
}

// Schema is the schema of the records that a Writer for these columns takes. Fields are named by label and nullable.
func Schema(columns []Column) *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.Label, Type: c.Type.arrow(), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

// ValueType is the Arrow type of a Value column.
var ValueType = arrow.StructOf(
	arrow.Field{Name: "kind", Type: arrow.PrimitiveTypes.Uint8},
	arrow.Field{Name: "number", Type: arrow.PrimitiveTypes.Float64},
	arrow.Field{Name: "text", Type: arrow.BinaryTypes.Binary},
)

// TextType is the Arrow type of a Text column.
var TextType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

func (t Type) arrow() arrow.DataType {
	switch t {
	case Time, TimeUTC:
		return &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}
	case Text:
		return TextType
	case Number:
		return arrow.PrimitiveTypes.Float64
	case Integer:
		return arrow.PrimitiveTypes.Int64
	case Bool:
		return arrow.FixedWidthTypes.Boolean
	case Bytes:
		return arrow.BinaryTypes.Binary
	}
	return ValueType
}

// Document is all that a format must know before the first row.
type Document struct {
	Title   string
	Columns []Column

	Zone     *time.Location // cells of type Time are printed in it
	ZoneName string         // the IANA name as the database spells it; UTC for UTC
	Times    TimeStyle
	Expanded bool // template: expanded. A record is a block of label/value lines instead of a row

	CSV         CSV
	Compression string // "", "none", "gzip", "zstd", "snappy", as the format allows. "" is the format's own default

	About   []Line    // XLSX About sheet, PDF front matter: request, zone, bucket rule; in this order
	Date    time.Time // the only date a file may carry inside: the range's end or the last sample's time
	Rows    int64     // rows to come, where the plan knows them exactly; else -1
	Series  []SeriesSummary
	TempDir string // where a format may keep scratch files; they are removed by Finish or a fault
	Cores   int    // how many goroutines may print at a time, where a format prints with several; 0 is as many as run at a time. No byte depends on it
}

// Validate reports every fault of what all formats need.
func (d Document) Validate() error {
	var faults []error
	if len(d.Columns) == 0 {
		faults = append(faults, errors.New("the document has no columns"))
	}
	if d.Zone == nil {
		faults = append(faults, errors.New("the document has no zone"))
	}
	if n := d.Times.Digits; n != 0 && n != 3 && n != 6 && n != 9 {
		faults = append(faults, fmt.Errorf("times can't have %d fraction digits; allowed are 0, 3, 6 and 9", n))
	}
	return errors.Join(append(faults, CheckTimeFormat(d.Times.Format))...)
}

// Line is a labelled line of text.
type Line struct{ Label, Text string }

// CSV holds the options of format.csv.
type CSV struct {
	Delimiter    rune // 0 is a comma
	CRLF         bool
	BOM          bool
	DecimalComma bool
	Null         string // what a missing value prints
	NoGuard      bool   // formulaGuard: false
}

// SeriesSummary is what PDF shows of a series above the table.
type SeriesSummary struct {
	Label, Unit string
	Samples     int64
	Numbers     int64 // of them numbers and bools; where 0, Min, Max and Mean say nothing
	Min, Max    float64
	Mean        float64
	Chart       Chart
}

// Chart is a series' line chart. Points without a value break the line.
type Chart struct {
	Line     string // what the line shows, where the rows have more than that: avg
	From, To int64  // ns: the ends of the time axis
	Points   []ChartPoint
	Band     bool // Low and High hold
}

// ChartPoint is one point of a chart.
type ChartPoint struct {
	Time      int64 // ns
	Value     float64
	Low, High float64
	Empty     bool
}

// Report is what is only known at the end.
type Report struct {
	Rows  int64  // rows written
	Notes []Line // counts and omissions for the About sheet, in this order
}
