//go:build unix

package engine

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// freeBytes is what the file system of dir has left for us.
func freeBytes(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("find free disk of %s: %w", dir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

// DiskFull says whether an error means that a disk, or our share of it, has no room left.
func DiskFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
