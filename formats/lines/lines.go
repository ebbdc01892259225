// Package lines writes the formats whose file is one line of text after another (csv, jsonl), on all processors.
//
//  1. Write cuts what it is given into chunks of a fixed number of cells.
//  2. Each chunk is printed by a goroutine of its own, into a buffer that is used again.
//  3. The chunks' texts go, in order, through the compressor to the output, by whoever calls Write or Finish.
//
// It promises the same bytes however rows come and whatever runs in parallel, and holds a bounded number of chunks.
// Goroutines live only as long as it takes to print a chunk; Close waits for them.
package lines

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
)

// Printer prints rows of a document. Each is used by one goroutine at a time.
type Printer interface {
	// Append prints rec, whose first row is row first of the document.
	Append(dst []byte, rec arrow.Record, first int64) []byte
}

const (
	chunkCells  = 64 << 10 // of one chunk; a chunk has at least one row
	maxInFlight = 16       // chunks
	maxKept     = 4 << 20  // bytes of a buffer that is used again
)

// Writer implements formats.Writer for a Printer.
type Writer struct {
	columns    []formats.Column
	out        *formats.Output
	compressor io.WriteCloser
	newPrinter func() Printer

	rows     int64          // of the document, up to and with pending
	pending  []arrow.Record // the chunk that is being gathered
	gathered int64          // rows in pending
	perChunk int64

	queue    []*chunk // in order; the oldest first
	idle     []*chunk
	inFlight int
	err      error
}

// chunk is a run of rows on its way to text.
type chunk struct {
	printer Printer
	text    []byte
	records []arrow.Record
	first   int64 // row of the document
	done    chan error
}

// Open starts a document with head, which stands before the first row.
func Open(w io.Writer, doc formats.Document, head []byte, newPrinter func() Printer) (*Writer, error) {
	out := formats.NewOutput(w)
	compressor, err := compress(out, doc.Compression)
	if err != nil {
		return nil, err
	}
	if _, err := compressor.Write(head); err != nil {
		return nil, err
	}
	cores := doc.Cores
	if cores <= 0 {
		cores = runtime.GOMAXPROCS(0)
	}
	return &Writer{
		columns:    doc.Columns,
		out:        out,
		compressor: compressor,
		newPrinter: newPrinter,
		perChunk:   int64(max(1, chunkCells/len(doc.Columns))),
		inFlight:   min(cores+1, maxInFlight),
	}, nil
}

// Write prints the rows of rec, or keeps a reference to them until a chunk is full.
func (w *Writer) Write(rec arrow.Record) error {
	if w.err != nil {
		return w.err
	}
	if err := formats.CheckRecord(rec, w.columns); err != nil {
		return w.fail(err)
	}
	for from := int64(0); from < rec.NumRows(); {
		n := min(rec.NumRows()-from, w.perChunk-w.gathered)
		w.pending = append(w.pending, rec.NewSlice(from, from+n))
		w.gathered += n
		w.rows += n
		from += n
		if w.gathered == w.perChunk {
			if err := w.launch(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Finish completes the document.
func (w *Writer) Finish(formats.Report) error {
	if w.err != nil {
		return w.err
	}
	if w.gathered > 0 {
		if err := w.launch(); err != nil {
			return err
		}
	}
	for len(w.queue) > 0 {
		if err := w.collect(); err != nil {
			return err
		}
	}
	if err := w.compressor.Close(); err != nil {
		return w.fail(err)
	}
	w.err = formats.ErrFinished
	return nil
}

// Close frees what the document holds, finished or not.
func (w *Writer) Close() error {
	w.fail(formats.ErrAbandoned)
	return nil
}

// fail makes err what every later call returns, if there was none before, and lets go of all chunks.
func (w *Writer) fail(err error) error {
	if w.err == nil {
		w.err = err
		w.out.Stop(err)
	}
	for _, c := range w.queue {
		<-c.done
	}
	for _, rec := range w.pending {
		rec.Release()
	}
	w.queue, w.idle, w.pending, w.gathered = nil, nil, nil, 0
	return w.err
}

// launch starts printing the gathered chunk. Where as many are under way as may be, the oldest goes out first.
func (w *Writer) launch() error {
	if len(w.queue) == w.inFlight {
		if err := w.collect(); err != nil {
			return err
		}
	}
	var c *chunk
	if n := len(w.idle); n > 0 {
		c, w.idle = w.idle[n-1], w.idle[:n-1]
	} else {
		c = &chunk{printer: w.newPrinter(), done: make(chan error, 1)}
	}
	c.records, w.pending = w.pending, c.records[:0]
	c.first, w.gathered = w.rows-w.gathered, 0
	w.queue = append(w.queue, c)
	go c.print()
	return nil
}

// collect waits for the oldest chunk and writes it.
func (w *Writer) collect() error {
	c := w.queue[0]
	w.queue = append(w.queue[:0], w.queue[1:]...)
	if err := <-c.done; err != nil {
		return w.fail(err)
	}
	if _, err := w.compressor.Write(c.text); err != nil {
		return w.fail(err)
	}
	if cap(c.text) > maxKept {
		c.text = nil
	}
	w.idle = append(w.idle, c)
	return nil
}

// print turns the chunk into text. Records may lie in mapped files: a disk that fails under them is an error, not the
// end of the process.
func (c *chunk) print() {
	debug.SetPanicOnFault(true)
	var err error
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
		for i, rec := range c.records {
			rec.Release()
			c.records[i] = nil
		}
		c.done <- err
	}()
	c.text = c.text[:0]
	first := c.first
	for _, rec := range c.records {
		c.text = c.printer.Append(c.text, rec, first)
		first += rec.NumRows()
	}
}
