// Package store keeps samples on disk: one process appends, any number of others read the same folder meanwhile.
//
// The way of a sample:
//
//  1. Append packs it with all that other callers bring at that moment into one frame of the log (package wal), writes and syncs it, and
//     returns. What Append has returned nil for survives kill -9 and a power cut.
//  2. It is then in the head: columns in memory, a series each.
//  3. When log or head are big or old enough, a new log and head take over, and a flush in the background writes the old head into a segment (package
//     segment): segment synced, its name synced, CURRENT replaced, and only then the old log deleted.
//  4. Upkeep in the background joins segments of neighbouring arrivals into ones that are sorted (compaction), drops what is older than Config.Expire says, and
//     rewrites what Delete took away: that was out of sight at once.
//  5. A Snapshot is one consistent state of segments and heads: Store.Snapshot in the writer, OpenSnapshot in any other process, which reads the logs
//     into heads of its own.
//
// What it promises: nothing acknowledged is lost or seen twice; any flipped bit is a *CorruptError that names the file before a wrong number is seen; memory is
// bounded by Config.HeadBytes; nothing that a reader does can block the writer. What it does not: samples of one Append are seen by
// readers together only where they fit one frame (32,768 samples, 8 MiB).
//
// After a failed write or sync the store has stopped: every call says why (*StoppedError) until it is opened again.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"decant/engine/store/segment"
	"decant/engine/store/vfs"
	"decant/engine/store/wal"
	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/gofrs/flock"
)

// Config says where a store is and what bounds it. Fields that are zero take the value named.
type Config struct {
	Dir        string
	Program    string // what LOCK calls this writer; "decant"
	Duplicates string // "keep" or "last": what readers see of samples with equal series and time; "keep"

	MaxSeries  int           // series that Admit lets in; 1,000,000
	LogBytes   int64         // most bytes of log not yet in segments, about; 64 MiB
	HeadBytes  int64         // most memory for samples not yet in segments, about; 128 MiB
	FlushAge   time.Duration // age of the oldest sample in memory at which the next Append starts a flush; 24 h
	Deliveries int           // deliveries that are remembered; 65,000

	// Expire says before which time (ns) the samples of a channel go; ok is false where they stay. Nil: all stay.
	Expire       func(channel string, now time.Time) (before int64, ok bool)
	SegmentBytes int64 // about how long compaction makes segments; 128 MiB

	NoSocket bool // take no samples of other processes (Dial)
	NoUpkeep bool // do nothing in the background: Upkeep and Compact do it when they are called

	FS       vfs.FS                          // what is written goes through it; vfs.OS
	FreeDisk func(dir string) (int64, error) // bytes that there are for compaction; nil: enough
	Now      func() time.Time                // time.Now
	Log      *slog.Logger                    // what upkeep and deletes did; nil: nowhere
	Memory   memory.Allocator                // for Arrow; memory.DefaultAllocator
}

// Validate names every fault of the configuration.
func (c Config) Validate() error {
	var faults []error
	if c.Dir == "" {
		faults = append(faults, errors.New("store: the folder is not named: give --data DIR or set DECANT_DATA"))
	}
	if _, ok := policies[c.Duplicates]; !ok {
		faults = append(faults, fmt.Errorf(`store: duplicates is %q, it can be "keep" or "last"`, c.Duplicates))
	}
	for _, n := range []struct {
		name  string
		value int64
	}{{"max series", int64(c.MaxSeries)}, {"log bytes", c.LogBytes}, {"head bytes", c.HeadBytes}, {"flush age", int64(c.FlushAge)}, {"deliveries", int64(c.Deliveries)}, {"segment bytes", c.SegmentBytes}} {
		if n.value < 0 {
			faults = append(faults, fmt.Errorf("store: %s is %d, it can't be negative", n.name, n.value))
		}
	}
	return errors.Join(faults...)
}

var policies = map[string]segment.Duplicates{"": segment.KeepAll, "keep": segment.KeepAll, "last": segment.KeepLast}

