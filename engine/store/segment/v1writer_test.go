package segment

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"decant/ingest"
)

// writerV1 writes segments as version 1 had them: that such files are read as before is tested with files of every kind, not with the committed one alone.
type writerV1 struct {
	w      io.Writer
	offset int64
	series []seriesV1
	index  []group
	buf    []byte
}

type seriesV1 struct {
	ingest.Series
	blocks uint32
}

// add writes rows of a series, which come in the order of Compare.
func (w *writerV1) add(t testing.TB, s ingest.Series, r Rows) {
	t.Helper()
	if n := len(w.series); n == 0 || w.series[n-1].Series != s {
		w.series = append(w.series, seriesV1{Series: s})
	}
	for i := 0; i < r.Len(); {
		kind, j := r.Kind[i], i
		for j < r.Len() && j-i < rowsV1 && r.Kind[j] == kind {
			j++
		}
		if err := w.block(r.Slice(i, j)); err != nil {
			t.Fatal(err)
		}
		i = j
	}
}

// block writes one block.
func (w *writerV1) block(r Rows) error {
	if w.offset == 0 {
		if err := w.write(headerV1()); err != nil {
			return err
		}
	}
	kind := r.Kind[0]
	s := &w.series[len(w.series)-1]
	b := append(w.buf[:0], make([]byte, blockHeaderV1)...)
	le.PutUint32(b[0:], magicBlockV1)
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
	w.index = append(w.index, group{
		offset: w.offset, size: int64(len(b)), crc: checksum(b), blocks: 1,
		summary: summarizeV1(kind, r.Time, values),
	})
	s.blocks++
	return w.write(b)
}

func headerV1() []byte {
	b := make([]byte, headerSize)
	copy(b, magicHead)
	le.PutUint32(b[8:], 1)
	le.PutUint32(b[12:], rowsV1)
	le.PutUint32(b[60:], checksum(b[:60]))
	return b
}

// close writes the footer.
func (w *writerV1) close() error {
	if w.offset == 0 {
		if err := w.write(headerV1()); err != nil {
			return err
		}
	}
	footer := make([]byte, footerHeadV1, footerHeadV1+len(w.index)*entrySizeV1+len(w.series)*128)
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
		footer = appendEntryV1(footer, &k)
	}
	footer = append(footer, make([]byte, padded(len(footer))-len(footer))...)
	t := trailer{
		footerOffset: uint64(w.offset), footerLength: uint64(len(footer)), footerCRC: checksum(footer), version: 1,
		size: uint64(w.offset) + uint64(len(footer)) + trailerSize,
	}
	if err := w.write(footer); err != nil {
		return err
	}
	if err := w.write(t.encode()); err != nil {
		return err
	}
	return nil
}

func (w *writerV1) write(b []byte) error {
	n, err := w.w.Write(b)
	w.offset += int64(n)
	return err
}

func appendEntryV1(b []byte, k *group) []byte {
	var e [entrySizeV1]byte
	le.PutUint64(e[0:], uint64(k.offset))
	le.PutUint32(e[8:], uint32(k.size))
	le.PutUint32(e[12:], k.crc)
	le.PutUint64(e[16:], uint64(k.first))
	le.PutUint64(e[24:], uint64(k.last))
	le.PutUint64(e[32:], math.Float64bits(k.min))
	le.PutUint64(e[40:], math.Float64bits(k.max))
	le.PutUint32(e[48:], uint32(k.rows))
	le.PutUint16(e[52:], uint16(k.minExp))
	le.PutUint16(e[54:], uint16(k.maxExp))
	e[56], e[57] = byte(k.kind), k.digits
	if k.strict {
		e[58] = 1
	}
	return append(b, e[:]...)
}

// bytesV1 is a segment of version 1 with one series.
func bytesV1(t testing.TB, rows ...Rows) []byte {
	t.Helper()
	var out bytes.Buffer
	w := writerV1{w: &out}
	for _, r := range rows {
		if r.Len() > 0 {
			w.add(t, seriesA, r)
		}
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// writeV1 makes a file of it.
func writeV1(t testing.TB, dir string, rows ...Rows) string {
	t.Helper()
	path := filepath.Join(dir, "v1.seg")
	if err := os.WriteFile(path, bytesV1(t, rows...), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
