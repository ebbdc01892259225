package encoding

import "testing"

// TestFewNumbers holds that a few numbers take as many bits as it takes to tell them from each other, however far apart they lie.
func TestFewNumbers(t *testing.T) {
	d := dice(1)
	level := int64(2000)
	for name, c := range map[string]struct {
		value func() float64
		bytes int
	}{
		"three decimals":      {func() float64 { return []float64{0.5, 1234.25, 99999.125}[d.to(3)] }, Most / 4},
		"codes":               {func() float64 { return []float64{0, 750, 1503, 65535}[d.to(4)] }, Most / 4},
		"flags":               {func() float64 { return float64(int64(1) << d.to(16)) }, Most / 2},
		"a converter's steps": {func() float64 { level += d.to(3) - 1; return float64(level) * 3.3 / 4096 }, Most / 4},
	} {
		b := AppendFloats(nil, series(Most, func(int) float64 { return c.value() }))
		if most := c.bytes + 256; len(b) > most {
			t.Errorf("%s: %s of %d bytes, want at most %d", name, Form(b), len(b), most)
		}
	}
}