// withDefaults fills in the fields that are zero.
func (c Config) withDefaults() Config {
	orElse(&c.Program, "decant")
	orElse(&c.Duplicates, "keep")
	orElse(&c.MaxSeries, 1_000_000)
	orElse(&c.LogBytes, 64<<20)
	orElse(&c.HeadBytes, 128<<20)
	orElse(&c.FlushAge, 24*time.Hour)
	orElse(&c.Deliveries, 65_000)
	orElse(&c.SegmentBytes, 128<<20)
	if c.FS == nil {
		c.FS = vfs.OS{}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Memory == nil {
		c.Memory = memory.DefaultAllocator
	}
	return c
}

func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Store is a store open for writing. It is safe for concurrent use.
type Store struct {
	cfg  Config
	lock *flock.Flock

	// The queue before the committer.
	queueMu sync.Mutex
	queue   []*request
	closing bool
	failure error         // sticky
	wake    chan struct{} // the queue has something, or the store closes; holds one
	stopped chan struct{} // the committer has ended

	// The committer's own: one goroutine.
	log      *wal.Log
	encoder  *wal.Encoder
	oldest   time.Time // when the head got its first sample
	payload  []byte
	staged   []ingest.Sample // in the frame to come
	ids      []uint32        // their series in the log
	arrived  []ingest.Delivery
	flushJob *flushJob // the newest; running or done

	// CURRENT, as it is on disk. Whoever needs stateMu too takes it after currentMu.
	currentMu sync.Mutex
	current   current

	// What snapshots see.
	stateMu  sync.RWMutex
	segments []liveSegment // as in current
	deletes  []tombstone   // the same
	frozen   []*head       // oldest first: their logs are complete, a flush is to come
	active   *head
	arrival  uint64
	window   []ingest.Delivery // newest last

	admission admission
	keeper    *keeper

	door     *door // the socket; nil where not served
	unserved error // why not
}

// Open opens the store in cfg.Dir for writing, and makes one where there is none. All that was ever acknowledged is there when it returns, and other processes may
// hand samples over (Dial). Another writer is ErrInUse, damage a *CorruptError.
func Open(cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if info, err := os.Stat(cfg.Dir); err == nil && !info.IsDir() {
		return nil, notStore(cfg.Dir, "it is a file")
	}
	for _, dir := range []string{cfg.Dir, filepath.Join(cfg.Dir, segmentDir), filepath.Join(cfg.Dir, logDir)} {
		if err := cfg.FS.MkdirAll(dir); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
	}
	lock, err := takeLock(cfg.Dir, cfg.Program, cfg.Now())
	if err != nil {
		return nil, err
	}
	s := &Store{
		cfg: cfg, lock: lock,
		wake: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	s.admission.init(cfg.MaxSeries)
	s.keeper = newKeeper(s)
	if err := s.recover(); err != nil {
		s.release()
		return nil, err
	}
	go s.commitLoop()
	if !cfg.NoUpkeep {
		s.keeper.start()
	}
	if !cfg.NoSocket {
		s.door, s.unserved = openDoor(s)
	}
	return s, nil
}

// Close lets appends that wait finish, ends the log cleanly and gives the folder free. A log of some size becomes a segment first, so that readers start fast.
// Close is called once, and last.
func (s *Store) Close() error {
	s.keeper.stop()
	s.door.close()
	const enough = 100_000 * sampleBytes
	var err error
	if s.inMemory() >= enough {
		err = s.Flush(context.Background())
	}
	s.queueMu.Lock()
	s.closing = true
	s.queueMu.Unlock()
	s.poke()
	<-s.stopped // the committer has ended the log
	if e := s.failed(); e != nil && !errors.Is(e, ErrClosed) {
		err = e
	}
	s.release()
	return err
}

// inMemory is about how many bytes the samples that are in no segment take.
func (s *Store) inMemory() int64 {
	s.stateMu.RLock()
	defer s.stateMu.RUnlock()
	total, _ := s.active.size()
	for _, h := range s.frozen {
		bytes, _ := h.size()
		total += bytes
	}
	return total
}

// release lets go of all that Open took.
func (s *Store) release() {
	if s.log != nil {
		s.log.Close()
	}
	for _, r := range s.segments {
		r.Release()
	}
	s.segments = nil
	s.lock.Unlock()
}

// Serving says why other processes can't hand samples over; nil where they can. The store works without: not every file system has sockets.
func (s *Store) Serving() error { return s.unserved }

// Deliveries are the newest deliveries that were appended, oldest first: those that a broker may send again.
func (s *Store) Deliveries() []ingest.Delivery {
	s.stateMu.RLock()
	defer s.stateMu.RUnlock()
	return append([]ingest.Delivery(nil), newest(s.window, s.cfg.Deliveries)...)
}

// newest is the last n of a window.
func newest(window []ingest.Delivery, n int) []ingest.Delivery {
	return window[max(0, len(window)-n):]
}

// fileName is the name of file n, relative to the store.
func fileName(folder string, n uint64, ext string) string {
	return fmt.Sprintf("%s/%08d.%s", folder, n, ext)
}

func (s *Store) path(name string) string { return filePath(s.cfg.Dir, name) }

// exists says whether a folder has an entry of that name.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
