package segment

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
)

// changes are what a file made on purpose has other than sampleSegment, before its checksums are made.
type changes struct {
	block     func(b []byte) []byte // of the first block's bytes
	directory func(b []block) []block
	raw       func(b []byte) []byte // of the first directory's bytes
	footer    func(s []writtenSeries) []writtenSeries
	rawFooter func(b []byte) []byte
	trailer   func(t *trailer)
}

// remake writes sampleSegment again, changed.
func remake(t *testing.T, c changes) []byte {
	t.Helper()
	whole, err := readBytes("x.seg", sampleSegment(t))
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Release()
	out := bytes.Clone(whole.data[:headerSize])
	var series []writtenSeries
	for i, e := range whole.series {
		s := writtenSeries{Series: e.Series}
		for n := whole.starts[i]; n < whole.starts[i+1]; n++ {
			g := whole.groups[n]
			blocks, err := whole.directory(int(n), nil)
			if err != nil {
				t.Fatal(err)
			}
			g.offset = int64(len(out))
			for k := range blocks {
				b := whole.data[blocks[k].offset : blocks[k].offset+int64(blocks[k].length)]
				if n == 0 && k == 0 && c.block != nil {
					b = c.block(bytes.Clone(b))
				}
				out = append(out, b...)
				blocks[k].length, blocks[k].crc = uint32(len(b)), checksum(b)
			}
			g.size = int64(len(out)) - g.offset
			if n == 0 && c.directory != nil {
				blocks = c.directory(blocks)
			}
			var d []byte
			last := g.first
			for k := range blocks {
				d = blocks[k].append(d, last)
				last = blocks[k].last
			}
			if n == 0 && c.raw != nil {
				d = c.raw(d)
			}
			g.directory, g.crc = uint32(len(d)), checksum(d)
			out = append(out, d...)
			s.groups = append(s.groups, g)
		}
		series = append(series, s)
	}
	if c.footer != nil {
		series = c.footer(series)
	}
	footer := encodeFooter(series)
	if c.rawFooter != nil {
		footer = c.rawFooter(footer)
	}
	tail := trailer{footerOffset: uint64(len(out)), footerLength: uint64(len(footer)), footerCRC: checksum(footer), version: newest, rows: uint64(whole.rows)}
	out = append(out, footer...)
	tail.size = uint64(len(out) + trailerSize)
	if c.trailer != nil {
		c.trailer(&tail)
	}
	return append(out, tail.encode()...)
}

