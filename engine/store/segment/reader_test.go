package segment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

// TestRecordsOutliveTheirReader: a record over the map of version 1 that is retained record stays readable when scan and Reader are released and the file is gone, and is the last to hold the map.
func TestRecordsOutliveTheirReader(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	path := writeV1(t, t.TempDir(), benchRows(3*rowsV1, 0, 1e9))
	r := openFile(t, path)
	scan := Scan(context.Background(), []Run{r.Run(0)}, 10e9, math.MaxInt64, KeepAll, []string{"time", "value", "kind", "protocol"}, mem)
	if !scan.Next() {
		t.Fatal(scan.Err())
	}
	rec := scan.Record()
	rec.Retain()
	slice := rec.NewSlice(5, 8)
	scan.Release()
	r.Release()
	if err := os.Remove(path); err != nil {
		t.Logf("the file stays while it is mapped: %v", err) // Windows
	}
	if mem.CurrentAlloc() != 0 {
		t.Errorf("%d bytes were copied", mem.CurrentAlloc())
	}
	if got := rec.Column(0).(*array.Timestamp).Value(0); got != 10e9 || rec.NumRows() != rowsV1-10 {
		t.Errorf("%d rows from %d", rec.NumRows(), got)
	}
	rec.Release()
	if r.data == nil {
		t.Fatal("unmapped under a slice of its record")
	}
	if got := slice.Column(1).(*array.Float64).Value(2); got != 20+math.Sin(17.0/900) {
		t.Errorf("value %v", got)
	}
	slice.Release()
	if r.data != nil {
		t.Errorf("still mapped, %d holders", r.refs.Load())
	}
}

// TestDecodedRecordsStay: a retained record is not overwritten by what is decoded after it, and needs no map.
func TestDecodedRecordsStay(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	r := openFile(t, writeFile(t, t.TempDir(), benchRows(50*BlockRows, 0, 1e9)))
	scan := Scan(context.Background(), []Run{r.Run(0)}, 10e9, math.MaxInt64, KeepAll, []string{"value", "received"}, mem)
	var kept []arrow.Record
	for scan.Next() {
		scan.Record().Retain()
		kept = append(kept, scan.Record())
	}
	if scan.Err() != nil {
		t.Fatal(scan.Err())
	}
	scan.Release()
	r.Release()
	if r.data != nil {
		t.Errorf("still mapped, %d holders", r.refs.Load())
	}
	i := 10
	for _, rec := range kept {
		for k := range int(rec.NumRows()) {
			v, received := rec.Column(0).(*array.Float64).Value(k), int64(rec.Column(1).(*array.Timestamp).Value(k))
			if v != 20+math.Sin(float64(i)/900) || received != int64(i)*1e9+5e6 {
				t.Fatalf("row %d: %v, received %d", i, v, received)
			}
			i++
		}
		rec.Release()
	}
	if i != 50*BlockRows {
		t.Errorf("%d rows", i)
	}
}

// TestWhatOverlapsAloneIsCopied: one late sample leaves the rest of its block of version 1 where it lies.
func TestWhatOverlapsAloneIsCopied(t *testing.T) {
	r := openFile(t, writeV1(t, t.TempDir(), benchRows(2*rowsV1, 0, 1e9)))
	defer r.Release()
	late := benchRows(1, 1000e9, 1)
	scan := Scan(context.Background(), []Run{r.Run(0), MemoryRun(late)}, math.MinInt64, math.MaxInt64, KeepLast, []string{"time", "value"}, memory.DefaultAllocator)
	defer scan.Release()
	var rows []int64
	for scan.Next() {
		rows = append(rows, scan.Record().NumRows())
	}
	if got, want := fmt.Sprint(rows), fmt.Sprint([]int{1000, 1, rowsV1 - 1001, rowsV1}); got != want || scan.Err() != nil {
		t.Errorf("records of %s rows, want %s, %v", got, want, scan.Err())
	}
}

