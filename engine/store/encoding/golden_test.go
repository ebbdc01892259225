package encoding

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// sample is a column of one form.
type sample struct {
	name   string
	n      int
	column []byte
	check  func(b []byte) error // that b decodes to what column was made of
}

func sampleOfInts(name string, v ...int64) sample {
	return sample{name, len(v), AppendInts(nil, v), func(b []byte) error {
		got := make([]int64, len(v))
		err := Ints(got, b)
		return differ(err, slices.Equal(got, v), got)
	}}
}

func sampleOfFloats(name string, v ...float64) sample {
	return sample{name, len(v), AppendFloats(nil, v), func(b []byte) error {
		got := make([]float64, len(v))
		err := Floats(got, b)
		return differ(err, slices.Equal(floatBits(got), floatBits(v)), got)
	}}
}

func sampleOfTexts(name string, texts ...string) sample {
	offsets := []int32{0}
	for _, s := range texts {
		offsets = append(offsets, offsets[len(offsets)-1]+int32(len(s)))
	}
	text := []byte(strings.Join(texts, ""))
	return sample{name, len(texts), AppendTexts(nil, offsets, text), func(b []byte) error {
		got := make([]int32, len(offsets))
		gotText, err := Texts(got, nil, b, len(text))
		return differ(err, slices.Equal(got, offsets) && bytes.Equal(gotText, text), string(gotText))
	}}
}

func differ(err error, equal bool, got any) error {
	if err == nil && !equal {
		err = fmt.Errorf("decodes to %v", got)
	}
	return err
}

// series are n values that f gives.
func series[T any](n int, f func(i int) T) []T {
	v := make([]T, n)
	for i := range v {
		v[i] = f(i)
	}
	return v
}

// samples are columns of all forms.
func samples() []sample {
	var d dice
	level, rate, at := int64(0), int64(0), int64(0)
	beside := series(12, func(i int) int64 { return start + int64(i*i*i)*second })
	late := series(12, func(i int) int64 { return beside[i] + 5_000_000 })
	return []sample{
		sampleOfInts("integers raw", math.MinInt64, 0x0123456789abcdef, -1, math.MaxInt64),
		sampleOfInts("integers constant", 7, 7, 7, 7),
		sampleOfInts("integers line", start, start+second, start+2*second),
		sampleOfInts("integers packed", series(20, func(i int) int64 { return start + int64(i)*second + d.to(41)*1e6 })...),
		sampleOfInts("integers packed, exceptions", series(64, func(i int) int64 { return int64(i%4) + int64(i/40*i/50)*1_000_000 })...),
		sampleOfInts("integers packed, fraction", series(60, func(i int) int64 { return start + int64(i)*second/60 })...),
		sampleOfInts("integers delta", series(24, func(i int) int64 { level += 990 + d.to(21) + int64(i/12*i%12)*100; return level })...),
		sampleOfInts("integers delta2", series(40, func(i int) int64 { rate += d.to(16) + 1; at += rate; return at })...),
		{"integers beside", 12, AppendIntsBeside(nil, late, beside), func(b []byte) error {
			got := make([]int64, 12)
			err := IntsBeside(got, b, beside)
			return differ(err, slices.Equal(got, late), got)
		}},
		sampleOfFloats("numbers raw", math.NaN(), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64),
		sampleOfFloats("numbers bits", series(16, func(i int) float64 { return float64(float32(math.Sqrt(float64(i + 2)))) })...),
		sampleOfFloats("numbers alp", series(16, func(i int) float64 { return float64(2150+d.to(300)) / 100 })...),
		sampleOfFloats("numbers alp, constant", 0.1, 0.1, 0.1),
		sampleOfFloats("numbers alp, exceptions", 0.25, math.NaN(), 1.75, math.Copysign(0, -1), 3.5, 0.5, 0.75, 1.25),
		sampleOfFloats("numbers rd", series(40, func(i int) float64 { return 20 + d.unit() })...),
		sampleOfFloats("numbers rd, exceptions", append(series(60, func(i int) float64 { return 20 + d.unit() }), 1e300, -1e-300)...),
		sampleOfTexts("texts raw", "on", "", "off", "größer"),
		sampleOfTexts("texts zstd", strings.Repeat("valve 7 opened; ", 9), "pump started", strings.Repeat("valve 7 closed; ", 9)),
		sampleOfTexts("texts dictionary", series(30, func(i int) string { return []string{"idle", "running", "fault"}[d.to(3)] })...),
		sampleOfTexts("texts dictionary and zstd", series(30, func(i int) string { return strings.Repeat("state ", 20) + fmt.Sprint(d.to(4)) })...),
	}
}

// TestGolden holds columns of all forms against their bytes in testdata, so that none changes unseen: what was written stays readable.
func TestGolden(t *testing.T) {
	const file = "testdata/forms.txt"
	var out bytes.Buffer
	for _, s := range samples() {
		fmt.Fprintf(&out, "%s: %s, %d values, %d bytes\n%s\n", s.name, Form(s.column), s.n, len(s.column), hex.Dump(s.column))
	}
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("columns are\n%s\nwant those of %s", out.String(), file)
	}
	onBoth(func(loops string) {
		for _, s := range samples() {
			if err := s.check(s.column); err != nil {
				t.Errorf("%s, %s: %v", s.name, loops, err)
			}
		}
	})
}
