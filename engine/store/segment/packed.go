package segment

import (
	"encoding/binary"
	"fmt"

	"decant/engine/store/encoding"
	"decant/ingest"
)

// A block of version 2 holds up to BlockRows rows of one kind. Its columns follow each other without gaps:
//
//	flags     u8: bit 0 protocols, 1 sum, 2 sum validity, 3 update, 4 update validity are there
//	protocol  u8: of all rows, where there is no such column
//	lengths   uvarint each, of the encoded columns that are there, in order
//	the columns that are there, in this order:
//	  time             encoded integers, ns since 1970, UTC
//	  value            encoded floating-point numbers; numbers and bools (0 or 1)
//	  text             encoded texts; strings and bytes
//	  received         encoded integers beside time, ns since 1970, UTC
//	  sum              encoded floating-point numbers, 0 where a row has none; left out where no row has one
//	  update           encoded integers, the same
//	  protocols        u8 a row
//	  sum validity     a bit a row, lowest first; left out where every row has a sum
//	  update validity  the same
//
// How a column is encoded its first byte says (package encoding).
const (
	blockProtocols = 1 << iota
	blockSum
	blockSumValid
	blockUpdate
	blockUpdateValid
)

// The encoded columns of a block, in file order.
const (
	packedTime = iota
	packedValue
	packedText
	packedReceived
	packedSum
	packedUpdate
	packedCount
)

// packed is a block of version 2 as it lies: encoded columns, nil where one is not there.
type packed struct {
	flags    byte
	protocol ingest.Protocol
	columns  [packedCount][]byte

	protocols             []ingest.Protocol
	sumValid, updateValid []byte
}

// there says which encoded columns a block has.
func (p *packed) there(kind ingest.Kind) [packedCount]bool {
	return [packedCount]bool{true, isNumber(kind), hasText(kind), true, p.flags&blockSum != 0, p.flags&blockUpdate != 0}
}

// parsePacked finds the columns of a block of n rows in b.
func parsePacked(b []byte, kind ingest.Kind, n int) (p packed, err error) {
	in := parser{b: b}
	p.flags, p.protocol = in.byte(), ingest.Protocol(in.byte())
	if p.flags >= 1<<5 || p.flags&blockSum == 0 && p.flags&blockSumValid != 0 || p.flags&blockUpdate == 0 && p.flags&blockUpdateValid != 0 {
		return p, fmt.Errorf("its flags %#x can't be", p.flags)
	}
	there := p.there(kind)
	var lengths [packedCount]uint64
	for i := range lengths {
		if there[i] {
			lengths[i] = in.uvarint()
		}
	}
	for i, length := range lengths {
		if there[i] {
			p.columns[i] = in.bytes(length)
		}
	}
	if p.flags&blockProtocols != 0 {
		p.protocols = columnOf[ingest.Protocol](in.bytes(uint64(n)))
	}
	if p.flags&blockSumValid != 0 {
		p.sumValid = in.bytes(uint64(n+7) / 8)
	}
	if p.flags&blockUpdateValid != 0 {
		p.updateValid = in.bytes(uint64(n+7) / 8)
	}
	if in.failed || in.left() > 0 {
		return p, fmt.Errorf("its columns do not fill its %d bytes", len(b))
	}
	return p, nil
}

// packer encodes blocks. Its buffers are used again and again.
type packer struct {
	columns [packedCount][]byte
}

// append encodes rows of one kind, at most BlockRows.
func (p *packer) append(b []byte, r *Rows) []byte {
	kind := r.Kind[0]
	head := packed{protocol: r.Protocol[0]}
	if _, same := constant(r.Protocol); !same {
		head.flags |= blockProtocols
	}
	anySum, allSums := some(r.HasSum)
	anyUpdate, allUpdates := some(r.HasUpdate)
	if anySum {
		head.flags |= blockSum
	}
	if anySum && !allSums {
		head.flags |= blockSumValid
	}
	if anyUpdate {
		head.flags |= blockUpdate
	}
	if anyUpdate && !allUpdates {
		head.flags |= blockUpdateValid
	}
	c := &p.columns
	for i := range c {
		c[i] = c[i][:0]
	}
	c[packedTime] = encoding.AppendInts(c[packedTime], r.Time)
	if isNumber(kind) {
		c[packedValue] = encoding.AppendFloats(c[packedValue], r.Number)
	}
	if hasText(kind) {
		offsets, text := joined(r.Text)
		c[packedText] = encoding.AppendTexts(c[packedText], offsets, text)
	}
	c[packedReceived] = encoding.AppendIntsBeside(c[packedReceived], r.Received, r.Time)
	if anySum {
		c[packedSum] = encoding.AppendFloats(c[packedSum], where(r.Sum, r.HasSum))
	}
	if anyUpdate {
		c[packedUpdate] = encoding.AppendInts(c[packedUpdate], where(r.Update, r.HasUpdate))
	}

	b = append(b, head.flags, byte(head.protocol))
	there := head.there(kind)
	for i, column := range c {
		if there[i] {
			b = binary.AppendUvarint(b, uint64(len(column)))
		}
	}
	for i, column := range c {
		if there[i] {
			b = append(b, column...)
		}
	}
	if head.flags&blockProtocols != 0 {
		b = append(b, bytesOf(r.Protocol)...)
	}
	if head.flags&blockSumValid != 0 {
		b = append(b, bitmap(r.HasSum)...)
	}
	if head.flags&blockUpdateValid != 0 {
		b = append(b, bitmap(r.HasUpdate)...)
	}
	return b
}
