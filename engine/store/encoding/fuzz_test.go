package encoding

import (
	"math"
	"slices"
	"testing"
)

// FuzzInts decodes any bytes: values or an error, the same from both loops, and a search agrees with the values.
func FuzzInts(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.column, s.n, int64(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, n int, at int64) {
		n = max(0, min(n, Most))
		var first []int64
		var fault error
		onBoth(func(loops string) {
			v := make([]int64, n)
			err := Ints(v, b)
			if err != nil {
				v = nil
			}
			if first == nil && fault == nil {
				first, fault = v, err
			}
			if !slices.Equal(v, first) || (err == nil) != (fault == nil) {
				t.Fatalf("%s: %v (%v), before %v (%v)", loops, v, err, first, fault)
			}
		})
		IntsBeside(make([]int64, n), b, make([]int64, n))
		line, ok, err := LineOf(b, n)
		if ok && (err == nil) != (fault == nil) {
			t.Fatalf("%s: a line of it is %v, decoding %v", Form(b), err, fault)
		}
		if ok = ok && err == nil; ok {
			for i, want := range first {
				if got := line.At(i); got != want {
					t.Fatalf("%s: value %d of %v is %d", Form(b), i, first, got)
				}
			}
			if i := line.Search(at); i < 0 || i > n {
				t.Fatalf("a search in %d values finds place %d", n, i)
			}
		}
		if fault == nil && slices.IsSorted(first) {
			if want, _ := slices.BinarySearch(first, at); ok && line.Search(at) != want {
				t.Fatalf("%s: a search for %d in %v finds %d, not %d", Form(b), at, first, line.Search(at), want)
			}
			if got := make([]int64, n); n > 0 {
				if err := Ints(got, AppendInts(nil, first)); err != nil || !slices.Equal(got, first) {
					t.Fatalf("%v became %v: %v", first, got, err)
				}
			}
		}
	})
}

// FuzzFloats does the same with numbers.
func FuzzFloats(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.column, s.n)
	}
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		n = max(0, min(n, Most))
		onBoth(func(loops string) {
			v := make([]float64, n)
			if Floats(v, b) != nil {
				return
			}
			got := make([]float64, n)
			if err := Floats(got, AppendFloats(nil, v)); err != nil || !slices.Equal(floatBits(got), floatBits(v)) {
				t.Fatalf("%s: %x became %x: %v", loops, floatBits(v), floatBits(got), err)
			}
		})
	})
}

// FuzzTexts decodes any bytes into no more text than is allowed.
func FuzzTexts(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.column, s.n, 1000)
	}
	f.Fuzz(func(t *testing.T, b []byte, n, most int) {
		n, most = max(0, min(n, Most)), max(0, min(most, 1<<16))
		offsets := make([]int32, n+1)
		text, err := Texts(offsets, nil, b, most)
		if err != nil {
			return
		}
		if len(text) > most || cap(text) > max(2*most, 64) || int(offsets[n]) != len(text) || offsets[0] != 0 || !slices.IsSorted(offsets) {
			t.Fatalf("%d bytes of text where %d may be, offsets %v", len(text), most, offsets)
		}
		again := make([]int32, n+1)
		got, err := Texts(again, nil, AppendTexts(nil, offsets, text), math.MaxInt)
		if err != nil || !slices.Equal(again, offsets) || !slices.Equal(got, text) {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
	})
}
