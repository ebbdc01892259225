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
	s.active = &head{}
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

// startFlush writes all frozen heads into one segment, in the background. None may be running.
func (s *Store) startFlush() {
	job := &flushJob{done: make(chan struct{})}
	s.flushJob = job
	heads := s.frozen
	go func() {
		defer close(job.done)
		if err := s.flush(heads); err != nil {
			job.err = s.fail(err)
		}
	}()
}

// flush makes a segment of heads, which are all that are frozen, and takes their logs out of the store.
func (s *Store) flush(heads []*head) error {
	s.currentMu.Lock()
	name := fileName(segmentDir, s.current.next, "seg")
	s.current.next++
	s.currentMu.Unlock()

	samples, err := writeSegment(s.cfg.FS, s.path(name), heads)
	if err != nil {
		return err
	}
	if err := s.syncDir(segmentDir); err != nil {
		return err
	}
	// The segment and its name are durable; nobody knows it yet.
	reader, err := segment.Open(s.path(name))
	if err != nil {
		return damaged(s.path(name), err)
	}
	logs, err := s.publish(name, reader.Size(), samples, len(heads))
	if err != nil {
		reader.Release()
		return err
	}
	s.stateMu.Lock()
	s.segments = append(slices.Clone(s.segments), reader)
	s.frozen = slices.Clone(s.frozen[len(heads):])
	s.stateMu.Unlock()
	for _, l := range logs {
		removeFile(s.cfg.FS, s.cfg.Dir, l.name)
	}
	return nil
}

// publish puts a segment into CURRENT in place of the first n logs, and returns those.
func (s *Store) publish(name string, bytes int64, samples uint64, n int) ([]logFile, error) {
	s.currentMu.Lock()
	defer s.currentMu.Unlock()
	next := s.current
	first := next.arrival() + 1
	next.segments = append(slices.Clone(next.segments), segmentFile{name, bytes, first, first + samples - 1})
	old := next.logs[:n]
	next.logs = slices.Clone(next.logs[n:])
	if err := writeCurrent(s.cfg.FS, s.cfg.Dir, next); err != nil {
		return nil, err
	}
	s.current = next
	return old, nil
}

// writeSegment writes heads, oldest first, as one segment and syncs it. It holds one series at a time, besides the heads.
func writeSegment(fs vfs.FS, path string, heads []*head) (samples uint64, err error) {
	file, err := fs.Create(path)
	if err != nil {
		return 0, fmt.Errorf("create segment: %w", err)
	}
	samples, err = fillSegment(file, heads)
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return 0, fmt.Errorf("write segment %s: %w", path, err)
	}
	return samples, nil
}

func fillSegment(file vfs.File, heads []*head) (samples uint64, err error) {
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
		samples += uint64(rows.Len())
		if err := w.Add(name, rows); err != nil {
			return 0, err
		}
	}
	return samples, w.Close()
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
	s.currentMu.Lock()
	defer s.currentMu.Unlock()
	next := s.current
	next.logs = slices.Clone(next.logs)
	next.logs[len(next.logs)-1].bytes = s.log.Size()
	if err := writeCurrent(s.cfg.FS, s.cfg.Dir, next); err != nil {
		return err
	}
	s.current = next
	return nil
}
