// Package columnar writes the formats whose file is one batch of columns after another (arrowipc), and says how columns are typed (parquet too).
//
//  1. Rows are gathered into batches whose size depends on the rows alone (batches).
//  2. Text and Value cells become utf8; times keep their nanoseconds and name the zone.
//  3. Each batch goes to the library's file, which writes through a formats.Output.
//
// It promises the same bytes however rows are cut into records, and holds one batch beside what the library's file holds. It starts no
// goroutines. The template expanded, the time style and the options of CSV change nothing: columns have no layout.
package columnar

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
)

// File is the file of a library. Write takes batches of Schema(doc); Close completes the file. Panics of theirs are taken for errors.
type File interface {
	Write(rec arrow.Record) error
	Close() error
}

// Writer implements formats.Writer for a File.
type Writer struct {
	columns []formats.Column
	out     *formats.Output
	file    File
	batches *batches
	err     error
}

// Open starts a document. open makes the library's file on out.
func Open(w io.Writer, doc formats.Document, open func(out *formats.Output, mem memory.Allocator) (File, error)) (*Writer, error) {
	if err := doc.Validate(); err != nil {
		return nil, err
	}
	cw := &Writer{columns: doc.Columns, out: formats.NewOutput(w)}
	mem := memory.DefaultAllocator
	err := cw.guard(func() (err error) {
		cw.file, err = open(cw.out, mem)
		return err
	})
	if err != nil {
		return nil, err
	}
	cw.batches = newBatches(doc, mem, func(batch arrow.Record) error { return cw.file.Write(batch) })
	return cw, nil
}

// Write gathers the rows of rec, and writes each batch that is full. It keeps nothing of rec.
func (w *Writer) Write(rec arrow.Record) error {
	if w.err != nil {
		return w.err
	}
	if err := formats.CheckRecord(rec, w.columns); err != nil {
		return w.end(err)
	}
	if err := w.guard(func() error { return w.batches.add(rec) }); err != nil {
		return w.end(err)
	}
	return nil
}

// Finish completes the document.
func (w *Writer) Finish(formats.Report) error {
	if w.err != nil {
		return w.err
	}
	err := w.guard(func() error {
		if err := w.batches.flush(); err != nil {
			return err
		}
		return w.file.Close()
	})
	if err != nil {
		return w.end(err)
	}
	w.end(formats.ErrFinished)
	return nil
}

// Close frees what the document holds, finished or not.
func (w *Writer) Close() error {
	w.end(formats.ErrAbandoned)
	return nil
}

// end makes err what every later call returns and lets go of everything. Only the first counts.
func (w *Writer) end(err error) error {
	if w.err != nil {
		return w.err
	}
	w.err = err
	w.out.Stop(err)
	w.batches.builder.Release()
	if err != formats.ErrFinished {
		// The libraries free their buffers in Close. What it would write, the output drops.
		w.guard(w.file.Close)
	}
	return w.err
}

// guard runs f. The output's own fault is worth more than what a library makes of it, some of which panic on one.
func (w *Writer) guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			cause, ok := r.(error)
			if !ok {
				cause = fmt.Errorf("%v", r)
			}
			if _, bug := cause.(interface{ RuntimeError() }); bug && w.out.Err() == nil {
				panic(r)
			}
			err = fmt.Errorf("write columns: %w", cause)
		}
		if fault := w.out.Err(); fault != nil {
			err = fault
		}
	}()
	return f()
}
