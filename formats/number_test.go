package formats

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What JavaScript's Number.prototype.toString prints (ECMA-262, Number::toString with radix 10).
func TestAppendNumberPrintsAsJavaScript(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0"}, {math.Copysign(0, -1), "0"}, {1, "1"}, {-1, "-1"}, {0.1, "0.1"}, {-0.5, "-0.5"},
		{0.30000000000000004, "0.30000000000000004"}, {1.0 / 3, "0.3333333333333333"}, {100, "100"}, {1e9, "1000000000"},
		{999999999.5, "999999999.5"}, {999999999.999999, "999999999.999999"}, {123456.789012, "123456.789012"},
		{21.000001, "21.000001"}, {-21.05, "-21.05"}, {0.000001, "0.000001"}, {0.0000011, "0.0000011"},
		{1e-6, "0.000001"}, {9.99999999999999e-7, "9.99999999999999e-7"}, {1e-7, "1e-7"}, {1.5e-9, "1.5e-9"},
		{-1e-7, "-1e-7"}, {1e-10, "1e-10"}, {1.25e-100, "1.25e-100"}, {5e-324, "5e-324"},
		{1e20, "100000000000000000000"}, {123456789012345680000, "123456789012345680000"},
		{999999999999999900000, "999999999999999900000"}, {1e21, "1e+21"}, {-1.5e21, "-1.5e+21"}, {1e100, "1e+100"},
		{math.MaxFloat64, "1.7976931348623157e+308"}, {math.SmallestNonzeroFloat64, "5e-324"},
		{2.2250738585072014e-308, "2.2250738585072014e-308"}, {9007199254740993, "9007199254740992"},
		{4.35, "4.35"}, {0.000035, "0.000035"}, {1e23, "1e+23"}, {4.9e-7, "4.9e-7"}, {5e-7, "5e-7"},
		{math.NaN(), "NaN"}, {math.Inf(1), "Infinity"}, {math.Inf(-1), "-Infinity"},
	} {
		if got := string(AppendNumber(nil, c.v)); got != c.want {
			t.Errorf("AppendNumber(%g) = %s, want %s", c.v, got, c.want)
		}
	}
}

// slowNumber places the point among strconv's shortest digits by hand, after the steps of ECMA-262.
func slowNumber(v float64) string {
	if v == 0 {
		return "0"
	}
	if v < 0 {
		return "-" + slowNumber(-v)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	digits := strings.Replace(mantissa, ".", "", 1)
	e, _ := strconv.Atoi(exponent)
	k, n := len(digits), e+1
	switch {
	case k <= n && n <= 21:
		return digits + strings.Repeat("0", n-k)
	case 0 < n && n <= 21:
		return digits[:n] + "." + digits[n:]
	case -6 < n && n <= 0:
		return "0." + strings.Repeat("0", -n) + digits
	}
	if k > 1 {
		digits = digits[:1] + "." + digits[1:]
	}
	sign := "+"
	if e < 0 {
		sign = ""
	}
	return digits + "e" + sign + strconv.Itoa(e)
}

func TestAppendNumberAgainstReference(t *testing.T) {
	check := func(t *rapid.T, v float64) {
		got := string(AppendNumber([]byte("x"), v))
		if got != "x"+slowNumber(v) {
			t.Fatalf("AppendNumber(%g) = %s, want %s", v, got[1:], slowNumber(v))
		}
		if back, err := strconv.ParseFloat(got[1:], 64); err != nil || back != v {
			t.Fatalf("%s reads back as %g, %v; want %g", got[1:], back, err, v)
		}
	}
	t.Run("any bits", rapid.MakeCheck(func(t *rapid.T) {
		v := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Skip("not a finite number")
		}
		check(t, v)
	}))
	// Decimals with few digits and their neighbours: where the fast path decides.
	t.Run("few decimals", rapid.MakeCheck(func(t *rapid.T) {
		v := float64(rapid.Int64Range(-2e15, 2e15).Draw(t, "m"))
		v /= math.Pow10(rapid.IntRange(0, 9).Draw(t, "decimals"))
		for range rapid.IntRange(0, 2).Draw(t, "neighbours") {
			v = math.Nextafter(v, math.Inf(1))
		}
		check(t, v)
	}))
}

func BenchmarkAppendNumber(b *testing.B) {
	few, many := make([]float64, 1024), make([]float64, 1024)
	for i := range few {
		few[i] = math.Round((20+10*math.Sin(float64(i)))*100) / 100
		many[i] = 20 + 10*math.Sin(float64(i))
	}
	dst := make([]byte, 0, 32)
	for _, c := range []struct {
		name   string
		values []float64
	}{{"two", few}, {"seventeen", many}} {
		b.Run("digits="+c.name+"/by=decant", func(b *testing.B) {
			for i := range b.N {
				dst = AppendNumber(dst[:0], c.values[i&1023])
			}
		})
		b.Run("digits="+c.name+"/by=strconv", func(b *testing.B) {
			for i := range b.N {
				dst = strconv.AppendFloat(dst[:0], c.values[i&1023], 'f', -1, 64)
			}
		})
	}
}
