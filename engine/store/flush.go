package store

import (
	"context"
	"fmt"
	"slices"

	"decant/engine/store/segment"
	"decant/engine/store/vfs"
	"decant/ingest"
)

// flushJob is one flush in the background.
type flushJob struct {
	done chan struct{}
	err  error // valid when done
}

// Flush writes all samples in memory into a segment, and returns when it is part of the store.
func (s *Store) Flush(ctx context.Context) error {
	r := &request{flush: true, done: make(chan error, 1)}
	if err := s.ask(ctx, r); err != nil {
		return err
	}
	if r.job == nil {
		return nil
	}
	select {
	case <-r.job.done:
		return r.job.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flushAsked starts the flush that requests of a group ask for.
func (s *Store) flushAsked(group []*request) error {
	if !slices.ContainsFunc(group, func(r *request) bool { return r.flush }) {
		return nil
	}
	if _, samples := s.active.size(); samples > 0 {
		if err := s.rotate(); err != nil {
			return err
		}
	} else if err := s.awaitFlush(); err != nil {
		return err
	} else if len(s.frozen) > 0 {
		s.startFlush()
	}
	for _, r := range group {
		r.job = s.flushJob
	}
	return nil
}

// rotateIfDue changes to a new log and head where the old ones are big or old enough. At most half of what may be in memory is being flushed while
// the other half fills.
func (s *Store) rotateIfDue() error {
	bytes, samples := s.active.size()
	switch {
	case samples == 0:
		return nil
	case s.log.Size() >= s.cfg.LogBytes/2, bytes >= s.cfg.HeadBytes/2, s.cfg.Now().Sub(s.oldest) >= s.cfg.FlushAge:
		return s.rotate()
	}
	return nil
}

// rotate changes to a new log and head, and starts the flush of the old. It waits for the flush before: that is what bounds memory.
func (s *Store) rotate() error {
	if err := s.awaitFlush(); err != nil {
		return err
	}
	old, oldHead := s.log, s.active
	s.currentMu.Lock()
	s.current.logs = slices.Clone(s.current.logs)
	s.current.logs[len(s.current.logs)-1].bytes = old.Size()
	s.currentMu.Unlock()

	// The head stays in sight of snapshots all the time: it is frozen before another takes its place.
	s.stateMu.Lock()
	s.frozen = append(slices.Clone(s.frozen), oldHead)
	s.active = &head{before: s.arrival}
	s.stateMu.Unlock()
	if err := s.newLog(old.Sequence()); err != nil {
		return err
	}
	old.Close()
	s.startFlush()
	return nil
}

// awaitFlush waits for a running flush. Its fault is the store's.
func (s *Store) awaitFlush() error {
	if s.flushJob == nil {
		return nil
	}
	<-s.flushJob.done
	return s.flushJob.err
}

// startFlush writes all frozen heads into segments, in the background. None may be running.
func (s *Store) startFlush() {
	job := &flushJob{done: make(chan struct{})}
	s.flushJob = job
	heads := s.frozen
	go func() {
		defer close(job.done)
		for _, part := range s.parted(heads) {
			if err := s.flush(part); err != nil {
				job.err = s.fail(err)
				return
			}
		}
		s.keeper.poke()
	}()
}

// parted cuts heads where a delete came between two: a segment lies wholly before or behind it.
func (s *Store) parted(heads []*head) (parts [][]*head) {
	s.stateMu.RLock()
	defer s.stateMu.RUnlock()
	from := 0
	for i := 1; i <= len(heads); i++ {
		if i == len(heads) || slices.ContainsFunc(s.deletes, func(t tombstone) bool { return heads[i-1].before < t.arrival && heads[i].before >= t.arrival }) {
			parts = append(parts, heads[from:i])
			from = i
		}
	}
	return parts
}

// flush makes a segment of the oldest heads that are frozen, and takes their logs out of the store.
func (s *Store) flush(heads []*head) error {
	written, err := s.writeHeads(heads)
	if err != nil {
		return err
	}
	var logs []logFile
	err = s.change(func(next *current) {
		written.file.first, written.file.last = next.arrival+1, next.arrival+uint64(written.file.rows)
		next.arrival = written.file.last
		next.segments = append(next.segments, written.file)
		next.series = s.admission.bound()
		logs, next.logs = next.logs[:len(heads):len(heads)], next.logs[len(heads):]
	}, func() {
		s.segments = append(slices.Clone(s.segments), written)
		s.frozen = slices.Clone(s.frozen[len(heads):])
	})
	if err != nil {
		written.Release()
		return err
	}
	for _, l := range logs {
		removeFile(s.cfg.FS, s.cfg.Dir, l.name)
	}
	return nil
}

// change replaces CURRENT by what edit makes of it, and then lets show change what snapshots see.
func (s *Store) change(edit func(next *current), show func()) error {
	s.currentMu.Lock()
	defer s.currentMu.Unlock()
	next := s.current.clone()
	edit(&next)
	if err := writeCurrent(s.cfg.FS, s.cfg.Dir, next); err != nil {
		return err
	}
	s.current = next
	s.stateMu.Lock()
	defer s.stateMu.Unlock()
	show()
	return nil
}

// takeNumber is the number of a file to be made.
func (s *Store) takeNumber() uint64 {
	s.currentMu.Lock()
	defer s.currentMu.Unlock()
	s.current.next++
	return s.current.next - 1
}

// writeHeads writes a segment and opens it. It and its name are durable; nobody knows it yet, and its arrivals are still to be named.
func (s *Store) writeHeads(heads []*head) (liveSegment, error) {
	name := fileName(segmentDir, s.takeNumber(), "seg")
	file, err := writeSegment(s.cfg.FS, s.path(name), heads)
	if err != nil {
		return liveSegment{}, err
	}
	if err := s.syncDir(segmentDir); err != nil {
		return liveSegment{}, err
	}
	return s.openSegment(name, file)
}

// openSegment opens a segment that was just written; its rows and times are in file.
func (s *Store) openSegment(name string, file segmentFile) (liveSegment, error) {
	reader, err := segment.Open(s.path(name))
	if err != nil {
		return liveSegment{}, damaged(s.path(name), err)
	}
	file.name, file.bytes = name, reader.Size()
	return liveSegment{reader, file}, nil
}

// writeSegment writes heads, oldest first, as one segment and syncs it. It holds one series at a time, besides the heads.
func writeSegment(fs vfs.FS, path string, heads []*head) (segmentFile, error) {
	file, err := fs.Create(path)
	if err != nil {
		return segmentFile{}, fmt.Errorf("create segment: %w", err)
	}
	written, err := fillSegment(file, heads)
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return segmentFile{}, fmt.Errorf("write segment %s: %w", path, err)
	}
	return written, nil
}

func fillSegment(file vfs.File, heads []*head) (segmentFile, error) {
	type place struct {
		view headView
		i    int
	}
	places := map[ingest.Series][]place{}
	var names []ingest.Series
	for _, h := range heads {
		view := h.view()
		for i := range view.mark {
			name := view.name(i)
			if places[name] == nil {
				names = append(names, name)
			}
			places[name] = append(places[name], place{view, i})
		}
	}
	slices.SortFunc(names, segment.Compare)

	w := segment.NewWriter(file)
	var written segmentFile
	for _, name := range names {
		var rows segment.Rows
		for k, p := range places[name] {
			next, _ := p.view.rows(p.i)
			if k == 0 {
				rows = next
			} else {
				rows = joinRows(rows, next)
			}
		}
		if len(places[name]) > 1 {
			rows.SortStable()
		}
		written.count(rows)
		if err := w.Add(name, rows); err != nil {
			return segmentFile{}, err
		}
	}
	return written, w.Close()
}

// count adds rows of a series to what the segment holds.
func (s *segmentFile) count(rows segment.Rows) {
	n := rows.Len()
	if n == 0 {
		return
	}
	first, last := rows.Time[0], rows.Time[n-1]
	if s.rows == 0 {
		s.from, s.to = first, last
	}
	s.rows, s.from, s.to = s.rows+int64(n), min(s.from, first), max(s.to, last)
}

// end stops the log cleanly: an end mark, and CURRENT names it as complete.
func (s *Store) end() {
	if s.awaitFlush() != nil || s.failed() != nil {
		return
	}
	if err := s.endLog(); err != nil {
		s.fail(err)
	}
}

func (s *Store) endLog() error {
	if err := s.log.End(); err != nil {
		return err
	}
	return s.change(func(next *current) {
		next.logs[len(next.logs)-1].bytes = s.log.Size()
		next.series = s.admission.bound()
	}, func() {})
}
