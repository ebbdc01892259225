package decimation

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
)

// wide sums any float64s: fixed-point numbers that span all exponents, kept as limbs that each stand for 32 bits but have 64, so
// that many values can be added before carries are passed on.
//
//	limb          0        1        2              65
//	      |--------|--------|--------|--- … ---|--------|
//	bit   0       32       64       96       2080         × 2^−1074 (squares: × 2^−2148)
//
// A value's 53 bits touch three neighbouring limbs, its square's 106 bits five. The last limbs hold what many values carry up.
type wide struct {
	sum       [sumLimbs]int64
	squares   [squareLimbs]int64
	added     int // values since carries were last passed on
	used      bool
	notFinite bool
}

const (
	sumLimbs    = 2048/32 + 4
	squareLimbs = 4096/32 + 8
	limbMask    = 1<<32 - 1
	// mostAdded keeps limbs from overflowing: each value adds less than 2^32 to one.
	mostAdded = 1 << 29
)

func (w *wide) clear() {
	if w.used {
		*w = wide{}
	}
}

// add takes finite values; others are remembered as a fault.
func (w *wide) add(values []float64, squares bool) {
	w.room(len(values))
	for _, v := range values {
		b := math.Float64bits(v)
		m := b & fractionMask
		position := b >> 52 & exponentMask
		if position == exponentMask {
			w.notFinite = true
			continue
		}
		if position != 0 {
			m |= implicitBit
			position--
		}
		limb, shift := position>>5&63, position&31
		sign := int64(b) >> 63 // −1 where negative
		low, high := m<<shift, m>>(64-shift)
		w.sum[limb] += (int64(low&limbMask) ^ sign) - sign
		w.sum[limb+1] += (int64(low>>32) ^ sign) - sign
		w.sum[limb+2] += (int64(high) ^ sign) - sign
		if squares {
			w.addSquare(m, position)
		}
	}
}

func (w *wide) addSquare(m, position uint64) {
	high, low := bits.Mul64(m, m)
	limb, shift := position>>4&127, position<<1&31
	s := w.squares[limb : limb+5 : limb+5]
	w0, w1, w2 := low<<shift, high<<shift|low>>(64-shift), high>>(64-shift)
	s[0] += int64(w0 & limbMask)
	s[1] += int64(w0 >> 32)
	s[2] += int64(w1 & limbMask)
	s[3] += int64(w1 >> 32)
	s[4] += int64(w2)
}

// addFixed adds what a fixed accumulator holds.
func (w *wide) addFixed(x *fixed) {
	w.room(1)
	position := x.base - lowestUnit
	negative, sum := x.sum.magnitude()
	addWords(w.sum[:], uint64(position), negative, sum[:]...)
	addWords(w.squares[:], uint64(2*position), false, x.squares[:]...)
}

// addWords adds an integer, its lowest word first, at a bit position.
func addWords(limbs []int64, position uint64, negative bool, words ...uint64) {
	shift := position & 31
	limbs = limbs[position>>5:]
	carried := uint64(0) // what the word before pushed out at its top: at most 31 bits
	put := func(i int, v uint64) {
		switch {
		case v == 0: // there may be no limb for it
		case negative:
			limbs[i] -= int64(v)
		default:
			limbs[i] += int64(v)
		}
	}
	for i, word := range words {
		if word == 0 && carried == 0 {
			continue
		}
		shifted := word<<shift | carried
		put(2*i, shifted&limbMask)
		put(2*i+1, shifted>>32)
		carried = word >> (64 - shift)
	}
	if carried != 0 {
		put(2*len(words), carried)
	}
}

// merge adds another's values.
func (w *wide) merge(o *wide) {
	w.room(o.added)
	for i, v := range o.sum {
		w.sum[i] += v
	}
	for i, v := range o.squares {
		w.squares[i] += v
	}
	w.notFinite = w.notFinite || o.notFinite
}

// room passes on carries before n more values could overflow a limb. A merged accumulator counts as the values it took since its
// own carries, and one more for the limbs that those left.
func (w *wide) room(n int) {
	w.used = true
	if w.added+n+1 > mostAdded {
		carry(w.sum[:])
		carry(w.squares[:])
		w.added = 1
	}
	w.added += n + 1
}

// carry brings each limb but the last into 0 to 2^32−1. The last keeps the sign.
func carry(limbs []int64) {
	c := int64(0)
	last := len(limbs) - 1
	for i := range limbs[:last] {
		v := limbs[i] + c
		limbs[i], c = v&limbMask, v>>32
	}
	limbs[last] += c
}

// integer reads limbs into z as a magnitude, and says its sign and the power of two of its lowest bit above that of limb 0. The limbs
// stay as they are.
func integer(z *big.Int, limbs []int64) (negative bool, exponent int) {
	var copied [squareLimbs]int64
	digits := copied[:copy(copied[:], limbs)]
	carry(digits)
	if negative = digits[len(digits)-1] < 0; negative {
		for i := range digits {
			digits[i] = -digits[i]
		}
		carry(digits)
	}
	first, end := 0, len(digits)
	for end > 0 && digits[end-1] == 0 {
		end--
	}
	for first < end && digits[first] == 0 {
		first++
	}
	var bytes [4 * squareLimbs]byte
	at := len(bytes)
	for _, d := range digits[first:end] {
		at -= 4
		binary.BigEndian.PutUint32(bytes[at:], uint32(d))
	}
	z.SetBytes(bytes[at:])
	return negative, 32 * first
}
