package parquet

import (
	"encoding/binary"
	"math/bits"
)

// appendPacked appends values of width bits each, the first one lowest, as Parquet packs them. The last byte is filled up with zeros.
// No value has more bits than width, which is at most 64.
func appendPacked[T uint32 | uint64](dst []byte, values []T, width int) []byte {
	var word uint64 // the bits that are not appended yet
	used := 0       // how many of them
	for _, v := range values {
		word |= uint64(v) << used
		used += width
		if used >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, word)
			used -= 64
			word = uint64(v) >> (width - used) // what did not fit
		}
	}
	for ; used > 0; used -= 8 {
		dst = append(dst, byte(word))
		word >>= 8
	}
	return dst
}

// shortestRun is how many equal values a run has at least. A run takes as much room as a few packed values.
const shortestRun = 24

// appendHybrid appends values of width bits in the form that Parquet calls RLE: runs of one value, and packed values between them.
//
//	run:    varint(length << 1)      value, in as many bytes as the width takes
//	packed: varint(eights << 1 | 1)  eights × 8 values, the last ones filled up with zeros
func appendHybrid(dst []byte, values []uint32, width int) []byte {
	packed := 0 // values[packed:i] are still to be packed, a multiple of eight but at the end
	for i := 0; i < len(values); {
		n := 1
		for i+n < len(values) && values[i+n] == values[i] {
			n++
		}
		if n < shortestRun {
			i = min(i+8*max(1, n/8), len(values))
			continue
		}
		dst = appendPackedRun(dst, values[packed:i], width)
		dst = binary.AppendUvarint(dst, uint64(n)<<1)
		for shift := 0; shift < width; shift += 8 {
			dst = append(dst, byte(values[i]>>shift))
		}
		i += n
		packed = i
	}
	return appendPackedRun(dst, values[packed:], width)
}

func appendPackedRun(dst []byte, values []uint32, width int) []byte {
	if len(values) == 0 {
		return dst
	}
	eights := (len(values) + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(eights)<<1|1)
	end := len(dst) + eights*width
	dst = appendPacked(dst, values, width)
	for len(dst) < end {
		dst = append(dst, 0)
	}
	return dst
}

// indexWidth is how many bits an index into so many dictionary entries takes. It is at least one: some readers take no zero.
func indexWidth(entries int) int { return max(1, bits.Len(uint(entries-1))) }

const (
	deltaBlock = 128 // deltas
	miniBlock  = 32  // deltas of one width
)

// appendDeltas appends values as DELTA_BINARY_PACKED: blocks of differences, each block with its smallest difference, and how much the
// others exceed it, packed. Differences wrap around, so that any two int64 have one.
//
//	varint(128) varint(4) varint(count) zigzag(first)
//	a block: zigzag(smallest difference) 4 × width 4 × 32 packed differences
func appendDeltas(dst []byte, values []int64) []byte {
	dst = binary.AppendUvarint(dst, deltaBlock)
	dst = binary.AppendUvarint(dst, deltaBlock/miniBlock)
	dst = binary.AppendUvarint(dst, uint64(len(values)))
	if len(values) == 0 {
		return binary.AppendVarint(dst, 0)
	}
	dst = binary.AppendVarint(dst, values[0])
	var deltas [deltaBlock]uint64
	for last := 0; last < len(values)-1; {
		n := min(deltaBlock, len(values)-1-last)
		smallest := values[last+1] - values[last]
		for i := range n {
			d := values[last+i+1] - values[last+i]
			deltas[i] = uint64(d)
			smallest = min(smallest, d)
		}
		for i := range n {
			deltas[i] -= uint64(smallest)
		}
		clear(deltas[n:])
		dst = appendDeltaBlock(dst, smallest, &deltas, n)
		last += n
	}
	return dst
}

// appendDeltaBlock appends a block of n differences. Miniblocks beyond them have no bytes; the one that holds the last is whole.
func appendDeltaBlock(dst []byte, smallest int64, deltas *[deltaBlock]uint64, n int) []byte {
	dst = binary.AppendVarint(dst, smallest)
	var widths [deltaBlock / miniBlock]byte
	for m := range widths {
		var all uint64
		for _, d := range deltas[m*miniBlock : (m+1)*miniBlock] {
			all |= d
		}
		widths[m] = byte(bits.Len64(all))
	}
	dst = append(dst, widths[:]...)
	for m, width := range widths {
		if m*miniBlock < n {
			dst = appendPacked(dst, deltas[m*miniBlock:(m+1)*miniBlock], int(width))
		}
	}
	return dst
}
