// Package lines writes the formats whose file is one line of text after another (csv, jsonl), on all processors.
//
//  1. Write cuts what it is given into chunks of a fixed number of cells, or of so much text.
//  2. Each chunk is printed, and with gzip compressed, by a goroutine of its own, into buffers that are used again.
//  3. One more goroutine writes the chunks to the output, in order (write.go).
//
// It promises the same bytes however rows come and whatever runs in parallel, and holds a bounded number of chunks: Write waits where there would
// be more. The first fault in the order of the rows is the one that is told, and nothing behind it is written. A goroutine that prints lives as long as
// that takes; the one that writes ends with Finish or Close, which wait for all of them.
package lines

import (
	"io"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/formats"
)

// Printer prints rows of a document. Each is used by one goroutine at a time.
type Printer interface {
	// Append prints rec, whose first row is row first of the document.
	Append(dst []byte, rec arrow.Record, first int64) []byte
}

const (
	chunkCells = 64 << 10 // of one chunk; a chunk has at least one row
	chunkText  = 2 << 20  // bytes of strings and data: a chunk ends after the row that reaches it
	maxKept    = 4 << 20  // bytes of a buffer that is used again
)

// Writer implements formats.Writer for a Printer.
type Writer struct {
	columns    []formats.Column
	out        *formats.Output
	compressor compressor
	newPrinter func() Printer

	head     []byte         // what stands before the first row, until the first chunk takes it
	rows     int64          // of the document, up to and with pending
	pending  []arrow.Record // the chunk that is being gathered
	gathered int64          // rows in pending
	text     int            // bytes of strings and data in pending
	perChunk int64
	last     *packer // of the chunk that was launched last

	idle    chan *chunk // as many as may be in flight; nil ones are still to be made
	queue   chan *chunk // in order; nil before the first
	written chan struct{}
	fault   atomic.Pointer[error] // of printing or writing
	err     error                 // what every call returns from now on
}

// Open starts a document with head, which stands before the first row.
func Open(w io.Writer, doc formats.Document, head []byte, newPrinter func() Printer) (*Writer, error) {
	inFlight := doc.Chunks()
	out := formats.NewOutput(w)
	compressor, err := newCompressor(out, doc.Compression, inFlight-1)
	if err != nil {
		return nil, err
	}
	l := &Writer{
		columns:    doc.Columns,
		out:        out,
		compressor: compressor,
		newPrinter: newPrinter,
		head:       head,
		perChunk:   int64(max(1, chunkCells/len(doc.Columns))),
		idle:       make(chan *chunk, inFlight),
	}
	for range inFlight {
		l.idle <- nil
	}
	return l, nil
}

// Write prints the rows of rec, or keeps a reference to them until a chunk is full.
func (w *Writer) Write(rec arrow.Record) error {
	if w.failed() {
		return w.err
	}
	if err := formats.CheckRecord(rec, w.columns); err != nil {
		return w.fail(err)
	}
	for from := int64(0); from < rec.NumRows(); {
		n := w.room(rec, from, min(rec.NumRows(), from+w.perChunk-w.gathered)) - from
		w.pending = append(w.pending, rec.NewSlice(from, from+n))
		w.gathered += n
		w.rows += n
		from += n
		if w.gathered == w.perChunk || w.text >= chunkText {
			w.launch()
		}
	}
	return nil
}

// room says up to which of rows from ≤ row < end the chunk takes, and counts their text. That of Text columns is not looked at: names are short.
func (w *Writer) room(rec arrow.Record, from, end int64) int64 {
	var places [][]int32 // where the rows' texts begin and end
	for _, column := range rec.Columns() {
		switch column := column.(type) {
		case *array.Binary:
			places = append(places, column.ValueOffsets())
		case *array.Struct: // a Value column
			places = append(places, column.Field(2).(*array.Binary).ValueOffsets())
		}
	}
	size := func(from, end int64) (bytes int) {
		for _, at := range places {
			bytes += int(at[end] - at[from])
		}
		return bytes
	}
	if all := size(from, end); w.text+all < chunkText {
		w.text += all
		return end
	}
	for ; from < end && w.text < chunkText; from++ {
		w.text += size(from, from+1)
	}
	return from
}

// Finish completes the document.
func (w *Writer) Finish(formats.Report) error {
	if w.failed() {
		return w.err
	}
	if w.gathered > 0 || w.queue == nil { // a document without rows has a head, too
		w.launch()
	}
	w.drain()
	if w.failed() {
		return w.err
	}
	if err := w.compressor.close(); err != nil {
		return w.fail(err)
	}
	w.err = formats.ErrFinished
	return nil
}

// Close frees what the document holds, finished or not.
func (w *Writer) Close() error {
	if w.err == nil {
		abandoned := formats.ErrAbandoned
		w.fault.CompareAndSwap(nil, &abandoned) // the chunks under way are not written
		w.fail(abandoned)
	}
	return nil
}

// failed takes up a fault of the other goroutines.
func (w *Writer) failed() bool {
	if fault := w.fault.Load(); fault != nil && w.err == nil {
		w.fail(*fault)
	}
	return w.err != nil
}

// fail lets go of everything and makes err what every later call returns, unless a chunk before it has a fault of its own.
func (w *Writer) fail(err error) error {
	w.drain()
	if fault := w.fault.Load(); fault != nil {
		err = *fault
	}
	w.err = err
	w.out.Stop(err)
	w.compressor.abandon()
	for _, rec := range w.pending {
		rec.Release()
	}
	w.pending, w.gathered, w.text = nil, 0, 0
	return err
}

// launch starts printing the gathered chunk, as soon as fewer are under way than may be.
func (w *Writer) launch() {
	if w.queue == nil {
		w.queue, w.written = make(chan *chunk, cap(w.idle)), make(chan struct{})
		go w.write()
	}
	c := <-w.idle
	if c == nil {
		c = &chunk{printer: w.newPrinter(), packer: w.compressor.newPacker(), done: make(chan error, 1)}
	}
	c.records, w.pending = w.pending, c.records[:0]
	c.first, w.gathered, w.text = w.rows-w.gathered, 0, 0
	c.head, w.head = w.head, nil
	if c.packer != nil {
		c.packer.follow(w.last)
		w.last = c.packer
	}
	w.queue <- c
	go c.print()
}
