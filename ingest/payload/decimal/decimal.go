// Package decimal holds the numbers of payloads as they were written: as exact decimals, which are added exactly and rounded once.
//
// SenML adds base values to values and base times to times. In floating point 1276020076.001 + 0.1 is rounded twice before it is
// stored; here it is rounded when the sum is known: to the nearest float64 (Float) or to the nanosecond, half to even (Nanos).
//
// Numbers are bounded, so that no short text costs much memory: what float64 can't hold is refused, a text has at most MaxText bytes, and
// what is closer to zero than 10^-2500 counts as 10^-2500, which can't change how any sum is rounded (see clamp).
package decimal

import (
	"cmp"
	"errors"
	"math"
	"math/big"
	"strconv"
)

// MaxText is the longest number that Parse takes, in bytes.
const MaxText = 1024

// Why a number can't be taken.
var (
	ErrSyntax = errors.New("not a decimal number")
	ErrRange  = errors.New("a number beyond float64's range (about ±1.8e308)")
	ErrLong   = errors.New("a number of more than " + strconv.Itoa(MaxText) + " digits")
)

// Decimal is an exact decimal number: m × 10^e, where m is big if that is set. The zero Decimal is 0.
type Decimal struct {
	m   int64
	e   int
	big *big.Int // never changed once set
}

const (
	maxExponent = 309   // 10^309 is beyond float64
	minExponent = -2500 // see clamp
	smallDigits = 18    // digits that always fit int64
)

// Parse reads a decimal number: a sign, digits with a point, an exponent, as in -12.5e-3. It takes all that JSON takes and also a plus
// sign, leading zeros, and a point without digits on one of its sides. A number of more than MaxText bytes is looked through and refused.
func Parse(b []byte) (Decimal, error) {
	i, negative := 0, false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		negative = b[i] == '-'
		i++
	}
	var (
		m                             int64
		digits, significant, fraction int
		point                         bool
		start                         = i
	)
	for ; i < len(b); i++ {
		c := b[i]
		if c-'0' > 9 {
			if c == '.' && !point {
				point = true
				continue
			}
			break
		}
		digits++
		if point {
			fraction++
		}
		if significant > 0 || c != '0' {
			significant++
		}
		if significant <= smallDigits {
			m = m*10 + int64(c-'0')
		}
	}
	if digits == 0 {
		return Decimal{}, ErrSyntax
	}
	mantissa := b[start:i]
	exponent, ok := parseExponent(b[i:])
	if !ok {
		return Decimal{}, ErrSyntax
	}
	if len(b) > MaxText { // asked only now: what is no number is text, however long
		return Decimal{}, ErrLong
	}
	exponent -= fraction
	if significant <= smallDigits {
		if negative {
			m = -m
		}
		return clamp(Decimal{m: m, e: exponent}, significant)
	}
	return clamp(Decimal{big: parseBig(mantissa, negative), e: exponent}, significant)
}

// parseExponent reads e±digits, or nothing. Exponents beyond a million saturate: the number is out of range or next to zero either way.
func parseExponent(b []byte) (int, bool) {
	if len(b) == 0 {
		return 0, true
	}
	if b[0] != 'e' && b[0] != 'E' {
		return 0, false
	}
	b = b[1:]
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	e := 0
	for _, c := range b {
		if c-'0' > 9 {
			return 0, false
		}
		if e < 1e6 {
			e = e*10 + int(c-'0')
		}
	}
	if negative {
		e = -e
	}
	return e, true
}

func parseBig(mantissa []byte, negative bool) *big.Int {
	digits := make([]byte, 0, len(mantissa)+1)
	if negative {
		digits = append(digits, '-')
	}
	for _, c := range mantissa {
		if c != '.' {
			digits = append(digits, c)
		}
	}
	n, _ := new(big.Int).SetString(string(digits), 10)
	return n
}

// clamp bounds d, which has the given number of significant digits (0: it is zero).
//
// Next to zero, any number of the right sign does. All borders at which a sum is rounded or compared (half-way points between float64s,
// half nanoseconds, 2^28) are multiples of 10^-1100 or coarser. Another addend has at most MaxText digits, so it is either itself below 10^-1400, and
// the sum rounds to zero whatever is added, or a multiple of 10^-2424; then it lies on a border or farther from it than 10^-2425.
func clamp(d Decimal, significant int) (Decimal, error) {
	if significant == 0 {
		return Decimal{}, nil
	}
	top := significant + d.e // 10^(top-1) ≤ |d| < 10^top
	if top > maxExponent {
		return Decimal{}, ErrRange
	}
	if top == maxExponent {
		if _, ok := d.Float(); !ok {
			return Decimal{}, ErrRange
		}
	}
	if top < minExponent {
		return Decimal{m: int64(d.Sign()), e: minExponent}, nil
	}
	return d, nil
}

// FromInt is n.
func FromInt(n int64) Decimal {
	if n == math.MinInt64 {
		return Decimal{big: big.NewInt(n)}
	}
	return Decimal{m: n}
}

// FromBig is n × 10^exponent. n is the Decimal's from now on.
func FromBig(n *big.Int, exponent int64) (Decimal, error) {
	if n.BitLen() > MaxText*10/3 {
		return Decimal{}, ErrLong
	}
	exponent = min(max(exponent, -1e6), 1e6)
	digits := len(n.Text(10))
	if n.Sign() < 0 {
		digits--
	}
	if n.Sign() == 0 {
		digits = 0
	}
	if n.IsInt64() && n.Int64() != math.MinInt64 {
		return clamp(Decimal{m: n.Int64(), e: int(exponent)}, digits)
	}
	return clamp(Decimal{big: n, e: int(exponent)}, digits)
}

// FromFloat is the shortest decimal that reads back to f. A NaN or an infinity is out of range.
func FromFloat(f float64) (Decimal, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Decimal{}, ErrRange
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return Decimal{m: int64(f)}, nil
	}
	var buf [32]byte
	return Parse(strconv.AppendFloat(buf[:0], f, 'e', -1, 64))
}

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int {
	if d.big != nil {
		return d.big.Sign()
	}
	return cmp.Compare(d.m, 0)
}

// Abs is |d|.
func (d Decimal) Abs() Decimal {
	if d.Sign() < 0 {
		if d.big != nil {
			return Decimal{big: new(big.Int).Neg(d.big), e: d.e}
		}
		return Decimal{m: -d.m, e: d.e}
	}
	return d
}
