package deadletter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"
)

// The file "replayed" holds the ids that were replayed: each a u64, ascending, then the CRC32C (u32) of them all, little endian. It is
// replaced by rename, so a reader sees one state or the next, and ids whose letters were dropped leave it on the way.
const marksName = "replayed"

// ErrReplaying is returned when another process replays the same folder.
var ErrReplaying = errors.New("dead letters are being replayed by another process: wait until it is done")

// Replay is the right to replay a folder's letters. One process has it at a time.
type Replay struct {
	dir   string
	lock  *flock.Flock
	marks map[uint64]bool
}

// BeginReplay takes the right, or returns ErrReplaying. A writer may run meanwhile.
func BeginReplay(dir string) (*Replay, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("replay dead letters: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "replay.lock"))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock dead letters for replay: %w", err)
	}
	if !locked {
		return nil, ErrReplaying
	}
	marks, err := readMarks(dir)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Replay{dir: dir, lock: lock, marks: marks}, nil
}

// Pending calls visit for each letter, with its payload, that was not yet replayed, oldest first, until visit returns
// false. Damage is reported after everything that can be read was visited.
func (r *Replay) Pending(visit func(Entry) bool) error {
	return scan(r.dir, func(e Entry) bool {
		return r.marks[e.ID] || visit(e)
	})
}

// Done marks letters as replayed and returns when that is durable. Call it after their samples are durable: a crash in
// between has the letters replayed again, and the store keeps equal samples once.
func (r *Replay) Done(ids ...uint64) error {
	all, err := segments(r.dir)
	if err != nil {
		return err
	}
	for _, id := range ids {
		r.marks[id] = true
	}
	if len(all) > 0 {
		maps.DeleteFunc(r.marks, func(id uint64, _ bool) bool { return id < all[0].first })
	}
	return writeMarks(r.dir, r.marks)
}

// Close gives the right back.
func (r *Replay) Close() error { return r.lock.Close() }

func readMarks(dir string) (map[uint64]bool, error) {
	path := filepath.Join(dir, marksName)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[uint64]bool{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read replayed dead letters: %w", err)
	}
	n := len(content) - 4
	if n < 0 || n%8 != 0 || crc32.Checksum(content[:n], castagnoli) != binary.LittleEndian.Uint32(content[n:]) {
		return nil, &CorruptError{File: path, What: "the list of replayed letters does not match its checksum: remove the file to allow all letters to be replayed again"}
	}
	marks := make(map[uint64]bool, n/8)
	for i := 0; i < n; i += 8 {
		marks[binary.LittleEndian.Uint64(content[i:])] = true
	}
	return marks, nil
}

func writeMarks(dir string, marks map[uint64]bool) error {
	var b []byte
	for _, id := range slices.Sorted(maps.Keys(marks)) {
		b = binary.LittleEndian.AppendUint64(b, id)
	}
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	path := filepath.Join(dir, marksName)
	if err := writeSynced(path+".new", b); err != nil {
		return fmt.Errorf("mark dead letters as replayed: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("mark dead letters as replayed: %w", err)
	}
	return syncDir(dir)
}

func writeSynced(path string, b []byte) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
