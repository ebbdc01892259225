package decimation

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestMomentsEncode cuts values at random, merges the parts in order, by way of their encoded form or not, and finds the same bytes as of the whole.
func TestMomentsEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := drawValues(t, "shapes")
		want := momentsOf(values).Append(nil)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 5))
		merged := new(Moments)
		part := momentsOf(drawValues(t, "before")) // what was in it leaves no trace
		for rest := values; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			part.Reset()
			part.Add(rest[:n])
			rest = rest[n:]
			if r.IntN(2) == 0 {
				coded := part.Append(nil)
				part.Reset()
				left, err := part.MergeEncoded(append(slices.Clone(coded), "rest"...))
				if err != nil || string(left) != "rest" || !bytes.Equal(part.Append(nil), coded) {
					t.Fatalf("%x is decoded with %q left, %v, and encoded as %x", coded, left, err, part.Append(nil))
				}
			}
			merged.Merge(part)
		}
		if got := merged.Append(nil); !bytes.Equal(got, want) {
			t.Fatalf("merged, %d values are\n%x, at once\n%x", len(values), got, want)
		}
		check(t, merged, values)

		// In another order only first and last differ.
		shuffled := slices.Clone(values)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		other := momentsOf(shuffled)
		other.first, other.last = merged.first, merged.last
		if got := other.Append(nil); !bytes.Equal(got, want) {
			t.Fatalf("in another order, %d values are\n%x, want\n%x", len(values), got, want)
		}
	})
}

// TestMergeEncoded merges parts by their encoded form alone, and finds what Merge finds.
func TestMergeEncoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := drawValues(t, "shapes")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 5))
		var coded []byte
		for rest := values; len(rest) > 0; {
			n := r.IntN(len(rest) + 1)
			coded = momentsOf(rest[:n]).Append(coded)
			rest = rest[n:]
		}
		merged := momentsOf(drawValues(t, "before"))
		merged.Reset()
		for len(coded) > 0 {
			var err error
			if coded, err = merged.MergeEncoded(coded); err != nil {
				t.Fatal(err)
			}
		}
		check(t, merged, values)
		if got, want := merged.Append(nil), momentsOf(values).Append(nil); !bytes.Equal(got, want) {
			t.Fatalf("merged, %d values are\n%x, at once\n%x", len(values), got, want)
		}
	})
}

// TestMomentsEncodedSize is the promise that a summary of sensor data is small.
func TestMomentsEncodedSize(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 1024)
	for i := range values {
		values[i] = shapes["sensor"](r)
	}
	if n := len(momentsOf(values).Append(nil)); n > 40 {
		t.Errorf("the summary of 1,024 values takes %d bytes", n)
	}
}

// TestMomentsEncodedBytes is the form byte for byte: what was written once must be read for ever.
func TestMomentsEncodedBytes(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{nil, "00"},
		{[]float64{0, math.Copysign(0, -1)}, "02 00 00 00 00 00 00 00 00"},
		{[]float64{1, 2, 3}, "03 00 02 02 00 02 00 02 06 01 0e"},          // 6 = 6 × 2^0, 14 = e × 2^0
		{[]float64{-8}, "01 00 0f 00 00 00 06 03 01 01 01"},               // −1 × 2^3, 1 × 2^6
		{[]float64{2.5, -0.25}, "02 02 31 93 02 93 02 00 03 02 09 01 65"}, // −25, then 275 more: 2.5 and −0.25 in hundredths; 9 × 2^-2, 101 × 2^-4
		{[]float64{0x1p100, 1}, "02 ff 000000000000f03f 0000000000003046 0000000000003046 000000000000f03f" +
			"00 1a 01000000000000000000000010 1a 0100000000000000000000000000000000000000000000000001"},
		{[]float64{math.NaN()}, "01 fe"},
	} {
		got := fmt.Sprintf("%x", momentsOf(c.values).Append(nil))
		if want := strings.ReplaceAll(c.want, " ", ""); got != want {
			t.Errorf("%v is %s, want %s", c.values, got, want)
		}
	}
}

