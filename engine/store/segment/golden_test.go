package segment

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
)

var update = flag.Bool("update", false, "rewrite testdata")

// TestGolden keeps version 1 readable: testdata/v1.seg is never to change, whatever a later writer writes.
func TestGolden(t *testing.T) {
	const file, dumped = "testdata/v1.seg", "testdata/v1.txt"
	if *update {
		if err := os.WriteFile(file, sampleSegment(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r := openFile(t, file)
	defer r.Release()
	if err := r.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	got := dump(t, r)
	if *update {
		if err := os.WriteFile(dumped, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(dumped)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s reads as\n%s\nwant\n%s", file, got, want)
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// The header tells how many rows blocks have at most, which may grow.
	if version == 1 && !bytes.Equal(written[headerSize:], sampleSegment(t)[headerSize:]) {
		t.Errorf("the writer's version 1 is no longer that of %s", file)
	}
}

// dump prints all that a segment holds.
func dump(t *testing.T, r *Reader) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d bytes, %d rows\n", r.Size(), r.Rows())
	for i, e := range r.Series() {
		fmt.Fprintf(&out, "\nseries %q: %d rows, %d to %d\n", e.Series, e.Rows, e.First, e.Last)
		for _, k := range r.index[r.starts[i]:r.starts[i+1]] {
			fmt.Fprintf(&out, "block at %d, %d bytes, crc %08x: %+v\n", k.offset, k.length, k.crc, k.summary)
		}
		fmt.Fprintln(&out, strings.Join(allColumns, " "))
		scan := Scan(context.Background(), []Run{r.Run(i)}, math.MinInt64, math.MaxInt64, KeepAll, allColumns, memory.DefaultAllocator)
		defer scan.Release()
		for scan.Next() {
			for row := range int(scan.Record().NumRows()) {
				for c := range allColumns {
					v := cells(scan.Record(), c, row)
					if c == 1 && v != "null" {
						v = fmt.Sprint(scan.Record().Column(c).ValueStr(row))
					}
					fmt.Fprint(&out, v, " ")
				}
				fmt.Fprintln(&out)
			}
		}
		if scan.Err() != nil {
			t.Fatal(scan.Err())
		}
	}
	return out.String()
}
