package decimation

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

var allFunctions = []Function{Avg, Min, Max, Sum, Variance, Stddev}

// reference computes a statistic by rational arithmetic, rounded once. It is infinite beyond float64.
func reference(f Function, values []float64) (v float64, ok bool) {
	if len(values) == 0 || len(values) == 1 && f >= Variance {
		return 0, false
	}
	n := new(big.Rat).SetInt64(int64(len(values)))
	sum, squares := new(big.Rat), new(big.Rat)
	low, high := values[0], values[0]
	for _, x := range values {
		r := new(big.Rat).SetFloat64(x)
		sum.Add(sum, r)
		squares.Add(squares, r.Mul(r, r))
		low, high = min(low, x), max(high, x)
	}
	mean := new(big.Rat).Quo(sum, n)
	switch f {
	case Min:
		return low + 0, true
	case Max:
		return high + 0, true
	case Sum:
		v, _ = sum.Float64()
		return v, true
	case Avg:
		v, _ = mean.Float64()
		return v, true
	}
	variance := squares.Sub(squares, mean.Mul(mean, sum))
	variance.Quo(variance, n.Sub(n, big.NewRat(1, 1)))
	if f == Variance {
		v, _ = variance.Float64()
		return v, true
	}
	root := new(big.Float).SetPrec(500).SetRat(variance)
	v, _ = root.Sqrt(root).Float64()
	return v, true
}

// check compares every function with the reference, bit for bit.
func check(t rapid.TB, m *Moments, values []float64) {
	t.Helper()
	if m.Count() != int64(len(values)) {
		t.Fatalf("count is %d, want %d", m.Count(), len(values))
	}
	for _, f := range allFunctions {
		got, ok, err := m.Result(f)
		want, wantOK := reference(f, values)
		over := (*OverflowError)(nil)
		switch {
		case math.IsInf(want, 0):
			if !errors.As(err, &over) || over.Function != f {
				t.Fatalf("%s: %v, %v, %v, want an overflow", f, got, ok, err)
			}
		case err != nil || ok != wantOK || math.Float64bits(got) != math.Float64bits(want):
			t.Fatalf("%s of %d values: %x, %v, %v, want %x, %v", f, len(values), got, ok, err, want, wantOK)
		}
	}
}

func momentsOf(values []float64) *Moments {
	m := new(Moments)
	m.Add(values)
	return m
}

// shapes make values of every kind that an accumulator treats in its own way.
var shapes = map[string]func(r *rand.Rand) float64{
	"anything": func(r *rand.Rand) float64 {
		for {
			if v := math.Float64frombits(r.Uint64()); !math.IsNaN(v) && !math.IsInf(v, 0) {
				return v
			}
		}
	},
	"sensor":    func(r *rand.Rand) float64 { return math.Round(2000+500*r.NormFloat64()) / 100 },
	"near zero": func(r *rand.Rand) float64 { return r.NormFloat64() * math.Exp2(-20*r.Float64()) },
	"constant":  func(*rand.Rand) float64 { return 0.1 },
	"zeros":     func(r *rand.Rand) float64 { return []float64{0, math.Copysign(0, -1), 1}[r.IntN(3)] },
	"subnormal": func(r *rand.Rand) float64 {
		return math.Copysign(math.Float64frombits(r.Uint64N(1<<53)), r.Float64()-.5)
	},
	"largest":      func(r *rand.Rand) float64 { return math.Copysign(math.MaxFloat64, r.Float64()-.3) },
	"integers":     func(r *rand.Rand) float64 { return float64(r.IntN(7) - 3) },
	"cancellation": func(r *rand.Rand) float64 { return 1e15*float64(1-2*r.IntN(2)) + r.Float64() },
	"far apart":    func(r *rand.Rand) float64 { return []float64{1e300, 1e-300, -1e300, 5e-324, 1, 0}[r.IntN(6)] },
	"edges": func(r *rand.Rand) float64 {
		return math.Ldexp(1+float64(r.IntN(3))*0x1p-52, []int{-1074, -1022, -1021, 1023, 1022, 0, 10, 11}[r.IntN(8)])
	},
	"tiny variance": func(r *rand.Rand) float64 { return 1e-160 * (1 + float64(r.IntN(3))*0x1p-52) },
}

func TestMomentsEqualRationalArithmetic(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for _, n := range []int{0, 1, 2, 3, 5, 17, 127, 128, 129, 300} {
				values := make([]float64, n)
				for i := range values {
					values[i] = shape(r)
				}
				check(t, momentsOf(values), values)
			}
		})
	}
}

