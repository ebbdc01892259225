package segment

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"

	"decant/ingest"
)

// Writer writes one segment. It is sticky: after a fault every call returns it. What it wrote by then is no segment: Open refuses it.
type Writer struct {
	w      *bufio.Writer
	offset int64
	series []writtenSeries
	last   int64 // last time of the last series
	index  []block
	buf    []byte // the block being built
	err    error
}

type writtenSeries struct {
	ingest.Series
	blocks uint32
}

var errClosed = errors.New("write segment: it is closed")

// NewWriter starts a segment on w. Nothing is written to w before it has gathered.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, 256<<10)}
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
	for i := 0; i < r.Len(); {
		j, err := blockEnd(&r, i)
		if err != nil {
			return err
		}
		if err := w.block(r.Slice(i, j)); err != nil {
			return err
		}
		i = j
	}
	w.last = r.Time[r.Len()-1]
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
	for _, text := range []string{s.Channel, s.Subtopic, s.Name, s.Unit, s.Publisher} {
		if len(text) > maxText {
			return fmt.Errorf("a name of %d bytes is too long", len(text))
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
func (w *Writer) block(r Rows) error {
	if w.offset == 0 {
		if err := w.write(encodeHeader()); err != nil {
			return err
		}
	}
	kind := r.Kind[0]
	s := &w.series[len(w.series)-1]
	b := append(w.buf[:0], make([]byte, blockHeader)...)
	le.PutUint32(b[0:], magicBlock)
	le.PutUint32(b[4:], uint32(r.Len()))
	le.PutUint32(b[8:], uint32(len(w.series)-1))
	b[12], b[13] = byte(kind), byte(r.Protocol[0])

	column := func(c int, raw []byte) {
		b[14+c] = encodingRaw
		le.PutUint32(b[24+4*c:], uint32(len(raw)))
		b = append(b, raw...)
		b = append(b, make([]byte, padded(len(b))-len(b))...)
	}
	column(colTime, bytesOf(r.Time))
	var values []float64
	if isNumber(kind) {
		values = r.Number
		column(colValue, bytesOf(values))
	}
	if hasText(kind) {
		offsets, text := joined(r.Text)
		column(colOffsets, bytesOf(offsets))
		column(colText, text)
	}
	column(colReceived, bytesOf(r.Received))
	if _, same := constant(r.Protocol); same {
		b[14+colProtocol] = encodingConstant
	} else {
		column(colProtocol, bytesOf(r.Protocol))
	}
	if any, all := some(r.HasSum); any {
		if !all {
			column(colSumValid, bitmap(r.HasSum))
		}
		column(colSum, bytesOf(where(r.Sum, r.HasSum)))
	}
	if any, all := some(r.HasUpdate); any {
		if !all {
			column(colUpdateValid, bitmap(r.HasUpdate))
		}
		column(colUpdate, bytesOf(where(r.Update, r.HasUpdate)))
	}

	w.buf = b
	w.index = append(w.index, block{
		offset: w.offset, length: uint32(len(b)), crc: checksum(b),
		summary: summarize(kind, r.Time, values),
	})
	s.blocks++
	return w.write(b)
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
	if uint64(len(w.index)) > math.MaxUint32 {
		return fmt.Errorf("%d blocks are too many for one segment", len(w.index))
	}
	if w.offset == 0 {
		if err := w.write(encodeHeader()); err != nil {
			return err
		}
	}
	footer := make([]byte, footerHead, footerHead+len(w.index)*entrySize+len(w.series)*128)
	le.PutUint32(footer[0:], uint32(len(w.series)))
	le.PutUint32(footer[4:], uint32(len(w.index)))
	for _, s := range w.series {
		footer = le.AppendUint32(footer, s.blocks)
		for _, text := range []string{s.Channel, s.Subtopic, s.Name, s.Unit, s.Publisher} {
			footer = le.AppendUint32(footer, uint32(len(text)))
			footer = append(footer, text...)
		}
	}
	for _, k := range w.index {
		footer = k.append(footer)
	}
	footer = append(footer, make([]byte, padded(len(footer))-len(footer))...)
	t := trailer{
		footerOffset: uint64(w.offset), footerLength: uint64(len(footer)), footerCRC: checksum(footer),
		size: uint64(w.offset) + uint64(len(footer)) + trailerSize,
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
