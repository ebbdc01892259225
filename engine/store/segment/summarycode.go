package segment

import (
	"encoding/binary"
	"math"

	"decant/ingest"
)

// The bits of a summary's first byte.
const (
	bitKind     = 0x07
	bitDigits   = 0x18 // a third of digits, times 8
	bitStrict   = 0x20
	bitDistinct = 0x40
	bitSpecial  = 0x80 // of a group: mixed; of a block: it has fewer than BlockRows rows
)

// append writes what block and group have in common:
//
//	flags    u8: bits 0-2 kind, 3-4 a third of the digits, 5 strict, 6 distinct, 7 special
//	first    varint: less base
//	span     uvarint: last less first
//	numbers and bools, unless mixed:
//	  exponents  uvarint: 0 where all values are 0; else one more than the largest exponent less the smallest, and then the smallest as varint
//	  moments    uvarint length, and as many bytes: decimation's encoding
func (s *summary) append(b []byte, special bool, base int64) []byte {
	flags := byte(s.kind) | s.digits/3<<3
	if s.strict {
		flags |= bitStrict
	}
	if s.distinct {
		flags |= bitDistinct
	}
	if special {
		flags |= bitSpecial
	}
	b = append(b, flags)
	b = binary.AppendVarint(b, s.first-base)
	b = binary.AppendUvarint(b, uint64(s.last)-uint64(s.first))
	if !isNumber(s.kind) || s.mixed {
		return b
	}
	if s.minExp > s.maxExp {
		b = append(b, 0)
	} else {
		b = binary.AppendUvarint(b, uint64(s.maxExp-s.minExp)+1)
		b = binary.AppendVarint(b, int64(s.minExp))
	}
	b = binary.AppendUvarint(b, uint64(len(s.moments)))
	return append(b, s.moments...)
}

// decode reads what append wrote; mixed is known only by who knows whether it is a group.
func (s *summary) decode(p *parser, base int64, group bool) (special bool) {
	flags := p.byte()
	special = flags&bitSpecial != 0
	s.kind, s.digits = ingest.Kind(flags&bitKind), flags&bitDigits>>3*3
	s.strict, s.distinct = flags&bitStrict != 0, flags&bitDistinct != 0
	s.mixed = group && special
	s.first = base + p.varint()
	span := p.uvarint()
	s.last = int64(uint64(s.first) + span)
	s.minExp, s.maxExp, s.moments = math.MaxInt16, math.MinInt16, nil
	if s.kind > ingest.KindBytes || s.last < s.first || s.strict && !s.distinct {
		p.fail()
	}
	if !isNumber(s.kind) || s.mixed {
		return special
	}
	if width := p.uvarint(); width > 0 {
		low := p.varint()
		if width > 1<<12 || low < -1074 || low+int64(width)-1 > 971 {
			p.fail()
		}
		s.minExp, s.maxExp = int16(low), int16(low+int64(width)-1)
	}
	s.moments = p.bytes(p.uvarint())
	return special
}
