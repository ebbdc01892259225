package segment

import (
	"encoding/binary"
	"hash/crc32"
)

// A segment file of version 2. Fixed numbers are little endian; uvarint and varint are those of encoding/binary, and never longer than they have to be. Every
// byte is under a CRC32C (Castagnoli): those of the header and the trailer under their own, those of the footer under one in the trailer, those of a
// directory under one in the footer, those of a block under one in its directory.
//
//	+--------------------------------------------------------------+ 0
//	| header, 64 bytes                                             |
//	|   0 magic "DECANTSG"   8 version u32   12 rows of a block u32|
//	|  16 blocks of a group u32   20 zeros   60 CRC of bytes 0 to 60|
//	+--------------------------------------------------------------+ 64
//	| group 0 | group 1 | …  series by series, in order of time,   |
//	|   no gaps between: up to 32 blocks, then their directory     |
//	+--------------------------------------------------------------+ footer offset
//	| footer: the series, an entry a group (footer.go)             |
//	+--------------------------------------------------------------+ size - 64
//	| trailer, 64 bytes                                            |
//	|   0 magic "DECANTSG"   8 footer offset u64                   |
//	|  16 footer length u64 24 footer CRC u32   28 version u32     |
//	|  32 size of file u64  40 rows u64  48 zeros                  |
//	|  52 CRC of bytes 0 to 52           56 magic "DECANTEN"       |
//	+--------------------------------------------------------------+ size
//
// The directory's layout stands in directory.go, a block's in packed.go. Version 1, which is still read, is in v1.go.
const (
	magicHead = "DECANTSG"
	magicTail = "DECANTEN"
	newest    = 2 // version

	headerSize  = 64
	trailerSize = 64
	alignment   = 64 // of what is mapped

	// textLimit ends a block early, so that a block of long strings stays small; one row may be longer.
	textLimit = 1 << 20
	// maxText is the longest single text: offsets are int32.
	maxText = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

var le = binary.LittleEndian

func encodeHeader(blocks int) []byte {
	b := make([]byte, headerSize)
	copy(b, magicHead)
	le.PutUint32(b[8:], newest)
	le.PutUint32(b[12:], BlockRows)
	le.PutUint32(b[16:], uint32(blocks))
	le.PutUint32(b[60:], checksum(b[:60]))
	return b
}

type trailer struct {
	footerOffset, footerLength, size uint64
	footerCRC, version               uint32
	rows                             uint64 // version 2
}

func (t trailer) encode() []byte {
	b := make([]byte, trailerSize)
	copy(b, magicHead)
	le.PutUint64(b[8:], t.footerOffset)
	le.PutUint64(b[16:], t.footerLength)
	le.PutUint32(b[24:], t.footerCRC)
	le.PutUint32(b[28:], t.version)
	le.PutUint64(b[32:], t.size)
	le.PutUint64(b[40:], t.rows)
	le.PutUint32(b[52:], checksum(b[:52]))
	copy(b[56:], magicTail)
	return b
}

func decodeTrailer(b []byte) trailer {
	return trailer{
		footerOffset: le.Uint64(b[8:]), footerLength: le.Uint64(b[16:]),
		footerCRC: le.Uint32(b[24:]), version: le.Uint32(b[28:]), size: le.Uint64(b[32:]), rows: le.Uint64(b[40:]),
	}
}
