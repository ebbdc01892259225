package decimation

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
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
				left, err := part.Decode(append(slices.Clone(coded), "rest"...))
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

// TestMomentsEncodedSize is the promise that a summary of sensor data is small.
func TestMomentsEncodedSize(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 1000)
	for i := range values {
		values[i] = shapes["sensor"](r)
	}
	if n := len(momentsOf(values).Append(nil)); n > 64 {
		t.Errorf("the summary of a thousand values takes %d bytes", n)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := momentsOf([]float64{1, 2, 3.5}).Append(nil)
	for name, change := range map[string]func(b []byte) []byte{
		"nothing":                   func([]byte) []byte { return nil },
		"a cut":                     func(b []byte) []byte { return b[:len(b)-1] },
		"a long count":              func(b []byte) []byte { return append([]byte{0x83, 0}, b[1:]...) },
		"an infinite extreme":       func(b []byte) []byte { b[8] = 0x7f; b[7] = 0xf0; return b },
		"extremes in disorder":      func(b []byte) []byte { copy(b[1:9], b[9:17]); copy(b[9:17], good[1:9]); return b },
		"a sum beyond the extremes": func(b []byte) []byte { return decodable(2, 1, 1, 1, 1, 4, 8) },
		"one value of two":          func(b []byte) []byte { return decodable(1, 0, 1, 0, 1, 1, 1) },
		"another count":             func(b []byte) []byte { b[0] = 1; return b },
		"a negative sum of squares": func(b []byte) []byte { b[len(b)-2] |= 1; return b },
		"squares beside the sum":    func(b []byte) []byte { b[len(b)-1] = 1; return b },
	} {
		var m Moments
		if _, err := m.Decode(change(slices.Clone(good))); err == nil {
			t.Errorf("%s was taken", name)
		}
		if m.Count() != 0 {
			t.Errorf("%s left %d values", name, m.Count())
		}
	}
}

// FuzzDecode sees that what is decoded is encoded as the same bytes, has results, and merges.
func FuzzDecode(f *testing.F) {
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
		rest, err := m.Decode(b)
		if err != nil {
			return
		}
		if got := m.Append(nil); !bytes.Equal(got, b[:len(b)-len(rest)]) {
			t.Fatalf("%x is encoded as %x", b[:len(b)-len(rest)], got)
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

// decodable is the form of a summary with sums that its values can't have: small powers of two.
func decodable(count uint64, low, high, first, last float64, sum, squares int) []byte {
	b := binary.AppendUvarint(nil, count)
	for _, v := range []float64{low, high, first, last} {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	b = appendInteger(b, false, big.NewInt(int64(sum)), 0)
	return appendInteger(b, false, big.NewInt(int64(squares)), 0)
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
			if _, err := m.Decode(many.Append(nil)); err != nil {
				t.Fatal(err)
			}
			m.Merge(momentsOf([]float64{1e-300}))
			if mean, _, err := m.Result(Avg); err != nil || math.Abs(mean) > math.MaxFloat64 || math.Signbit(mean) != math.Signbit(v) {
				t.Fatalf("the mean of %d times %g and one 1e-300 is %v, %v", many.Count(), v, mean, err)
			}
		}
	}
}
