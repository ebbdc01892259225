package encoding

import (
	"math"
	"math/bits"
)

// ALP (Afroozeh, Kuffo and Boncz, SIGMOD 2023, doi:10.1145/3626717): most numbers that were once printed decimals come back from integers by
// two multiplications, d × 10^factor × 10^−exponent. With a large exponent, cut back by factor, the rounding of 10^−exponent shows in fewer of
// them than with a small one. Which pair serves a column is tried on a sample.

const mostExponent = 18

var (
	tens   = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}
	tenths = [...]float64{1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17, 1e-18}
)

const (
	// rounder, added to a number and taken off again, rounds it to an integer; roundest is the bound for which that holds.
	rounder  = 1<<52 + 1<<51
	roundest = 1 << 51
	alpTries = 32 // numbers of a sample
)

// rounderBits are the bits of rounder.
const rounderBits = 0x4338000000000000

// decimal is an exponent and a factor.
type decimal struct{ exponent, factor int }

// scaled is the integer that v may be had from.
func (p decimal) scaled(v float64) (d int64, ok bool) {
	x := float64(v * tens[p.exponent] * tenths[p.factor]) // rounded before rounder is added, on every processor
	if !(x > -roundest && x < roundest) {
		return 0, false
	}
	d = int64(math.Float64bits(x+rounder) - rounderBits)
	return d, math.Float64bits(p.value(d)) == math.Float64bits(v)
}

// value is the number that d stands for; d is at most roundest either way, which what is a little less may be rounded to.
func (p decimal) value(d int64) float64 {
	return (math.Float64frombits(uint64(d)+rounderBits) - rounder) * tens[p.factor] * tenths[p.exponent]
}

// exponents in the order in which they are tried, those that suit most columns first.
var exponents = [...]int{14, 16, 12, 10, 8, 18, 13, 15, 11, 17, 9, 7, 6, 5, 4, 3, 2, 1, 0}

// decimalOf finds the pair by which the fewest bytes are taken. ok is false where no pair serves half of the numbers.
func decimalOf(v []float64) (best decimal, ok bool) {
	var sample [alpTries]float64
	k := min(len(v), alpTries)
	for i := range k {
		sample[i] = v[i*len(v)/k]
	}
	least := k * 64
	for digits := 0; digits <= mostExponent; digits++ {
		for _, exponent := range exponents {
			if exponent < digits {
				continue
			}
			p := decimal{exponent, exponent - digits}
			size := p.cost(sample[:k], least)
			if size < least {
				best, least, ok = p, size, true
			}
			if size < least+k && p.misses(sample[:k]) == 0 {
				return p, true // with more digits the integers only grow
			}
		}
	}
	return best, ok
}

// cost is about how many bits the sample takes, or more than enough.
func (p decimal) cost(sample []float64, enough int) int {
	low, high, misses := int64(math.MaxInt64), int64(math.MinInt64), 0
	for _, v := range sample {
		d, ok := p.scaled(v)
		if !ok {
			if misses++; misses*80 > enough || misses*2 > len(sample) {
				return math.MaxInt
			}
			continue
		}
		low, high = min(low, d), max(high, d)
	}
	return len(sample)*bits.Len64(uint64(high-low)) + misses*80
}

func (p decimal) misses(sample []float64) (misses int) {
	for _, v := range sample {
		if _, ok := p.scaled(v); !ok {
			misses++
		}
	}
	return misses
}

// leastMissed is of how many numbers one must be an exception before a pair that serves the exceptions is tried.
const leastMissed = 64

// appendALP appends v in this form, or nothing where it does not suit.
func appendALP(b []byte, v []float64) []byte {
	p, ok := decimalOf(v)
	if !ok {
		return b
	}
	start := len(b)
	var except [Most]uint16
	b, places := p.append(b, v, except[:0])
	if len(places)*leastMissed <= len(v) {
		return b
	}
	// Amounts that are rarely more than none: the sample is of zeros, which any pair serves.
	var missed [Most]float64
	for i, at := range places {
		missed[i] = v[at]
	}
	if other, ok := decimalOf(missed[:len(places)]); ok && other != p {
		b = smaller(b, start, func(b []byte) []byte {
			b, _ = other.append(b, v, except[:0])
			return b
		})
	}
	return b
}

// append appends v by this pair, and returns the places of exceptions, which are appended to places.
func (p decimal) append(b []byte, v []float64, places []uint16) ([]byte, []uint16) {
	var d [Most]uint64
	var last uint64
	for i, x := range v {
		integer, ok := p.scaled(x)
		if ok {
			last = uint64(integer)
			if len(places) == i { // all before are exceptions
				for j := range i {
					d[j] = last
				}
			}
		} else {
			places = append(places, uint16(i))
		}
		d[i] = last
	}
	b = append(b, formALP, byte(p.exponent), byte(p.factor))
	return appendExceptions(appendInts(b, d[:len(v)]), v, places), places
}

func (c *cursor) alp(dst []float64) {
	p := decimal{int(c.byte()), int(c.byte())}
	if p.exponent > mostExponent || p.factor > p.exponent {
		c.fail(errDecimal)
	}
	if c.err != nil {
		return
	}
	d := floatBits(dst)
	c.ints(d)
	p.decimals(dst)
	c.exceptions(dst)
}
