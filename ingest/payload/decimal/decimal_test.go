package decimal

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// numbers draws decimal numbers as text: short ones as devices send them, long ones, extreme ones, and half-way points.
var numbers = rapid.OneOf(
	rapid.StringMatching(`-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,6})?`),
	rapid.StringMatching(`-?[1-9][0-9]{0,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?`),
	rapid.StringMatching(`-?[1-9]e-?[0-9]{1,3}`).Filter(func(s string) bool { _, err := Parse([]byte(s)); return err == nil }),
	rapid.StringMatching(`-?[0-9]{1,10}\.[0-9]{9}5`),
	rapid.SampledFrom([]string{"0", "-0", "0.0e5", "9007199254740993", "268435456", "268435455.9999999999999999999", "5e-324",
		"2.4703282292062327208e-324", "1.7976931348623157e308", "9223372036854775807", "-9223372036854775808"}),
)

func rat(t interface{ Fatalf(string, ...any) }, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("big.Rat can't read %q", s)
	}
	return r
}

func mustParse(t interface{ Fatalf(string, ...any) }, s string) Decimal {
	d, err := Parse([]byte(s))
	if err != nil {
		t.Fatalf("Parse(%q): %v", s, err)
	}
	return d
}

// roundHalfEven is the slow, obvious reference of Nanos.
func roundHalfEven(r *big.Rat) *big.Int {
	two := big.NewInt(2)
	double := new(big.Int).Mul(r.Num(), two)
	double.Add(double, r.Denom())
	floor := new(big.Int).Div(double, new(big.Int).Mul(r.Denom(), two)) // floor(r + 1/2)
	half := new(big.Rat).Sub(new(big.Rat).SetInt(floor), r)
	if half.Cmp(big.NewRat(1, 2)) == 0 && floor.Bit(0) == 1 {
		floor.Sub(floor, big.NewInt(1))
	}
	return floor
}

func TestSumsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := numbers.Draw(t, "a"), numbers.Draw(t, "b")
		base := rapid.Int64Range(-1<<62, 1<<62).Draw(t, "base")
		sum := mustParse(t, a).Add(mustParse(t, b))
		want := new(big.Rat).Add(rat(t, a), rat(t, b))

		wantFloat, _ := want.Float64()
		if got, ok := sum.Float(); ok != !math.IsInf(wantFloat, 0) || ok && (got != wantFloat || math.Signbit(got) && got == 0) {
			t.Fatalf("%s + %s = %g %v, want %g", a, b, got, ok, wantFloat)
		}
		for _, n := range []int64{1 << 28, 0, -1, 100_000_000_000} {
			if got := sum.LessThan(n); got != (want.Cmp(new(big.Rat).SetInt64(n)) < 0) {
				t.Fatalf("%s + %s < %d: %v", a, b, n, got)
			}
		}
		ns := new(big.Rat).Mul(want, rat(t, "1e9"))
		wantNS := roundHalfEven(ns.Add(ns, new(big.Rat).SetInt64(base)))
		got, ok := sum.Nanos(base, 9)
		if fits := wantNS.IsInt64() && wantNS.Int64() != math.MinInt64; ok && (!fits || got != wantNS.Int64()) {
			t.Fatalf("%d + (%s + %s) s = %d ns, want %s", base, a, b, got, wantNS)
		} else if !ok && fits && want.Cmp(rat(t, "4e9")) < 0 && want.Cmp(rat(t, "-4e9")) > 0 {
			t.Fatalf("%d + (%s + %s) s is refused, want %s", base, a, b, wantNS)
		}
		if n, ok := sum.Int(); ok && want.Cmp(new(big.Rat).SetInt64(n)) != 0 {
			t.Fatalf("%s + %s as an integer: %d", a, b, n)
		}
	})
}

