package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"decant/engine/store/wal"
	"decant/ingest"
)

// recover brings back what the folder holds and starts a new log:
//
//  1. open the segments and replay the logs that CURRENT names
//  2. sync the folder, so that CURRENT is durable, and delete what it does not name
//  3. where the last writer did not stop cleanly: copy the whole frames of its log to a new, synced file. The bytes of the old one may be in the page cache
//     alone, and after a failed sync they will never be on disk, though they read well
//  4. make a new log, whose first frame carries the window of deliveries over
//  5. replace CURRENT; from here on the old files are not part of the store
//  6. delete what the new CURRENT does not name
//
// A crash at any line leaves the old CURRENT or the new one with all their files.
func (s *Store) recover() error {
	cur, _, err := readCurrent(s.cfg.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := lostCurrent(s.cfg.Dir); err != nil {
			return err
		}
		cur = current{version: currentVersion, next: 1}
	case err != nil:
		return err
	}
	opened, err := openContents(s.cfg.Dir, cur)
	if err != nil {
		return err
	}
	s.segments, s.deletes = opened.segments, cur.deletes
	defer opened.closeLogs()
	replayed, err := opened.replay(context.Background())
	if err != nil {
		return err
	}
	// The last writer may have died between the rename of CURRENT and its sync: no file that the CURRENT before it names may go before this one is durable.
	if err := s.syncDir("."); err != nil {
		return cannotOpen(err)
	}
	if err := removeOrphans(s.cfg.FS, s.cfg.Dir, cur); err != nil {
		return err
	}
	if exists(filepath.Join(s.cfg.Dir, currentTemp)) {
		removeFile(s.cfg.FS, s.cfg.Dir, currentTemp)
	}
	if opened.cur.next, err = s.freeNumber(cur.next); err != nil {
		return err
	}
	if err := s.keepLogs(opened, replayed); err != nil {
		return cannotOpen(err)
	}
	s.arrival = replayed.arrival
	s.window = slices.Clone(newest(replayed.window, s.cfg.Deliveries))
	s.active = &head{before: s.arrival}
	s.current = opened.cur
	if err := s.countSeries(firstAsked); err != nil {
		return err
	}
	if err := s.newLog(replayed.sequence); err != nil {
		return cannotOpen(err)
	}
	if err := removeOrphans(s.cfg.FS, s.cfg.Dir, s.current); err != nil {
		return err
	}
	s.flushMany()
	return nil
}

// cannotOpen is an error of Open that names its kind where it has one.
func cannotOpen(err error) error {
	if isDiskFull(err) {
		return &kindError{ErrDiskFull, fmt.Sprintf("open store: %v; free some space: nothing is lost", err)}
	}
	return fmt.Errorf("open store: %w", err)
}

// freeNumber is next, or a higher number where a file that could not be deleted has it.
func (s *Store) freeNumber(next uint64) (uint64, error) {
	for _, folder := range []string{segmentDir, logDir} {
		names, err := s.cfg.FS.List(filepath.Join(s.cfg.Dir, folder))
		if err != nil {
			return 0, fmt.Errorf("list store: %w", err)
		}
		for _, name := range names {
			var n uint64
			if _, err := fmt.Sscanf(name, "%d.", &n); err == nil && n < 1<<32 {
				next = max(next, n+1)
			}
		}
	}
	return next, nil
}

// keepLogs makes all logs complete, and drops those without samples. It changes the lists of o and p.
func (s *Store) keepLogs(o *contents, p *replayed) error {
	var logs []logFile
	for i, l := range o.cur.logs {
		_, samples := p.heads[i].size()
		if samples == 0 {
			continue
		}
		if l.bytes < 0 {
			copied, err := s.copyLog(o, i, p.logs[i].good)
			if err != nil {
				return err
			}
			l = copied
		}
		logs = append(logs, l)
		s.frozen = append(s.frozen, p.heads[i])
		p.sequence = p.logs[i].sequence
	}
	o.cur.logs = logs
	return nil
}

// copyLog copies the first n bytes of log i, and syncs the copy. Its name becomes durable with that of the new log.
func (s *Store) copyLog(o *contents, i int, n int64) (logFile, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(o.logs[i], 0, n), b); err != nil {
		return logFile{}, fmt.Errorf("read log %s: %w", o.path(o.cur.logs[i].name), err)
	}
	name := fileName(logDir, o.cur.next, "log")
	o.cur.next++
	if err := writeFile(s.cfg.FS, s.path(name), b); err != nil {
		return logFile{}, err
	}
	return logFile{name, n}, nil
}

// newLog makes the log that appends go to from now on, and replaces CURRENT. Every log before it must be complete.
func (s *Store) newLog(sequence uint64) error {
	name := fileName(logDir, s.takeNumber(), "log")
	log, err := wal.Create(s.cfg.FS, s.path(name), wal.Header{Sequence: sequence, Arrival: s.arrival}, s.packWindow())
	if err != nil {
		return err
	}
	if err := s.syncDir(logDir); err != nil {
		log.Close()
		return err
	}
	err = s.change(func(next *current) {
		next.logs = append(next.logs, logFile{name, -1})
		next.series = s.admission.bound()
	}, func() {})
	if err != nil {
		log.Close()
		return err
	}
	s.log, s.encoder = log, wal.NewEncoder()
	return nil
}

// packWindow packs the window of deliveries into the payload of a Window frame.
func (s *Store) packWindow() []byte {
	const most = 16 << 20 // client ids can be long
	window := s.Deliveries()
	for i, bytes := len(window)-1, 0; i >= 0; i-- {
		if bytes += len(window[i].Client); bytes > most {
			window = window[i+1:]
			break
		}
	}
	e := wal.NewEncoder()
	for _, d := range window {
		e.Delivery(d)
	}
	return e.Payload(nil)
}

func (s *Store) syncDir(folder string) error {
	path := filepath.Join(s.cfg.Dir, folder)
	if err := s.cfg.FS.SyncDir(path); err != nil {
		return fmt.Errorf("sync folder %s: %w", path, err)
	}
	return nil
}

// flushMany starts a flush where many logs, or long ones, are left from before.
func (s *Store) flushMany() {
	const many = 8
	var bytes int64
	for _, l := range s.current.logs {
		bytes += max(0, l.bytes)
	}
	if len(s.frozen) > many || bytes > s.cfg.LogBytes/2 {
		s.startFlush()
	}
}

// grownWindow adds to a window of n deliveries. It is cut when it has twice that length.
func grownWindow(window, more []ingest.Delivery, n int) []ingest.Delivery {
	window = append(window, more...)
	if len(window) > 2*n {
		window = slices.Clone(newest(window, n))
	}
	return window
}
