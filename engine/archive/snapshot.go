package archive

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/engine/export"
)

// Limits of what a snapshot keeps in memory of what it has read, beside the manifest.
const (
	footerRoom = 128 << 20 // bytes of footers and of small files
	columnRoom = 64 << 20  // bytes of decoded columns
)

// Source is an archive as exports see it.
type Source struct {
	Place Place
	// Last shows of several values at one time the newest alone, as a store does whose configuration says duplicates = "last".
	Last bool
}

// Open reads the manifest. What it names is never changed, so the snapshot stays as it is while runs add to the archive.
func (s Source) Open(ctx context.Context) (export.Snapshot, error) {
	m, err := ownManifest(ctx, s.Place)
	if err != nil {
		return nil, err
	}
	return newSnapshot(s.Place, m, s.Last), nil
}

// Snapshot is one state of an archive. It is safe for concurrent use.
type Snapshot struct {
	place    Place
	manifest *Manifest
	last     bool
	footers  *cache // by *Part
	decoded  *cache // by columnKey
}

// columnKey is a scan's column of a row group.
type columnKey struct {
	part  *Part
	group int
	field string
}

func newSnapshot(place Place, m *Manifest, last bool) *Snapshot {
	return &Snapshot{place: place, manifest: m, last: last, footers: newCache(footerRoom), decoded: newCache(columnRoom)}
}

// Close lets go of nothing: what was read is the garbage collector's.
func (s *Snapshot) Close() error { return nil }

// Arrival is how many samples the archive has, which grows as it does.
func (s *Snapshot) Arrival() uint64 { return uint64(s.manifest.Rows) }

// Series lists the series of a channel and subtopic ("" is any), sorted by channel, subtopic, name, unit, publisher.
func (s *Snapshot) Series(ctx context.Context, channel, subtopic string) ([]export.Series, error) {
	var list []export.Series
	for i, x := range s.manifest.Series {
		if channel != "" && x.Channel != channel || subtopic != "" && x.Subtopic != subtopic {
			continue
		}
		e := export.Series{ID: export.SeriesID(i), Channel: x.Channel, Subtopic: x.Subtopic, Publisher: x.Publisher, Name: x.Name, Unit: x.Unit,
			Samples: x.Samples, First: int64(x.First), Last: int64(x.Last)}
		if s.last && x.EqualTimes {
			all, err := s.Stats(ctx, e.ID, math.MinInt64, math.MaxInt64)
			if err != nil {
				return nil, err
			}
			e.Samples = all.Samples
		}
		list = append(list, e)
	}
	return list, ctx.Err()
}

// placed is a series in one part.
type placed struct {
	part  *part
	entry *entry
}

// day is where a series is on one day, oldest part first.
type day struct{ places []placed }

// whole says whether a day's rows all lie in from ≤ t < to, and count as they stand.
func (d *day) whole(from, to int64, last bool) bool {
	for _, p := range d.places {
		if p.entry.Stats.First < from || p.entry.Stats.Last >= to {
			return false
		}
	}
	return !last || !d.mixed()
}

// mixed says whether several values may stand at one time.
func (d *day) mixed() bool { return len(d.places) > 1 || d.places[0].entry.EqualTimes }

// days calls f for each day on which a series has rows in from ≤ t < to, in order or backwards, until it says that no more are needed.
func (s *Snapshot) days(ctx context.Context, id export.SeriesID, from, to int64, backwards bool, f func(d *day) (more bool, err error)) error {
	series, parts, err := s.partsOf(id, from, to)
	if err != nil {
		return err
	}
	var days [][]*Part
	for i, p := range parts {
		if i == 0 || p.Day != parts[i-1].Day {
			days = append(days, nil)
		}
		days[len(days)-1] = append(days[len(days)-1], p)
	}
	if backwards {
		slices.Reverse(days)
	}
	for _, parts := range days {
		d, err := s.dayOf(ctx, series, parts, from, to)
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		if more, err := f(d); err != nil || !more {
			return err
		}
	}
	return nil
}

// dayOf finds a series in the parts of one day; nil where it has no rows in from ≤ t < to.
func (s *Snapshot) dayOf(ctx context.Context, series export.Series, parts []*Part, from, to int64) (*day, error) {
	var d day
	for _, info := range parts {
		p, err := s.open(ctx, info)
		if err != nil {
			return nil, err
		}
		if e := p.index.find(series); e != nil && e.Stats.First < to && e.Stats.Last >= from {
			d.places = append(d.places, placed{p, e})
		}
	}
	if len(d.places) == 0 {
		return nil, nil
	}
	return &d, nil
}

