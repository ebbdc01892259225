package encoding

import "math/bits"

// unit is what all differences of a column are multiples of. Exact multiples are told and divided by multiplication, with the inverse of
// the odd part modulo 2^64 (Granlund and Montgomery, PLDI 1994, section 9): a division would take ten times as long.
type unit struct {
	shift   int    // it is odd × 2^shift
	inverse uint64 // of odd
	most    uint64 // the greatest multiple of odd, divided
}

func unitOf(x uint64) unit {
	shift := bits.TrailingZeros64(x)
	odd := x >> shift
	inverse := odd // right in its three lowest bits; each step doubles them
	for range 5 {
		inverse *= 2 - odd*inverse
	}
	return unit{shift, inverse, ^uint64(0) / odd}
}

// divides tells whether x, without a sign, is a multiple.
func (u unit) divides(x uint64) bool {
	return x&maskOf(uint(u.shift)) == 0 && x>>u.shift*u.inverse <= u.most
}

// units are how many units x, a multiple with a sign, is.
func (u unit) units(x uint64) uint64 { return uint64(int64(x)>>u.shift) * u.inverse }

// unitsOf sets u to the differences of v from v[0] in units, and returns the unit. It is 0 where all are zero.
func unitsOf(u, v []uint64) uint64 {
	greatest, known := uint64(0), unit{}
	for i, x := range v {
		d := x - v[0]
		u[i] = d
		if d = magnitude(d); d == 0 || greatest != 0 && known.divides(d) {
			continue
		}
		for greatest != 0 {
			d, greatest = greatest, d%greatest
		}
		if greatest = d; greatest == 1 {
			for j := i + 1; j < len(v); j++ {
				u[j] = v[j] - v[0]
			}
			return 1
		}
		known = unitOf(greatest)
	}
	if greatest > 1 {
		for i := range u {
			u[i] = known.units(u[i])
		}
	}
	return greatest
}

// magnitude is x without its sign.
func magnitude(x uint64) uint64 {
	sign := uint64(int64(x) >> 63)
	return (x ^ sign) - sign
}
