package store

import (
	"fmt"
	"os"
	"path/filepath"

	"decant/engine/store/vfs"
)

// readCurrent reads the list. Where there is none, the error is fs.ErrNotExist.
func readCurrent(dir string) (current, []byte, error) {
	path := currentPath(dir)
	text, err := os.ReadFile(path)
	if err != nil {
		return current{}, nil, fmt.Errorf("read store: %w", err)
	}
	c, err := decodeCurrent(path, text)
	return c, text, err
}

// writeCurrent replaces the list, in the newest version. When it returns nil the new list is durable; after an error either may be found.
func writeCurrent(fsys vfs.FS, dir string, c current) error {
	c.version = currentVersion
	temp := filepath.Join(dir, currentTemp)
	if err := writeFile(fsys, temp, c.encode()); err != nil {
		return err
	}
	if err := fsys.Rename(temp, currentPath(dir)); err != nil {
		return fmt.Errorf("replace %s: %w", currentPath(dir), err)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// writeFile makes a file and syncs it. Its name is not durable yet.
func writeFile(fsys vfs.FS, path string, content []byte) error {
	f, err := fsys.Create(path)
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// removeOrphans deletes the files that the list does not name: what a crash left half made, or half deleted.
func removeOrphans(fsys vfs.FS, dir string, c current) error {
	live := map[string]bool{}
	for _, s := range c.segments {
		live[s.name] = true
	}
	for _, l := range c.logs {
		live[l.name] = true
	}
	for _, folder := range []string{segmentDir, logDir} {
		names, err := fsys.List(filepath.Join(dir, folder))
		if err != nil {
			return fmt.Errorf("list store: %w", err)
		}
		for _, name := range names {
			if !live[folder+"/"+name] {
				removeFile(fsys, dir, folder+"/"+name)
			}
		}
	}
	return nil
}

// removeFile deletes a file that is no longer part of the store. Where that fails (Windows does not delete what a reader has open) the next
// Open does it.
func removeFile(fsys vfs.FS, dir, name string) {
	_ = fsys.Remove(filePath(dir, name))
}

// filePath is where a file of the store in dir is; name is as CURRENT has it.
func filePath(dir, name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }

func currentPath(dir string) string { return filepath.Join(dir, currentFile) }

// lostCurrent says whether a folder without CURRENT was a store: it must not be started over. A first log alone was made but not yet named by a
// CURRENT: nothing in it was acknowledged.
func lostCurrent(dir string) error {
	segments, _ := os.ReadDir(filepath.Join(dir, segmentDir))
	logs, _ := os.ReadDir(filepath.Join(dir, logDir))
	first := filepath.Base(fileName(logDir, 1, "log"))
	if len(segments) > 0 || len(logs) > 1 || len(logs) == 1 && logs[0].Name() != first {
		return &CorruptError{File: currentPath(dir), Offset: 0, Text: "it is missing, though there are logs or segments"}
	}
	return nil
}
