package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"

	"decant/decimation"
	"decant/engine/store/segment"
	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Snapshot is one consistent state of a store. It is safe for concurrent use. What it has handed out, readers and records, stays valid after
// Close until released.
type Snapshot struct {
	segments []liveSegment // held; oldest first
	heads    []headView    // newer than segments; oldest first
	deletes  []tombstone
	arrival  uint64
	policy   segment.Duplicates
	mem      memory.Allocator

	indexOnce sync.Once
	indexErr  error
	index     []indexed              // sorted as segments are; the place is the id
	deleted   map[string][]tombstone // deletes by channel

	sortedMu sync.Mutex
	sorted   map[place]segment.Run // heads' series that were not in order, sorted

	closeOnce sync.Once
}

// indexed is a series and where it is, oldest first.
type indexed struct {
	series ingest.Series
	places []place
}

// place is a series in one segment or head.
type place struct {
	source int32 // segments first, then heads
	series int32
}

// SeriesInfo is a series and what a snapshot holds of it over all time, duplicates settled.
type SeriesInfo struct {
	ID          uint32 // within this snapshot
	Series      ingest.Series
	Samples     int64
	First, Last int64 // ns since 1970, UTC; valid where Samples > 0
}

// Stats is what a snapshot holds of a series in a range.
type Stats = segment.Stats

// Snapshot takes the state as it is now: all that was acknowledged before, and nothing half. It copies lengths, not samples.
func (s *Store) Snapshot(ctx context.Context) (*Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.stateMu.RLock()
	defer s.stateMu.RUnlock()
	snap := newSnapshot(s.cfg, s.arrival)
	for _, r := range s.segments {
		r.Retain()
		snap.segments = append(snap.segments, r)
	}
	snap.deletes = s.deletes
	for _, h := range s.frozen {
		snap.heads = append(snap.heads, h.view())
	}
	snap.heads = append(snap.heads, s.active.view())
	return snap, nil
}

func newSnapshot(cfg Config, arrival uint64) *Snapshot {
	return &Snapshot{arrival: arrival, policy: policies[cfg.Duplicates], mem: cfg.Memory, sorted: map[place]segment.Run{}}
}

// Arrival is the number of samples that the store had taken, and so the sequence number of the newest.
func (s *Snapshot) Arrival() uint64 { return s.arrival }

// Close lets go of the snapshot. It may be called more than once.
func (s *Snapshot) Close() error {
	s.closeOnce.Do(func() {
		for _, r := range s.segments {
			r.Release()
		}
	})
	return nil
}

// Series lists the series of a channel and subtopic ("" is any), sorted by channel, subtopic, name, unit, publisher. One whose samples were all deleted is
// none.
func (s *Snapshot) Series(ctx context.Context, channel, subtopic string) ([]SeriesInfo, error) {
	ids, err := s.channel(channel)
	if err != nil {
		return nil, err
	}
	var out []SeriesInfo
	for id := ids.from; id < ids.to; id++ {
		x := &s.index[id]
		if subtopic != "" && x.series.Subtopic != subtopic {
			continue
		}
		stats, err := s.Stats(ctx, uint32(id), ingest.MinTime, ingest.MaxTime+1)
		if err != nil {
			return nil, err
		}
		if stats.Samples == 0 { // all of it was deleted
			continue
		}
		out = append(out, SeriesInfo{ID: uint32(id), Series: x.series, Samples: stats.Samples, First: stats.First, Last: stats.Last})
	}
	return out, nil
}

// ids are those of index from ≤ i < to.
type ids struct{ from, to int }

// channel finds the series of a channel ("" is any): they stand together.
func (s *Snapshot) channel(channel string) (ids, error) {
	s.indexOnce.Do(func() { s.indexErr = s.makeIndex() })
	found := ids{0, len(s.index)}
	if channel != "" {
		found.from = sort.Search(found.to, func(i int) bool { return s.index[i].series.Channel >= channel })
		found.to = found.from + sort.Search(found.to-found.from, func(i int) bool { return s.index[found.from+i].series.Channel > channel })
	}
	return found, s.indexErr
}

// makeIndex lists all series with their places.
func (s *Snapshot) makeIndex() error {
	s.deleted = byChannel(s.deletes)
	byName := map[ingest.Series]int{}
	add := func(series ingest.Series, p place) {
		at, ok := byName[series]
		if !ok {
			at = len(s.index)
			byName[series] = at
			s.index = append(s.index, indexed{series: series})
		}
		s.index[at].places = append(s.index[at].places, p)
	}
	for i := range s.segments {
		entries, err := s.segments[i].entries()
		if err != nil {
			return err
		}
		for j := range entries {
			add(entries[j].Series, place{int32(i), int32(j)})
		}
	}
	for i, h := range s.heads {
		for j, m := range h.mark {
			if m.rows > 0 {
				add(h.name(j), place{int32(len(s.segments) + i), int32(j)})
			}
		}
	}
	slices.SortFunc(s.index, func(a, b indexed) int { return segment.Compare(a.series, b.series) })
	return nil
}

