package segment

import "encoding/binary"

const (
	// groupBlocks is how many blocks a group has that is written, but for a series' last. A bucket takes those at its two ends one by one, and what is between
	// by group: twice as many make a year quicker and a day slower.
	groupBlocks = 16
	// mostBlocks is how many one may have that is read.
	mostBlocks = 32
)

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

// entries walks a group's directory. It believes nothing that would make a scan go astray: the blocks tile the group, in order of time, and have its
// rows. What it says of the last ones is known only at the end.
type entries struct {
	parser
	group  *group
	n      int   // entries read
	offset int64 // of the next block
	last   int64 // of the one before
	rows   int32 // so far
}

func (r *Reader) entries(g int) (entries, error) {
	k := &r.groups[g]
	e := entries{group: k, offset: k.offset, last: k.first}
	if r.version == 1 {
		return e, nil
	}
	at := k.offset + k.size
	e.b = r.data[at : at+int64(k.directory)]
	if r.sound[g].Load()&soundDirectory == 0 {
		if checksum(e.b) != k.crc {
			return e, r.corrupt(at, "a directory does not match its checksum")
		}
		r.sound[g].Or(soundDirectory)
	}
	return e, nil
}

// more says whether there are entries left.
func (e *entries) more() bool { return e.n < int(e.group.blocks) }

// next reads an entry. The block's moments lie in the map. ok is false where it can't be.
func (e *entries) next(k *block) (ok bool) {
	g := e.group
	if e.b == nil { // version 1
		e.n++
		*k = block{g.offset, uint32(g.size), g.crc, g.summary}
		return true
	}
	k.offset, k.rows = e.offset, BlockRows
	if k.summary.decode(&e.parser, e.last, false) {
		n := e.uvarint()
		if n < 1 || n >= BlockRows {
			return false
		}
		k.rows = int32(n)
	}
	length := e.uvarint()
	k.crc = e.uint32()
	if length < 1 || length > uint64(g.offset+g.size-e.offset) || k.first < e.last || e.failed || e.n == 0 && k.first != g.first {
		return false
	}
	k.length = uint32(length)
	e.n++
	e.offset += int64(length)
	e.last = k.last
	e.rows += k.rows
	return e.more() || e.left() == 0 && e.offset == g.offset+g.size && e.last == g.last && e.rows == g.rows
}

// directory gives the blocks of group g.
func (r *Reader) directory(g int, into []block) ([]block, error) {
	e, err := r.entries(g)
	if err != nil {
		return nil, err
	}
	if cap(into) < int(e.group.blocks) {
		into = make([]block, mostBlocks)
	}
	into = into[:e.group.blocks]
	for i := range into {
		if !e.next(&into[i]) {
			return nil, r.noDirectory(g)
		}
	}
	return into, nil
}

func (r *Reader) noDirectory(g int) error {
	k := &r.groups[g]
	return r.corrupt(k.offset+k.size, "a directory can't be: its blocks are not those of its group")
}
