package segment

import (
	"bytes"
	"context"
	"math"
	"testing"
)

// mend makes every checksum of a file right again, so that what they protect is looked at.
func mend(b []byte) {
	if len(b) < headerSize+trailerSize {
		return
	}
	copy(b, magicHead)
	if v := le.Uint32(b[8:]); v < 1 || v > newest {
		le.PutUint32(b[8:], newest)
	}
	le.PutUint32(b[60:], checksum(b[:60]))
	tail := b[len(b)-trailerSize:]
	copy(tail, magicHead)
	copy(tail[56:], magicTail)
	le.PutUint32(tail[28:], le.Uint32(b[8:]))
	le.PutUint64(tail[32:], uint64(len(b)))
	if start := le.Uint64(tail[8:]); start >= headerSize && start < uint64(len(b)-trailerSize) {
		footer := b[start : len(b)-trailerSize]
		le.PutUint64(tail[16:], uint64(len(footer)))
		if v1 := le.Uint32(b[8:]) == 1; v1 && len(footer) >= footerHeadV1 {
			mendBlocksV1(b, footer)
		} else if !v1 {
			mendGroups(b, footer)
		}
		le.PutUint32(tail[24:], checksum(footer))
	}
	le.PutUint32(tail[52:], checksum(tail[:52]))
}

// mendGroups walks through the footer and the directories and gives their entries the checksums of what they name. What makes no sense stays.
func mendGroups(b, footer []byte) {
	p := parser{b: footer}
	series, _ := p.uvarint(), p.uvarint()
	next := int64(headerSize)
	for ; series > 0 && !p.failed; series-- {
		for range 5 {
			if n := p.uvarint(); n > 0 {
				p.bytes(n - 1)
			}
		}
		last := int64(0)
		for groups := p.uvarint(); groups > 0 && !p.failed; groups-- {
			g := group{offset: next}
			ok := g.decode(&p, last)
			next += g.size
			end := next + int64(g.directory)
			if !ok || g.size > int64(len(b)) || end > int64(len(b)) {
				return
			}
			mendDirectory(b, b[next:end], g)
			le.PutUint32(footer[p.at-4:], checksum(b[next:end]))
			next, last = end, g.last
		}
	}
}

func mendDirectory(b, directory []byte, g group) {
	p := parser{b: directory}
	offset, last := g.offset, g.first
	for range g.blocks {
		var k summary
		if k.decode(&p, last, false) {
			p.uvarint()
		}
		length := int64(p.uvarint())
		p.uint32()
		if p.failed || length < 0 || length > int64(len(b))-offset {
			return
		}
		le.PutUint32(directory[p.at-4:], checksum(b[offset:offset+length]))
		offset, last = offset+length, k.last
	}
}

// FuzzOpen opens arbitrary bytes, as they are and with every checksum made right. Nothing may panic, and what opens can be read through.
func FuzzOpen(f *testing.F) {
	f.Add(sampleSegment(f))
	f.Add(sampleV1(f))
	f.Add([]byte(nil))
	f.Add(append(encodeHeader(groupBlocks), trailer{footerOffset: 64, size: 128, version: newest}.encode()...))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, mended := range []bool{false, true} {
			if mended {
				b = bytes.Clone(b)
				mend(b)
			}
			r, err := readBytes("x.seg", b)
			if err != nil {
				continue
			}
			// Whatever comes of it, it ends and does not panic; where all is sound, scan and index agree.
			damaged := r.Verify(context.Background(), nil)
			rows, err := scanAll(r)
			if damaged == nil && (err != nil || rows > r.Rows()) {
				t.Errorf("%d of %d rows, %v", rows, r.Rows(), err)
			}
			for i := range r.Series() {
				runs := []Run{r.Run(i), r.Run(i)}
				_, _ = RangeStats(context.Background(), runs, 0, math.MaxInt64, KeepLast)
				_, _, _, _ = Before(context.Background(), runs, math.MaxInt64, KeepLast)
			}
			r.Release()
		}
	})
}
