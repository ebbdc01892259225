package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"decant/ingest"
)

// Deletion is what to delete: the samples of the selected series in from ≤ t < to (ns; math.MinInt64 and math.MaxInt64 are open ends).
type Deletion struct {
	Selection
	From, To int64
}

// Deleted is what a delete took away, or would take: by series, in the order of Snapshot.Series.
type Deleted struct {
	Series  []DeletedSeries
	Samples int64 // of all; duplicates settled
}

// DeletedSeries is a series of which something is deleted.
type DeletedSeries struct {
	Series      ingest.Series
	Samples     int64
	First, Last int64 // ns: of the samples that are deleted
}

// mostDeletes bounds the deletes that wait for the segments to be rewritten: each step of upkeep asks all segments for each of them.
const mostDeletes = 1000

func (d *Deletion) validate() error {
	switch {
	case d.Channel == "" || len(d.Names) == 0:
		return fmt.Errorf("delete: it takes a channel and the series' names")
	case d.From >= d.To:
		return fmt.Errorf("delete: the range is empty")
	}
	return nil
}

// Delete deletes samples that are stored now. When it returns, no snapshot that is taken from then on shows them, and that is durable; upkeep rewrites the
// segments later. Samples that are stored after the call stay. Where nothing is selected, nothing changes.
func (s *Store) Delete(ctx context.Context, d Deletion) (Deleted, error) {
	if err := d.validate(); err != nil {
		return Deleted{}, err
	}
	snap, err := s.Snapshot(ctx)
	if err != nil {
		return Deleted{}, err
	}
	defer snap.Close()
	deleted, err := snap.Count(ctx, d)
	if err != nil || deleted.Samples == 0 {
		return deleted, err
	}
	r, err := s.askDelete(ctx, d)
	if errors.Is(err, ErrLimit) && s.cfg.NoUpkeep { // nobody else makes room
		if later := s.makeRoom(ctx); later != nil {
			return Deleted{}, errors.Join(err, later)
		}
		r, err = s.askDelete(ctx, d)
	}
	if err != nil {
		return Deleted{}, err
	}
	defer r.before.Close()
	s.keeper.poke()
	if r.before.arrival != snap.arrival || len(r.before.deletes) != len(snap.deletes) { // what was counted is not what was found
		if deleted, err = r.before.Count(context.WithoutCancel(ctx), d); err != nil {
			return Deleted{}, fmt.Errorf("the samples are deleted, but they can't be counted: %w", err)
		}
	}
	s.cfg.Log.Info("deleted", "channel", d.Channel, "names", fmt.Sprint(d.Names), "from", moment(d.From), "to", moment(d.To), "series", len(deleted.Series), "samples", deleted.Samples)
	return deleted, nil
}

// moment is the end of a range for people: ISO 8601, UTC.
func moment(t int64) string {
	if t == math.MinInt64 || t == math.MaxInt64 {
		return "open"
	}
	return time.Unix(0, t).UTC().Format(time.RFC3339Nano)
}

// askDelete has the committer delete. The caller closes what it found before.
func (s *Store) askDelete(ctx context.Context, d Deletion) (*request, error) {
	r := &request{deletion: &d, done: make(chan error, 1)}
	err := s.ask(ctx, r)
	if err != nil && r.before != nil {
		r.before.Close()
	}
	return r, err
}

// makeRoom brings the deletes that wait to an end.
func (s *Store) makeRoom(ctx context.Context) error {
	if err := s.Flush(ctx); err != nil {
		return err
	}
	return s.Upkeep(ctx)
}

// String is the name as a target has it.
func (n Name) String() string {
	if n.Prefix {
		return n.Name + "*"
	}
	return n.Name
}

// Count is what deleting d from the snapshot's state takes away.
func (s *Snapshot) Count(ctx context.Context, d Deletion) (Deleted, error) {
	var out Deleted
	ids, err := s.channel(d.Channel)
	if err != nil {
		return out, err
	}
	for id := ids.from; id < ids.to; id++ {
		series := s.index[id].series
		if !d.matches(series) {
			continue
		}
		stats, err := s.Stats(ctx, uint32(id), d.From, d.To)
		if err != nil {
			return out, err
		}
		if stats.Samples > 0 {
			out.Series = append(out.Series, DeletedSeries{series, stats.Samples, stats.First, stats.Last})
			out.Samples += stats.Samples
		}
	}
	return out, nil
}

// deleteAsked does the deletes of a group of requests, behind what the group appended.
func (s *Store) deleteAsked(group []*request) error {
	for _, r := range group {
		if r.deletion == nil {
			continue
		}
		if s.waitingDeletes() >= mostDeletes {
			r.refused = &kindError{ErrLimit, fmt.Sprintf("delete: %d deletes wait until the segments are rewritten, which is as many as can be: try again later, run `decant compact`, or see in the log what keeps upkeep from it", mostDeletes)}
			continue
		}
		var err error
		if r.before, err = s.Snapshot(context.Background()); err != nil {
			return err
		}
		if err := s.bury(r.deletion); err != nil {
			r.before.Close()
			return err
		}
	}
	return nil
}

// waitingDeletes counts the tombstones of Delete: retention's are bounded by the channels.
func (s *Store) waitingDeletes() (n int) {
	s.stateMu.RLock()
	defer s.stateMu.RUnlock()
	for i := range s.deletes {
		if !s.deletes[i].expired {
			n++
		}
	}
	return n
}

// bury puts a tombstone into CURRENT, after the log was changed, so that no log and no segment has samples from before and behind it.
func (s *Store) bury(d *Deletion) error {
	if _, samples := s.active.size(); samples > 0 {
		if err := s.rotate(); err != nil {
			return err
		}
	}
	t := tombstone{Selection: d.Selection, from: d.From, to: d.To, arrival: s.arrival}
	return s.change(func(next *current) {
		next.deletes = append(slices.Clip(next.deletes), t)
	}, func() { s.deletes = s.current.deletes })
}