// TestSameTimeWithoutEnd: a device without a clock sends everything with one time. No batch grows with it.
func TestSameTimeWithoutEnd(t *testing.T) {
	const n = 5 * BlockRows
	var rows Rows
	for i := range n {
		rows.Append(ingest.Sample{Time: 7, Kind: ingest.KindNumber, Number: float64(i)})
	}
	r := openFile(t, writeFile(t, t.TempDir(), rows))
	defer r.Release()
	runs := []Run{r.Run(0), MemoryRun(rows)}
	for policy, want := range map[Duplicates]int64{KeepAll: n, KeepLast: 1} {
		scan := Scan(context.Background(), runs, math.MinInt64, math.MaxInt64, policy, []string{"value"}, memory.DefaultAllocator)
		var got int64
		for scan.Next() {
			got += scan.Record().NumRows()
			if scan.Record().NumRows() >= batchRows+BlockRows {
				t.Errorf("a record of %d rows", scan.Record().NumRows())
			}
		}
		scan.Release()
		if got != want || scan.Err() != nil {
			t.Errorf("policy %d: %d rows, want %d, %v", policy, got, want, scan.Err())
		}
	}
}

func TestScanReportsItsFaults(t *testing.T) {
	r := openFile(t, writeFile(t, t.TempDir(), benchRows(10, 0, 1)))
	defer r.Release()
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		column string
		want   string
	}{
		{"cancelled", cancelled, "time", "canceled"},
		{"unknown column", context.Background(), "vaule", `no column "vaule"`},
	} {
		scan := Scan(c.ctx, []Run{r.Run(0)}, 0, 100, KeepAll, []string{c.column}, memory.DefaultAllocator)
		if scan.Next() || scan.Err() == nil || !strings.Contains(scan.Err().Error(), c.want) {
			t.Errorf("%s: %v", c.name, scan.Err())
		}
		scan.Release()
	}
}

// TestConcurrentScans share one Reader, whose blocks none has touched.
func TestConcurrentScans(t *testing.T) {
	const n = 20 * BlockRows
	r := openFile(t, writeFile(t, t.TempDir(), benchRows(n, 0, 1e9)))
	var wg sync.WaitGroup
	for range 4 {
		scan := Scan(context.Background(), []Run{r.Run(0)}, math.MinInt64, math.MaxInt64, KeepAll, []string{"time", "value"}, memory.DefaultAllocator)
		wg.Go(func() {
			defer scan.Release()
			var rows int64
			for scan.Next() {
				rows += scan.Record().NumRows()
			}
			if rows != n || scan.Err() != nil {
				t.Errorf("%d rows, %v", rows, scan.Err())
			}
		})
	}
	r.Release()
	wg.Wait()
	if r.data != nil {
		t.Error("still mapped")
	}
}

func TestSeriesAreFound(t *testing.T) {
	path := t.TempDir() + "/x.seg"
	if err := os.WriteFile(path, sampleSegment(t), 0o644); err != nil {
		t.Fatal(err)
	}
	r := openFile(t, path)
	defer r.Release()
	for i, e := range r.Series() {
		if at, ok := find(r, e.Series); !ok || at != i {
			t.Errorf("series %d found at %d, %v", i, at, ok)
		}
		run := r.Run(i)
		first, _ := run.bounds(0)
		_, last := run.bounds(run.count() - 1)
		rows := int64(0)
		for k := range run.count() {
			rows += int64(run.summary(k).rows)
		}
		if first != e.First || last != e.Last || rows != e.Rows {
			t.Errorf("series %d: run of %d rows from %d to %d", i, rows, first, last)
		}
	}
	if _, ok := find(r, ingest.Series{Name: "a"}); ok {
		t.Error("a series that is not there was found")
	}
}

// find gives a series' index in Series, which are in order.
func find(r *Reader, s ingest.Series) (i int, ok bool) {
	return slices.BinarySearchFunc(r.Series(), s, func(e SeriesEntry, s ingest.Series) int { return Compare(e.Series, s) })
}

