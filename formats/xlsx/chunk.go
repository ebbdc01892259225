package xlsx

import (
	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
)

// chunk is a run of the document's rows in one sheet, on its way to a piece of the sheet's part. Which rows it has depends on the document alone.
type chunk struct {
	rows  *rowPrinter
	piece *piece
	xml   []byte // not yet compressed

	records []arrow.Record
	numbers []int32 // of the texts, row by row, see texts.row
	count   int     // rows
	text    int     // bytes of text that is not shared

	before int64 // rows of the document before it
	sheet  *sheet
	above  int     // the sheet's row before it
	most   int64   // bytes of XML that it may have
	widths *widths // where the first rows are measured; nil for other chunks
	done   chan error
}

const (
	flushBytes = 1 << 16 // XML waits up to this size before it is compressed
	chunkText  = 4 << 20 // bytes of text that is not shared: a chunk ends after the row that reaches it
	maxKept    = 4 << 20 // bytes of a buffer that is used again
	widthRows  = 1000    // rows that the widths are taken from, at most
)

// chunkCells is how many cells a chunk has, at most; but it has at least one row. Tests make it small.
var chunkCells = 64 << 10

// full says whether the chunk takes no more rows. room is how many it may have.
func (c *chunk) full(room int) bool { return c.count >= room || c.text >= chunkText }

// gather takes rows of a record from the row at on, and says how many.
func (c *chunk) gather(rec arrow.Record, at, room int, t *texts) int {
	n, count := min(int(rec.NumRows())-at, room-c.count), 0
	for count < n && c.text < chunkText {
		var text int
		c.numbers, text = t.row(c.numbers, at+count)
		c.text += text
		count++
	}
	c.records = append(c.records, rec.NewSlice(int64(at), int64(at+count)))
	c.count += count
	return count
}

// release lets go of the records.
func (c *chunk) release() {
	for i, rec := range c.records {
		rec.Release()
		c.records[i] = nil
	}
	c.records = c.records[:0]
}

// print fills the piece and lets go of the records.
func (c *chunk) print() {
	err := formats.Guard(c.printRows)
	c.release()
	c.done <- err
}

func (c *chunk) printRows() error {
	p := c.rows
	p.number = rowNumberOf(c.above)
	numbers, row := c.numbers, c.before
	c.xml = c.xml[:0]
	for _, rec := range c.records {
		p.turn(rec)
		for i := range int(rec.NumRows()) {
			row++
			var fault *CellError
			c.xml, fault = p.append(c.xml, i, numbers[:p.texts], c.above == 0 && row == c.before+1)
			if fault != nil {
				fault.Row = row
				return fault
			}
			numbers = numbers[p.texts:]
			if c.widths != nil {
				p.measure(c.widths, i)
			}
			if len(c.xml) >= flushBytes {
				if err := c.compress(); err != nil {
					return err
				}
			}
		}
	}
	if err := c.compress(); err != nil {
		return err
	}
	return c.piece.end()
}

func (c *chunk) compress() error {
	_, err := c.piece.Write(c.xml)
	if cap(c.xml) > maxKept {
		c.xml = nil
	}
	c.xml = c.xml[:0]
	return err
}
