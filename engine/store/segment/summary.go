package segment

import (
	"math"

	"decant/ingest"
)

// summary is what the index keeps of a block. A block has one kind, so its rows are its count by kind.
type summary struct {
	first, last    int64   // ns
	min, max       float64 // numbers and bools; else 0
	rows           int32
	minExp, maxExp int16 // of the non-zero values: v = m·2^e, |m| of 53 bits, the first set; minExp > maxExp where there is none
	kind           ingest.Kind
	digits         uint8
	strict         bool // no two rows have the same time
}

// summarize reads rows of one kind: times that ascend, and values where the kind has them (else nil).
func summarize(kind ingest.Kind, times []int64, values []float64) summary {
	s := summary{
		first: times[0], last: times[len(times)-1], rows: int32(len(times)), kind: kind,
		digits: uint8(digitsOf(times, 0)), strict: strictlyAscending(times),
		minExp: math.MaxInt16, maxExp: math.MinInt16,
	}
	if len(values) == 0 {
		return s
	}
	s.min, s.max = values[0], values[0]
	for _, v := range values {
		s.min, s.max = min(s.min, v), max(s.max, v)
		if v != 0 {
			e := exponent(v)
			s.minExp, s.maxExp = min(s.minExp, e), max(s.maxExp, e)
		}
	}
	return s
}

// exponent is the e of v = m·2^e with an integer |m| of 53 bits, the first set: that of the last bit of v's mantissa, -1074 (subnormals, too) to 971.
func exponent(v float64) int16 {
	biased := int16(math.Float64bits(v) >> 52 & 0x7ff)
	return max(biased, 1) - 1075
}

func strictlyAscending(times []int64) bool {
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			return false
		}
	}
	return true
}

// digitsOf gives the fewest of 0, 3, 6 and 9 fraction digits of a second that hold every time, and at least digits.
func digitsOf(times []int64, digits int) int {
	unit := unitOf(digits)
	for _, t := range times {
		for t%unit != 0 {
			digits += 3
			unit /= 1000
		}
		if digits == 9 {
			break
		}
	}
	return digits
}

func unitOf(digits int) int64 {
	switch digits {
	case 0:
		return 1e9
	case 3:
		return 1e6
	case 6:
		return 1e3
	}
	return 1
}
