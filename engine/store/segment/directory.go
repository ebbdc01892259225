package segment

import "encoding/binary"

// groupBlocks is the most blocks that a group has.
const groupBlocks = 32

// group is an entry of the index: blocks of one series that lie end to end, and behind them their directory, which is read when a scan enters the
// group. In version 1 a group is one block and has none.
type group struct {
	offset    int64  // of its first block
	size      int64  // of its blocks, in bytes
	directory uint32 // bytes
	crc       uint32 // of the directory; in version 1 of the block
	blocks    uint8
	summary
}

// block is an entry of a directory: where a block lies, and its summary.
type block struct {
	offset int64
	length uint32
	crc    uint32
	summary
}

// A directory has an entry a block, one after the other:
//
//	the block's summary (summarycode.go): special where it has fewer than BlockRows rows, base the last time of the block before, or the group's first
//	rows     uvarint, where special
//	length   uvarint: the block's bytes
//	CRC      u32 of these
func (k *block) append(b []byte, base int64) []byte {
	short := k.rows < BlockRows
	b = k.summary.append(b, short, base)
	if short {
		b = binary.AppendUvarint(b, uint64(k.rows))
	}
	b = binary.AppendUvarint(b, uint64(k.length))
	return le.AppendUint32(b, k.crc)
}

// directory gives the blocks of group g. It checks what is read the first time, and believes nothing that would make a scan go astray: the blocks tile the
// group, in order of time, and have its rows. The blocks' moments lie in the map.
func (r *Reader) directory(g int, into []block) ([]block, error) {
	k := &r.groups[g]
	if r.version == 1 {
		return append(into[:0], block{k.offset, uint32(k.size), k.crc, k.summary}), nil
	}
	at := k.offset + k.size
	b := r.data[at : at+int64(k.directory)]
	if r.sound[g].Load()&soundDirectory == 0 {
		if checksum(b) != k.crc {
			return nil, r.corrupt(at, "a directory does not match its checksum")
		}
		r.sound[g].Or(soundDirectory)
	}
	into, ok := decodeDirectory(k, b, into)
	if !ok {
		return nil, r.corrupt(at, "a directory can't be: its blocks are not those of its group")
	}
	return into, nil
}

func decodeDirectory(g *group, b []byte, into []block) (_ []block, ok bool) {
	p := parser{rest: b}
	if cap(into) < int(g.blocks) {
		into = make([]block, groupBlocks)
	}
	into = into[:g.blocks]
	offset, last, rows := g.offset, g.first, int32(0)
	for i := range into {
		k := &into[i]
		*k = block{offset: offset}
		k.rows = BlockRows
		if k.summary.decode(&p, last, false) {
			n := p.uvarint()
			if n < 1 || n >= BlockRows {
				return nil, false
			}
			k.rows = int32(n)
		}
		length := p.uvarint()
		k.crc = p.uint32()
		if length < 1 || length > uint64(g.offset+g.size-offset) || k.first < last || p.failed {
			return nil, false
		}
		k.length = uint32(length)
		offset += int64(length)
		last = k.last
		rows += k.rows
	}
	return into, len(p.rest) == 0 && offset == g.offset+g.size && last == g.last && rows == g.rows && into[0].first == g.first
}