// drawValues mixes shapes in one slice, so that values change between narrow and wide.
func drawValues(t *rapid.T, label string) []float64 {
	names := rapid.SliceOfN(rapid.SampledFrom([]string{"anything", "sensor", "near zero", "zeros", "subnormal", "largest", "integers",
		"cancellation", "far apart", "edges", "tiny variance", "constant"}), 0, 4).Draw(t, label)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
	var values []float64
	for _, name := range names {
		for range 1 + r.IntN(200)/(1+r.IntN(30)) {
			values = append(values, shapes[name](r))
		}
	}
	return values
}

func TestMomentsMergeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := drawValues(t, "shapes")
		parts := []*Moments{new(Moments), new(Moments), new(Moments)}
		reused := momentsOf(drawValues(t, "before"))
		reused.Reset()
		parts[2] = reused
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 4))
		for rest := values; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			parts[r.IntN(len(parts))].Add(rest[:n])
			rest = rest[n:]
		}
		whole := new(Moments)
		for _, i := range r.Perm(len(parts)) {
			whole.Merge(parts[i])
		}
		check(t, whole, values)
		check(t, momentsOf(values), values)
	})
}

func TestMomentsForOneFunction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := drawValues(t, "shapes")
		for _, f := range allFunctions {
			var m Moments
			m.add(f.needs(), values, nil)
			got, ok, err := m.Result(f)
			want, wantOK := reference(f, values)
			if math.IsInf(want, 0) {
				if err == nil {
					t.Fatalf("%s: %v, want an overflow", f, got)
				}
			} else if err != nil || ok != wantOK || math.Float64bits(got) != math.Float64bits(want) {
				t.Fatalf("%s: %x, %v, %v, want %x, %v", f, got, ok, err, want, wantOK)
			}
		}
	})
}

// TestMomentsWithBounds gives bounds of the values' exponents, as tight as they are or wider, as an index does with those of a whole block.
func TestMomentsWithBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := drawValues(t, "shapes")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 7))
		wider := rapid.IntRange(0, 100).Draw(t, "wider")
		for _, f := range everyFunction {
			var m Moments
			for rest := values; len(rest) > 0; {
				part := rest[:1+r.IntN(len(rest))]
				rest = rest[len(part):]
				e, _ := ExponentsOf(part)
				if !e.zero() {
					e.Low, e.High = e.Low-int16(r.IntN(1+wider)), e.High+int16(r.IntN(1+wider))
					e.Low, e.High = max(e.Low, lowestUnit), min(e.High, 971)
				}
				m.add(f.needs(), part, &e)
			}
			got, ok, err := m.Result(f)
			want, wantOK, wantErr := momentsOf(values).Result(f)
			if (err == nil) != (wantErr == nil) || ok != wantOK || math.Float64bits(got) != math.Float64bits(want) {
				t.Fatalf("%s: %x, %v, %v, want %x, %v, %v", f, got, ok, err, want, wantOK, wantErr)
			}
		}
	})
}

// TestMomentsCarries merges two accumulators into each other until they stand for so many values that limbs without carries would
// have overflowed long since.
func TestMomentsCarries(t *testing.T) {
	for _, values := range [][]float64{{0x1.fffffffffffffp0, 0x1.fffffffffffffp-40, -0x1.8p-1074}, {-0x1.fffffffffffffp900, 0x1.7p3, -1}} {
		a, b := momentsOf(values), momentsOf(values)
		for range 28 {
			a.Merge(b)
			b.Merge(a)
		}
		times := new(big.Rat).SetInt64(b.Count() / int64(len(values)))
		if b.Count() < 1<<38 {
			t.Fatalf("only %d values", b.Count())
		}
		sum, squares := new(big.Rat), new(big.Rat)
		for _, v := range values {
			r := new(big.Rat).SetFloat64(v)
			sum.Add(sum, new(big.Rat).Mul(r, times))
			squares.Add(squares, r.Mul(r, r).Mul(r, times))
		}
		n := new(big.Rat).SetInt64(b.Count())
		mean := new(big.Rat).Quo(sum, n)
		variance := squares.Sub(squares, new(big.Rat).Mul(mean, sum))
		variance.Quo(variance, n.Sub(n, big.NewRat(1, 1)))
		for f, r := range map[Function]*big.Rat{Sum: sum, Avg: mean, Variance: variance} {
			want, _ := r.Float64()
			got, _, err := b.Result(f)
			if over := (*OverflowError)(nil); math.IsInf(want, 0) && errors.As(err, &over) {
				continue
			}
			if got != want || err != nil {
				t.Errorf("%s of %d values is %x, %v, want %x", f, b.Count(), got, err, want)
			}
		}
	}
}

