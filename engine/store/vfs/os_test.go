package vfs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"decant/engine/store/vfs"
	"decant/engine/store/vfs/vfstest"
)

// TestFileSystemsAgree puts every file system through the same calls.
func TestFileSystemsAgree(t *testing.T) {
	for name, fsys := range map[string]vfs.FS{"os": vfs.OS{}, "no sync": vfstest.NoSync{}, "shadow": &vfstest.Shadow{}} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			check := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			check(fsys.MkdirAll(dir))
			check(fsys.MkdirAll(filepath.Join(dir, "folder")))
			for _, file := range []string{"two", "one"} {
				f, err := fsys.Create(filepath.Join(dir, file))
				check(err)
				for _, part := range []string{"I am ", file} {
					_, err = f.Write([]byte(part))
					check(err)
				}
				check(f.Sync())
				check(f.Close())
			}
			if _, err := fsys.Create(filepath.Join(dir, "one")); !errors.Is(err, fs.ErrExist) {
				t.Errorf("a file was made twice: %v", err)
			}
			if names, err := fsys.List(dir); err != nil || !slices.Equal(names, []string{"one", "two"}) {
				t.Errorf("files are %v, %v", names, err)
			}
			check(fsys.Rename(filepath.Join(dir, "two"), filepath.Join(dir, "one")))
			check(fsys.SyncDir(dir))
			if b, err := os.ReadFile(filepath.Join(dir, "one")); err != nil || string(b) != "I am two" {
				t.Errorf("one says %q, %v", b, err)
			}
			check(fsys.Remove(filepath.Join(dir, "one")))
			if names, err := fsys.List(dir); err != nil || len(names) > 0 {
				t.Errorf("files are %v, %v", names, err)
			}
		})
	}
}