func TestMergeEncodedRefuses(t *testing.T) {
	good := momentsOf([]float64{1, 2, 3}).Append(nil) // 03 | 00 02 02 00 02 | 00 | 02 06 | 01 0e
	floats := momentsOf([]float64{1e-20, 1e300}).Append(nil)
	low := binary.LittleEndian.AppendUint64(nil, math.Float64bits(4e299)) // the mean is 5e299
	set := func(b []byte, at int, to ...byte) []byte {
		b = slices.Clone(b)
		copy(b[at:], to)
		return b
	}
	for name, b := range map[string][]byte{
		"nothing":                        nil,
		"a long count":                   append([]byte{0x83, 0}, good[1:]...),
		"a count beyond int64":           append(binary.AppendUvarint(nil, 1<<63), good[1:]...),
		"no such form":                   set(good, 1, 16),
		"a first above the extremes":     set(good, 4, 3),
		"digits that float64 can't hold": append(binary.AppendUvarint([]byte{3, 0}, 2*mostDigits+2), good[3:]...),
		"several of one value":           set(good, 0, 1),
		"an infinite extreme":            set(floats, 16, 0xf0, 0x7f),
		"a NaN":                          set(floats, 24, 0xf8, 0x7f),
		"a negative zero":                set(floats, 2, 0, 0, 0, 0, 0, 0, 0, 0x80),
		"extremes in disorder":           append(append(slices.Clone(floats[:2]), floats[10:18]...), append(slices.Clone(floats[2:10]), floats[18:]...)...),
		"a unit below all float64s":      append(binary.AppendVarint(slices.Clone(good[:6]), lowestUnit-1), good[7:]...),
		"a sum below the extremes":       set(good, 8, 2),
		"a sum above the extremes":       set(good, 8, 10),
		"a negative sum":                 set(good, 7, 3),
		"a negative zero as sum":         append(append(slices.Clone(good[:7]), 1), good[9:]...),
		"a sum with a zero on top":       append(append(slices.Clone(good[:7]), 4, 6, 0), good[9:]...),
		"squares below the mean's":       set(good, 10, 11),
		"squares far above the extremes": set(good, 10, 0xff),
		"a sum without squares":          append(slices.Clone(good[:9]), 0),
		"zeros with a sum":               {2, 0, 0, 0, 0, 0, 0, 2, 1, 1, 1},
		"zeros with squares":             {1, 0, 0, 0, 0, 0, 1, 0, 1, 1}, // and a unit of -1
		"a wide sum above the extremes":  set(set(floats, 10, low...), 26, low...),
		"wide squares below the mean's":  set(floats, len(floats)-1, 1),
	} {
		m := momentsOf([]float64{5})
		if _, err := m.MergeEncoded(b); err == nil {
			t.Errorf("%s was taken", name)
		}
		if check(t, m, []float64{5}); t.Failed() {
			t.Fatalf("%s left something", name)
		}
	}
	for _, whole := range [][]byte{good, floats} {
		for n := range whole {
			if _, err := new(Moments).MergeEncoded(whole[:n]); err == nil {
				t.Errorf("%d of %d bytes were taken", n, len(whole))
			}
		}
	}
	many := momentsOf([]float64{1})
	for many.Count() < math.MaxInt64/2 {
		var twice Moments
		twice.Merge(many)
		many.Merge(&twice)
	}
	if _, err := many.MergeEncoded(many.Append(nil)); err == nil {
		t.Error("more values than int64 counts were taken")
	}
}

// FuzzMergeEncoded sees that what is taken has results, merges, and is encoded in a form that is taken and stays.
func FuzzMergeEncoded(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		values := make([]float64, 20)
		for i := range values {
			values[i] = shapes[name](r)
		}
		f.Add(momentsOf(values).Append(nil))
	}
	many := momentsOf([]float64{-math.MaxFloat64})
	for range 50 {
		other := momentsOf(nil)
		other.Merge(many)
		many.Merge(other)
	}
	f.Add(many.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m Moments
		rest, err := m.MergeEncoded(b)
		if err != nil {
			return
		}
		coded := m.Append(nil)
		if len(coded) > len(b)-len(rest) {
			t.Fatalf("%x is encoded as %x", b[:len(b)-len(rest)], coded)
		}
		var again Moments
		if _, err := again.MergeEncoded(coded); err != nil || !bytes.Equal(again.Append(nil), coded) {
			t.Fatalf("%x is taken as %x, %v", coded, again.Append(nil), err)
		}
		for f := range functionNames {
			if v, _, err := m.Result(Function(f)); err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
				t.Fatalf("%s is %v", Function(f), v)
			}
		}
		if m.Count() > math.MaxInt64/4 {
			return
		}
		m.Merge(&m)
		for _, values := range [][]float64{{1e-300}, {1e300}, {1e-300, 1e300, -1}} { // too far from most, so that sums move to the other accumulator
			o := momentsOf(values)
			o.Merge(&m)
			m.Merge(momentsOf(values))
			for f := range functionNames {
				for _, m := range []*Moments{&m, o} {
					if v, _, err := m.Result(Function(f)); err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
						t.Fatalf("%s is %v", Function(f), v)
					}
				}
			}
		}
	})
}

// TestSumsBeyondFloat64Spill: the sum of very many of the largest values, of either sign, moves to the wide accumulator.
func TestSumsBeyondFloat64Spill(t *testing.T) {
	for _, v := range []float64{math.MaxFloat64, -math.MaxFloat64} {
		many := momentsOf([]float64{v})
		for range 61 {
			var other Moments
			other.Merge(many)
			many.Merge(&other)
			var m Moments
			if _, err := m.MergeEncoded(many.Append(nil)); err != nil {
				t.Fatal(err)
			}
			m.Merge(momentsOf([]float64{1e-300}))
			if mean, _, err := m.Result(Avg); err != nil || math.Abs(mean) > math.MaxFloat64 || math.Signbit(mean) != math.Signbit(v) {
				t.Fatalf("the mean of %d times %g and one 1e-300 is %v, %v", many.Count(), v, mean, err)
			}
		}
	}
}
