// Package parquet writes documents as Parquet.
//
//  1. Write gathers rows into a row group, a column at a time (column, presence).
//  2. A full group is encoded a column a goroutine, while the next one is gathered: encoded values become pages, which are compressed.
//  3. The pages go to the output, in order, by whoever calls Write or Finish; Finish writes the footer.
//
// Times are TIMESTAMP(NANOS, adjusted to UTC); the zone stands in the Arrow schema that the file carries, where pyarrow, DuckDB and others look
// for it. A row group holds at most 262,144 rows; two are in memory at a time. Nothing in the file depends on the clock, the machine, the
// number of processors or decant's version. Package columnar says how columns are typed.
//
// The library gives the schema and the footer. Pages are our own: the library's writer hashes each text of each row, makes an encoder of
// zstd for each page, and lists two encodings of a column in the order of a Go map. Encodings are those that Spark, too, reads at full speed.
package parquet

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
)

// Open starts a document on w. The writer is also an io.Closer: see formats.Writer.
func Open(w io.Writer, doc formats.Document) (formats.Writer, error) {
	p, err := open(w, doc)
	if err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	return p, nil
}

func open(w io.Writer, doc formats.Document) (*writer, error) {
	if err := doc.Validate(); err != nil {
		return nil, err
	}
	codec, err := lookUpCodec(doc.Compression)
	if err != nil {
		return nil, err
	}
	footer, err := newFooter(doc, codec)
	if err != nil {
		return nil, err
	}
	p := &writer{columns: doc.Columns, out: formats.NewOutput(w), footer: footer, gathered: newGroup(doc.Columns)}
	for range min(doc.Goroutines(), len(doc.Columns)) {
		compress, err := codec.start()
		if err != nil {
			return nil, err
		}
		p.encoders = append(p.encoders, &encoder{compress: compress})
	}
	if _, err := p.out.Write([]byte(magic)); err != nil {
		return nil, err
	}
	return p, nil
}

// writer implements formats.Writer.
type writer struct {
	columns  []formats.Column
	out      *formats.Output
	footer   *footer
	encoders []*encoder

	cells    []formats.Cells // of the record being written
	gathered *group          // takes rows
	encoded  *group          // being encoded; nil before there is one
	busy     bool            // encoded is not written yet
	err      error
}

// Write gathers the rows of rec, and has each row group encoded that is full. Of rec it keeps the dictionaries, until others come.
func (p *writer) Write(rec arrow.Record) error {
	if p.err != nil {
		return p.err
	}
	if err := formats.CheckRecord(rec, p.columns); err != nil {
		return p.end(err)
	}
	p.cells = formats.ReadCells(p.cells, rec, p.columns)
	for from := 0; from < int(rec.NumRows()); {
		from = p.gathered.add(rec, p.cells, from)
		if p.gathered.full() {
			if err := p.launch(); err != nil {
				return p.end(err)
			}
		}
	}
	return nil
}

// Finish completes the document.
func (p *writer) Finish(formats.Report) error {
	if p.err != nil {
		return p.err
	}
	if err := p.finish(); err != nil {
		return p.end(err)
	}
	p.end(formats.ErrFinished)
	return nil
}

func (p *writer) finish() error {
	if p.gathered.rows > 0 {
		if err := p.launch(); err != nil {
			return err
		}
	}
	if err := p.collect(); err != nil {
		return err
	}
	return p.footer.write(p.out)
}

// Close frees what the document holds, finished or not.
func (p *writer) Close() error {
	p.end(formats.ErrAbandoned)
	return nil
}

// end makes err what every later call returns and lets go of everything. Only the first counts.
func (p *writer) end(err error) error {
	if p.err != nil {
		return p.err
	}
	p.err = err
	if fault := p.out.Err(); fault != nil {
		p.err = fault
	}
	p.out.Stop(p.err)
	for _, g := range []*group{p.gathered, p.encoded} {
		if g != nil {
			g.done.Wait()
			g.reset()
		}
	}
	p.gathered, p.encoded, p.encoders, p.cells = nil, nil, nil, nil
	return p.err
}

// launch starts to encode the gathered group, when the one before has been written.
func (p *writer) launch() error {
	if err := p.collect(); err != nil {
		return err
	}
	if p.encoded == nil {
		p.encoded = newGroup(p.columns)
	}
	p.gathered, p.encoded = p.encoded, p.gathered
	p.busy = true
	p.encoded.encode(p.encoders)
	return nil
}

// collect waits for the group that is being encoded, if there is one, and writes it.
func (p *writer) collect() error {
	if !p.busy {
		return nil
	}
	p.busy = false
	g := p.encoded
	g.done.Wait()
	if err := p.footer.add(g, p.out.Len()); err != nil {
		return fmt.Errorf("describe a row group: %w", err)
	}
	for i := range g.chunks {
		if _, err := p.out.Write(g.chunks[i].bytes); err != nil {
			return err
		}
	}
	g.reset()
	return nil
}
