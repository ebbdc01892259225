package encoding

import (
	"bytes"
	"math"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"
)

// someInts draws integers as they come from devices, and as they don't.
func someInts(t *rapid.T) []int64 {
	n := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, Most), rapid.SampledFrom([]int{1, 2, 3, 7, 8, 9, 63, 64, 65, 1023, 1024})).Draw(t, "n")
	base := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 1.7e18})).Draw(t, "base")
	step := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000), rapid.SampledFrom([]int64{0, 1e6, 1e9, 16_666_667})).Draw(t, "step")
	unit := rapid.SampledFrom([]int64{1, 1, 7, 1000, 1e6, 1 << 40, math.MinInt64}).Draw(t, "unit")
	width := rapid.UintRange(0, 64).Draw(t, "width")
	rare := rapid.SampledFrom([]int{0, 0, 2, 100}).Draw(t, "exceptions of 1000")
	moves := rapid.IntRange(0, 3).Draw(t, "sums")
	d := dice(rapid.Uint64().Draw(t, "seed"))
	lasts := rapid.SampledFrom([]uint64{1, 1, 3, 50}).Draw(t, "values of a run")
	v := make([]int64, n)
	for i := range v {
		x := d.roll() & maskOf(width)
		if moves > 0 {
			x -= maskOf(width) / 2
		}
		if int(d.roll()%1000) < rare {
			x = d.roll() >> (d.roll() & 63)
		}
		if v[i] = int64(x); i > 0 && d.roll()%lasts != 0 {
			v[i] = v[i-1]
		}
	}
	for range moves {
		sum(words(v), 0)
	}
	for i := range v {
		v[i] = base + int64(i)*step + v[i]*unit
	}
	return v
}

func TestIntsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := someInts(t)
		b := AppendInts([]byte("before"), v)
		if string(b[:6]) != "before" {
			t.Fatal("what was in b is overwritten")
		}
		b = b[6:]
		if len(b) > 8*len(v)+1 {
			t.Fatalf("%d values took %d bytes", len(v), len(b))
		}
		got := make([]int64, len(v))
		if err := Ints(got, b); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, v) {
			t.Fatalf("%s: %v became %v", Form(b), v, got)
		}
		if err := Ints(got, append(b, 0)); err == nil {
			t.Fatal("a byte more is no error")
		}
		if err := Ints(got, b[:len(b)-1]); err == nil {
			t.Fatal("a byte less is no error")
		}

		slices.Sort(v)
		b = AppendInts(b[:0], v)
		line, ok, err := LineOf(b, len(v))
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if !ok {
				break
			}
			at := v[rapid.IntRange(0, len(v)-1).Draw(t, "at")] + rapid.SampledFrom([]int64{0, -1, 1, math.MinInt64}).Draw(t, "beside")
			if i, want := line.Search(at), sort.Search(len(v), func(i int) bool { return v[i] >= at }); i != want {
				t.Fatalf("%s of %v: %d is at %d, not at %d", Form(b), v, at, want, i)
			}
		}
	})
}

func TestIntsBesideRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := someInts(t)
		v := someInts(t)
		if n := min(len(v), len(base)); rapid.Bool().Draw(t, "close") {
			v = slices.Clone(base)
			for i := range v {
				v[i] += rapid.Int64Range(0, 3).Draw(t, "later") * 1_000_003
			}
		} else {
			v, base = v[:n], base[:n]
		}
		got := make([]int64, len(v))
		b := AppendIntsBeside([]byte("before"), v, base)
		if string(b[:6]) != "before" {
			t.Fatal("what was in b is overwritten")
		}
		b = b[6:]
		if err := IntsBeside(got, b, base); err != nil || !slices.Equal(got, v) {
			t.Fatalf("%s: %v became %v: %v", Form(b), v, got, err)
		}
		if alone := len(AppendInts(nil, v)); len(b) > max(alone, leastAlone) {
			t.Fatalf("%d bytes, alone %d", len(b), alone)
		}
	})
}

func someFloats(t *rapid.T) []float64 {
	whole := someInts(t)
	v := make([]float64, len(whole))
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	scale := math.Pow10(rapid.IntRange(0, 18).Draw(t, "digits"))
	for i, x := range whole {
		switch kind {
		case 0:
			v[i] = math.Float64frombits(uint64(x))
		case 1:
			v[i] = float64(x) / scale
		case 2:
			v[i] = float64(x%1_000_000) / scale
		case 3:
			v[i] = float64(float32(x) / 1000)
		case 4:
			v[i] = 20 + float64(x)/math.MaxInt64
		case 5: // a few
			v[i] = math.Float64frombits(uint64(whole[uint64(x)%uint64(min(len(whole), 12))]))
		case 6: // rarely anything
			if x%20 == 0 {
				v[i] = float64(x%1000) / scale
			}
		}
	}
	special := []float64{math.Copysign(0, -1), 0, math.Inf(1), math.Inf(-1), math.NaN(), math.Float64frombits(0x7ff0000000000001), math.Float64frombits(0xfff8000000000007),
		math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, math.MaxFloat64, 0.1, 1e300, roundest, -roundest, roundest - 1, 0.30000000000000004, 2.2517998136852478e11}
	for range rapid.SampledFrom([]int{0, 0, 1, 3, 2000}).Draw(t, "specials") {
		v[rapid.IntRange(0, len(v)-1).Draw(t, "at")] = rapid.SampledFrom(special).Draw(t, "special")
	}
	return v
}

func TestFloatsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := someFloats(t)
		b := AppendFloats(nil, v)
		if len(b) > 8*len(v)+1 {
			t.Fatalf("%d values took %d bytes", len(v), len(b))
		}
		got := make([]float64, len(v))
		if err := Floats(got, b); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(floatBits(got), floatBits(v)) {
			t.Fatalf("%s: %x became %x", Form(b), floatBits(v), floatBits(got))
		}
		if err := Floats(got, append(b, 0)); err == nil {
			t.Fatal("a byte more is no error")
		}
		if err := Floats(got, b[:len(b)-1]); err == nil {
			t.Fatal("a byte less is no error")
		}
	})
}

func TestTextsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.SliceOfN(rapid.String(), 1, 10).Draw(t, "words")
		texts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(few), rapid.String(), rapid.StringN(50, 60, 100)), 1, 300).Draw(t, "texts")
		offsets, text := []int32{3}, []byte("abc")
		for _, s := range texts {
			text = append(text, s...)
			offsets = append(offsets, int32(len(text)))
		}
		b := AppendTexts(nil, offsets, text)
		size := len(text) - 3
		gotOffsets := make([]int32, len(offsets))
		got, err := Texts(gotOffsets, nil, b, size)
		if err != nil {
			t.Fatal(err)
		}
		for i := range gotOffsets {
			gotOffsets[i] += 3
		}
		if !bytes.Equal(got, text[3:]) || !slices.Equal(offsets, gotOffsets) {
			t.Fatalf("%s: %q became %q", Form(b), text, got)
		}
		if size > 0 {
			if _, err := Texts(gotOffsets, nil, b, size-1); err == nil {
				t.Fatal("more bytes than allowed are no error")
			}
		}
	})
}
