package store

import (
	"context"
	"math"
	"slices"

	"decant/engine/store/segment"
	"decant/ingest"
)

// merging is a series of the segments that are merged.
type merging struct {
	series ingest.Series
	places []place // source is the segment among those that are merged
}

// merge appends to made what segments become together: one segment, or several that are disjoint in time.
func (k *keeper) merge(ctx context.Context, group []segmentFile, pace *pacer, made *[]liveSegment) error {
	sources, deletes := k.hold(group)
	defer func() {
		for _, r := range sources {
			r.Release()
		}
	}()
	all, err := unite(sources)
	if err == nil {
		m := merger{keeper: k, pace: pace, sources: sources, deletes: byChannel(deletes), all: all}
		err = m.files(ctx, made)
	}
	return k.judge(damaged("", err))
}

// hold holds segments, oldest first, and gives the tombstones that there are.
func (k *keeper) hold(group []segmentFile) (sources []liveSegment, deletes []tombstone) {
	wanted := map[string]bool{}
	for _, f := range group {
		wanted[f.name] = true
	}
	k.store.stateMu.RLock()
	defer k.store.stateMu.RUnlock()
	for _, r := range k.store.segments {
		if wanted[r.file.name] {
			r.Retain()
			sources = append(sources, r)
		}
	}
	return sources, k.store.deletes
}

// unite lists the series of segments with their places, in the order of a segment.
func unite(sources []liveSegment) ([]merging, error) {
	byName := map[ingest.Series]int{}
	var all []merging
	for i := range sources {
		entries, err := sources[i].entries()
		if err != nil {
			return nil, err
		}
		for j, e := range entries {
			at, ok := byName[e.Series]
			if !ok {
				at = len(all)
				byName[e.Series] = at
				all = append(all, merging{series: e.Series})
			}
			all[at].places = append(all[at].places, place{int32(i), int32(j)})
		}
	}
	slices.SortFunc(all, func(a, b merging) int { return segment.Compare(a.series, b.series) })
	return all, nil
}

// merger writes what segments hold together, without what tombstones take.
type merger struct {
	*keeper
	pace    *pacer
	sources []liveSegment          // oldest first
	deletes map[string][]tombstone // by channel
	all     []merging
}

// files appends the new segments to made.
func (m *merger) files(ctx context.Context, made *[]liveSegment) error {
	from, to, bytes := int64(math.MaxInt64), int64(math.MinInt64), int64(0)
	for _, r := range m.sources {
		from, to, bytes = min(from, r.file.from), max(to, r.file.to), bytes+r.file.bytes
	}
	share, err := m.sample()
	if err != nil {
		return err
	}
	pieces, err := cut(from, to, float64(bytes), float64(m.store.cfg.SegmentBytes), share)
	if err != nil {
		return err
	}
	for _, piece := range pieces {
		written, err := m.file(ctx, piece)
		if err != nil {
			return err
		}
		if written.Reader != nil {
			*made = append(*made, written)
		}
	}
	return nil
}

// sampled is how many series say where the rows lie in time.
const sampled = 32

// sample gives about which part of all rows lies in a span, as some series have it.
func (m *merger) sample() (share func(span) (float64, error), err error) {
	var runs []segment.Run
	for i := 0; i < len(m.all); i += max(1, len(m.all)/sampled) {
		runs = m.runs(runs, &m.all[i], span{math.MinInt64, math.MaxInt64})
	}
	rows, err := segment.Stored(runs, math.MinInt64, math.MaxInt64)
	return func(s span) (float64, error) {
		n, err := segment.Stored(runs, s.from, s.to)
		return float64(n) / float64(max(1, rows)), err
	}, err
}

// runs appends the runs of a series that have something in a piece.
func (m *merger) runs(runs []segment.Run, x *merging, piece span) []segment.Run {
	for _, p := range x.places {
		runs = m.sources[p.source].left(runs, int(p.series), piece, m.deletes[x.series.Channel])
	}
	return runs
}

// file writes the segment of a piece, and opens it. Where it would hold no row, there is none.
func (m *merger) file(ctx context.Context, piece span) (liveSegment, error) {
	s := m.store
	name := fileName(segmentDir, s.takeNumber(), "seg")
	file, err := s.cfg.FS.Create(s.path(name))
	if err != nil {
		return liveSegment{}, &writeError{err}
	}
	out := &dribble{file: file, written: &m.written}
	written, err := m.fill(ctx, out, piece)
	if err == nil && written.rows > 0 {
		if out.err = file.Sync(); out.err != nil {
			err = out.err
		}
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if out.err != nil {
		err = &writeError{out.err}
	}
	if err != nil || written.rows == 0 {
		removeFile(s.cfg.FS, s.cfg.Dir, name)
		return liveSegment{}, err
	}
	return s.openSegment(name, written)
}

// fill writes the rows, a series after the other.
func (m *merger) fill(ctx context.Context, out *dribble, piece span) (segmentFile, error) {
	var written segmentFile
	var runs []segment.Run
	w := segment.NewWriter(out)
	for i := range m.all {
		x := &m.all[i]
		if runs = m.runs(runs[:0], x, piece); len(runs) == 0 {
			continue
		}
		var repeats repeats
		err := segment.Merge(ctx, runs, piece.from, piece.to, segment.KeepEither, func(rows segment.Rows) error {
			err := repeats.pass(rows, func(rows segment.Rows) error {
				written.count(rows)
				return w.Add(x.series, rows)
			})
			if err != nil {
				return err
			}
			return m.pace.rest(ctx)
		})
		if err != nil {
			return written, err
		}
	}
	return written, w.Close()
}
