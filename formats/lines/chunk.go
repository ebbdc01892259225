package lines

import (
	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
)

// chunk is a run of rows on its way to text.
type chunk struct {
	printer Printer
	packer  *packer // nil where chunks are not compressed one by one

	head    []byte // what stands before the rows
	records []arrow.Record
	first   int64 // row of the document
	text    []byte
	done    chan error
}

// print turns the chunk into text, and deflates it where a packer is there.
func (c *chunk) print() {
	err := formats.Guard(c.appendRows)
	for i, rec := range c.records {
		rec.Release()
		c.records[i] = nil
	}
	if c.packer != nil {
		c.packer.pack(c.text) // after a fault, too: the next chunk waits for the end of this one
	}
	c.done <- err
}

// appendRows prints the head and the chunk's rows.
func (c *chunk) appendRows() error {
	c.text = append(c.text[:0], c.head...)
	first := c.first
	for _, rec := range c.records {
		c.text = c.printer.Append(c.text, rec, first)
		first += rec.NumRows()
	}
	return nil
}
