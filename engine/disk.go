package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FreeDisk is how many bytes there are for files in dir, which need not exist yet.
func FreeDisk(dir string) (int64, error) {
	for {
		free, err := freeBytes(dir)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return free, err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return 0, fmt.Errorf("find free disk of %s: %w", dir, os.ErrNotExist)
		}
		dir = parent
	}
}
