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

// samples are columns of all forms, named by them.
func samples() []sample {
	var d dice
	level, rate, at := int64(0), int64(0), int64(0)
	times := series(12, func(i int) int64 { return start + int64(i*i*i)*second })
	received := series(12, func(i int) int64 { return times[i] + 5_000_000 })
	return []sample{
		sampleOfInts("raw", math.MinInt64, 0x0123456789abcdef, -1, math.MaxInt64),
		sampleOfInts("constant", 7, 7, 7, 7),
		sampleOfInts("line", start, start+second, start+2*second),
		sampleOfInts("packed, to the millisecond", series(20, func(i int) int64 { return start + int64(i)*second + d.to(41)*1e6 })...),
		sampleOfInts("packed, with a fraction", series(60, func(i int) int64 { return start + int64(i)*second/60 })...),
		sampleOfInts("packed, with exceptions", series(64, func(i int) int64 { return d.to(16) + int64(i%40/39)*1_000_000 - int64(i%50/49)*1_000_000 })...),
		sampleOfInts("delta", series(100, func(i int) int64 { level += d.to(9) - 4; return level })...),
		sampleOfInts("delta, with exceptions", series(60, func(i int) int64 { level += d.to(9) - 4 + int64(i%50/49)*100_000; return level })...),
		sampleOfInts("delta2", series(40, func(i int) int64 { rate += d.to(16) + 1; at += rate; return at })...),
		sampleOfInts("runs", series(64, func(i int) int64 { return int64(i/25*i/25) * 1000 })...),
		{"beside+constant", 12, AppendIntsBeside(nil, received, times), func(b []byte) error {
			got := make([]int64, 12)
			err := IntsBeside(got, b, times)
			return differ(err, slices.Equal(got, received), got)
		}},
		sampleOfFloats("raw", math.NaN(), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64),
		sampleOfFloats("bits+delta2", series(16, func(i int) float64 { return float64(float32(math.Sqrt(float64(i + 2)))) })...),
		sampleOfFloats("alp+packed", series(16, func(i int) float64 { return float64(2150+d.to(300)) / 100 })...),
		sampleOfFloats("alp+constant", 0.1, 0.1, 0.1),
		sampleOfFloats("alp+delta", series(40, func(i int) float64 { level += d.to(16) - 7; return float64(level) / 1000 })...),
		sampleOfFloats("alp+packed, with exceptions", 0.25, math.NaN(), 1.75, math.Copysign(0, -1), 3.5, 0.5, 0.75, 1.25),
		sampleOfFloats("rd", series(24, func(i int) float64 { return float64(1-2*d.to(2)) * (20 + d.unit()) })...),
		sampleOfFloats("rd, with exceptions", append(series(30, func(i int) float64 { return float64(1-2*d.to(2)) * (20 + d.unit()) }), 1e300)...),
		sampleOfFloats("dictionary", series(60, func(i int) float64 { return math.Sqrt(float64(2 + d.to(7))) })...),
		sampleOfTexts("raw", "on", "", "off", "größer"),
		sampleOfTexts("zstd", strings.Repeat("valve 7 opened; ", 9), "pump started", strings.Repeat("valve 7 closed; ", 9)),
		sampleOfTexts("dictionary", series(30, func(i int) string { return []string{"idle", "running", "fault"}[d.to(3)] })...),
		sampleOfTexts("dictionary+zstd", series(30, func(i int) string { return strings.Repeat("state ", 20) + fmt.Sprint(d.to(4)) })...),
	}
}

// TestGolden holds columns of all forms against their bytes in testdata, so that none changes unseen, and decodes what stands there: what was
// written once stays readable.
func TestGolden(t *testing.T) {
	const file = "testdata/forms.txt"
	var out bytes.Buffer
	for _, s := range samples() {
		if form, _, _ := strings.Cut(s.name, ","); form != Form(s.column) {
			t.Errorf("the sample of %s is %s", s.name, Form(s.column))
		}
		fmt.Fprintf(&out, "%s: %d values, %d bytes\n%s\n", s.name, s.n, len(s.column), hex.Dump(s.column))
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
	golden := strings.Split(strings.TrimSpace(string(want)), "\n\n")
	if len(golden) != len(samples()) {
		t.Fatalf("%s has %d columns, want %d", file, len(golden), len(samples()))
	}
	onBoth(func(loops string) {
		for i, s := range samples() {
			if err := s.check(undump(t, golden[i])); err != nil {
				t.Errorf("%s, %s: %v", s.name, loops, err)
			}
		}
	})
}

// undump are the bytes of a heading and a hex dump below.
func undump(t *testing.T, s string) (b []byte) {
	for _, line := range strings.Split(s, "\n")[1:] {
		digits, _, _ := strings.Cut(line[8:], "|")
		row, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, row...)
	}
	return b
}

// TestDecodeTakesNoMemory holds that a block is read into the buffers at hand.
func TestDecodeTakesNoMemory(t *testing.T) {
	var whole [Most]int64
	var numbers [Most]float64
	for _, s := range samples() {
		if allocs := testing.AllocsPerRun(10, func() {
			switch {
			case s.column[0] < formFloats:
				IntsBeside(whole[:s.n], s.column, whole[:s.n])
				LineOf(s.column, s.n)
			case s.column[0] < formTexts:
				Floats(numbers[:s.n], s.column)
			}
		}); allocs > 0 && s.column[0] != formBeside { // which is no column of its own: the error takes some
			t.Errorf("%s takes memory %v times", s.name, allocs)
		}
	}
}
