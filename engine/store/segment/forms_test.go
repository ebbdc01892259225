package segment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"decant/ingest"
)

// formSeries are series whose columns take every form that an encoding has; what they hold is computed, and never to change.
func formSeries() (names []ingest.Series, all []Rows) {
	state := uint64(1)
	random := func(n int64) int64 { // the same numbers for good
		state = state*6364136223846793005 + 1442695040888963407
		return int64(state>>33) % n
	}
	for i, make := range []func(i int64) ingest.Sample{
		func(i int64) ingest.Sample { // lines and constants
			return ingest.Sample{Time: i * 1e9, Kind: ingest.KindNumber, Number: 21.5, Received: i*1e9 + 7}
		},
		func(i int64) ingest.Sample { // decimals that walk, times with jitter
			t := i*1e9 + random(20)*1e6
			return ingest.Sample{Time: t, Kind: ingest.KindNumber, Number: float64(2000+10*i+random(100)) / 100, Received: t + 3e6 + random(9e5)}
		},
		func(i int64) ingest.Sample { // decimals that don't, and a few numbers that are none; times that wander
			v := float64(random(1e6)) / 1000
			if i%100 == 7 {
				v = math.Sqrt(float64(i))
			}
			return ingest.Sample{Time: i*i*1000 + random(500), Kind: ingest.KindNumber, Number: v, Received: 5e18}
		},
		func(i int64) ingest.Sample { // no decimals, sums and update times in some
			return ingest.Sample{Time: i * 16_666_667, Kind: ingest.KindNumber, Number: math.Sqrt(float64(2 + i*7)), Received: random(math.MaxInt64),
				HasSum: i%3 > 0, Sum: float64(i) / 4, HasUpdate: i%5 > 0, Update: i * 3e9, Protocol: ingest.Protocol(1 + i%7/6)}
		},
		func(i int64) ingest.Sample { // extremes
			v := []float64{math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0, 1e-310}[i%5]
			return ingest.Sample{Time: i - 500, Kind: ingest.KindNumber, Number: v, Received: []int64{math.MinInt64, math.MaxInt64, 0}[i%3]}
		},
		func(i int64) ingest.Sample { // no order at all
			bits := uint64(random(1<<31))<<33 | uint64(random(1<<31))<<2 | uint64(random(4))
			v := math.Float64frombits(bits)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				v = 0
			}
			return ingest.Sample{Time: i * 1e6, Kind: ingest.KindNumber, Number: v, Received: int64(bits)}
		},
		func(i int64) ingest.Sample { // a wave that is no decimal, and noise
			return ingest.Sample{Time: i * 1e6, Kind: ingest.KindNumber, Number: 1 + float64(random(1<<31))/(1<<31)/3}
		},
		func(i int64) ingest.Sample {
			return ingest.Sample{Time: i, Kind: ingest.KindBool, Number: float64(i / 100 % 2)}
		},
		func(i int64) ingest.Sample {
			return ingest.Sample{Time: i, Kind: ingest.KindString, Text: []string{"on", "off", "", "gone"}[random(4)]}
		},
		func(i int64) ingest.Sample {
			return ingest.Sample{Time: i, Kind: ingest.KindString, Text: fmt.Sprintf("sensor %d reports state %d of the cycle", i, random(50))}
		},
		func(i int64) ingest.Sample {
			b := make([]byte, random(4))
			for k := range b {
				b[k] = byte(random(256))
			}
			return ingest.Sample{Time: i, Kind: ingest.KindBytes, Text: string(b)}
		},
		func(i int64) ingest.Sample {
			return ingest.Sample{Time: i, Kind: ingest.KindNone, HasSum: true, Sum: float64(i)}
		},
	} {
		var r Rows
		for k := range int64(BlockRows + 100) {
			r.Append(make(k))
		}
		r.SortStable()
		names, all = append(names, ingest.Series{Channel: "c", Name: fmt.Sprintf("%02d", i)}), append(all, r)
	}
	return names, all
}

// TestFormsStayReadable: testdata/v2-forms.seg has columns of every form; it is never to change, whatever a later writer writes. -update rewrites it, before the version's first
// release.
func TestFormsStayReadable(t *testing.T) {
	const file = "testdata/v2-forms.seg"
	names, all := formSeries()
	var written bytes.Buffer
	w := NewWriter(&written)
	for i := range names {
		if err := w.Add(names[i], all[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, written.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	now, err := readBytes("written now", written.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Reader{openFile(t, file), now} {
		defer r.Release()
		if err := r.Verify(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		for i := range names {
			row, want := 0, samplesOf(all[i])
			err := Merge(context.Background(), []Run{r.Run(i)}, math.MinInt64, math.MaxInt64, KeepAll, func(rows Rows) error {
				for _, s := range samplesOf(rows) {
					if s != want[row] {
						return fmt.Errorf("row %d is %+v, want %+v", row, s, want[row])
					}
					row++
				}
				return nil
			})
			if err == nil && row != len(want) {
				err = errors.New("rows are missing")
			}
			if err != nil {
				t.Errorf("%s, series %d: %v", r.Path(), i, err)
			}
		}
	}
	// The file has them all.
	r := openFile(t, file)
	defer r.Release()
	n, err := r.Inspect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var forms []string
	for _, p := range n.Parts {
		forms = append(forms, p.Name+" "+p.Encoding)
	}
	for _, want := range []string{"time line", "time packed", "value alp", "sum rd", "value raw", "value bits", "value dictionary", "received beside", "text dictionary", "text zstd", "text raw", "received raw", "received constant"} {
		if !strings.Contains(strings.Join(forms, "\n"), want) {
			t.Errorf("%s: no %s among %q", r.Path(), want, forms)
		}
	}
}
