package segment

import (
	"math"

	"decant/ingest"
)

// Version 1 is read, not written. Its header and trailer are those of version 2, without the blocks of a group and the number of rows.
//
//	+--------------------------------------------------------------+ 64
//	| block 0 | block 1 | …  series by series, in order of time;   |
//	|   each starts and ends at a multiple of 64, no gaps between  |
//	+--------------------------------------------------------------+ footer offset
//	| footer                                                       |
//	|   0 series u32   4 blocks u32   8 zeros                      |
//	|  16 per series: blocks u32, then channel, subtopic, name,    |
//	|     unit, publisher: length u32 and bytes each               |
//	|   behind all series, per block: an index entry of 64 bytes   |
//	|     zeros to a multiple of 64                                |
//	+--------------------------------------------------------------+ size - 64
//
// A block holds up to 32,768 rows of one kind:
//
//	 0 magic "BLK1"   4 rows u32   8 series u32   12 kind u8   13 protocol u8
//	14 an encoding u8 for each of the ten columns
//	24 a length u32 (bytes, without padding) for each of the ten columns
//	64 the columns that are there, in this order, each zero-padded to a multiple of 64:
//	   time           i64 a row, ns since 1970, UTC
//	   value          f64 a row; numbers and bools (0 or 1)
//	   text offsets   i32 a row and one more; strings and bytes
//	   text           the bytes of all rows
//	   received       i64 a row, ns since 1970, UTC
//	   protocol       u8 a row; where all are equal the header's byte stands for them (encoding 2)
//	   sum validity   a bit a row, lowest first; left out where every row has a sum
//	   sum            f64 a row; left out where no row has one
//	   update validity, update: the same with i64, ns
//
// An index entry is a block's place and its summary:
//
//	 0 offset u64    8 length u32   12 CRC u32
//	16 first time i64               24 last time i64
//	32 smallest value f64           40 largest value f64    (numbers and bools; else 0)
//	48 rows u32
//	52 smallest i16, 54 largest i16 exponent e of the non-zero values, each being an integer of 53 bits, the first set, times 2^e;
//	   32767 and -32768 where there is none
//	56 kind u8, 57 digits u8 (0, 3, 6 or 9: fewest fraction digits of a second that hold every time)
//	58 flags u8 (1: no two rows have the same time)   59 zeros
const (
	rowsV1        = 32768
	magicBlockV1  = 0x314b4c42 // "BLK1"
	blockHeaderV1 = 64
	entrySizeV1   = 64
	footerHeadV1  = 16
)

// The columns of a block, in file order.
const (
	colTime = iota
	colValue
	colOffsets
	colText
	colReceived
	colProtocol
	colSumValid
	colSum
	colUpdateValid
	colUpdate
	columnCount
)

// Encodings of a column.
const (
	encodingNone     = 0 // not there
	encodingRaw      = 1
	encodingConstant = 2 // protocol only: the header's byte
)

func padded(n int) int { return (n + alignment - 1) &^ (alignment - 1) }

// decodeEntryV1 reads an index entry, which is a group of one block.
func decodeEntryV1(e []byte) group {
	g := group{
		offset: int64(le.Uint64(e[0:])), size: int64(le.Uint32(e[8:])), crc: le.Uint32(e[12:]), blocks: 1,
		summary: summary{
			first: int64(le.Uint64(e[16:])), last: int64(le.Uint64(e[24:])),
			min: math.Float64frombits(le.Uint64(e[32:])), max: math.Float64frombits(le.Uint64(e[40:])),
			rows: int32(le.Uint32(e[48:])), minExp: int16(le.Uint16(e[52:])), maxExp: int16(le.Uint16(e[54:])),
			kind: ingest.Kind(e[56]), digits: e[57], strict: e[58]&1 != 0,
		},
	}
	g.distinct = g.strict
	return g
}

// decodeFooterV1 copies series and index. What it allocates is bounded by the footer's length.
func (r *Reader) decodeFooterV1(footer []byte, offset int64) error {
	bad := func(text string) error { return r.corrupt(offset, "the footer can't be: "+text) }
	series, blocks := int(le.Uint32(footer[0:])), int(le.Uint32(footer[4:]))
	rest := footer[footerHeadV1:]
	const shortest = 4 + 5*4
	if series > len(rest)/shortest || blocks > len(rest)/entrySizeV1 {
		return bad("more series or blocks than it has bytes for")
	}
	r.series = make([]SeriesEntry, series)
	r.starts = make([]int32, series+1)
	for i := range r.series {
		if len(rest) < shortest {
			return bad("a series ends early")
		}
		r.starts[i+1] = r.starts[i] + int32(min(le.Uint32(rest), uint32(blocks)+1))
		rest = rest[4:]
		s := &r.series[i].Series
		for _, field := range fields(s) {
			if len(rest) < 4 || uint64(len(rest)-4) < uint64(le.Uint32(rest)) {
				return bad("a name ends early")
			}
			n := int(le.Uint32(rest))
			*field = string(rest[4 : 4+n])
			rest = rest[4+n:]
		}
		if i > 0 && Compare(r.series[i-1].Series, *s) >= 0 {
			return bad("its series are not in order")
		}
		if r.starts[i+1] == r.starts[i] || int(r.starts[i+1]) > blocks {
			return bad("a series without its blocks")
		}
	}
	if int(r.starts[series]) != blocks || len(rest) < blocks*entrySizeV1 || len(rest)-blocks*entrySizeV1 >= alignment {
		return bad("its index has another length")
	}
	return r.decodeIndexV1(rest, blocks, offset, bad)
}

// decodeIndexV1 reads the entries, which must tile the file from header to footer.
func (r *Reader) decodeIndexV1(rest []byte, blocks int, footer int64, bad func(string) error) error {
	r.groups = make([]group, blocks)
	next := int64(headerSize)
	for i := range r.groups {
		k := decodeEntryV1(rest[i*entrySizeV1:])
		switch {
		case k.offset != next || k.size < blockHeaderV1 || k.size%alignment != 0 || k.size > footer-next:
			return bad("its blocks do not lie end to end")
		case k.rows < 1 || k.rows > rowsV1 || k.first > k.last || k.kind > ingest.KindBytes:
			return bad("a block's summary")
		}
		next += k.size
		r.groups[i] = k
	}
	if next != footer {
		return bad("its blocks do not reach it")
	}
	for i := range r.series {
		e := &r.series[i]
		of := r.groups[r.starts[i]:r.starts[i+1]]
		e.First, e.Last = of[0].first, of[len(of)-1].last
		for j := range of {
			e.Rows += int64(of[j].rows)
			if j > 0 && of[j].first < of[j-1].last {
				return bad("a series is not in order of time")
			}
		}
	}
	return nil
}

// summarizeV1 is a block's summary as version 1 has it.
func summarizeV1(kind ingest.Kind, times []int64, values []float64) summary {
	s := summarizeColumns(kind, times, values)
	s.strict = strictlyAscending(times)
	s.distinct = s.strict
	if len(values) > 0 {
		s.min, s.max = extremes(values, 0, len(values))
	}
	return s
}
