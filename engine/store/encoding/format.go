package encoding

// A column begins with a byte that names its form. How many values it has (n) stands elsewhere, with whoever stores it. Numbers are little
// endian; uvarint and varint are those of encoding/binary, the latter with zigzag. All arithmetic on integers is modulo 2^64, so that no
// difference overflows.
//
// # Integers
//
//	raw       | 0x10 | n × i64 |
//	constant  | 0x11 | value varint |
//	line      | 0x12 | base varint | step varint |
//	packed    | 0x13 | base varint | unit uvarint | step varint | shift u8 | residuals of n |
//	delta     | 0x14 | base varint | unit uvarint | step varint | residuals of n |
//	delta2    | 0x15 | base varint | unit uvarint | second varint | step varint | residuals of n |
//	runs      | 0x16 | k uvarint | integers: k lengths | integers: k values |
//
// Value i, counted from 0, of residuals r:
//
//	line      base + i × step
//	packed    base + unit × (r[i] + (i × step >> shift))
//	delta     base + unit × Σ (r[j] + step) over 1 ≤ j ≤ i
//	delta2    the same as delta, where Σ is taken over d[j], d[1] = second and d[j+1] = d[j] + r[j+1] + step
//
// A unit is what all differences are multiples of: 1000000 for times in whole milliseconds. A shift gives the step binary fractions, for times
// 16.67 ms apart; it is at most 16.
//
// Residuals are bit-packed, each in width bits, lowest first, so that residual i begins at bit i × width: a form with packed residuals is read at any
// place. A few that need more are exceptions, and what width bits don't hold of them comes behind:
//
//	| width u8, 0 to 64 | ⌈n × width / 8⌉ bytes |
//	| width u8 + 0x80   | ⌈n × width / 8⌉ bytes | count u16 | count × (gap uvarint, high varint) |
//
// An exception is at the place of the one before, plus gap; before the first, place is 0. high × 2^width is added to its residual.
const (
	formRaw      = 0x10
	formConstant = 0x11
	formLine     = 0x12
	formPacked   = 0x13
	formDelta    = 0x14
	formDelta2   = 0x15
	formRuns     = 0x16

	exceptional = 0x80 // flag of width
	mostShift   = 16
)

// # Integers beside others
//
//	beside    | 0x18 | integers: value minus the one beside it |
//
// # Floating-point numbers
//
//	raw       | 0x20 | n × f64 |
//	bits      | 0x21 | integers: the numbers' bits |
//	alp       | 0x22 | exponent u8 | factor u8 | integers | exceptions |
//	rd        | 0x23 | right u8 | k u8 | k × left u16 | integers: n places in left | integers: n × right bits | exceptions |
//	dictionary| 0x24 | k uvarint | integers: bits of k numbers | integers: n places in them |
//
// alp is for decimals: number i is d[i] × 10^factor × 10^−exponent, two multiplications of float64s in this order; d is between −2^51 and 2^51, factor ≤ exponent ≤ 18.
// rd cuts a number's bits in two: the lower ones, right of them, as they are, and those above, of which few are different, by a dictionary of
// k ≤ 8. Where a number fits neither, it is an exception, and comes whole in place of what the rest gives:
//
//	| count uvarint | count × (gap uvarint, f64) |
const (
	formBeside = 0x18

	formFloats = 0x20
	formBits   = 0x21
	formALP    = 0x22
	formRD     = 0x23

	formDistinct = 0x24
)

// # Texts
//
//	raw              | 0x30 | integers: n lengths | bytes of all texts |
//	zstd             | 0x31 | integers: n lengths | a Zstandard frame of the same |
//	dictionary       | 0x32 | k uvarint | integers: n places in the dictionary | integers: k lengths | bytes of the dictionary |
//	dictionary, zstd | 0x33 | k uvarint | integers: n places in the dictionary | integers: k lengths | a Zstandard frame of the same |
const (
	formTexts      = 0x30
	formTextsZstd  = 0x31
	formDictionary = 0x32
	formDictZstd   = 0x33
)

// Form names the form of a column, for people.
func Form(b []byte) string {
	if len(b) == 0 {
		return "none"
	}
	inside := func(name string, at int) string {
		if len(b) <= at || b[at] >= formBeside {
			return name
		}
		return name + "+" + Form(b[at:at+1])
	}
	switch b[0] {
	case formRaw, formFloats, formTexts:
		return "raw"
	case formConstant:
		return "constant"
	case formLine:
		return "line"
	case formPacked:
		return "packed"
	case formDelta:
		return "delta"
	case formDelta2:
		return "delta2"
	case formRuns:
		return "runs"
	case formBeside:
		return inside("beside", 1)
	case formBits:
		return inside("bits", 1)
	case formALP:
		return inside("alp", 3)
	case formDistinct:
		return "dictionary"
	case formRD:
		return "rd"
	case formTextsZstd:
		return "zstd"
	case formDictionary:
		return "dictionary"
	case formDictZstd:
		return "dictionary+zstd"
	}
	return "unknown"
}