// TestManySeries: each finds its own rows, whatever its neighbours are.
func TestManySeries(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		part := rapid.SampledFrom([]string{"", "a", "ab", "b", "ü"})
		all := map[ingest.Series]Rows{}
		for i := range rapid.IntRange(0, 30).Draw(rt, "series") {
			s := ingest.Series{Channel: part.Draw(rt, "channel"), Subtopic: part.Draw(rt, "subtopic"), Publisher: part.Draw(rt, "publisher"),
				Name: part.Draw(rt, "name"), Unit: part.Draw(rt, "unit")}
			all[s] = benchRows(1+i%3, int64(i), 1e9)
		}
		f, err := os.CreateTemp(dir, "*.seg")
		if err != nil {
			rt.Fatal(err)
		}
		defer f.Close()
		w := NewWriter(f)
		for _, s := range slices.SortedFunc(maps.Keys(all), Compare) {
			if err := w.Add(s, all[s]); err != nil {
				rt.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			rt.Fatal(err)
		}
		r := openFile(t, f.Name())
		defer r.Release()
		if len(r.Series()) != len(all) {
			rt.Fatalf("%d series, want %d", len(r.Series()), len(all))
		}
		for s, rows := range all {
			i, ok := find(r, s)
			if !ok {
				rt.Fatalf("%+v is not found", s)
			}
			at, value, ok, err := Before(context.Background(), []Run{r.Run(i)}, math.MaxInt64, KeepAll)
			last := rows.Len() - 1
			if at != rows.Time[last] || value != rows.Number[last] || !ok || err != nil || r.Series()[i].Rows != int64(rows.Len()) {
				rt.Fatalf("%+v: %d %v %v %v", s, at, value, ok, err)
			}
		}
	})
}

// TestEmptySegment has no series and is sound.
func TestEmptySegment(t *testing.T) {
	r := openFile(t, writeFile(t, t.TempDir()))
	defer r.Release()
	if err := r.Verify(context.Background(), nil); err != nil || len(r.Series()) != 0 {
		t.Error(len(r.Series()), err)
	}
	scan := Scan(context.Background(), nil, 0, 1, KeepAll, []string{"time"}, memory.DefaultAllocator)
	defer scan.Release()
	if scan.Next() || scan.Err() != nil || !scan.Schema().Field(0).Equal(arrow.Field{Name: "time", Type: timestamp}) {
		t.Error(scan.Err(), scan.Schema())
	}
	var empty Run
	if empty.count() != 0 {
		t.Error("an empty run has rows")
	}
}

func TestOpenNamesAFileThatIsNotThere(t *testing.T) {
	if _, err := Open(t.TempDir() + "/gone.seg"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "gone.seg") {
		t.Errorf("got %v", err)
	}
}

// TestFewRowsOfManyBlocks: where each block gives one row, a batch ends before it holds many of them.
func TestFewRowsOfManyBlocks(t *testing.T) {
	const n = 3*heldBlocks + 1
	var rows Rows
	for i := range n * BlockRows {
		rows.Append(ingest.Sample{Time: int64(i / BlockRows), Kind: ingest.KindNumber, Number: float64(i)})
	}
	r := openFile(t, writeFile(t, t.TempDir(), rows))
	defer r.Release()
	scan := Scan(context.Background(), []Run{r.Run(0)}, math.MinInt64, math.MaxInt64, KeepLast, []string{"time", "value"}, memory.DefaultAllocator)
	defer scan.Release()
	row := int64(0)
	for scan.Next() {
		if scan.Record().NumRows() > heldBlocks {
			t.Errorf("a record of %d rows", scan.Record().NumRows())
		}
		for i, v := range scan.Record().Column(1).(*array.Float64).Float64Values() {
			if at := int64(scan.Record().Column(0).(*array.Timestamp).Value(i)); at != row || v != float64((row+1)*BlockRows-1) {
				t.Fatalf("row %d: %v at %d", row, v, at)
			}
			row++
		}
	}
	if row != n || scan.Err() != nil {
		t.Errorf("%d rows, %v", row, scan.Err())
	}
}
