package segment

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"decant/decimation"

	"github.com/apache/arrow/go/v17/arrow/memory"
)

var update = flag.Bool("update", false, "rewrite testdata")

// TestGolden keeps every version readable: its file is never to change, whatever a later writer writes or how it encodes it. Only that of the newest one is rewritten by
// -update, before its first release.
func TestGolden(t *testing.T) {
	t.Run("version=1", func(t *testing.T) { checkGolden(t, 1) })
	t.Run("version=2", func(t *testing.T) {
		if *update {
			if err := os.WriteFile("testdata/v2.seg", sampleSegment(t), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		checkGolden(t, 2)
	})
}

func checkGolden(t *testing.T, version uint32) {
	file, dumped := fmt.Sprintf("testdata/v%d.seg", version), fmt.Sprintf("testdata/v%d.txt", version)
	r := openFile(t, file)
	defer r.Release()
	if r.version != version {
		t.Fatalf("it has version %d", r.version)
	}
	if err := r.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	got := dump(t, r)
	if *update && version == newest {
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
}

// dump prints all that a segment holds.
func dump(t *testing.T, r *Reader) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d bytes, %d rows\n", r.Size(), r.Rows())
	for i, e := range r.Series() {
		fmt.Fprintf(&out, "\nseries %q: %d rows, %d to %d\n", e.Series, e.Rows, e.First, e.Last)
		for n := r.starts[i]; n < r.starts[i+1]; n++ {
			if g := r.groups[n]; r.version > 1 {
				fmt.Fprintf(&out, "group at %d, %d bytes, directory of %d, crc %08x: %d blocks, mixed:%v %s\n", g.offset, g.size, g.directory, g.crc, g.blocks, g.mixed, dumpSummary(&g.summary))
			}
			blocks, err := r.directory(int(n), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range blocks {
				fmt.Fprintf(&out, "block at %d, %d bytes, crc %08x: %s\n", k.offset, k.length, k.crc, dumpSummary(&k.summary))
			}
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

// dumpSummary prints the extremes, wherever they stand.
func dumpSummary(s *summary) string {
	low, high := s.min, s.max
	sums := ""
	if s.moments != nil {
		var m decimation.Moments
		m.MergeEncoded(s.moments)
		low, _, _ = m.Result(decimation.Min)
		high, _, _ = m.Result(decimation.Max)
		sum, _, _ := m.Result(decimation.Sum)
		sums = fmt.Sprintf(" distinct:%v sum:%v", s.distinct, sum)
	}
	return fmt.Sprintf("{first:%d last:%d min:%v max:%v rows:%d minExp:%d maxExp:%d kind:%d digits:%d strict:%v%s}",
		s.first, s.last, low, high, s.rows, s.minExp, s.maxExp, s.kind, s.digits, s.strict, sums)
}
