package parquet

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Each function has a reader here that follows Parquet's text a bit or a value at a time.

func bit(b []byte, i int) uint64 { return uint64(b[i/8] >> (i % 8) & 1) }

func unpack(b []byte, n, width int) []uint64 {
	values := make([]uint64, n)
	for i := range values {
		for k := range width {
			values[i] |= bit(b, i*width+k) << k
		}
	}
	return values
}

func TestPacked(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		width := rapid.IntRange(0, 64).Draw(r, "width")
		most := uint64(math.MaxUint64)
		if width < 64 {
			most = 1<<width - 1
		}
		values := rapid.SliceOf(rapid.Uint64Range(0, most)).Draw(r, "values")
		b := appendPacked([]byte("x"), values, width)
		if want := 1 + (len(values)*width+7)/8; len(b) != want {
			r.Fatalf("%d bytes, want %d", len(b), want)
		}
		if got := unpack(b[1:], len(values), width); !slices.Equal(got, values) {
			r.Fatalf("%v came back as %v", values, got)
		}
	})
}

// readHybrid reads as many values as there are, the last run's filling included.
func readHybrid(r *rapid.T, b []byte, width int) (values []uint32) {
	for len(b) > 0 {
		head, n := binary.Uvarint(b)
		b = b[n:]
		if head&1 == 1 {
			eights := int(head >> 1)
			for _, v := range unpack(b[:eights*width], eights*8, width) {
				values = append(values, uint32(v))
			}
			b = b[eights*width:]
			continue
		}
		v := uint32(0)
		for i := range (width + 7) / 8 {
			v |= uint32(b[i]) << (8 * i)
		}
		b = b[(width+7)/8:]
		if head == 0 {
			r.Fatal("a run of nothing")
		}
		for range head >> 1 {
			values = append(values, v)
		}
	}
	return values
}

func TestHybrid(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		width := rapid.IntRange(1, 20).Draw(r, "width")
		var values []uint32
		for range rapid.IntRange(0, 10).Draw(r, "runs") {
			v := rapid.Uint32Range(0, 1<<width-1).Draw(r, "value")
			for range rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(1, 100)).Draw(r, "length") {
				values = append(values, v)
			}
		}
		got := readHybrid(r, appendHybrid(nil, values, width), width)
		if len(got) < len(values) || len(got) >= len(values)+8 || !slices.Equal(got[:len(values)], values) {
			r.Fatalf("%v came back as %v", values, got)
		}
	})
}

// A long run takes a few bytes.
func TestHybridRuns(t *testing.T) {
	values := slices.Repeat([]uint32{7}, 30_000)
	if b := appendHybrid(nil, values, 3); len(b) > 4 {
		t.Errorf("30,000 equal values take %d bytes", len(b))
	}
}

func readDeltas(r *rapid.T, b []byte) []int64 {
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[n:]
		return v
	}
	zigzag := func() int64 {
		v, n := binary.Varint(b)
		b = b[n:]
		return v
	}
	block, minis, count, first := int(next()), int(next()), int(next()), zigzag()
	if block%128 != 0 || block/minis%32 != 0 {
		r.Fatalf("a block of %d in %d parts", block, minis)
	}
	values := make([]int64, 0, count)
	if count > 0 {
		values = append(values, first)
	}
	for len(values) < count {
		smallest := zigzag()
		widths := b[:minis]
		b = b[minis:]
		for _, width := range widths {
			if len(values) == count {
				continue
			}
			per := block / minis
			for _, d := range unpack(b[:per*int(width)/8], per, int(width)) {
				if len(values) < count {
					first += smallest + int64(d)
					values = append(values, first)
				}
			}
			b = b[per*int(width)/8:]
		}
	}
	if len(b) > 0 {
		r.Fatalf("%d bytes too many", len(b))
	}
	return values
}

func TestDeltas(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(0, 400).Draw(r, "n")
		step := rapid.OneOf(rapid.Just(int64(1e9)), rapid.Int64()).Draw(r, "step")
		noise := rapid.OneOf(rapid.Int64Range(0, 40), rapid.Int64())
		values := make([]int64, n)
		at := rapid.Int64().Draw(r, "first")
		for i := range values {
			values[i] = at
			at += step + noise.Draw(r, "noise")
		}
		if got := readDeltas(r, appendDeltas(nil, values)); !slices.Equal(got, values) {
			r.Fatalf("%v came back as %v", values, got)
		}
	})
}

// Regular times take next to nothing.
func TestDeltasOfRegularTimesAreShort(t *testing.T) {
	values := make([]int64, 30_000)
	for i := range values {
		values[i] = int64(i) * 1e9
	}
	if b := appendDeltas(nil, values); len(b) > len(values)/8 {
		t.Errorf("%d times take %d bytes", len(values), len(b))
	}
}

func TestNumberDictionary(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		different := rapid.SliceOfN(rapid.Float64(), 1, 50).Draw(r, "different")
		different = append(different, 0, math.Copysign(0, -1))
		values := make([]float64, rapid.IntRange(0, 2000).Draw(r, "n"))
		for i := range values {
			values[i] = different[(i*i+i/3)%len(different)]
		}
		var d numberDictionary
		indices, entries := d.index(nil, values)
		if len(values) > 500 && len(entries) == 0 {
			r.Fatalf("%d of %d are different, and there is no dictionary", len(different), len(values))
		}
		if len(entries) == 0 {
			return
		}
		for i, v := range values {
			if got := entries[indices[i]]; math.Float64bits(got) != math.Float64bits(v) {
				r.Fatalf("value %d, %v, came back as %v", i, v, got)
			}
		}
		seen := map[uint64]bool{}
		for _, v := range entries {
			if seen[math.Float64bits(v)] {
				r.Fatalf("%v has two entries", v)
			}
			seen[math.Float64bits(v)] = true
		}
	})
}

// Numbers that are mostly different have no dictionary, wherever in the values that shows.
func TestNumberDictionaryGivesUp(t *testing.T) {
	values := make([]float64, groupRows)
	for what, different := range map[string]int{"all different": groupRows, "too many for the table": mostNumbers + 1} {
		for i := range values {
			values[i] = float64(i % different)
		}
		var d numberDictionary
		if indices, entries := d.index(nil, values); len(entries) > 0 || len(indices) > 0 {
			t.Errorf("%s: %d entries, %d indices", what, len(entries), len(indices))
		}
	}
}
