package segment

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"decant/ingest"
)

// Writer writes one segment. It is sticky: after a fault every call returns it. What it wrote by then is no segment: Open refuses it. It holds the rows of a block
// that is not full, a group's directory, and the footer.
type Writer struct {
	w       *bufio.Writer
	offset  int64
	series  []writtenSeries
	last    int64 // last time of the last series
	rows    int64
	pending Rows // of the last series: not yet a block
	packer  packer
	buf     []byte  // the block being built
	laid    columns // its rows

	group     group // the one being written
	length    int   // blocks of a whole group
	blocks    []block
	sums      grouping
	directory []byte

	err error
}

var errClosed = errors.New("write segment: it is closed")

// NewWriter starts a segment on w. Nothing is written to w before it has gathered.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, 256<<10), length: groupBlocks}
}

// Add writes rows of a series. Series come in the order of Compare; the last one may come again with rows that are not earlier. The rows
// are the caller's again when Add returns.
func (w *Writer) Add(s ingest.Series, r Rows) error {
	if w.err != nil {
		return w.err
	}
	if err := w.add(s, r); err != nil {
		w.err = fmt.Errorf("write segment: series %s/%s %s: %w", s.Channel, s.Subtopic, s.Name, err)
	}
	return w.err
}

func (w *Writer) add(s ingest.Series, r Rows) error {
	if err := r.check(); err != nil {
		return err
	}
	if r.Len() == 0 {
		return nil
	}
	if err := w.start(s, r.Time[0]); err != nil {
		return err
	}
	w.last = r.Time[r.Len()-1]
	for w.pending.Len() > 0 && r.Len() > 0 {
		n := min(BlockRows-w.pending.Len(), r.Len())
		w.pending.append(&r, n)
		r = r.Slice(n, r.Len())
		if err := w.cutPending(false); err != nil {
			return err
		}
	}
	n, err := w.cut(&r, false)
	if err != nil {
		return err
	}
	rest := r.Slice(n, r.Len())
	w.pending.append(&rest, rest.Len())
	return nil
}

// cut writes the blocks that rows have, and gives the number of rows in them. What may be the beginning of a longer block is left, unless all is to go.
func (w *Writer) cut(r *Rows, all bool) (int, error) {
	i := 0
	for i < r.Len() {
		j, err := blockEnd(r, i)
		if err != nil {
			return i, err
		}
		if j == r.Len() && j-i < BlockRows && !all {
			break
		}
		part := r.Slice(i, j)
		if err := w.block(&part); err != nil {
			return i, err
		}
		i = j
	}
	return i, nil
}

func (w *Writer) cutPending(all bool) error {
	n, err := w.cut(&w.pending, all)
	if err != nil {
		return err
	}
	if n == w.pending.Len() {
		w.pending.clear()
		return nil
	}
	if n > 0 {
		rest := w.pending.Slice(n, w.pending.Len())
		w.pending = Rows{}
		w.pending.append(&rest, rest.Len())
	}
	return nil
}

// start makes s the current series.
func (w *Writer) start(s ingest.Series, first int64) error {
	if n := len(w.series); n > 0 {
		order := Compare(w.series[n-1].Series, s)
		switch {
		case order > 0:
			return fmt.Errorf("it belongs before %s, which is already written", w.series[n-1].Name)
		case order == 0 && first < w.last:
			return fmt.Errorf("time %d is before %d, which is already written", first, w.last)
		case order == 0:
			return nil
		}
	}
	if err := w.endSeries(); err != nil {
		return err
	}
	for _, name := range fields(&s) {
		if len(*name) > maxText {
			return fmt.Errorf("a name of %d bytes is too long", len(*name))
		}
	}
	w.series = append(w.series, writtenSeries{Series: s})
	return nil
}

// blockEnd says where the block that starts at row i ends: at BlockRows rows, at another kind, at enough text.
func blockEnd(r *Rows, i int) (int, error) {
	kind, text := r.Kind[i], 0
	j := i
	for ; j < r.Len() && j-i < BlockRows && r.Kind[j] == kind; j++ {
		if !hasText(kind) {
			continue
		}
		if len(r.Text[j]) > maxText {
			return 0, fmt.Errorf("row %d: a text of %d bytes is too long, at most %d are allowed", j, len(r.Text[j]), maxText)
		}
		if text += len(r.Text[j]); text > textLimit && j > i {
			break
		}
	}
	return j, nil
}

// block writes one block.
func (w *Writer) block(r *Rows) error {
	if w.offset == 0 {
		if err := w.write(encodeHeader(w.length)); err != nil {
			return err
		}
	}
	w.buf = w.packer.append(w.buf[:0], r)
	w.laid.memory(r, 0, r.Len())
	k := block{offset: w.offset, length: uint32(len(w.buf)), crc: checksum(w.buf), summary: w.laid.summarize()}
	if len(w.blocks) == 0 {
		w.group = group{offset: w.offset}
	}
	w.blocks = append(w.blocks, k)
	if err := w.sums.add(&k.summary); err != nil {
		return err
	}
	w.rows += int64(r.Len())
	if err := w.write(w.buf); err != nil {
		return err
	}
	if len(w.blocks) == w.length {
		return w.endGroup()
	}
	return nil
}

// endGroup writes the directory of the blocks behind them.
func (w *Writer) endGroup() error {
	if len(w.blocks) == 0 {
		return nil
	}
	g := &w.group
	g.size, g.blocks, g.summary = w.offset-g.offset, uint8(len(w.blocks)), w.sums.finish()
	b := w.directory[:0]
	last := g.first
	for i := range w.blocks {
		b = w.blocks[i].append(b, last)
		last = w.blocks[i].last
	}
	g.directory, g.crc = uint32(len(b)), checksum(b)
	s := &w.series[len(w.series)-1]
	s.groups = append(s.groups, *g)
	w.blocks, w.directory = w.blocks[:0], b
	return w.write(b)
}

// endSeries writes what is left of the current series.
func (w *Writer) endSeries() error {
	if err := w.cutPending(true); err != nil {
		return err
	}
	return w.endGroup()
}

// Close writes the footer and hands all that was gathered to the io.Writer, which it neither syncs nor closes.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if err := w.finish(); err != nil {
		w.err = fmt.Errorf("write segment: %w", err)
		return w.err
	}
	w.err = errClosed
	return nil
}

func (w *Writer) finish() error {
	if err := w.endSeries(); err != nil {
		return err
	}
	if w.offset == 0 {
		if err := w.write(encodeHeader(w.length)); err != nil {
			return err
		}
	}
	footer := encodeFooter(w.series)
	t := trailer{
		footerOffset: uint64(w.offset), footerLength: uint64(len(footer)), footerCRC: checksum(footer), version: newest,
		size: uint64(w.offset) + uint64(len(footer)) + trailerSize, rows: uint64(w.rows),
	}
	if err := w.write(footer); err != nil {
		return err
	}
	if err := w.write(t.encode()); err != nil {
		return err
	}
	return w.w.Flush()
}

func (w *Writer) write(b []byte) error {
	n, err := w.w.Write(b)
	w.offset += int64(n)
	return err
}
