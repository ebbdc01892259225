// Package file reads the files that decant import takes, as samples.
//
//   - CSV: wide (a column a series) or long (a row a sample, with its name in a column), csv.go
//   - JSON lines: on each line what a device would publish, or a row of decant's own jsonl export, jsonl.go
//   - SenML packs in JSON or CBOR, and any other payload, a file each, pack.go
//
// Samples are handed on in batches, so memory does not grow with a file's length (packs excepted: a pack is read whole, up to maxPack bytes).
// A row is taken whole or not at all. Without SkipBad the caller reads a file twice: first with an emit that discards, and only if that found no
// fault a second time for real. Read itself stores nothing.
package file

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"decant/ingest"
)

// MaxFaults is how many faults of a file are told. All are counted.
const MaxFaults = 10

// Fault is what is wrong in one line.
type Fault struct {
	Line int // from 1; 0 where no line is to blame
	Text string
}

// Summary is what a file held.
type Summary struct {
	Rows    int64 // without the header
	Samples int64
	Bad     int64   // rows that could not be taken
	Faults  []Fault // of the first MaxFaults of them
	First   int64   // time of the earliest sample, ns; valid where Samples > 0
	Last    int64   // time of the latest
}

// FaultsError says why a file can't be imported.
type FaultsError struct {
	Name   string
	Rows   int64
	Bad    int64
	Faults []Fault
	Whole  bool // the file as a whole can't be read, so SkipBad would not help
}

// Error prints a line for each fault.
func (e *FaultsError) Error() string {
	var b strings.Builder
	if e.Whole {
		fmt.Fprintf(&b, "%s can't be imported:", e.Name)
	} else {
		fmt.Fprintf(&b, "%s: %d of %d rows can't be taken, so none is imported (--skip-bad takes the others):", e.Name, e.Bad, e.Rows)
	}
	for _, f := range e.Faults {
		b.WriteString("\n  ")
		if f.Line > 0 {
			fmt.Fprintf(&b, "line %d: ", f.Line)
		}
		b.WriteString(f.Text)
	}
	if more := e.Bad - int64(len(e.Faults)); more > 0 && !e.Whole {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

// Read reads the file name from r and hands its samples to emit, in batches of about cfg.Batch, in the order of the file. A batch is emit's until it
// returns. What is wrong with the file is a *FaultsError; an error of emit or of r comes back wrapped or as it is. The summary tells what was read
// so far in any case. From the first bad row on nothing more is emitted, unless cfg.SkipBad is set.
func Read(ctx context.Context, r io.Reader, name string, cfg Config, emit func([]ingest.Sample) error) (Summary, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return Summary{}, err
	}
	in := &intake{ctx: ctx, name: name, cfg: cfg, emit: emit, batch: make([]ingest.Sample, 0, cfg.Batch)}
	format, err := cfg.formatOf(name)
	if err != nil {
		return in.summary, in.whole(0, err)
	}
	switch format {
	case FormatCSV:
		err = in.readCSV(r)
	case FormatJSONL:
		err = in.readJSONL(r)
	default:
		err = in.readPack(r, format)
	}
	if err == nil {
		err = in.finish()
	}
	return in.summary, err
}

// intake collects the samples and faults of one file.
type intake struct {
	ctx     context.Context
	name    string
	cfg     Config
	emit    func([]ingest.Sample) error
	batch   []ingest.Sample
	counted int // samples of batch that the summary has
	summary Summary
}

// whole is a fault of the file as a whole.
func (in *intake) whole(line int, err error) error {
	faults := append(slices.Clone(in.summary.Faults), Fault{line, err.Error()})
	return &FaultsError{Name: in.name, Rows: in.summary.Rows, Bad: in.summary.Bad, Faults: faults, Whole: true}
}

// bad counts a row that can't be taken and forgets its samples.
func (in *intake) bad(line int, err error) error {
	in.batch = in.batch[:in.counted]
	in.summary.Rows++
	in.summary.Bad++
	if len(in.summary.Faults) < MaxFaults {
		in.summary.Faults = append(in.summary.Faults, Fault{line, err.Error()})
	}
	return in.pause()
}

// row counts a row whose samples were appended to the batch.
func (in *intake) row() error {
	in.summary.Rows++
	for i := in.counted; i < len(in.batch); i++ {
		in.count(in.batch[i].Time)
	}
	in.counted = len(in.batch)
	if len(in.batch) >= in.cfg.Batch {
		return in.flush()
	}
	return in.pause()
}

// count notes a sample's time.
func (in *intake) count(t int64) {
	s := &in.summary
	if s.Samples == 0 || t < s.First {
		s.First = t
	}
	if s.Samples == 0 || t > s.Last {
		s.Last = t
	}
	s.Samples++
}

// pause looks every few rows whether the caller has had enough.
func (in *intake) pause() error {
	if in.summary.Rows%4096 == 0 {
		return in.ctx.Err()
	}
	return nil
}

// flush hands the batch on, unless the file is refused already.
func (in *intake) flush() error {
	batch := in.batch
	in.batch, in.counted = in.batch[:0], 0
	if len(batch) == 0 || in.summary.Bad > 0 && !in.cfg.SkipBad {
		return in.ctx.Err()
	}
	return in.emit(batch)
}

// finish ends a file that was read to its end.
func (in *intake) finish() error {
	if err := in.flush(); err != nil {
		return err
	}
	s := &in.summary
	if s.Bad > 0 && !in.cfg.SkipBad {
		return &FaultsError{Name: in.name, Rows: s.Rows, Bad: s.Bad, Faults: s.Faults}
	}
	return nil
}