// Stats describes a series in from ≤ t < to (ns; math.MinInt64 and math.MaxInt64 are open ends).
func (s *Snapshot) Stats(ctx context.Context, id uint32, from, to int64) (Stats, error) {
	runs, err := s.runs(id, from, to)
	if err != nil {
		return Stats{}, err
	}
	stats, err := segment.RangeStats(ctx, runs, from, to, s.policy)
	return stats, damaged("", err)
}

// Scan reads a series in from ≤ t < to by time, then arrival, duplicates settled. Each record has the asked-for columns: time value kind text sum update
// received protocol. The caller releases the reader; its Err is a *CorruptError where the store is damaged.
func (s *Snapshot) Scan(ctx context.Context, id uint32, from, to int64, columns ...string) (array.RecordReader, error) {
	runs, err := s.runs(id, from, to)
	if err != nil {
		return nil, err
	}
	return scan{segment.Scan(ctx, runs, from, to, s.policy, columns, s.mem)}, nil
}

// scan is a reader whose error names the store's kind of damage.
type scan struct{ array.RecordReader }

func (s scan) Err() error { return damaged("", s.RecordReader.Err()) }

// NextBlock has decimation read the rows where they lie.
func (s scan) NextBlock() (decimation.Block, bool) {
	return s.RecordReader.(decimation.Blocks).NextBlock()
}

// NextUntil has it take stored sums in place of the rows of whole buckets.
func (s scan) NextUntil(until int64) (decimation.Block, bool) {
	return s.RecordReader.(decimation.Summaries).NextUntil(until)
}

// Before finds the last number or bool of a series with time < t.
func (s *Snapshot) Before(ctx context.Context, id uint32, t int64) (time int64, value float64, ok bool, err error) {
	runs, err := s.runs(id, math.MinInt64, t)
	if err != nil {
		return 0, 0, false, err
	}
	time, value, ok, err = segment.Before(ctx, runs, t, s.policy)
	return time, value, ok, damaged("", err)
}

// Stored counts the samples of a series that are stored in from ≤ t < to, before duplicates are settled: it reads little more than indexes.
func (s *Snapshot) Stored(ctx context.Context, id uint32, from, to int64) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	runs, err := s.runs(id, from, to)
	if err != nil {
		return 0, err
	}
	n, err := segment.Stored(runs, from, to)
	return n, damaged("", err)
}

// Guard runs f, which reads the records of this snapshot's scans in its own goroutine. Records lie over mapped segments, so a disk that fails while f
// reads them would end the process; here it is a *CorruptError that names the file.
func (s *Snapshot) Guard(f func() error) error {
	return damaged("", segment.Guard(readersOf(s.segments), f))
}

var errNoSeries = errors.New("no such series")

// runs are a series' sorted runs, oldest first, without what was deleted. Segments without samples in from ≤ t < to are left out.
func (s *Snapshot) runs(id uint32, from, to int64) ([]segment.Run, error) {
	if _, err := s.channel(""); err != nil {
		return nil, err
	}
	if uint64(id) >= uint64(len(s.index)) {
		return nil, fmt.Errorf("read series %d of %d: %w", id, len(s.index), errNoSeries)
	}
	x := &s.index[id]
	deletes := s.deleted[x.series.Channel]
	runs := make([]segment.Run, 0, len(x.places))
	for _, p := range x.places {
		if int(p.source) >= len(s.segments) {
			head := s.heads[int(p.source)-len(s.segments)].head
			runs = left(runs, s.memoryRun(p), deletes, head.before+1, x.series)
			continue
		}
		runs = s.segments[p.source].left(runs, int(p.series), span{from, to}, deletes)
	}
	return runs, nil
}

// memoryRun is a series of a head. What had to be sorted is kept for the next time.
func (s *Snapshot) memoryRun(p place) segment.Run {
	s.sortedMu.Lock()
	run, ok := s.sorted[p]
	s.sortedMu.Unlock()
	if ok {
		return run
	}
	rows, copied := s.heads[int(p.source)-len(s.segments)].rows(int(p.series))
	run = segment.MemoryRun(rows)
	if copied {
		s.sortedMu.Lock()
		s.sorted[p] = run
		s.sortedMu.Unlock()
	}
	return run
}
