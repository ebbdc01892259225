package lines

import (
	"fmt"
	"runtime/debug"

	"github.com/apache/arrow/go/v17/arrow"
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
	err := c.appendRows()
	for i, rec := range c.records {
		rec.Release()
		c.records[i] = nil
	}
	if c.packer != nil {
		c.packer.pack(c.text) // after a fault, too: the next chunk waits for the end of this one
	}
	c.done <- err
}

// appendRows prints the chunk's rows. Records may lie in mapped files: a disk that fails under them is an error, not the end of the process.
func (c *chunk) appendRows() (err error) {
	debug.SetPanicOnFault(true)
	defer func() {
		if r := recover(); r != nil {
			fault, ok := r.(interface {
				error
				Addr() uintptr
			})
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("read rows: %w", fault)
		}
	}()
	c.text = append(c.text[:0], c.head...)
	first := c.first
	for _, rec := range c.records {
		c.text = c.printer.Append(c.text, rec, first)
		first += rec.NumRows()
	}
	return nil
}
