package store

import (
	"fmt"
	"hash/maphash"
	"slices"
	"sync"

	"decant/ingest"
)

// admission counts the store's series against their limit. It knows those that came since the store was opened, and those of the newest segments; of older ones
// CURRENT says how many there are at most. Only when that is not enough to say yes, all segments are asked; so they are where rows were deleted or expired since.
type admission struct {
	limit int
	seed  maphash.Seed

	mu     sync.Mutex
	known  map[uint64]struct{} // hashes
	unread int64               // at most so many more are in segments that were not asked
	fewer  bool                // some of those known may be gone
	all    func(func(ingest.Series))
}

// firstAsked is how many series' entries of segments Open reads to know the series.
const firstAsked = 200_000

func (a *admission) init(limit int) {
	a.limit, a.seed, a.known = limit, maphash.MakeSeed(), map[uint64]struct{}{}
}

// Admit says whether samples may be appended: it refuses, with ErrLimit, those that would make more series than Config.MaxSeries. The series of samples that it
// lets in are counted from then on.
func (s *Store) Admit(samples []ingest.Sample) error {
	a := &s.admission
	a.mu.Lock()
	defer a.mu.Unlock()
	var fresh []uint64
	for i := range samples {
		if i > 0 && samples[i].Series == samples[i-1].Series {
			continue
		}
		h := maphash.Comparable(a.seed, samples[i].Series)
		if _, ok := a.known[h]; !ok && a.full() {
			a.askAll(fresh)
		}
		if _, ok := a.known[h]; ok {
			continue
		}
		if a.full() {
			for _, h := range fresh {
				delete(a.known, h)
			}
			return &kindError{ErrLimit, fmt.Sprintf("the series %s (channel %s) is new, and the store has its limit of %d series: raise it (limits.series in the configuration), or see what makes so many names",
				samples[i].Series.Name, samples[i].Series.Channel, a.limit)}
		}
		a.known[h] = struct{}{}
		fresh = append(fresh, h)
	}
	return nil
}

func (a *admission) full() bool { return int64(len(a.known))+a.unread >= int64(a.limit) }

// askAll makes the count exact. fresh were let in and are not stored yet; what else is on the way counts again when it is stored.
func (a *admission) askAll(fresh []uint64) {
	if a.unread == 0 && !a.fewer {
		return
	}
	if a.fewer {
		clear(a.known)
		for _, h := range fresh {
			a.known[h] = struct{}{}
		}
	}
	a.unread, a.fewer = 0, false
	a.all(func(s ingest.Series) { a.known[maphash.Comparable(a.seed, s)] = struct{}{} })
}

// know counts series that are in the store, whatever the limit.
func (a *admission) know(series ingest.Series) {
	a.mu.Lock()
	a.known[maphash.Comparable(a.seed, series)] = struct{}{}
	a.mu.Unlock()
}

// lost says that rows have left the store, and perhaps the last of some series.
func (a *admission) lost() {
	a.mu.Lock()
	a.fewer = true
	a.mu.Unlock()
}

// bound is at least the number of series in the store.
func (a *admission) bound() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return int64(len(a.known)) + a.unread
}

// countSeries begins the count when the store is opened: with the newest segments, until they have had so many entries, and with what the logs hold. It completes what version 1
// of CURRENT does not say.
func (s *Store) countSeries(enough int) error {
	a := &s.admission
	a.all = s.eachStored
	asked, i := 0, len(s.segments)
	for ; i > 0 && (asked < enough || s.current.version == 1); i-- {
		entries, err := s.segments[i-1].entries()
		if err != nil {
			return err
		}
		asked += len(entries)
		for _, e := range entries {
			a.know(e.Series)
		}
		s.completeTimes(i - 1)
	}
	if i > 0 {
		a.unread = max(0, s.current.series-int64(len(a.known)))
	}
	for _, h := range s.frozen {
		for _, series := range h.series {
			a.know(series.series)
		}
	}
	return nil
}

// eachStored calls f with the series of all segments and heads, some more than once.
func (s *Store) eachStored(f func(ingest.Series)) {
	s.stateMu.RLock()
	segments, heads := s.segments, append(slices.Clone(s.frozen), s.active)
	for _, r := range segments {
		r.Retain()
	}
	s.stateMu.RUnlock()
	for i := range segments {
		entries, err := segments[i].entries()
		if err != nil { // who reads its samples is told
			entries = nil
		}
		for _, e := range entries {
			f(e.Series)
		}
		segments[i].Release()
	}
	for _, h := range heads {
		view := h.view()
		for i := range view.mark {
			f(view.name(i))
		}
	}
}

// completeTimes fills in the times of a segment that version 1 of CURRENT names.
func (s *Store) completeTimes(i int) {
	if s.current.version != 1 {
		return
	}
	f := &s.segments[i].file
	for k, e := range s.segments[i].Series() {
		if k == 0 {
			f.from, f.to = e.First, e.Last
		}
		f.from, f.to = min(f.from, e.First), max(f.to, e.Last)
	}
	s.current.segments[i] = *f
}
