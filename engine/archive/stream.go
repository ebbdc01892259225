package archive

import (
	"context"
	"sort"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// batch is a stretch of rows with the asked-for columns, the time first.
type batch struct {
	rows   int
	arrays []arrow.Array
}

func (b *batch) times() []arrow.Timestamp { return b.arrays[0].(*array.Timestamp).TimestampValues() }
func (b *batch) values() []float64        { return b.arrays[1].(*array.Float64).Float64Values() }
func (b *batch) kinds() []uint8           { return b.arrays[2].(*array.Uint8).Uint8Values() }

// slice is rows lo ≤ i < hi.
func (b *batch) slice(lo, hi int) *batch {
	if lo == 0 && hi == b.rows {
		return b
	}
	s := &batch{rows: hi - lo, arrays: make([]arrow.Array, len(b.arrays))}
	for i, a := range b.arrays {
		s.arrays[i] = array.NewSlice(a, int64(lo), int64(hi))
	}
	return s
}

// stream gives batches that are not empty, and nil at the end.
type stream interface{ next() (*batch, error) }

// stream reads a day's rows of a series in from ≤ t < to, by time, then arrival. fields has the time first; last leaves of equal times the newest.
func (s *Snapshot) stream(ctx context.Context, d *day, from, to int64, last bool, fields []string) stream {
	streams := make([]stream, len(d.places))
	for i, p := range d.places {
		streams[i] = &partStream{ctx: ctx, snap: s, part: p.part, from: from, to: to, fields: fields, next0: p.entry.start, end: p.entry.start + p.entry.Stats.Samples}
	}
	if len(streams) == 1 && !(last && d.mixed()) {
		return streams[0]
	}
	return newMerge(streams, last)
}

// partStream reads a series' rows of one part, a row group at a time. Row groups whose statistics say that no row is in the range are passed over.
type partStream struct {
	ctx        context.Context
	snap       *Snapshot
	part       *part
	from, to   int64
	fields     []string
	next0, end int64 // rows of the part that are left
}

func (s *partStream) next() (*batch, error) {
	for s.next0 < s.end {
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		g := sort.Search(len(s.part.groups), func(i int) bool { return s.part.groups[i].start > s.next0 }) - 1
		group := &s.part.groups[g]
		lo, hi := s.next0-group.start, min(s.end, group.start+group.rows)-group.start
		s.next0 = group.start + hi
		if group.last < s.from || group.first >= s.to {
			continue
		}
		b, err := s.read(g, int(lo), int(hi))
		if err != nil || b != nil {
			return b, err
		}
	}
	return nil, nil
}

// read gives those of rows lo ≤ i < hi of a row group that are in the range; nil where none is.
func (s *partStream) read(g, lo, hi int) (*batch, error) {
	all := &batch{rows: int(s.part.groups[g].rows)}
	for i, name := range s.fields {
		a, err := lookup(s.snap.decoded, columnKey{s.part.info, g, name}, func() (arrow.Array, int64, error) { return s.part.field(s.ctx, g, name) })
		if err != nil {
			return nil, err
		}
		all.arrays = append(all.arrays, a)
		if i > 0 {
			continue
		}
		times := a.(*array.Timestamp).TimestampValues()[lo:hi]
		first := sort.Search(len(times), func(i int) bool { return int64(times[i]) >= s.from })
		end := sort.Search(len(times), func(i int) bool { return int64(times[i]) >= s.to })
		if first >= end { // the other columns are not needed
			return nil, nil
		}
		lo, hi = lo+first, lo+end
	}
	return all.slice(lo, hi), nil
}

// merge brings the rows of a day's parts into one order: by time, then part. The rows of one part come as runs.
type merge struct {
	cursors []mergeCursor
	last    bool // of equal times the newest alone
	run     *batch
	lo, hi  int // the run's rows; it is handed on when another follows
	time    int64
	err     error
}

type mergeCursor struct {
	stream stream
	batch  *batch // nil at the end
	times  []arrow.Timestamp
	pos    int
}

func newMerge(streams []stream, last bool) *merge {
	m := &merge{last: last}
	for _, s := range streams {
		c := mergeCursor{stream: s}
		if m.err == nil {
			m.err = c.load()
		}
		m.cursors = append(m.cursors, c)
	}
	return m
}

func (c *mergeCursor) load() (err error) {
	c.pos, c.times = 0, nil
	if c.batch, err = c.stream.next(); c.batch != nil {
		c.times = c.batch.times()
	}
	return err
}

func (m *merge) next() (*batch, error) {
	for m.err == nil {
		var lead *mergeCursor
		for i := range m.cursors {
			if c := &m.cursors[i]; c.batch != nil && (lead == nil || c.times[c.pos] < lead.times[lead.pos]) {
				lead = c
			}
		}
		if lead == nil {
			return m.hand(), nil
		}
		done := m.take(lead)
		if lead.pos++; lead.pos == lead.batch.rows {
			m.err = lead.load()
		}
		if done != nil && m.err == nil {
			return done, nil
		}
	}
	return nil, m.err
}

// take adds a cursor's row to the run, or begins another with it and gives the one before.
func (m *merge) take(c *mergeCursor) (done *batch) {
	t := int64(c.times[c.pos])
	if m.last && m.run != nil && m.hi > m.lo && m.time == t {
		m.hi-- // a newer one stands in its place
	}
	if m.run != c.batch || m.hi != c.pos || m.hi == m.lo {
		done = m.hand()
		m.run, m.lo = c.batch, c.pos
	}
	m.hi, m.time = c.pos+1, t
	return done
}

// hand gives the run, nil where it has no row.
func (m *merge) hand() (done *batch) {
	if m.run != nil && m.hi > m.lo {
		done = m.run.slice(m.lo, m.hi)
	}
	m.run, m.lo, m.hi = nil, 0, 0
	return done
}
