package vfs

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// rename tries again for a while: Windows refuses to replace a file that a reader has open, and readers of CURRENT have it open for
// microseconds.
func rename(from, to string) error {
	const attempts = 200
	var err error
	for range attempts {
		err = os.Rename(from, to)
		if !errors.Is(err, windows.ERROR_ACCESS_DENIED) && !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

// syncDir has nothing to do: NTFS journals names, and Windows has no sync of a folder.
func syncDir(string) error { return nil }