// partsOf are the parts that may have rows of a series in from ≤ t < to: those of its channel and days.
func (s *Snapshot) partsOf(id export.SeriesID, from, to int64) (export.Series, []*Part, error) {
	if int(id) >= len(s.manifest.Series) {
		return export.Series{}, nil, fmt.Errorf("read series %d of %d: no such series", id, len(s.manifest.Series))
	}
	x := &s.manifest.Series[id]
	key := export.Series{Subtopic: x.Subtopic, Publisher: x.Publisher, Name: x.Name, Unit: x.Unit}
	from, to = max(from, int64(x.First)), min(to, int64(x.Last)+1)
	if from >= to {
		return key, nil, nil
	}
	all := s.manifest.Parts
	first, last := dayOf(from), dayOf(to-1)
	var parts []*Part
	for i := s.manifest.before(x.Channel, first); i < len(all) && all[i].Channel == x.Channel && all[i].Day <= last; i++ {
		if p := &all[i]; int64(p.First) < to && int64(p.Last) >= from {
			parts = append(parts, p)
		}
	}
	return key, parts, nil
}

// open gives a part whose footer was read.
func (s *Snapshot) open(ctx context.Context, info *Part) (*part, error) {
	return lookup(s.footers, info, func() (*part, int64, error) {
		p, err := openPart(ctx, s.place, info)
		if err != nil {
			return nil, 0, err
		}
		return p, 8*info.Footer.Bytes + int64(len(p.whole)), nil // as they lie in memory
	})
}

// Stored counts the rows of a series in from ≤ t < to. The archive keeps equal samples once.
func (s *Snapshot) Stored(ctx context.Context, id export.SeriesID, from, to int64) (n int64, err error) {
	all, err := s.stats(ctx, id, from, to, false)
	return all.Samples, err
}

// Stats describes a series in from ≤ t < to. What lies whole in the range counts by the footers; only the rest is read.
func (s *Snapshot) Stats(ctx context.Context, id export.SeriesID, from, to int64) (export.RangeStats, error) {
	all, err := s.stats(ctx, id, from, to, s.last)
	return export.RangeStats{
		Samples: all.Samples, Numbers: all.Numbers, Bools: all.Bools, Strings: all.Strings, Bytes: all.Bytes, Empty: all.Empty,
		First: all.First, Last: all.Last, FirstValue: all.FirstValue, LastValue: all.LastValue, Digits: all.Digits, Min: all.Min, Max: all.Max,
	}, err
}

func (s *Snapshot) stats(ctx context.Context, id export.SeriesID, from, to int64, last bool) (all stats, err error) {
	if err := ctx.Err(); err != nil {
		return all, err
	}
	err = s.days(ctx, id, from, to, false, func(d *day) (bool, error) {
		if d.whole(from, to, last) {
			for _, p := range d.places {
				all.merge(p.entry.Stats)
			}
			return true, nil
		}
		read, err := s.read(ctx, d, from, to, last)
		all.merge(read)
		return true, err
	})
	return all, err
}

// read counts a day's rows in from ≤ t < to by reading them.
func (s *Snapshot) read(ctx context.Context, d *day, from, to int64, last bool) (all stats, err error) {
	stream := s.stream(ctx, d, from, to, last, []string{"time", "value", "kind"})
	for {
		b, err := stream.next()
		if err != nil || b == nil {
			return all, err
		}
		r := rows{n: b.rows, times: b.times(), values: b.values(), kinds: b.kinds()}
		all.add(&r, 0, r.n)
	}
}

// Before finds the last number or bool of a series with time < t.
func (s *Snapshot) Before(ctx context.Context, id export.SeriesID, t int64) (time int64, value float64, ok bool, err error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, false, err
	}
	err = s.days(ctx, id, math.MinInt64, t, true, func(d *day) (bool, error) {
		// No later value is known than the latest of those that the footers tell of.
		for end := t; ; {
			at, known := lastKnown(d, end)
			if !known {
				return true, nil // the day before, then
			}
			stream := s.stream(ctx, d, at, end, s.last, []string{"time", "value"})
			for {
				b, err := stream.next()
				if err != nil {
					return false, err
				}
				if b == nil {
					break
				}
				times, values := b.times(), b.arrays[1].(*array.Float64)
				for i := range b.rows {
					if values.IsValid(i) {
						time, value, ok = int64(times[i]), values.Value(i), true
					}
				}
			}
			if ok {
				return false, nil
			}
			end = at // a newer string stands in the number's place
		}
	})
	return time, value, ok, err
}

// lastKnown is the latest time before t of which the footers say that a number or bool stands there.
func lastKnown(d *day, t int64) (at int64, ok bool) {
	at = math.MinInt64
	for _, p := range d.places {
		switch s := &p.entry.Stats; {
		case s.values() == 0 || s.FirstValue >= t:
		case s.LastValue < t:
			at, ok = max(at, s.LastValue), true
		default:
			at, ok = max(at, s.FirstValue), true
		}
	}
	return at, ok
}
