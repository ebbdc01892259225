package export

import (
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// cursor reads one series' rows in order, a record at a time.
type cursor struct {
	series int   // index of the series; it settles the order of rows with equal times
	key    int64 // time of the row at pos; before the first record is read, a time that no row is before
	pos    int   // the next row of the record
	n      int   // rows of the record

	open      func() (array.RecordReader, error) // called when the first row is due, or before
	following []*cursor                          // whose rows are due next: their readers begin with this one's
	begun     bool
	reader    array.RecordReader
	fault     error             // of open
	explain   func(error) error // says which series an error is about

	// firsts are, under delta, by column of values the time of its first difference, where that is empty because nothing came before; else
	// math.MinInt64, where no bucket starts.
	firsts []int64

	// The columns of the current record, where it has them.
	times    []arrow.Timestamp
	values   []*array.Float64 // of raw samples one column, of buckets one a function
	numbers  [][]float64      // of each of values; where that is null, they say nothing
	kinds    []uint8
	text     *array.Binary
	sum      *array.Float64
	received []arrow.Timestamp
	protocol []uint8
	count    []int64
}

// begin opens the reader, where it is not open yet, and those of the cursors that follow: one that decimates works from then on.
func (c *cursor) begin() error {
	c.prepare()
	if c.fault == nil {
		for _, f := range c.following {
			f.prepare()
		}
	}
	return c.fault
}

func (c *cursor) prepare() {
	if !c.begun {
		c.begun = true
		c.reader, c.fault = c.open()
	}
}

// load goes to the next record that has rows; more is false at the end.
func (c *cursor) load() (more bool, err error) {
	for c.reader.Next() {
		if rec := c.reader.Record(); rec.NumRows() > 0 {
			c.show(rec)
			return true, nil
		}
	}
	if err := c.reader.Err(); err != nil {
		return false, c.explain(err)
	}
	return false, nil
}

// show makes the columns of a record those of the cursor.
func (c *cursor) show(rec arrow.Record) {
	c.pos, c.n = 0, int(rec.NumRows())
	c.values, c.numbers = c.values[:0], c.numbers[:0]
	for i, field := range rec.Schema().Fields() {
		switch column := rec.Column(i); field.Name {
		case "time":
			c.times = column.(*array.Timestamp).TimestampValues()
		case "kind":
			c.kinds = column.(*array.Uint8).Uint8Values()
		case "text":
			c.text = column.(*array.Binary)
		case "sum":
			c.sum = column.(*array.Float64)
		case "received":
			c.received = column.(*array.Timestamp).TimestampValues()
		case "protocol":
			c.protocol = column.(*array.Uint8).Uint8Values()
		case "count":
			c.count = column.(*array.Int64).Int64Values()
		default:
			if field.Name == "value" || strings.HasPrefix(field.Name, "value.") { // as decimation.Schema names them
				numbers := column.(*array.Float64)
				c.values, c.numbers = append(c.values, numbers), append(c.numbers, numbers.Float64Values())
			}
		}
	}
	c.key = int64(c.times[0])
}

// textSize is how many bytes of strings and data rows lo ≤ row < hi have.
func (c *cursor) textSize(lo, hi int) int {
	if c.text == nil {
		return 0
	}
	at := c.text.ValueOffsets()
	return int(at[hi] - at[lo])
}

func (c *cursor) close() {
	if c.reader != nil {
		c.reader.Release()
		c.reader = nil
	}
}
