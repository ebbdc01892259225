package segment

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"decant/ingest"
)

func TestWriterRefuses(t *testing.T) {
	number := func(time int64, v float64) Rows {
		var r Rows
		r.Append(ingest.Sample{Time: time, Kind: ingest.KindNumber, Number: v})
		return r
	}
	two := func(a, b Rows) Rows {
		a.Append(ingest.Sample{Time: b.Time[0], Kind: b.Kind[0]})
		return a
	}
	odd := number(1, 1)
	odd.Kind[0] = 9
	short := number(1, 1)
	short.Received = nil
	text := number(1, 1)
	text.Kind[0] = ingest.KindString
	before, after := seriesA, seriesA
	before.Name, after.Name = "A", "b"

	for _, c := range []struct {
		name   string
		series ingest.Series
		rows   Rows
		want   string
	}{
		{"a series out of order", before, number(3, 1), "belongs before a"},
		{"the same series, earlier", seriesA, number(1, 1), "time 1 is before 2"},
		{"rows out of order", after, two(number(2, 1), number(1, 1)), "row 1: time 1 is before"},
		{"NaN", after, number(1, math.NaN()), "not finite"},
		{"infinity", after, number(1, math.Inf(-1)), "not finite"},
		{"a time that stands for an open end", after, number(math.MaxInt64, 1), "row 0: time"},
		{"an unknown kind", after, odd, "kind 9"},
		{"a short column", after, short, "received has 0 rows"},
		{"a string without texts", after, text, "without a text column"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := NewWriter(&bytes.Buffer{})
			if err := w.Add(seriesA, number(2, 1)); err != nil {
				t.Fatal(err)
			}
			err := w.Add(c.series, c.rows)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if again := w.Add(after, number(5, 1)); again != err {
				t.Errorf("then Add returned %v", again)
			}
			if again := w.Close(); again != err {
				t.Errorf("then Close returned %v", again)
			}
		})
	}
}

var errFull = errors.New("no space left")

// smallDisk takes n bytes and no more.
type smallDisk struct{ n int }

func (f *smallDisk) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriterKeepsItsFault(t *testing.T) {
	rows := benchRows(200*BlockRows, 0, 1)
	info, err := os.Stat(writeFile(t, t.TempDir(), rows))
	if err != nil {
		t.Fatal(err)
	}
	size := int(info.Size())
	for _, room := range []int{0, 64, size / 2, size - 1} {
		w := NewWriter(&smallDisk{room})
		err := w.Add(seriesA, rows)
		closed := w.Close()
		if !errors.Is(closed, errFull) || err != nil && closed != err {
			t.Errorf("room for %d bytes: Add %v, Close %v", room, err, closed)
		}
	}
}

func TestClosedWriterTakesNothing(t *testing.T) {
	w := NewWriter(&bytes.Buffer{})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Add(seriesA, benchRows(1, 0, 1)); err == nil {
		t.Error("a closed writer took rows")
	}
}

// TestLongTextsEndABlock: blocks stay small however long the strings are.
func TestLongTextsEndABlock(t *testing.T) {
	var rows Rows
	for i := range 10 {
		rows.Append(ingest.Sample{Time: int64(i), Kind: ingest.KindBytes, Text: strings.Repeat("x", textLimit/4*(i%6))})
	}
	r := openFile(t, writeFile(t, t.TempDir(), rows))
	defer r.Release()
	if n, err := scanAll(r); n != 10 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	blocks, err := r.directory(0, nil)
	if err != nil || len(blocks) < 2 {
		t.Fatal(len(blocks), err)
	}
	for i := range blocks {
		var c columns
		if err := errors.Join(r.open(0, i, &blocks[i], &c), c.need(needText)); err != nil {
			t.Fatal(err)
		}
		if c.n > 1 && len(c.text) > textLimit {
			t.Errorf("a block of %d rows has %d bytes of text", c.n, len(c.text))
		}
	}
}

// TestGroupsOfAnyLength: a segment may have groups of up to 32 blocks, as many as older ones have.
func TestGroupsOfAnyLength(t *testing.T) {
	rows := sensorRows(70*BlockRows+5, 0)
	want, err := RangeStats(context.Background(), []Run{MemoryRun(rows)}, 1e12, 60e12, KeepAll)
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{1, 7, groupBlocks, mostBlocks} {
		var out bytes.Buffer
		w := NewWriter(&out)
		w.length = length
		if err := errors.Join(w.Add(seriesA, rows), w.Close()); err != nil {
			t.Fatal(err)
		}
		r, err := readBytes("x.seg", out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got := (71 + length - 1) / length; len(r.groups) != got {
			t.Errorf("%d groups of %d blocks, want %d", len(r.groups), length, got)
		}
		if err := r.Verify(context.Background(), nil); err != nil {
			t.Error(err)
		}
		got, err := RangeStats(context.Background(), []Run{r.Run(0)}, 1e12, 60e12, KeepAll)
		if err != nil || got != want {
			t.Errorf("groups of %d blocks: %+v, %v, want %+v", length, got, err, want)
		}
		r.Release()
	}
}
