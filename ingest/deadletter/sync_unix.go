//go:build !windows

package deadletter

import (
	"errors"
	"os"
)

// syncDir makes new and renamed files of a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
