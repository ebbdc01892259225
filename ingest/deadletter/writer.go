package deadletter

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"decant/ingest"
)

// Writer appends letters to a folder. There is one writer a folder; whoever holds the store's lock is the one. Its methods may be
// called by several goroutines. A writer is sticky: after a fault every Append returns it.
type Writer struct {
	cfg Config

	mu     sync.Mutex
	file   *os.File // the newest segment; nil until the first letter after Open
	sealed []segment
	open   segment // what file is
	next   uint64  // id of the next letter
	buf    []byte
	err    error
}

var _ ingest.DeadLetters = (*Writer)(nil)

// Open makes the folder where it is missing and continues after its newest letter. It begins a segment of its own, so that a
// letter cut short by a crash stays the last of its file.
func Open(cfg Config) (*Writer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if err := os.MkdirAll(cfg.Dir, 0o777); err != nil {
		return nil, fmt.Errorf("make folder for dead letters: %w", err)
	}
	all, err := segments(cfg.Dir)
	if err != nil {
		return nil, err
	}
	w := &Writer{cfg: cfg, sealed: all, next: 1}
	if len(all) == 0 {
		return w, nil
	}
	newest := all[len(all)-1]
	w.next = newest.first
	damage := newest.read(func(e Entry) bool {
		w.next = max(w.next, e.ID+1)
		return true
	})
	switch {
	case damage != nil:
		// Ids behind the damage are not known. A letter is at least header, fixed fields and trailer long, which bounds them.
		cfg.Log.Warn("dead letters are damaged; what can be read stays, new letters follow", "error", damage)
		w.next = max(w.next, newest.first+uint64(newest.bytes/(headerBytes+fixedBytes+trailerBytes))+1)
	case w.next == newest.first:
		// The crash came before the segment's first letter was whole: there is nothing in it, and its name is needed.
		if err := os.Remove(newest.path); err != nil {
			return nil, fmt.Errorf("remove unfinished dead letter: %w", err)
		}
		w.sealed = all[:len(all)-1]
	}
	return w, nil
}

// Append writes the letters and returns when they are durable. Where the folder would grow past its limit, the oldest
// segments are dropped first.
func (w *Writer) Append(letters []ingest.Letter) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = w.append(letters)
	}
	return w.err
}

func (w *Writer) append(letters []ingest.Letter) error {
	for len(letters) > 0 {
		if err := w.rotate(); err != nil {
			return err
		}
		// As many as bring the segment to its limit go out in one write and one sync.
		w.buf = w.buf[:0]
		n := 0
		for n < len(letters) && (n == 0 || w.open.bytes+int64(len(w.buf)) < w.cfg.SegmentBytes) {
			w.buf = appendRecord(w.buf, w.next+uint64(n), letters[n], w.cfg.MaxPayload)
			n++
		}
		if err := w.dropOldest(int64(len(w.buf))); err != nil {
			return err
		}
		if _, err := w.file.Write(w.buf); err != nil {
			return fmt.Errorf("write dead letters: %w", err)
		}
		if err := w.file.Sync(); err != nil {
			return fmt.Errorf("sync dead letters: %w", err)
		}
		w.open.bytes += int64(len(w.buf))
		w.next += uint64(n)
		letters = letters[n:]
	}
	return nil
}

// rotate makes sure that there is an open segment with room.
func (w *Writer) rotate() error {
	if w.file != nil && w.open.bytes < w.cfg.SegmentBytes {
		return nil
	}
	if w.file != nil {
		if err := w.file.Close(); err != nil {
			return fmt.Errorf("close dead letters: %w", err)
		}
		w.file = nil
		w.sealed = append(w.sealed, w.open)
	}
	path := segmentPath(w.cfg.Dir, w.next)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("begin segment of dead letters: %w", err)
	}
	w.file, w.open = file, segment{path: path, first: w.next}
	if err := syncDir(w.cfg.Dir); err != nil {
		return fmt.Errorf("sync folder of dead letters: %w", err)
	}
	return nil
}

// dropOldest removes sealed segments until the folder has room for coming more bytes. The open segment stays, so
// that a single group of letters may pass the limit.
func (w *Writer) dropOldest(coming int64) error {
	total := w.open.bytes + coming
	for _, s := range w.sealed {
		total += s.bytes
	}
	for len(w.sealed) > 0 && total > w.cfg.MaxBytes {
		oldest := w.sealed[0]
		if err := os.Remove(oldest.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("drop oldest dead letters: %w", err)
		}
		total -= oldest.bytes
		w.sealed = w.sealed[1:]
		w.cfg.Log.Warn("oldest dead letters dropped to stay within the limit", "dropped_in_all", w.dropped(), "limit_bytes", w.cfg.MaxBytes)
	}
	return nil
}

// Dropped is how many letters were dropped since the folder began.
func (w *Writer) Dropped() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped()
}

func (w *Writer) dropped() uint64 {
	switch {
	case len(w.sealed) > 0:
		return w.sealed[0].first - 1
	case w.file != nil:
		return w.open.first - 1
	}
	return w.next - 1
}

// Close closes the newest segment. Everything appended is durable already. It returns the fault that stopped the writer, if any.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.err
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
		w.file = nil
	}
	if w.err == nil {
		w.err = errors.New("append dead letters: writer is closed")
	}
	return err
}
