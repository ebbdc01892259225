package archive

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"os"

	"github.com/apache/arrow/go/v17/parquet/file"

	"decant/engine/export"
)

// bounds are those of a part. A row group ends where it is full, or where a series does and it has enough rows for an engine; a part ends behind the row group that
// makes it so long.
type bounds struct {
	groupRows, enoughRows int
	groupText             int   // bytes of strings and data
	partBytes             int64 // what is sent again, at most, where an upload was interrupted
}

var usual = bounds{groupRows: 128 << 10, enoughRows: 32 << 10, groupText: 32 << 20, partBytes: 256 << 20}

// writer writes one part into a scratch file:
//
//	begin(series) add(rows)… end(digest)    for each series, in order
//	finish                                  gives the file
//
// Each column of a row group lies in one piece, so its checksum is that of what was written meanwhile.
type writer struct {
	bounds
	f       *os.File
	out     *sink
	parquet *file.Writer // nil before the first row group
	group   gathered
	index   index
	rows    int64
	key     export.Series // of the current series
}

// newWriter makes the scratch file in a folder.
func newWriter(dir string, b bounds) (*writer, error) {
	f, err := os.CreateTemp(dir, scratchPattern)
	if err != nil {
		return nil, fmt.Errorf("write part: %w", err)
	}
	w := &writer{bounds: b, f: f, out: &sink{sum: sha256.New()}}
	w.out.Writer = bufio.NewWriterSize(f, 256<<10)
	return w, nil
}

// begin starts a series.
func (w *writer) begin(s export.Series) {
	w.key = s
	w.index.Series = append(w.index.Series, entry{Subtopic: s.Subtopic, Publisher: s.Publisher, Name: s.Name, Unit: s.Unit})
	w.group.begin(s)
}

// add takes rows lo ≤ i < hi of the series.
func (w *writer) add(r *rows, lo, hi int) error {
	e := &w.index.Series[len(w.index.Series)-1]
	for lo < hi {
		n := min(hi-lo, w.groupRows-w.group.n)
		e.EqualTimes = e.Stats.add(r, lo, lo+n) || e.EqualTimes
		w.group.add(r, lo, lo+n)
		w.rows += int64(n)
		lo += n
		if w.group.n == w.groupRows || w.group.text >= w.groupText {
			if err := w.flush(); err != nil {
				return err
			}
			w.group.begin(w.key)
		}
	}
	return nil
}

// full says whether the part is so long that another should be begun.
func (w *writer) full() bool { return w.out.n >= w.partBytes }

// end ends the series; seen is the digest of what the store has of it.
func (w *writer) end(seen string) error {
	last := len(w.index.Series) - 1
	if w.index.Series[last].Stats.Samples == 0 { // all of it is archived
		w.index.Series = w.index.Series[:last]
		w.group.series, w.group.lengths = w.group.series[:len(w.group.series)-1], w.group.lengths[:len(w.group.lengths)-1]
		return nil
	}
	w.index.Series[last].Seen = seen
	if w.group.n >= w.enoughRows {
		return w.flush()
	}
	return nil
}

// flush writes the gathered rows as a row group.
func (w *writer) flush() error {
	if w.group.n == 0 {
		w.group.reset()
		return nil
	}
	if w.parquet == nil {
		w.parquet = file.NewParquetWriter(w.out, newRoot(), file.WithWriterProps(properties(&w.group)))
	}
	g := w.parquet.AppendRowGroup()
	var sums [columnCount]uint32
	for c := range columnCount {
		w.out.crc = 0
		column, err := g.NextColumn()
		if err == nil {
			err = w.group.write(c, column)
		}
		if err == nil {
			err = column.Close()
		}
		if err == nil {
			err = w.out.err
		}
		if err != nil {
			return fmt.Errorf("write part: column %s: %w", columns[c].name, err)
		}
		sums[c] = w.out.crc
	}
	if err := g.Close(); err != nil {
		return fmt.Errorf("write part: %w", err)
	}
	w.index.Chunks = append(w.index.Chunks, sums)
	w.group.reset()
	return nil
}

// finish makes the file durable. Its description lacks what the caller knows: name, channel, day, number, and what was seen.
func (w *writer) finish() (*Scratch, Part, error) {
	err := w.flush()
	var text []byte
	if err == nil {
		text, err = json.Marshal(&w.index)
	}
	var end int64
	if err == nil {
		end, w.out.crc = w.out.n, 0
		err = w.parquet.AppendKeyValueMetadata(indexKey, string(text))
	}
	if err == nil { // the library swallows what its Close meets: the sink remembers
		err = errors.Join(w.parquet.Close(), w.out.err)
	}
	if err == nil {
		err = w.out.Flush()
	}
	if err == nil {
		err = w.f.Sync()
	}
	if closing := w.f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		w.abandon()
		return nil, Part{}, fmt.Errorf("write part: %w", err)
	}
	p := Part{Rows: w.rows, Bytes: w.out.n, SHA256: fmt.Sprintf("%x", w.out.sum.Sum(nil)), Series: len(w.index.Series),
		Footer: Footer{Bytes: w.out.n - end, CRC32C: fmt.Sprintf("%08x", w.out.crc)}}
	var all stats
	for _, e := range w.index.Series {
		all.merge(e.Stats)
	}
	p.First, p.Last = instant(all.First), instant(all.Last)
	return &Scratch{Path: w.f.Name(), Bytes: p.Bytes, SHA256: p.SHA256}, p, nil
}

// abandon removes the file.
func (w *writer) abandon() {
	w.f.Close()
	os.Remove(w.f.Name())
}

// sink counts and sums up what is written. Its first fault stays.
type sink struct {
	*bufio.Writer
	sum hash.Hash
	crc uint32 // since it was set to 0
	n   int64
	err error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.Writer.Write(b)
	s.sum.Write(b[:n])
	s.crc = crc32.Update(s.crc, castagnoli, b[:n])
	s.n += int64(n)
	if s.err == nil {
		s.err = err
	}
	return n, err
}
