package segment

import (
	"encoding/binary"
	"math/bits"
)

// parser reads varints and bytes one after the other. After a fault it gives zeros, and failed stays.
type parser struct {
	b      []byte
	at     int // what is read next
	failed bool
}

func (p *parser) fail() { p.failed, p.at = true, len(p.b) }

// left is how many bytes were not read yet.
func (p *parser) left() int { return len(p.b) - p.at }

func (p *parser) byte() byte {
	if p.at >= len(p.b) {
		p.fail()
		return 0
	}
	v := p.b[p.at]
	p.at++
	return v
}

func (p *parser) uvarint() uint64 {
	if at := p.at; at < len(p.b) && p.b[at] < 0x80 {
		p.at = at + 1
		return uint64(p.b[at])
	}
	return p.long()
}

// long reads an uvarint of several bytes. Up to eight are taken at once: the bits that say that there is more tell where it ends, and what is between them is
// pushed together.
func (p *parser) long() uint64 {
	const more = 0x8080808080808080
	if p.left() < 8 {
		return p.longest()
	}
	x := le.Uint64(p.b[p.at:])
	end := ^x & more
	if end == 0 {
		return p.longest()
	}
	n := bits.TrailingZeros64(end) / 8 // bytes but for the last
	x &= end ^ (end - 1)
	if x>>(8*n) == 0 && n > 0 { // longer than it has to be
		p.fail()
		return 0
	}
	x &^= more
	x = x&0x007f007f007f007f | x>>1&0x3f803f803f803f80
	x = x&0x00003fff00003fff | x>>2&0x0fffc0000fffc000
	x = x&0x000000000fffffff | x>>4&0x00fffffff0000000
	p.at += n + 1
	return x
}

// longest reads one a byte at a time.
func (p *parser) longest() uint64 {
	v, n := binary.Uvarint(p.b[p.at:])
	if n <= 0 || n > 1 && p.b[p.at+n-1] == 0 {
		p.fail()
		return 0
	}
	p.at += n
	return v
}

func (p *parser) varint() int64 {
	v := p.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (p *parser) bytes(n uint64) []byte {
	if n > uint64(p.left()) {
		p.fail()
		return nil
	}
	b := p.b[p.at : p.at+int(n) : p.at+int(n)]
	p.at += int(n)
	return b
}

func (p *parser) uint32() uint32 {
	if b := p.bytes(4); b != nil {
		return le.Uint32(b)
	}
	return 0
}