func TestMomentsAdversarial(t *testing.T) {
	alternating := make([]float64, 1001)
	for i := range alternating {
		alternating[i] = 1e15 * float64(1-2*(i%2))
	}
	small := make([]float64, 1000)
	for i := range small {
		small[i] = 1e15 + float64(i%10)/10
	}
	constant := make([]float64, 1000)
	for i := range constant {
		constant[i] = 0.1
	}
	for _, values := range [][]float64{alternating, small, constant, {1e300, 1e-300}, {1, 1e100, 1, -1e100}} {
		check(t, momentsOf(values), values)
	}
	if v, _, _ := momentsOf(constant).Result(Variance); v != 0 {
		t.Errorf("the variance of a constant is %v", v)
	}
	if v, _, _ := momentsOf([]float64{1e300, 1e-300}).Result(Avg); v != 5e299 {
		t.Errorf("the mean of 1e300 and 1e-300 is %v", v)
	}
	if v, _, _ := momentsOf([]float64{math.Copysign(0, -1)}).Result(Avg); math.Signbit(v) {
		t.Error("the mean of −0 is −0")
	}
}

func TestMomentsRefuseWhatIsNotFinite(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, before := range [][]float64{nil, {1}, {math.MaxFloat64}, {1e300, 1e-300}} {
			if _, _, err := momentsOf(append(before, v)).Result(Sum); err == nil {
				t.Errorf("%v after %v was taken", v, before)
			}
		}
	}
}

func TestMomentsOnNIST(t *testing.T) {
	text, err := os.ReadFile("testdata/nist/certified.json")
	if err != nil {
		t.Fatal(err)
	}
	var certified struct {
		Sets map[string]struct {
			Mean, Stddev string
			N, Digits    int
		}
	}
	if err := json.Unmarshal(text, &certified); err != nil {
		t.Fatal(err)
	}
	for name, set := range certified.Sets {
		values := readNumbers(t, filepath.Join("testdata/nist", name+".txt"))
		if len(values) != set.N {
			t.Fatalf("%s has %d values, want %d", name, len(values), set.N)
		}
		m := momentsOf(values)
		check(t, m, values)
		for f, want := range map[Function]string{Avg: set.Mean, Stddev: set.Stddev} {
			got, _, err := m.Result(f)
			if err != nil || !agree(got, want, set.Digits) {
				t.Errorf("%s: %s is %.17g, certified are %s to %d digits (%v)", name, f, got, want, set.Digits, err)
			}
		}
	}
}

// agree tells whether got equals the certified decimal in so many significant digits.
func agree(got float64, want string, digits int) bool {
	w, err := strconv.ParseFloat(want, 64)
	if err != nil {
		return false
	}
	return fmt.Sprintf("%.*e", digits-1, got) == fmt.Sprintf("%.*e", digits-1, w)
}

func readNumbers(t *testing.T, path string) []float64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var values []float64
	for lines := bufio.NewScanner(f); lines.Scan(); {
		v, err := strconv.ParseFloat(lines.Text(), 64)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	return values
}

func TestRoot128(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hi := rapid.Uint64Range(1<<60, math.MaxUint64).Draw(t, "hi")
		lo := rapid.Uint64().Draw(t, "lo")
		z := new(big.Int)
		setWords(z, []uint64{lo, hi})
		want := new(big.Int).Sqrt(z)
		root, exact := root128(hi, lo)
		if root != want.Uint64() || exact != (want.Mul(want, want).Cmp(z) == 0) {
			t.Fatalf("root of %v is %d, %v, want %v", z, root, exact, want)
		}
	})
	for _, r := range []uint64{1 << 62, 1<<63 - 1, 1 << 63, math.MaxUint64, math.MaxUint64 - 1, 1<<63 + 12345} {
		z := new(big.Int).SetUint64(r)
		z.Mul(z, z)
		lo, hi := new(big.Int).And(z, mask64).Uint64(), new(big.Int).Rsh(z, 64).Uint64()
		if root, exact := root128(hi, lo); root != r || !exact {
			t.Errorf("root of %d² is %d, %v", r, root, exact)
		}
	}
}
