package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sort"

	"decant/engine/store/segment"
)

// seen is a tombstone, by its line of CURRENT, and a segment that was asked what the tombstone takes of it.
type seen struct{ tombstone, segment string }

// takenRows says how many rows tombstones take of segments, by name. Where two take the same row it counts twice.
type takenRows map[string]int64

func (t takenRows) names() map[string]bool {
	names := make(map[string]bool, len(t))
	for name := range t {
		names[name] = true
	}
	return names
}

// worthwhile is the part of a segment's rows that must have expired for it to be rewritten: as time goes on more and more does.
const worthwhile = 4

// settle takes the next step of bringing deletes to an end, as look found them: tombstones that take nothing go; else a segment is rewritten. It is false where
// neither is due, or there is no room for it, which is errLater.
func (k *keeper) settle(ctx context.Context, taken takenRows, done []string, pace *pacer) (did bool, err error) {
	s := k.store
	if len(done) > 0 {
		over := func(t tombstone) bool { return slices.Contains(done, string(t.append(nil))) }
		err := s.change(func(next *current) { next.deletes = slices.DeleteFunc(next.deletes, over) },
			func() { s.deletes = s.current.deletes })
		if err != nil {
			return false, s.fail(err)
		}
		return true, nil
	}
	segments := s.listed()
	var lack error
	for _, f := range segments {
		if k.spared[f.name] || !taken.enough(f) {
			continue
		}
		j := planRewrite(segments, f)
		if err := k.room(j); errors.Is(err, errLater) {
			lack = cmp.Or(lack, err)
			continue
		}
		err := k.rewrite(ctx, j, pace)
		return err == nil, err
	}
	return false, lack
}

// enough says whether a segment is to be rewritten now.
func (t takenRows) enough(f segmentFile) bool { return t[f.name]*worthwhile >= f.rows && t[f.name] > 0 }

// look asks all segments what tombstones take of them. done are the tombstones that take nothing any more. What a delete takes of a segment counts as all of
// it: that is to be rewritten soon, whatever it costs. So does what has expired where the edge is past the segment: no more of these channels will.
func (k *keeper) look(ctx context.Context) (taken takenRows, done []string, err error) {
	s := k.store
	s.stateMu.RLock()
	segments, deletes, oldest := s.segments, s.deletes, s.oldestLog()
	for _, r := range segments {
		r.Retain()
	}
	s.stateMu.RUnlock()
	defer func() {
		for _, r := range segments {
			r.Release()
		}
	}()
	taken = takenRows{}
	looked := make(map[seen]int64, len(k.looked))
	for i := range deletes {
		t := &deletes[i]
		line := string(t.append(nil))
		takes := oldest < t.arrival // it may take something of a log
		for _, r := range segments {
			if r.file.last > t.arrival || r.file.to < t.from || r.file.from >= t.to {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			rows, err := k.takes(line, t, r)
			if errors.As(err, new(*CorruptError)) {
				k.spare(err)
				takes = true
			} else if err != nil {
				return nil, nil, err
			}
			looked[seen{line, r.file.name}] = rows
			if rows > 0 {
				takes = true
				if !t.expired || t.to > r.file.to {
					rows = r.file.rows
				}
				taken[r.file.name] += rows
			}
			takes = takes || k.spared[r.file.name]
		}
		if !takes {
			done = append(done, line)
		}
	}
	k.looked = looked
	return taken, done, nil
}

// takes is how many rows a tombstone, with its line of CURRENT, takes of a segment. It is remembered until look finds that either is gone.
func (k *keeper) takes(line string, t *tombstone, r liveSegment) (int64, error) {
	rows, ok := k.looked[seen{line, r.file.name}]
	if ok {
		return rows, nil
	}
	rows, err := r.taken(t)
	if err != nil {
		return 0, err
	}
	k.looked[seen{line, r.file.name}] = rows
	return rows, nil
}

// oldestLog is the number of samples before the oldest log whose samples are in no segment.
func (s *Store) oldestLog() uint64 {
	if len(s.frozen) > 0 {
		return s.frozen[0].before
	}
	return s.active.before
}

// taken is how many rows a tombstone takes of the segment.
func (r *liveSegment) taken(t *tombstone) (rows int64, err error) {
	entries, err := r.entries()
	if err != nil {
		return 0, err
	}
	first := sort.Search(len(entries), func(i int) bool { return entries[i].Series.Channel >= t.Channel })
	for i := first; i < len(entries) && entries[i].Series.Channel == t.Channel; i++ {
		if e := &entries[i]; e.Last < t.from || e.First >= t.to || !t.matches(e.Series) {
			continue
		}
		n, err := segment.Stored([]segment.Run{r.Run(i)}, t.from, t.to)
		if err != nil {
			return 0, damaged(r.Path(), err)
		}
		rows += n
	}
	return rows, nil
}
