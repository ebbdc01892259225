package encoding

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// onBoth calls f with the vector loops, where there are any, and without.
func onBoth(f func(loops string)) {
	defer func(was bool) { vector = was }(vector)
	if vector {
		f("vector")
	}
	vector = false
	f("plain")
}

// random draws n words.
func random(t *rapid.T, n int) []uint64 {
	d := dice(rapid.Uint64().Draw(t, "seed"))
	v := make([]uint64, n)
	for i := range v {
		v[i] = d.roll()
	}
	return v
}

// bitByBit is residual i of those packed in b.
func bitByBit(b []byte, i, width int) (r uint64) {
	for k := range width {
		bit := i*width + k
		r |= uint64(b[bit/8]>>(bit%8)&1) << k
	}
	return r
}

func TestUnpack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.UintRange(0, 64).Draw(t, "width")
		n := rapid.OneOf(rapid.IntRange(1, 100), rapid.IntRange(1, Most)).Draw(t, "n")
		base := rapid.Uint64().Draw(t, "base")
		step := rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()).Draw(t, "step")
		unit := rapid.OneOf(rapid.Just(uint64(1)), rapid.Uint64Range(0, 1<<32), rapid.Uint64()).Draw(t, "unit")
		residuals := random(t, n)
		b := appendPacked(nil, residuals, width)
		if len(b) != packedSize(n, width) {
			t.Fatalf("%d residuals of %d bits take %d bytes", n, width, len(b))
		}
		want := make([]uint64, n)
		for i := range want {
			r := bitByBit(b, i, int(width))
			if r != residuals[i]&maskOf(width) || r != residualAt(b, i, width) {
				t.Fatalf("width %d: residual %d is %#x, read bit by bit %#x, at once %#x", width, i, residuals[i]&maskOf(width), r, residualAt(b, i, width))
			}
			want[i] = base + uint64(i)*step + unit*r
		}
		onBoth(func(loops string) {
			got := make([]uint64, n+8)
			unpack(got[:n], b, width, base, step, unit)
			if !slices.Equal(got[:n], want) {
				t.Fatalf("%s, width %d: %v, want %v", loops, width, got[:n], want)
			}
			if slices.Max(got[n:]) != 0 {
				t.Fatalf("%s, width %d: written behind the end", loops, width)
			}
		})
	})
}

func TestPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 100).Draw(t, "n")
		v, w, start := random(t, n), random(t, n), rapid.Uint64().Draw(t, "start")
		p := decimal{rapid.IntRange(0, mostExponent).Draw(t, "exponent"), rapid.IntRange(0, mostExponent).Draw(t, "factor")}
		shift := rapid.IntRange(0, 63).Draw(t, "shift")
		whole := make([]uint64, n)
		sums, both, numbers := slices.Clone(v), slices.Clone(v), make([]float64, n)
		total := start
		for i := range v {
			total += v[i]
			sums[i] = total
			both[i] += w[i]
			whole[i] = uint64(int64(v[i]) % roundest >> shift)
			numbers[i] = float64(int64(whole[i])) * tens[p.factor] * tenths[p.exponent]
		}
		onBoth(func(loops string) {
			got := slices.Clone(v)
			if sum(got, start); !slices.Equal(got, sums) {
				t.Errorf("%s: sums %v, want %v", loops, got, sums)
			}
			got = slices.Clone(v)
			if add(got, w); !slices.Equal(got, both) {
				t.Errorf("%s: added %v, want %v", loops, got, both)
			}
			decimals := make([]float64, n)
			copy(floatBits(decimals), whole)
			if p.decimals(decimals); !slices.Equal(floatBits(decimals), floatBits(numbers)) {
				t.Errorf("%s: numbers %v, want %v", loops, decimals, numbers)
			}
		})
	})
}

// TestRounder holds that what is not an integer of 52 bits, which only damaged columns have, becomes the same number in both loops.
func TestRounder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := random(t, 16)
		var first []float64
		onBoth(func(loops string) {
			got := make([]float64, len(v))
			copy(floatBits(got), v)
			decimal{14, 12}.decimals(got)
			for i := range got {
				if math.IsNaN(got[i]) {
					got[i] = 0 // which NaN is nobody's promise
				}
			}
			if first == nil {
				first = got
			}
			if !slices.Equal(got, first) {
				t.Errorf("%s: %v, want %v", loops, got, first)
			}
		})
	})
}
