package bench

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"testing"
)

// TestDatasetsAreTheSameEverywhere holds the first samples of every data set against a checksum: figures of two machines, or of two versions, are about the same
// samples. One that changes on purpose needs another generation.
func TestDatasetsAreTheSameEverywhere(t *testing.T) {
	want := map[string]uint32{DataWalk: 0xc65a4610, DataZero: 0xb240aa96, DataTetouan: 0x971a8208, DataConstant: 0x12f3954e}
	for _, data := range DataKinds {
		signals, err := Dataset{Data: data, Series: 10, Samples: 1000}.Signals()
		if err != nil {
			t.Fatal(err)
		}
		sum := crc32.NewIEEE()
		for _, s := range signals {
			fmt.Fprintf(sum, "%s %s\n", s.Series.Name, s.Series.Unit)
			for range 1000 {
				at, v := s.Next()
				sum.Write(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(at)), math.Float64bits(v)))
			}
		}
		if got := sum.Sum32(); got != want[data] {
			t.Errorf("%s: checksum %#08x, want %#08x", data, got, want[data])
		}
	}
}

// TestDatasetsAreWhatTheySay: times ascend and stay near their grid, values have two decimals and stay in their range.
func TestDatasetsAreWhatTheySay(t *testing.T) {
	for _, c := range []struct {
		data      string
		low, high float64
	}{{DataWalk, 10, 30}, {DataZero, -20, 20}, {DataConstant, 0.1, 0.1}} {
		signals, err := Dataset{Data: c.data, Series: 3, Samples: 20_000}.Signals()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range signals {
			for i := range 20_000 {
				at, v := s.Next()
				if late := at - Start.UnixNano() - int64(i)*1e9; late < 0 || late > 40e6 || late%1e6 != 0 {
					t.Fatalf("%s: sample %d is %d ns past its second", c.data, i, late)
				}
				if v < c.low || v > c.high || math.Round(v*100)/100 != v {
					t.Fatalf("%s: sample %d is %v", c.data, i, v)
				}
			}
		}
	}
}

// TestZeroIsWide: nearly every quarter of an hour holds more binary exponents than the 63 bits of an integer have room for beside a mantissa of 53.
func TestZeroIsWide(t *testing.T) {
	const buckets, samples = 200, 900
	z := &zeroWalk{dice: newDice(1)}
	wide := 0
	for range buckets {
		least, most := math.MaxInt, math.MinInt
		for range samples {
			if v := z.Next(); v != 0 {
				_, e := math.Frexp(v)
				least, most = min(least, e), max(most, e)
			}
		}
		if most-least > 63-53 {
			wide++
		}
	}
	if wide < buckets*9/10 {
		t.Errorf("%d of %d buckets are wide", wide, buckets)
	}
}

func TestDatasetValidate(t *testing.T) {
	for _, c := range []struct {
		d    Dataset
		want string // "" is none
	}{
		{Dataset{DataWalk, 1, 1}, ""},
		{Dataset{DataTetouan, 8, 6_250_000}, ""},
		{Dataset{"wlak", 1, 1}, `data set "wlak": allowed are walk, zero, tetouan, constant`},
		{Dataset{DataWalk, 0, 1}, "0 series: allowed is 1 to 100000"},
		{Dataset{DataWalk, 5, 0}, "take more points or fewer series"},
		{Dataset{DataTetouan, 1, 50_000_000}, "take fewer points or more series"},
	} {
		err := c.d.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.d, err, c.want)
		}
	}
}
