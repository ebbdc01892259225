package lines

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/klauspost/compress/flate"

	"decant/formats"
)

// gzipped is text in one gzip member (RFC 1952), whose deflate stream is made of pieces, one a chunk:
//
//	header (10 bytes: no name, no time) | piece | piece | … | 03 00 (an empty last block) | CRC-32 | length
//
// A piece ends on a whole byte, in an empty block that is not the last, and may refer to the text before it.
type gzipped struct {
	out  *formats.Output
	open bool
	sum  uint32 // CRC-32 of the text so far
	size uint32 // its bytes, modulo 2³²
}

func (*gzipped) newPacker() *packer {
	p := &packer{}
	p.deflate, _ = flate.NewWriter(&p.packed, flate.DefaultCompression) // the level is one that there is
	return p
}

func (g *gzipped) write(c *chunk) error {
	if !g.open {
		g.open = true
		if _, err := g.out.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}); err != nil {
			return err
		}
	}
	g.sum = crc32.Update(g.sum, crc32.IEEETable, c.text)
	g.size += uint32(len(c.text))
	_, err := g.out.Write(c.packer.packed.Bytes())
	return err
}

func (g *gzipped) close() error {
	end := []byte{0x03, 0x00}
	end = binary.LittleEndian.AppendUint32(end, g.sum)
	end = binary.LittleEndian.AppendUint32(end, g.size)
	_, err := g.out.Write(end)
	return err
}

func (*gzipped) abandon() {}

// packer deflates chunks, one after another.
type packer struct {
	deflate *flate.Writer
	packed  bytes.Buffer

	before chan []byte // gives the end of the text before the chunk; nil where there is none
	after  chan []byte // takes the end of the chunk's own text
	spare  []byte      // for that
}

// reach is how far back deflate can refer, in bytes.
const reach = 32 << 10

// follow makes the next chunk one that stands behind last's, which may be p itself.
func (p *packer) follow(last *packer) {
	p.before = nil
	if last != nil {
		p.before = last.after
	}
	p.after = make(chan []byte, 1)
}

// pack deflates the chunk's text, as soon as the one before is printed.
func (p *packer) pack(text []byte) {
	p.after <- append(p.spare[:0], text[max(0, len(text)-reach):]...)
	var before []byte
	if p.before != nil {
		before = <-p.before
	}
	p.packed.Reset()
	p.deflate.ResetDict(&p.packed, before)
	p.deflate.Write(text) // into memory: it can't fail
	p.deflate.Flush()
	p.spare = before
}
