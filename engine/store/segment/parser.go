package segment

import "encoding/binary"

// parser reads varints and bytes one after the other. After a fault it gives zeros, and failed stays.
type parser struct {
	rest   []byte
	failed bool
}

func (p *parser) fail() { p.failed, p.rest = true, nil }

func (p *parser) byte() byte {
	if len(p.rest) == 0 {
		p.fail()
		return 0
	}
	v := p.rest[0]
	p.rest = p.rest[1:]
	return v
}

func (p *parser) uvarint() uint64 {
	if len(p.rest) > 0 && p.rest[0] < 0x80 {
		return uint64(p.byte())
	}
	v, n := binary.Uvarint(p.rest)
	if n <= 0 || p.rest[n-1] == 0 { // longer than it has to be
		p.fail()
		return 0
	}
	p.rest = p.rest[n:]
	return v
}

func (p *parser) varint() int64 {
	v := p.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (p *parser) bytes(n uint64) []byte {
	if n > uint64(len(p.rest)) {
		p.fail()
		return nil
	}
	b := p.rest[:n:n]
	p.rest = p.rest[n:]
	return b
}

func (p *parser) uint32() uint32 {
	if b := p.bytes(4); b != nil {
		return le.Uint32(b)
	}
	return 0
}
