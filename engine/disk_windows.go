package engine

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
)

// freeBytes is what the volume of dir has left for us.
func freeBytes(dir string) (int64, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, fmt.Errorf("find free disk of %s: %w", dir, err)
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, fmt.Errorf("find free disk of %s: %w", dir, err)
	}
	return int64(min(free, 1<<62)), nil
}

// DiskFull says whether an error means that a disk has no room left.
func DiskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
