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
	r, err := newReader(path, data[skip:skip+len(b):skip+len(b)], func() error { return nil })
	if err != nil {
		return nil, err
	}
	if err := r.Load(); err != nil {
		r.Release()
		return nil, err
	}
	return r, nil
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

// sampleV1 is the committed segment of version 1.
func sampleV1(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/v1.seg")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	t.Run("version=1", func(t *testing.T) { findFlips(t, sampleV1(t)) })
	t.Run("version=2", func(t *testing.T) { findFlips(t, sampleSegment(t)) })
}

func findFlips(t *testing.T, whole []byte) {
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
	t.Run("version=1", func(t *testing.T) { findTruncated(t, sampleV1(t)) })
	t.Run("version=2", func(t *testing.T) { findTruncated(t, sampleSegment(t)) })
}

func findTruncated(t *testing.T, whole []byte) {
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
	whole[8] = 3
	le.PutUint32(whole[60:], checksum(whole[:60]))
	path := filepath.Join(t.TempDir(), "x.seg")
	if err := os.WriteFile(path, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "version 3") {
		t.Errorf("got %v", err)
	}
}