// What lies next to zero is replaced by another such number; sums must not notice.
func TestClampChangesNoRounding(t *testing.T) {
	for _, tiny := range []string{"1e-2600", "1e-999999999", "-7e-40000"} {
		for _, other := range []string{"0", "0.5e-9", "1.5e-9", "-2.5e-9", "268435456", "9007199254740993", "2.4703282292062327208284439643411068618e-324"} {
			got, fits := mustParse(t, tiny).Add(mustParse(t, other)).Nanos(0, 9)
			standIn := "1e-2000"
			if strings.HasPrefix(tiny, "-") {
				standIn = "-1e-2000"
			}
			sum := new(big.Rat).Add(rat(t, standIn), rat(t, other))
			if want := roundHalfEven(new(big.Rat).Mul(sum, rat(t, "1e9"))); fits != want.IsInt64() || fits && got != want.Int64() {
				t.Errorf("%s + %s = %d ns, want %s", tiny, other, got, want)
			}
			gotFloat, _ := mustParse(t, tiny).Add(mustParse(t, other)).Float()
			if want, _ := sum.Float64(); gotFloat != want {
				t.Errorf("%s + %s = %g, want %g", tiny, other, gotFloat, want)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for s, want := range map[string]error{
		"": ErrSyntax, "-": ErrSyntax, ".": ErrSyntax, "1e": ErrSyntax, "1e+": ErrSyntax, "1.2.3": ErrSyntax, "0x10": ErrSyntax, "1_0": ErrSyntax,
		"NaN": ErrSyntax, "Inf": ErrSyntax, "1 ": ErrSyntax,
		"1e309": ErrRange, "1.7976931348623159e308": ErrRange, "-1e999999999999999999999": ErrRange,
		strings.Repeat("1", 1025): ErrLong, "1e" + strings.Repeat("1", 1025): ErrLong,
		strings.Repeat("x", 1025): ErrSyntax, strings.Repeat("1", 1025) + "x": ErrSyntax, "1e" + strings.Repeat("1", 1025) + ".": ErrSyntax, // text is no number, however long
	} {
		if _, err := Parse([]byte(s)); !errors.Is(err, want) {
			t.Errorf("Parse(%.40q): %v, want %v", s, err, want)
		}
	}
	for s, want := range map[string]float64{"+5": 5, ".5": 0.5, "5.": 5, "007": 7, "-0": 0, "0e999999999": 0, "1e-999999999": 0, "1.7976931348623157e308": math.MaxFloat64} {
		if got, ok := mustParse(t, s).Float(); !ok || got != want || math.Signbit(got) {
			t.Errorf("Parse(%q) = %g %v, want %g", s, got, ok, want)
		}
	}
}

func TestFromFloatIsTheShortestDecimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		d, err := FromFloat(f)
		if err != nil {
			t.Fatal(err)
		}
		if back, ok := d.Float(); !ok || back != f {
			t.Fatalf("%g comes back as %g", f, back)
		}
	})
	d, err := FromFloat(1276020076.001)
	if err != nil {
		t.Fatal(err)
	}
	if ns, _ := d.Nanos(0, 9); ns != 1276020076001000000 {
		t.Errorf("1276020076.001 s = %d ns", ns)
	}
	if _, err := FromFloat(math.Inf(1)); !errors.Is(err, ErrRange) {
		t.Errorf("infinity: %v", err)
	}
}

func TestFromBig(t *testing.T) {
	n, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	d, err := FromBig(n, -20)
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := d.Float(); f != -1234567890.1234567890 {
		t.Errorf("got %v", f)
	}
	if _, err := FromBig(new(big.Int).Lsh(big.NewInt(1), 1024), 0); !errors.Is(err, ErrRange) {
		t.Errorf("2^1024: %v", err)
	}
	if d, err := FromBig(new(big.Int), 1<<62); err != nil || d.Sign() != 0 {
		t.Errorf("0e%d: %v %v", 1<<62, d, err)
	}
}

func BenchmarkParse(b *testing.B) {
	text := []byte("1320078429.125")
	for b.Loop() {
		d, _ := Parse(text)
		d.Nanos(0, 9)
	}
}
