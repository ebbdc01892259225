package segment

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"decant/ingest"
)

// A segment file. All numbers are little endian. Every byte is under a CRC32C (Castagnoli): those of the header and the trailer under their
// own, those of the footer under one in the trailer, those of a block (padding included) under one in the footer's index.
//
//	+--------------------------------------------------------------+ 0
//	| header, 64 bytes                                             |
//	|   0 magic "DECANTSG"   8 version u32   12 rows of a block u32|
//	|  16 zeros             60 CRC of bytes 0 to 60                |
//	+--------------------------------------------------------------+ 64
//	| block 0 | block 1 | …  series by series, in order of time;   |
//	|   each starts and ends at a multiple of 64, no gaps between  |
//	+--------------------------------------------------------------+ footer offset
//	| footer                                                       |
//	|   0 series u32   4 blocks u32   8 zeros                      |
//	|  16 per series: blocks u32, then channel, subtopic, name,    |
//	|     unit, publisher: length u32 and bytes each               |
//	|     per block: an index entry of 64 bytes                    |
//	|     zeros to a multiple of 64                                |
//	+--------------------------------------------------------------+ size - 64
//	| trailer, 64 bytes                                            |
//	|   0 magic "DECANTSG"   8 footer offset u64                   |
//	|  16 footer length u64 24 footer CRC u32   28 version u32     |
//	|  32 size of file u64  40 zeros  52 CRC of bytes 0 to 52      |
//	|  56 magic "DECANTEN"                                         |
//	+--------------------------------------------------------------+ size
//
// A block holds up to BlockRows rows of one kind:
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
// An index entry is a block's place and its summary; summaries of any blocks can be merged:
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
	magicHead  = "DECANTSG"
	magicTail  = "DECANTEN"
	magicBlock = 0x314b4c42 // "BLK1"
	version    = 1

	headerSize  = 64
	trailerSize = 64
	blockHeader = 64
	entrySize   = 64
	footerHead  = 16
	alignment   = 64

	// textLimit ends a block early, so that a block of long strings stays small; one row may be longer.
	textLimit = 1 << 20
	// maxText is the longest single text: offsets are int32.
	maxText = 1 << 30
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

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

func padded(n int) int { return (n + alignment - 1) &^ (alignment - 1) }

var le = binary.LittleEndian

func encodeHeader() []byte {
	b := make([]byte, headerSize)
	copy(b, magicHead)
	le.PutUint32(b[8:], version)
	le.PutUint32(b[12:], BlockRows)
	le.PutUint32(b[60:], checksum(b[:60]))
	return b
}

type trailer struct {
	footerOffset, footerLength, size uint64
	footerCRC                        uint32
}

func (t trailer) encode() []byte {
	b := make([]byte, trailerSize)
	copy(b, magicHead)
	le.PutUint64(b[8:], t.footerOffset)
	le.PutUint64(b[16:], t.footerLength)
	le.PutUint32(b[24:], t.footerCRC)
	le.PutUint32(b[28:], version)
	le.PutUint64(b[32:], t.size)
	le.PutUint32(b[52:], checksum(b[:52]))
	copy(b[56:], magicTail)
	return b
}

func decodeTrailer(b []byte) trailer {
	return trailer{
		footerOffset: le.Uint64(b[8:]), footerLength: le.Uint64(b[16:]),
		footerCRC: le.Uint32(b[24:]), size: le.Uint64(b[32:]),
	}
}

// block is an entry of the index: where a block lies, and its summary.
type block struct {
	offset int64
	length uint32
	crc    uint32
	summary
}

func (k block) append(b []byte) []byte {
	var e [entrySize]byte
	le.PutUint64(e[0:], uint64(k.offset))
	le.PutUint32(e[8:], k.length)
	le.PutUint32(e[12:], k.crc)
	le.PutUint64(e[16:], uint64(k.first))
	le.PutUint64(e[24:], uint64(k.last))
	le.PutUint64(e[32:], math.Float64bits(k.min))
	le.PutUint64(e[40:], math.Float64bits(k.max))
	le.PutUint32(e[48:], uint32(k.rows))
	le.PutUint16(e[52:], uint16(k.minExp))
	le.PutUint16(e[54:], uint16(k.maxExp))
	e[56], e[57] = byte(k.kind), k.digits
	if k.strict {
		e[58] = 1
	}
	return append(b, e[:]...)
}

func decodeBlock(e []byte) block {
	return block{
		offset: int64(le.Uint64(e[0:])), length: le.Uint32(e[8:]), crc: le.Uint32(e[12:]),
		summary: summary{
			first: int64(le.Uint64(e[16:])), last: int64(le.Uint64(e[24:])),
			min: math.Float64frombits(le.Uint64(e[32:])), max: math.Float64frombits(le.Uint64(e[40:])),
			rows: int32(le.Uint32(e[48:])), minExp: int16(le.Uint16(e[52:])), maxExp: int16(le.Uint16(e[54:])),
			kind: ingest.Kind(e[56]), digits: e[57], strict: e[58]&1 != 0,
		},
	}
}
