package decimation

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestPartsAreExact fills stretches to the bounds that Exponents.size allows: as many values as it says, as large, as small and as full of bits as
// their exponents let them be, of one sign or of both. The parts of sums and squares, plain and in vectors, must add up to the truth.
func TestPartsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		squares := rapid.Bool().Draw(t, "squares")
		low := rapid.OneOf(rapid.IntRange(-1074, 971), rapid.IntRange(-540, -530), rapid.IntRange(-1074, -1070), rapid.IntRange(430, 460),
			rapid.IntRange(940, 971), rapid.IntRange(-60, 10)).Draw(t, "low")
		e := Exponents{int16(low), int16(min(971, low+rapid.IntRange(0, 45).Draw(t, "spread")))}
		size, ok := e.size(squares)
		if !ok {
			t.Skip("too far apart")
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		signs := rapid.IntRange(1, 2).Draw(t, "signs")
		full := rapid.IntRange(1, 4).Draw(t, "how seldom all bits are set")
		values := make([]float64, rapid.OneOf(rapid.Just(1<<size), rapid.IntRange(1, 1<<size)).Draw(t, "n"))
		// The most that rounding can leave of a value is nearly half of what sums are multiples of.
		left := math.Ldexp(1, int(e.Low)+52) + (math.Ldexp(0.5, e.top()+size+2-52) - math.Ldexp(1, int(e.Low)))
		halves := e.span()+size <= 102 && int(e.Low)+52 < 1023 && rapid.Bool().Draw(t, "as much as can be is rounded off")
		for i := range values {
			values[i] = inside(r, e, full)
			if halves {
				values[i] = left
			}
			if r.IntN(signs) == 1 {
				values[i] = -values[i]
			}
		}
		sum, square := new(big.Float).SetPrec(5000), new(big.Float).SetPrec(5000)
		for _, v := range values {
			x := new(big.Float).SetPrec(200).SetFloat64(v)
			sum.Add(sum, x)
			square.Add(square, x.Mul(x, x))
		}
		for _, vectors := range []bool{false, true} {
			func() {
				defer func(v bool) { vector = v }(vector)
				vector = vector && vectors
				exact := func(what string, want *big.Float, parts ...float64) {
					got := new(big.Float).SetPrec(5000)
					for _, p := range parts {
						if math.IsNaN(p) || math.IsInf(p, 0) {
							t.Fatalf("the %s of %d values within %v, vectors %v, has the part %v", what, len(values), e, vector, p)
						}
						got.Add(got, new(big.Float).SetFloat64(p))
					}
					if got.Cmp(want) != 0 {
						t.Fatalf("the %s of %d values within %v, vectors %v, is %v, want %v", what, len(values), e, vector, got, want)
					}
				}
				if !squares {
					high, low := sumParts(values, start(e.top(), size))
					exact("sum", sum, high, low)
					return
				}
				p := squareParts(values, &starts{start(e.top(), size), start(2*e.top(), size), start(2*e.top()-54, size)}, true)
				exact("sum", sum, p.high, p.low)
				exact("sum of squares", square, p.squareHigh, p.squareLow, p.faultHigh, p.faultLow)
				low, high := extremesPlain(values, values[0], values[0])
				if p.min != low || p.max != high {
					t.Fatalf("extremes, vectors %v, are %v and %v, want %v and %v", vector, p.min, p.max, low, high)
				}
				if l, h := extremesOf(values, values[0], values[0]); l != low || h != high {
					t.Fatalf("extremes alone, vectors %v, are %v and %v, want %v and %v", vector, l, h, low, high)
				}
			}()
		}
	})
}

// inside draws a positive value within e; seldom 0, and one time in full with all bits set.
func inside(r *rand.Rand, e Exponents, full int) float64 {
	exponent := int(e.Low) + r.IntN(int(e.High)-int(e.Low)+1)
	switch r.IntN(4) {
	case 0:
		exponent = int(e.High)
	case 1:
		exponent = int(e.Low)
	}
	m := uint64(implicitBit | r.Uint64()&fractionMask)
	if exponent == lowestUnit && r.IntN(2) == 0 {
		m = r.Uint64() & fractionMask // a subnormal, or zero
	}
	if r.IntN(full) == 0 {
		m = implicitBit | fractionMask
	}
	return math.Ldexp(float64(m), exponent)
}

// TestExponentsOf compares the bounds with a look at each value.
func TestExponentsOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := drawValues(t, "shapes")
		want, finite := NoExponents, true
		for _, v := range values {
			if v != 0 {
				_, exponent := math.Frexp(v)
				e := int16(max(exponent-53, lowestUnit))
				want = want.With(Exponents{e, e})
			}
		}
		if rapid.IntRange(0, 4).Draw(t, "what is not finite") == 0 {
			values, finite = append(values, rapid.SampledFrom([]float64{math.Inf(1), math.Inf(-1), math.NaN()}).Draw(t, "it")), false
		}
		for _, vectors := range []bool{false, true} {
			func() {
				defer func(v bool) { vector = v }(vector)
				vector = vector && vectors
				if got, ok := ExponentsOf(values); ok != finite || ok && got != want {
					t.Fatalf("the exponents of %v, vectors %v, are %v, %v, want %v, %v", values, vector, got, ok, want, finite)
				}
			}()
		}
	})
}

// FuzzMoments reads values from bytes, adds them in two parts, and compares all functions with rational arithmetic.
func FuzzMoments(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, shape := range shapes {
		var b []byte
		for range 40 {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(shape(r)))
		}
		f.Add(b, uint16(17))
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		var values []float64
		for ; len(b) >= 8 && len(values) < 5000; b = b[8:] {
			if v := math.Float64frombits(binary.LittleEndian.Uint64(b)); !math.IsNaN(v) && !math.IsInf(v, 0) {
				values = append(values, v)
			}
		}
		at := min(int(cut), len(values))
		m := momentsOf(values[at:])
		first := momentsOf(values[:at])
		first.Merge(m)
		check(t, first, values)
	})
}

func TestExponentOfEveryClass(t *testing.T) {
	for _, c := range []struct {
		v float64
		e int16
	}{
		{1, -52}, {-1, -52}, {1.5, -52}, {2, -51}, {0.1, -56},
		{math.MaxFloat64, 971}, {math.SmallestNonzeroFloat64, -1074}, {0x1p-1022, -1074}, {0x1p-1021, -1073},
	} {
		if got, finite := ExponentsOf([]float64{c.v}); !finite || got != (Exponents{c.e, c.e}) {
			t.Errorf("the exponent of %g is %v, want %d", c.v, got, c.e)
		}
		if m := math.Abs(math.Ldexp(math.Ldexp(c.v, -int(c.e)/2), -int(c.e)+int(c.e)/2)); m != math.Trunc(m) || m >= 0x1p53 {
			t.Errorf("%g is not an integer below 2^53 times 2^%d", c.v, c.e)
		}
	}
}
