package vfs

import (
	"os"
)

// OS is the machine's own file system.
type OS struct{}

func (OS) MkdirAll(path string) error { return os.MkdirAll(path, 0o777) }

func (OS) Create(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (OS) Rename(from, to string) error { return rename(from, to) }

func (OS) Remove(path string) error { return os.Remove(path) }

func (OS) List(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (OS) SyncDir(path string) error { return syncDir(path) }
