package xlsx

import (
	"bytes"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
)

// compressionLevel is the lowest whose files are no larger than excelize's; docs/formats-xlsx-pdf.md has what the levels cost.
const compressionLevel = 6

// piece is a stretch of a zip part, compressed by itself: pieces are made side by side and stand one behind the other in the part. A piece ends
// at a whole byte (deflate's empty stored block, RFC 1951 section 3.2.4), and refers to nothing before its own first byte.
type piece struct {
	flate  *flate.Writer
	packed bytes.Buffer
	size   int64  // of the text
	crc    uint32 // of the text
}

func newPiece() *piece {
	p := new(piece)
	w, err := flate.NewWriter(&p.packed, compressionLevel)
	if err != nil {
		panic(err) // no such level
	}
	p.flate = w
	return p
}

// reset makes the piece empty. Its buffer is kept unless it is larger than most.
func (p *piece) reset() {
	if p.packed.Cap() > maxKept {
		p.packed = bytes.Buffer{}
	}
	p.packed.Reset()
	p.flate.Reset(&p.packed)
	p.size, p.crc = 0, 0
}

// Write never fails: the piece is kept in memory.
func (p *piece) Write(text []byte) (int, error) {
	p.size += int64(len(text))
	p.crc = crc32.Update(p.crc, crc32.IEEETable, text)
	return p.flate.Write(text)
}

// end completes a piece that others follow, last the last one of a part.
func (p *piece) end() error  { return p.flate.Flush() }
func (p *piece) last() error { return p.flate.Close() }

// joinCRC is the CRC-32 of a text whose first part has the CRC a, and whose other n bytes have the CRC b.
//
// A CRC is a polynomial over two elements modulo crc32.IEEE, its bits reversed, and n bytes behind it multiply it by x^8n.
func joinCRC(a, b uint32, n int64) uint32 {
	shift := uint32(1 << 31) // 1
	power := uint32(1 << 23) // x^8, squared from bit to bit of n
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			shift = multiply(shift, power)
		}
		power = multiply(power, power)
	}
	return multiply(shift, a) ^ b
}

// multiply multiplies two polynomials modulo crc32.IEEE. The highest bit stands for 1, the one below for x.
func multiply(a, b uint32) (product uint32) {
	for ; a != 0; a <<= 1 {
		if a>>31 != 0 {
			product ^= b
		}
		carry := b & 1
		b = b>>1 ^ crc32.IEEE*carry
	}
	return product
}
