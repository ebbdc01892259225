package segment

import (
	"encoding/binary"

	"decant/ingest"
)

// The footer of version 2:
//
//	series   uvarint
//	groups   uvarint, of all series
//	per series, in the order of Compare:
//	  channel, subtopic, name, unit, publisher: uvarint each, 0 where it is that of the series before, else one more than the length, and the bytes
//	  groups   uvarint, at least 1
//	  per group, in order of time:
//	    the group's summary (summarycode.go): special where it is mixed, base the last time of the group before, 0 for the first
//	    rows       uvarint
//	    blocks     uvarint, 1 to 32
//	    size       uvarint: bytes of its blocks
//	    directory  uvarint: bytes of the directory behind them
//	    CRC        u32 of the directory
//
// Groups with their directories tile the file from the header to the footer, so their places need not be said.

type writtenSeries struct {
	ingest.Series
	groups []group
}

// fields are a series' names in the order in which a footer has them, which is also that of sorting.
func fields(s *ingest.Series) [5]*string {
	return [5]*string{&s.Channel, &s.Subtopic, &s.Name, &s.Unit, &s.Publisher}
}

func encodeFooter(series []writtenSeries) []byte {
	groups := 0
	for _, s := range series {
		groups += len(s.groups)
	}
	b := binary.AppendUvarint(nil, uint64(len(series)))
	b = binary.AppendUvarint(b, uint64(groups))
	var before ingest.Series
	for _, s := range series {
		names := fields(&s.Series)
		for i, old := range fields(&before) {
			if *names[i] == *old {
				b = append(b, 0)
				continue
			}
			b = binary.AppendUvarint(b, uint64(len(*names[i]))+1)
			b = append(b, *names[i]...)
		}
		before = s.Series
		b = binary.AppendUvarint(b, uint64(len(s.groups)))
		base := int64(0)
		for i := range s.groups {
			g := &s.groups[i]
			b = g.summary.append(b, g.mixed, base)
			b = binary.AppendUvarint(b, uint64(g.rows))
			b = binary.AppendUvarint(b, uint64(g.blocks))
			b = binary.AppendUvarint(b, uint64(g.size))
			b = binary.AppendUvarint(b, uint64(g.directory))
			b = le.AppendUint32(b, g.crc)
			base = g.last
		}
	}
	return b
}

// decodeFooter reads series and groups. What it allocates is bounded by the footer's length. Names that series share are shared in memory; moments stay in the
// map.
func (r *Reader) decodeFooter(footer []byte, offset int64) error {
	bad := func(text string) error { return r.corrupt(offset, "the footer can't be: "+text) }
	p := parser{b: footer}
	series, groups := p.uvarint(), p.uvarint()
	const shortestSeries, shortestGroup = 5 + 1, 3 + 8
	if series > uint64(p.left()/shortestSeries) || groups > uint64(p.left()/shortestGroup) || series > groups {
		return bad("more series or groups than it has bytes for")
	}
	r.series = make([]SeriesEntry, series)
	r.starts = make([]int32, series+1)
	r.groups = make([]group, 0, groups)
	next, rows := int64(headerSize), uint64(0)
	for i := range r.series {
		e := &r.series[i]
		if i > 0 {
			e.Series = r.series[i-1].Series
		}
		for _, name := range fields(&e.Series) {
			if n := p.uvarint(); n > 0 {
				*name = string(p.bytes(n - 1))
			}
		}
		if p.failed {
			return bad("a name ends early")
		}
		if i > 0 && Compare(r.series[i-1].Series, e.Series) >= 0 {
			return bad("its series are not in order")
		}
		n := p.uvarint()
		if n < 1 || n > groups-uint64(len(r.groups)) {
			return bad("a series without its groups")
		}
		last := int64(0)
		for j := range n {
			g := group{offset: next}
			if !g.decode(&p, last) {
				return bad("a group's entry")
			}
			if j > 0 && g.first < last {
				return bad("a series is not in order of time")
			}
			if g.size > offset-next || int64(g.directory) > offset-next-g.size {
				return bad("its groups do not lie end to end")
			}
			next += g.size + int64(g.directory)
			last = g.last
			if j == 0 {
				e.First = g.first
			}
			e.Rows += int64(g.rows)
			r.groups = append(r.groups, g)
		}
		e.Last = last
		r.starts[i+1] = int32(len(r.groups))
		rows += uint64(e.Rows)
	}
	switch {
	case p.left() > 0 || uint64(len(r.groups)) != groups:
		return bad("its index has another length")
	case next != offset:
		return bad("its groups do not reach it")
	case rows != uint64(r.rows):
		return bad("its groups have other rows than the trailer says")
	}
	return nil
}

// decode reads a group's entry. Its offset is known.
func (g *group) decode(p *parser, last int64) bool {
	g.summary.decode(p, last, true)
	rows, blocks, size, directory := p.uvarint(), p.uvarint(), p.uvarint(), p.uvarint()
	g.crc = p.uint32()
	if p.failed || blocks < 1 || blocks > mostBlocks || rows < blocks || rows > blocks*BlockRows || size < blocks || size > 1<<62 ||
		directory < blocks || directory > 1<<31 {
		return false
	}
	g.rows, g.blocks, g.size, g.directory = int32(rows), uint8(blocks), int64(size), uint32(directory)
	return true
}
