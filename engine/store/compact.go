package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A job is done so that a crash at any call leaves the old segments or the new ones:
//
//  1. the groups are merged into files that nobody knows; they are synced, then their names
//  2. CURRENT is replaced
//  3. the files that were merged are deleted. Who has them open reads on
//
// Merging keeps, of samples with equal series and time, all that either setting of duplicates shows: what is dropped is repeats that neither does.

// errLater says that a job could not be done now for a reason that is not the store's: there is no room.
var errLater error = &kindError{ErrDiskFull, "upkeep waits for room on the disk"}

// rewrite does a job.
func (k *keeper) rewrite(ctx context.Context, j job, pace *pacer) error {
	s := k.store
	started := s.cfg.Now()
	if err := k.room(j); err != nil {
		return err
	}
	var made []liveSegment
	var err error
	for _, group := range j.groups {
		if err = k.merge(ctx, group, pace, &made); err != nil {
			break
		}
	}
	if err == nil && len(made) > 0 {
		if err = s.syncDir(segmentDir); err != nil {
			err = s.fail(err)
		}
	}
	if err == nil {
		err = s.failed()
	}
	if err != nil {
		for _, m := range made {
			m.Release()
			removeFile(s.cfg.FS, s.cfg.Dir, m.file.name)
		}
		return err
	}
	if err := k.publish(j, made); err != nil {
		for _, m := range made { // the files stay: the CURRENT that is found next may name them already
			m.Release()
		}
		return err
	}
	k.say(j, made, s.cfg.Now().Sub(started))
	return nil
}

// room says whether the disk has room for a job's files beside the log.
func (k *keeper) room(j job) error {
	s := k.store
	if s.cfg.FreeDisk == nil {
		return nil
	}
	free, err := s.cfg.FreeDisk(s.cfg.Dir)
	if err != nil {
		return fmt.Errorf("look for room on the disk: %w", err)
	}
	need, _ := j.size()
	if need += 4 * s.cfg.LogBytes; free < need {
		return fmt.Errorf("%w: %d bytes are free, compaction takes %d for a while", errLater, free, need)
	}
	return nil
}

// size are the bytes and rows that are rewritten.
func (j *job) size() (bytes, rows int64) {
	for _, group := range j.groups {
		_, b, r := total(group)
		bytes, rows = bytes+b, rows+r
	}
	return bytes, rows
}

// publish puts what was made into CURRENT, and deletes what it was made of.
func (k *keeper) publish(j job, made []liveSegment) error {
	s := k.store
	files := make([]segmentFile, len(made))
	for i := range made {
		files[i] = made[i].file
	}
	var gone []liveSegment
	err := s.change(func(next *current) {
		next.segments = j.apply(next.segments, files)
	}, func() {
		s.segments, gone = relinked(s.current.segments, append(slices.Clone(s.segments), made...))
	})
	if err != nil {
		return s.fail(err)
	}
	s.discard(gone)
	_, rows := j.size()
	if _, _, kept := total(files); kept < rows {
		s.admission.lost()
	}
	return nil
}

// relinked gives the segments of a list their readers, and those readers that are in none.
func relinked(list []segmentFile, have []liveSegment) (live, gone []liveSegment) {
	at := make(map[string]int, len(have))
	for i := range have {
		at[have[i].file.name] = i
	}
	live = make([]liveSegment, len(list))
	for i, f := range list {
		live[i] = liveSegment{have[at[f.name]].Reader, f}
		delete(at, f.name)
	}
	for _, i := range at {
		gone = append(gone, have[i])
	}
	return live, gone
}

// discard deletes segments that are not part of the store any more.
func (s *Store) discard(gone []liveSegment) {
	for _, g := range gone {
		g.Release()
		removeFile(s.cfg.FS, s.cfg.Dir, g.file.name)
		s.keeper.forget(g.file.name)
	}
}

// say logs a job that was done.
func (k *keeper) say(j job, made []liveSegment, took time.Duration) {
	bytes, rows := j.size()
	for _, m := range made {
		rows -= m.file.rows
	}
	merged := 0
	for _, group := range j.groups {
		merged += len(group)
	}
	k.store.cfg.Log.Debug("compacted", "segments", merged, "into", len(made), "untouched", len(j.stay), "bytes", bytes, "rows_dropped", rows, "took", took)
}

// judge decides what an error of a job means: damage spares the segment from then on, a full disk waits, and what else the disk does not take stops the store.
func (k *keeper) judge(err error) error {
	var write *writeError
	switch {
	case errors.As(err, new(*CorruptError)):
		k.spare(err)
	case errors.As(err, &write) && isDiskFull(err):
		return fmt.Errorf("%w: %w", errLater, err)
	case errors.As(err, &write):
		return k.store.fail(write.error)
	}
	return err
}

// spare leaves a damaged segment alone from then on.
func (k *keeper) spare(err error) {
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) {
		return
	}
	for _, f := range k.store.listed() {
		if k.store.path(f.name) == corrupt.File && !k.spared[f.name] {
			k.spared[f.name] = true
			k.store.cfg.Log.Error("a damaged segment is left out of upkeep", "error", err)
		}
	}
}

// writeError is a new file that could not be written.
type writeError struct{ error }

func (e *writeError) Unwrap() error { return e.error }

// forget drops what is remembered of a segment that is gone.
func (k *keeper) forget(name string) {
	delete(k.spared, name)
	delete(k.channels, name)
}

// Compacted is what Compact did.
type Compacted struct {
	Segments int   // before
	Into     int   // after
	Bytes    int64 // before
	Left     int64 // bytes after
	Dropped  int64 // rows: deleted ones, and repeats
}

// Compact makes one run of each series out of all that is stored now, however much is to be written for it.
func (s *Store) Compact(ctx context.Context) (Compacted, error) {
	if err := s.Flush(ctx); err != nil {
		return Compacted{}, err
	}
	k := s.keeper
	ctx, cancel := k.within(ctx)
	defer cancel()
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.ready(); err != nil {
		return Compacted{}, err
	}
	before := s.listed()
	var newest uint64
	if n := len(before); n > 0 {
		newest = before[n-1].last
	}
	taken, _, err := k.look(ctx)
	if err != nil {
		return Compacted{}, k.closedOr(err)
	}
	if j, ok := planAll(before, k.spared, taken.names(), s.cfg.SegmentBytes); ok {
		if err := k.rewrite(ctx, j, nil); err != nil {
			return Compacted{}, k.closedOr(err)
		}
	}
	taken, done, err := k.look(ctx)
	if err == nil {
		_, err = k.settle(ctx, taken, done, nil)
	}
	if err != nil {
		return Compacted{}, k.closedOr(err)
	}
	var c Compacted
	var rows, kept int64
	c.Segments, c.Bytes, rows = total(before)
	after := slices.DeleteFunc(slices.Clone(s.listed()), func(f segmentFile) bool { return f.last > newest }) // flushed meanwhile
	c.Into, c.Left, kept = total(after)
	c.Dropped = rows - kept
	return c, nil
}

func total(segments []segmentFile) (n int, bytes, rows int64) {
	for _, f := range segments {
		bytes, rows = bytes+f.bytes, rows+f.rows
	}
	return len(segments), bytes, rows
}
