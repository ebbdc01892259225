package encoding

import "testing"

// TestRareAmounts holds that decimals among zeros are told by their integers, though a sample of the column may have none of them.
func TestRareAmounts(t *testing.T) {
	d := dice(1)
	for one := int64(10); one <= 40; one += 10 {
		b := AppendFloats(nil, series(Most, func(int) float64 {
			if d.to(one) > 0 {
				return 0
			}
			return float64(1+d.to(999)) / 100
		}))
		if most := 64 + 4*Most/int(one); len(b) > most {
			t.Errorf("one of %d: %s of %d bytes, want at most %d", one, Form(b), len(b), most)
		}
	}
}
