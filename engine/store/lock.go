package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// The file LOCK is locked by the writer as long as it lives; the system lets go of it when the process ends, however it ends. Behind its first byte it
// names the writer. The first byte stays out of it: Windows lets nobody read the byte that is locked.
const lockFile = "LOCK"

// takeLock makes this process the folder's one writer.
func takeLock(dir, program string, now time.Time) (*flock.Flock, error) {
	path := filepath.Join(dir, lockFile)
	lock := flock.New(path, flock.SetPermissions(0o666))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock store: %w", err)
	}
	if !ok {
		return nil, &kindError{ErrInUse, fmt.Sprintf("the store %s is in use by another writer: %s; stop it first, or let `decant import` hand it the samples", dir, lockHolder(path))}
	}
	text := fmt.Sprintf(" pid %d, %s, since %s\n", os.Getpid(), program, now.UTC().Format(time.RFC3339))
	if err := nameHolder(path, text); err != nil {
		lock.Unlock()
		return nil, cannotOpen(fmt.Errorf("lock it: %w", err))
	}
	return lock, nil
}

func nameHolder(path, text string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(text), 1); err != nil {
		return err
	}
	return f.Truncate(1 + int64(len(text)))
}

// lockHolder is what the writer says about itself.
func lockHolder(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	b := make([]byte, 1024)
	n, _ := f.ReadAt(b, 1)
	if text := bytes.TrimSpace(b[:n]); len(text) > 0 {
		return string(text)
	}
	return "unknown"
}
