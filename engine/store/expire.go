package store

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"decant/engine/store/segment"
)

// channelSpan is what a segment holds of a channel.
type channelSpan struct {
	channel     string
	first, last int64 // ns
}

// expire takes away what is older than the configuration keeps. Segments of which nothing is left go at once, unread. From the others a tombstone a channel takes
// it out of sight, and settle rewrites them when there is enough of that. Samples in memory become a segment first, where some of them have expired.
func (k *keeper) expire(ctx context.Context, now time.Time) error {
	s := k.store
	before := map[string]int64{} // by channel
	kept := map[string]bool{}    // channels without a limit
	limit := func(channel string) (int64, bool) {
		t, ok := before[channel]
		if !ok && !kept[channel] {
			if t, ok = s.cfg.Expire(channel, now); ok {
				before[channel] = t
			} else {
				kept[channel] = true
			}
		}
		return t, ok
	}
	if s.anyBefore(limit) {
		if err := s.Flush(ctx); err != nil {
			return err
		}
	}
	segments := s.listed()
	whole := map[string]bool{}
	edges := map[string]bool{} // channels
	for _, f := range segments {
		if err := ctx.Err(); err != nil {
			return err
		}
		spans, err := k.spans(f)
		if errors.As(err, new(*CorruptError)) {
			k.spare(err)
			continue
		} else if err != nil {
			return err
		}
		gone := true
		for _, c := range spans {
			t, ok := limit(c.channel)
			gone = gone && ok && c.last < t
		}
		if gone {
			whole[f.name] = true
			continue
		}
		for _, c := range spans {
			if t, ok := limit(c.channel); ok && c.first < t {
				edges[c.channel] = true
			}
		}
	}
	return k.drop(ctx, whole, edges, before)
}

// anyBefore says whether samples that are in no segment yet are older than the limit of their channel.
func (s *Store) anyBefore(limit func(channel string) (int64, bool)) bool {
	s.stateMu.RLock()
	heads := append(slices.Clone(s.frozen), s.active)
	s.stateMu.RUnlock()
	for _, h := range heads {
		view := h.view()
		for i := range view.mark {
			if t, ok := limit(view.name(i).Channel); ok && view.anyBefore(i, t) {
				return true
			}
		}
	}
	return false
}

// drop takes whole segments, and what channels have before a time, out of the store.
func (k *keeper) drop(ctx context.Context, whole, edges map[string]bool, before map[string]int64) error {
	s := k.store
	if len(whole) == 0 && len(edges) == 0 {
		return nil
	}
	var gone []liveSegment
	var old, hide []tombstone // of retention, for the channels of edges
	err := s.change(func(next *current) {
		next.segments = slices.DeleteFunc(next.segments, func(f segmentFile) bool { return whole[f.name] })
		for _, t := range next.deletes {
			if t.expired && edges[t.Channel] {
				old = append(old, t)
			}
		}
		// One that reaches further stays: the configuration kept less then, and what had gone doesn't come back.
		next.deletes = slices.DeleteFunc(next.deletes, func(t tombstone) bool { return t.expired && edges[t.Channel] && t.to <= before[t.Channel] })
		for _, channel := range slices.Sorted(maps.Keys(edges)) {
			hide = append(hide, tombstone{Selection: Selection{Channel: channel}, arrival: next.arrival, from: math.MinInt64, to: before[channel], expired: true})
		}
		next.deletes = append(next.deletes, hide...)
	}, func() {
		s.segments, gone = relinked(s.current.segments, s.segments)
		s.deletes = s.current.deletes
	})
	if err != nil {
		return s.fail(err)
	}
	files := make([]segmentFile, len(gone))
	for i := range gone {
		files[i] = gone[i].file
	}
	n, bytes, rows := total(files)
	if n > 0 {
		s.admission.lost()
	}
	s.discard(gone)
	if hidden := k.hidden(ctx, hide, byChannel(old)); n > 0 || hidden > 0 {
		s.cfg.Log.Info("retention dropped what is too old", "segments", n, "bytes", bytes, "samples", rows, "hidden", hidden)
	}
	return nil
}

// hidden counts the rows that tombstones take of the segments that stay, and those of before did not: they leave the disk when settle rewrites the segments. What
// can't be read is not counted: look asks again, and says so.
func (k *keeper) hidden(ctx context.Context, hide []tombstone, old map[string][]tombstone) (rows int64) {
	segments := k.store.segmentsNow()
	for i := range hide {
		t := &hide[i]
		line := string(t.append(nil))
		for _, r := range segments {
			if ctx.Err() != nil {
				return rows
			}
			if r.file.last > t.arrival || r.file.from >= t.to {
				continue
			}
			n, err := k.takes(line, t, r)
			if err != nil || n == 0 {
				continue
			}
			was := int64(0)
			for _, o := range old[t.Channel] {
				if r.file.last <= o.arrival {
					m, _ := k.takes(string(o.append(nil)), &o, r) // both begin with the first sample
					was = max(was, min(m, n))
				}
			}
			rows += n - was
		}
	}
	return rows
}

// segmentsNow are the segments. While the keeper's lock is held none of them goes.
func (s *Store) segmentsNow() []liveSegment {
	s.stateMu.RLock()
	defer s.stateMu.RUnlock()
	return s.segments
}

// spans are the channels of a segment. They are remembered: retention asks every hour.
func (k *keeper) spans(f segmentFile) ([]channelSpan, error) {
	if spans, ok := k.channels[f.name]; ok {
		return spans, nil
	}
	path := k.store.path(f.name)
	r, err := segment.Open(path) // the store's own would keep the index
	if err != nil {
		return nil, damaged(path, err)
	}
	defer r.Release()
	var spans []channelSpan
	for _, e := range r.Series() {
		if n := len(spans); n > 0 && spans[n-1].channel == e.Series.Channel {
			spans[n-1].first, spans[n-1].last = min(spans[n-1].first, e.First), max(spans[n-1].last, e.Last)
			continue
		}
		spans = append(spans, channelSpan{e.Series.Channel, e.First, e.Last})
	}
	k.channels[f.name] = spans
	return spans, nil
}
