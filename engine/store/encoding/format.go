package encoding

// A column begins with a byte that names its form. How many values it has, n, stands with whoever stores it, and so does its length: all of its
// bytes are used. Numbers are little endian; uvarint and varint are those of encoding/binary, the latter zigzag. Arithmetic on integers is modulo
// 2^64, so that no difference overflows.
//
// # Integers
//
// A column of integers ends by itself, so that it can be part of another:
//
//	raw       +------+---------+
//	          | 0x10 | n × i64 |
//	          +------+---------+
//	constant  +------+--------------+
//	          | 0x11 | value varint |
//	          +------+--------------+
//	line      +------+-------------+-------------+
//	          | 0x12 | base varint | step varint |
//	          +------+-------------+-------------+
//	packed    +------+-------------+--------------+-------------+----------+-----------+
//	          | 0x13 | base varint | unit uvarint | step varint | shift u8 | residuals |
//	          +------+-------------+--------------+-------------+----------+-----------+
//	delta     +------+-------------+--------------+-------------+-----------+
//	          | 0x14 | base varint | unit uvarint | step varint | residuals |
//	          +------+-------------+--------------+-------------+-----------+
//	delta2    +------+-------------+--------------+---------------+-------------+-----------+
//	          | 0x15 | base varint | unit uvarint | second varint | step varint | residuals |
//	          +------+-------------+--------------+---------------+-------------+-----------+
//	runs      +------+-----------+----------------------+---------------------+
//	          | 0x16 | k uvarint | integers: k lengths  | integers: k values  |   none of them runs
//	          +------+-----------+----------------------+---------------------+
//	beside    +------+----------------------------------------------+
//	          | 0x18 | integers: each less the one of another column |           not inside of others
//	          +------+----------------------------------------------+
//
// With r the residuals, value i, counted from 0, is
//
//	line      base + i × step
//	packed    base + unit × (r[i] + (i × step >> shift))
//	delta     base + unit × (d[1] + … + d[i])  where d[j] = step + r[j]
//	delta2    base + unit × (d[1] + … + d[i])  where d[1] = second and d[j] = d[j−1] + step + r[j]
//
// A unit is what all differences are multiples of: 1000000 for times in whole milliseconds. A shift, at most 16, gives the step binary fractions:
// sixty times a second are 16.67 ms apart; what is shifted has no sign. A run's value stands as often as its length says.
//
// There are n residuals, those that nothing is made of too. They are packed in width bits each, lowest bits first, so that residual i begins at bit
// i × width, wherever that is; what is left of the last byte is zero. Some may be exceptions, to whose residuals high × 2^width is added. Each is as far
// behind the one before as its gap says, the first behind the beginning:
//
//	+----------------+------------------------+
//	| width u8, ≤ 64 | ⌈n × width / 8⌉ bytes  |
//	+----------------+------------------------+-----------+-----------------------------------+
//	| width + 128 u8 | ⌈n × width / 8⌉ bytes  | count u16 | count × gap uvarint, high varint  |
//	+----------------+------------------------+-----------+-----------------------------------+
const (
	formRaw      = 0x10
	formConstant = 0x11
	formLine     = 0x12
	formPacked   = 0x13
	formDelta    = 0x14
	formDelta2   = 0x15
	formRuns     = 0x16
	formBeside   = 0x18

	exceptional = 0x80 // flag of width
	mostShift   = 16
)

// # Numbers
//
//	raw         +------+---------+
//	            | 0x20 | n × f64 |
//	            +------+---------+
//	bits        +------+------------------------------------+
//	            | 0x21 | integers: the bits of the numbers  |
//	            +------+------------------------------------+
//	alp         +------+-------------+-----------+-------------+------------+
//	            | 0x22 | exponent u8 | factor u8 | integers: d | exceptions |
//	            +------+-------------+-----------+-------------+------------+
//	rd          +------+----------+------+--------------+------------------+------------------+------------+
//	            | 0x23 | right u8 | k u8 | k × left u16 | integers: places | integers: rights | exceptions |
//	            +------+----------+------+--------------+------------------+------------------+------------+
//	dictionary  +------+-----------+-----------------------------+------------------+
//	            | 0x24 | k uvarint | integers: bits of k numbers | integers: places |
//	            +------+-----------+-----------------------------+------------------+
//
// alp: number i is d[i] × 10^factor × 10^−exponent, as two multiplications of float64s in this order, the powers being the float64s nearest to
// them; |d[i]| ≤ 2^51 and factor ≤ exponent ≤ 18.
// rd: the bits of number i are rights[i], less than 2^right, and left[places[i]] above them; right is 48 to 63, k is 1 to 8.
// dictionary: number i is that at places[i].
//
// An exception comes whole, in place of what the rest gives; gap is that of residuals:
//
//	+---------------+--------------------------+
//	| count uvarint | count × gap uvarint, f64 |
//	+---------------+--------------------------+
const (
	formFloats   = 0x20
	formBits     = 0x21
	formALP      = 0x22
	formRD       = 0x23
	formDistinct = 0x24
)

// # Texts
//
//	raw              +------+---------------------+-----------------+
//	                 | 0x30 | integers: n lengths | bytes of n texts|
//	zstd             | 0x31 | integers: n lengths | a frame of them |
//	                 +------+-----------+---------+--------+--------+------------+------------------+
//	dictionary       | 0x32 | k uvarint | integers: places | integers: k lengths | bytes of k texts |
//	dictionary+zstd  | 0x33 | k uvarint | integers: places | integers: k lengths | a frame of them  |
//	                 +------+-----------+------------------+---------------------+------------------+
//
// Texts follow each other without anything between. A frame is one of Zstandard (RFC 8878). dictionary: text i is that at places[i].
const (
	formTexts      = 0x30
	formTextsZstd  = 0x31
	formDictionary = 0x32
	formDictZstd   = 0x33
)

var formNames = [...]string{
	formRaw: "raw", formConstant: "constant", formLine: "line", formPacked: "packed", formDelta: "delta", formDelta2: "delta2", formRuns: "runs", formBeside: "beside",
	formFloats: "raw", formBits: "bits", formALP: "alp", formRD: "rd", formDistinct: "dictionary",
	formTexts: "raw", formTextsZstd: "zstd", formDictionary: "dictionary", formDictZstd: "dictionary+zstd",
}

// Form names the form of a column, for people: packed, alp+delta, dictionary+zstd. A column of no values has none.
func Form(b []byte) string {
	if len(b) == 0 {
		return "none"
	}
	if int(b[0]) >= len(formNames) || formNames[b[0]] == "" {
		return "unknown"
	}
	name, inside := formNames[b[0]], len(b)
	switch b[0] {
	case formBeside, formBits:
		inside = 1
	case formALP:
		inside = 3
	}
	if inside < len(b) && b[inside] < formBeside {
		name += "+" + Form(b[inside:inside+1])
	}
	return name
}