// TestFilesMadeOnPurpose have right checksums and say what can't be: they are refused, or their scan ends with an error.
func TestFilesMadeOnPurpose(t *testing.T) {
	first := func(change func(k *block)) changes {
		return changes{directory: func(b []block) []block { change(&b[0]); return b }}
	}
	entry := func(change func(g *group)) changes {
		return changes{footer: func(s []writtenSeries) []writtenSeries { change(&s[0].groups[0]); return s }}
	}
	for _, c := range []struct {
		name string
		changes
		want string
	}{
		{"nothing", changes{}, ""},
		{"a flag that is not known", changes{block: func(b []byte) []byte { b[0] |= 0x80; return b }}, "flags"},
		{"validity without sums", changes{block: func(b []byte) []byte { b[0] = blockSumValid; return b }}, "flags"},
		{"columns that leave a rest", changes{block: func(b []byte) []byte { return append(b, 0) }}, "do not fill"},
		{"columns cut short", changes{block: func(b []byte) []byte { return b[:len(b)-1] }}, "do not fill"},
		{"a block of one byte", changes{block: func(b []byte) []byte { return b[:1] }}, "do not fill"},
		{"a form that is not known", changes{block: func(b []byte) []byte { b[7] = 0xee; return b }}, "a block can't be: decode a column"},
		{"other times", first(func(k *block) { k.first++ }), "directory can't be"},
		{"other times within", changes{directory: func(b []block) []block { b[0].last--; return b }}, "not those of the index"},
		{"a block less", changes{directory: func(b []block) []block { return b[1:] }}, "directory can't be"},
		{"a block twice", changes{directory: func(b []block) []block { return append(b, b[0]) }}, "directory can't be"},
		{"blocks in another order", changes{directory: func(b []block) []block { slices.Reverse(b); return b }}, "directory can't be"},
		{"a row less", first(func(k *block) { k.rows-- }), "not those of the index"},
		{"no rows", first(func(k *block) { k.rows = 0 }), "directory can't be"},
		{"a longer block", first(func(k *block) { k.length++ }), "does not match its checksum"},
		{"a block without end", first(func(k *block) { k.length = math.MaxUint32 }), "directory can't be"},
		{"another kind", first(func(k *block) { k.kind = 3 }), "a block can't be"},
		{"an unknown kind", first(func(k *block) { k.kind = 7 }), "directory can't be"},
		{"exponents out of range", first(func(k *block) { k.minExp, k.maxExp = -2000, 0 }), "directory can't be"},
		{"strict but not distinct", first(func(k *block) { k.strict, k.distinct = true, false }), "directory can't be"},
		{"bytes behind a directory", changes{raw: func(b []byte) []byte { return append(b, 0) }}, "directory can't be"},
		{"a directory cut short", changes{raw: func(b []byte) []byte { return b[:len(b)-1] }}, "directory can't be"},
		{"a number longer than it has to be", changes{raw: func(b []byte) []byte { return slices.Insert(b, 1, 0x80) }}, "directory can't be"},
		{"no blocks", entry(func(g *group) { g.blocks = 0 }), "a group's entry"},
		{"too many blocks", entry(func(g *group) { g.blocks = mostBlocks + 1 }), "a group's entry"},
		{"too many rows", entry(func(g *group) { g.rows = 1 << 20 }), "a group's entry"},
		{"a longer group", entry(func(g *group) { g.size++ }), "end to end"},
		{"a group without end", entry(func(g *group) { g.size = 1 << 40 }), "end to end"},
		{"other rows", entry(func(g *group) { g.rows++ }), "other rows"},
		{"rows that the trailer does not have", changes{trailer: func(t *trailer) { t.rows++ }}, "other rows"},
		{"series out of order", changes{footer: func(s []writtenSeries) []writtenSeries { s[0].Name = "z"; return s }}, "not in order"},
		{"a series twice", changes{footer: func(s []writtenSeries) []writtenSeries { s[1].Series = s[0].Series; return s }}, "not in order"},
		{"a series of no groups", changes{footer: func(s []writtenSeries) []writtenSeries { s[1].groups = nil; return s }}, "more series or groups"},
		{"a series less", changes{footer: func(s []writtenSeries) []writtenSeries { return s[:1] }}, "do not reach it"},
		{"a group twice", changes{footer: func(s []writtenSeries) []writtenSeries { s[0].groups = append(s[0].groups, s[0].groups[0]); return s }}, "not in order of time"},
		{"series without end", changes{rawFooter: func(b []byte) []byte { b[0] = 0x7f; return b }}, "more series or groups"},
		{"a name without end", changes{rawFooter: func(b []byte) []byte { b[2] = 0x7f; return b }}, "ends early"},
		{"bytes behind the index", changes{rawFooter: func(b []byte) []byte { return append(b, 0) }}, "another length"},
		{"an empty footer", changes{rawFooter: func(b []byte) []byte { return nil }}, "do not reach it"},
		{"another version at the end", changes{trailer: func(t *trailer) { t.version = 1 }}, "another version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := readBytes("x.seg", remake(t, c.changes))
			if err == nil {
				_, err = scanAll(r)
				r.Release()
			}
			switch {
			case c.name == "nothing" && err != nil:
				t.Errorf("nothing was changed, got %v", err)
			case c.name != "nothing" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
