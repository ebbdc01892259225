package segment

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow/memory"
)

// sampleSegment is a small segment that has every kind of column: two series, three kinds, texts, sums, updates, both protocols.
func sampleSegment(t testing.TB) []byte {
	t.Helper()
	var a, b Rows
	for i := range int64(5) {
		a.Append(ingest.Sample{Time: i * 1e9, Kind: ingest.KindNumber, Number: 20 + float64(i)/4, Received: i*1e9 + 5e6, Protocol: ingest.ProtocolMQTT,
			HasSum: i > 1, Sum: float64(i), HasUpdate: i == 3, Update: 7e9})
	}
	a.Append(ingest.Sample{Time: 5e9, Kind: ingest.KindBool, Number: 1, Received: 6e9, Protocol: ingest.ProtocolMQTT, HasSum: true, Sum: 9})
	a.Append(ingest.Sample{Time: 5e9, Kind: ingest.KindNone, Received: 6e9, Protocol: ingest.ProtocolMQTT, HasSum: true, Sum: 10})
	b.Append(ingest.Sample{Time: -1500e6, Kind: ingest.KindString, Text: "grün", Received: 1e9, Protocol: ingest.ProtocolMQTT})
	b.Append(ingest.Sample{Time: -1500e6, Kind: ingest.KindString, Text: "", Received: 2e9, Protocol: ingest.ProtocolImport})
	b.Append(ingest.Sample{Time: 123456789, Kind: ingest.KindBytes, Text: "\x00\xff", Received: 3e9, Protocol: ingest.ProtocolImport})

	var out bytes.Buffer
	w := NewWriter(&out)
	if err := errors.Join(w.Add(seriesA, a), w.Add(ingest.Series{Channel: "c", Subtopic: "events.data", Name: "state", Publisher: "p"}, b), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readBytes opens what Open would map, without a file: thousands of files take long.
func readBytes(path string, b []byte) (*Reader, error) {
	data := make([]byte, len(b)+alignment)
	skip := -int(uintptr(unsafe.Pointer(&data[0]))) & (alignment - 1)
	copy(data[skip:], b)
	return newReader(path, data[skip:skip+len(b):skip+len(b)], func() error { return nil })
}

// scanAll reads every series and column.
func scanAll(r *Reader) (rows int64, err error) {
	for i := range r.Series() {
		scan := Scan(context.Background(), []Run{r.Run(i)}, math.MinInt64, math.MaxInt64, KeepAll, allColumns, memory.DefaultAllocator)
		for scan.Next() {
			rows += scan.Record().NumRows()
		}
		err = errors.Join(err, scan.Err())
		scan.Release()
	}
	return rows, err
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	whole := sampleSegment(t)
	const path = "x.seg"
	for i := range 8 * len(whole) {
		damaged := bytes.Clone(whole)
		damaged[i/8] ^= 1 << (i % 8)
		r, err := readBytes(path, damaged)
		if err != nil {
			checkNamed(t, err, path, i/8)
			continue
		}
		_, err = scanAll(r)
		checkNamed(t, err, path, i/8)
		reported := 0
		err = r.Verify(context.Background(), func(offset int64, text string) {
			reported++
			if offset > int64(i/8) {
				t.Errorf("byte %d: reported at offset %d: %s", i/8, offset, text)
			}
		})
		checkNamed(t, err, path, i/8)
		if reported != 1 {
			t.Errorf("byte %d: %d reports", i/8, reported)
		}
		r.Release()
	}
}

// checkNamed wants an error that names the file and an offset at or before the damaged byte.
func checkNamed(t *testing.T, err error, path string, damaged int) {
	t.Helper()
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.File != path || corrupt.Offset > int64(damaged) && !strings.Contains(corrupt.Text, "truncated") {
		t.Errorf("byte %d is damaged, got %v", damaged, err)
	}
}

func TestTruncatedAtEveryLength(t *testing.T) {
	whole := sampleSegment(t)
	dir := t.TempDir()
	for n := range whole {
		path := filepath.Join(dir, strconv.Itoa(n))
		r, err := readBytes(path, whole[:n])
		if n%100 == 0 { // the same as a file
			if err := os.WriteFile(path, whole[:n], 0o644); err != nil {
				t.Fatal(err)
			}
			r, err = Open(path)
		}
		if err == nil {
			r.Release()
			t.Fatalf("opened with %d of %d bytes", n, len(whole))
		}
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), "truncated") || corrupt.Offset != int64(n) {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
}

func TestSoundSegmentVerifies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.seg")
	if err := os.WriteFile(path, sampleSegment(t), 0o644); err != nil {
		t.Fatal(err)
	}
	r := openFile(t, path)
	defer r.Release()
	err := r.Verify(context.Background(), func(offset int64, text string) { t.Errorf("offset %d: %s", offset, text) })
	if err != nil {
		t.Error(err)
	}
	rows, err := scanAll(r)
	if err != nil || rows != r.Rows() {
		t.Errorf("%d of %d rows, %v", rows, r.Rows(), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Verify(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("verify when cancelled: %v", err)
	}
}

func TestNewerVersionIsNamed(t *testing.T) {
	whole := sampleSegment(t)
	whole[8] = 2
	le.PutUint32(whole[60:], checksum(whole[:60]))
	path := filepath.Join(t.TempDir(), "x.seg")
	if err := os.WriteFile(path, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("got %v", err)
	}
}

// TestFilesMadeOnPurpose have right checksums and say what can't be: they are refused, or their scan ends with an error.
func TestFilesMadeOnPurpose(t *testing.T) {
	whole := sampleSegment(t)
	footer := int(le.Uint64(whole[len(whole)-trailerSize+8:]))
	index := bytes.Index(whole[footer:], le.AppendUint64(nil, 64)) + footer // its first entry is of the block at 64
	for _, c := range []struct {
		name  string
		at    int
		value []byte
		want  string
	}{
		{"series without end", footer, []byte{255, 255, 255, 255}, "more series or blocks"},
		{"one series less", footer, []byte{1}, "index has another length"},
		{"one block less", footer + 4, []byte{4}, "without its blocks"},
		{"a series of no blocks", footer + footerHead, []byte{0}, "without its blocks"},
		{"a name without end", footer + footerHead + 4, []byte{255, 255}, "a name ends early"},
		{"series out of order", footer + footerHead + 8, []byte("d"), "not in order"},
		{"a block elsewhere", index, []byte{128}, "end to end"},
		{"a block of no length", index + 8, []byte{0, 0}, "end to end"},
		{"a block of no rows", index + 48, []byte{0, 0}, "summary"},
		{"a block of too many rows", index + 48, []byte{1, 255}, "summary"},
		{"an unknown kind", index + 56, []byte{9}, "summary"},
		{"blocks out of order", index + 16, le.AppendUint64(nil, 6e9), "summary"},
		{"a later first block", index + 24, le.AppendUint64(nil, 6e9), "not in order of time"},
		{"an earlier first time", index + 16, le.AppendUint64(nil, 1<<63), "not those of the index"},
		{"another kind", index + 56, []byte{2}, "not that of the index"},
		{"nothing", 0, nil, ""},
		{"an unknown encoding", 64 + 14, []byte{7}, "encoding 7"},
		{"a long column", 64 + 24, []byte{255, 255}, "length 65535"},
		{"a short column", 64 + 24, []byte{32}, "column 0 is not of 5 rows"},
		{"no time", 64 + 14, []byte{0}, "can't be"},
		{"times out of order", 64 + blockHeader + 8, le.AppendUint64(nil, 3e9), "not in order"},
		{"columns that leave a rest", 64 + 24, []byte{0}, "fill"},
	} {
		t.Run(c.name, func(t *testing.T) {
			made := bytes.Clone(whole)
			copy(made[c.at:], c.value)
			mend(made)
			r, err := readBytes("x.seg", made)
			if err == nil {
				_, err = scanAll(r)
				r.Release()
			}
			switch {
			case c.want == "" && err != nil:
				t.Errorf("nothing was changed, got %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// mend makes every checksum of a file right again, so that what they protect is looked at.
func mend(b []byte) {
	if len(b) < headerSize+trailerSize {
		return
	}
	copy(b, magicHead)
	le.PutUint32(b[8:], version)
	le.PutUint32(b[60:], checksum(b[:60]))
	tail := b[len(b)-trailerSize:]
	copy(tail, magicHead)
	copy(tail[56:], magicTail)
	le.PutUint64(tail[32:], uint64(len(b)))
	if start := le.Uint64(tail[8:]); start >= headerSize && start < uint64(len(b)-trailerSize) {
		footer := b[start : len(b)-trailerSize]
		le.PutUint64(tail[16:], uint64(len(footer)))
		if len(footer) >= footerHead {
			mendBlocks(b, footer)
		}
		le.PutUint32(tail[24:], checksum(footer))
	}
	le.PutUint32(tail[52:], checksum(tail[:52]))
}

// mendBlocks walks to the index and gives its entries the checksums of what they name. What makes no sense stays.
func mendBlocks(b, footer []byte) {
	at := footerHead
	for range le.Uint32(footer) {
		at += 4
		for range 5 {
			if at+4 > len(footer) || int(le.Uint32(footer[at:])) > len(footer) {
				return
			}
			at += 4 + int(le.Uint32(footer[at:]))
		}
	}
	for ; at+entrySize <= len(footer); at += entrySize {
		k := decodeBlock(footer[at:])
		if k.offset >= headerSize && k.offset < int64(len(b)) && int64(k.length) <= int64(len(b))-k.offset {
			le.PutUint32(footer[at+12:], checksum(b[k.offset:k.offset+int64(k.length)]))
		}
	}
}

// FuzzOpen opens arbitrary bytes, as they are and with every checksum made right. Nothing may panic, and what opens can be read through.
func FuzzOpen(f *testing.F) {
	f.Add(sampleSegment(f))
	f.Add([]byte(nil))
	f.Add(append(encodeHeader(), trailer{footerOffset: 64, size: 128}.encode()...))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, mended := range []bool{false, true} {
			if mended {
				b = bytes.Clone(b)
				mend(b)
			}
			r, err := readBytes("x.seg", b)
			if err != nil {
				continue
			}
			// Whatever comes of it, it ends and does not panic; where all is sound, scan and index agree.
			damaged := r.Verify(context.Background(), nil)
			rows, err := scanAll(r)
			if damaged == nil && (err != nil || rows > r.Rows()) {
				t.Errorf("%d of %d rows, %v", rows, r.Rows(), err)
			}
			for i := range r.Series() {
				runs := []Run{r.Run(i), r.Run(i)}
				_, _ = RangeStats(context.Background(), runs, 0, math.MaxInt64, KeepLast)
				_, _, _, _ = Before(context.Background(), runs, math.MaxInt64, KeepLast)
			}
			r.Release()
		}
	})
}
