package segment

import (
	"fmt"

	"decant/ingest"
)

// parseV1 lays open the block k, whose bytes are b. It believes nothing that the checksum does not cover, and so checks only what a
// file made on purpose could have wrong: lengths.
func (c *columns) parseV1(k *block, b []byte) error {
	if le.Uint32(b) != magicBlockV1 || le.Uint32(b[4:]) != uint32(k.rows) || b[12] != byte(k.kind) {
		return fmt.Errorf("its header is not that of the index")
	}
	c.reset()
	c.n, c.strict, c.kind, c.protocol = int(k.rows), k.strict, k.kind, ingest.Protocol(b[13])
	var raw [columnCount][]byte
	at := blockHeaderV1
	for i := range raw {
		length := int(le.Uint32(b[24+4*i:]))
		switch encoding := b[14+i]; {
		case encoding == encodingRaw && length <= len(b)-at:
			raw[i] = b[at : at+length : at+length]
			at += padded(length)
		case encoding == encodingConstant && i == colProtocol && length == 0:
		case encoding == encodingNone && length == 0:
		default:
			return fmt.Errorf("column %d has an encoding %d or a length %d that can't be", i, encoding, length)
		}
	}
	if at != len(b) {
		return fmt.Errorf("its columns fill %d of %d bytes", at, len(b))
	}
	return c.assignV1(b, &raw)
}

// assignV1 gives each column its bytes, where their number is right.
func (c *columns) assignV1(b []byte, raw *[columnCount][]byte) error {
	n := c.n
	for _, want := range []struct {
		column, length int
		needed         bool
	}{
		{colTime, 8 * n, true},
		{colValue, 8 * n, isNumber(c.kind)},
		{colOffsets, 4 * (n + 1), hasText(c.kind)},
		{colReceived, 8 * n, true},
		{colProtocol, n, b[14+colProtocol] == encodingRaw},
		{colSumValid, (n + 7) / 8, b[14+colSumValid] == encodingRaw},
		{colSum, 8 * n, b[14+colSum] == encodingRaw},
		{colUpdateValid, (n + 7) / 8, b[14+colUpdateValid] == encodingRaw},
		{colUpdate, 8 * n, b[14+colUpdate] == encodingRaw},
	} {
		if there := b[14+want.column] == encodingRaw; there != want.needed || there && len(raw[want.column]) != want.length {
			return fmt.Errorf("column %d is not of %d rows", want.column, n)
		}
	}
	if hasText(c.kind) != (b[14+colText] == encodingRaw) {
		return fmt.Errorf("a text column where none belongs, or none where one does")
	}
	c.time = columnOf[int64](raw[colTime])
	c.value = columnOf[float64](raw[colValue])
	c.offsets, c.text = columnOf[int32](raw[colOffsets]), raw[colText]
	c.received = columnOf[int64](raw[colReceived])
	c.protocols = columnOf[ingest.Protocol](raw[colProtocol])
	c.sum, c.sumValid = columnOf[float64](raw[colSum]), raw[colSumValid]
	c.update, c.updateValid = columnOf[int64](raw[colUpdate]), raw[colUpdateValid]
	return nil
}
