package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gofrs/flock"
)

// folder is an archive in a folder. A file is written beside its place, synced, renamed, and its folder synced.
type folder struct {
	dir string

	mu   sync.Mutex
	real map[string]bool // folders whose names were seen to be exactly as asked for
}

func newFolder(dir string) *folder { return &folder{dir: filepath.Clean(dir), real: map[string]bool{}} }

func (f *folder) String() string          { return f.dir }
func (f *folder) Scratch() string         { return f.dir }
func (f *folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// Lock makes the folder, locks it, and removes what killed runs left on their way.
func (f *folder) Lock(ctx context.Context) (context.Context, func(), error) {
	if info, err := os.Stat(f.dir); err == nil && !info.IsDir() {
		return nil, nil, &kindError{kind: ErrAccess, text: fmt.Sprintf("%s is a file; an archive goes into a folder, or to s3://bucket/prefix", f.dir)}
	}
	if err := os.MkdirAll(f.dir, 0o777); err != nil {
		return nil, nil, fmt.Errorf("make archive: %w", err)
	}
	lock := flock.New(f.path(lockName))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, nil, fmt.Errorf("lock archive %s: %w", f.dir, err)
	}
	if !ok {
		return nil, nil, &kindError{kind: ErrInUse, text: fmt.Sprintf("another run writes the archive %s at this moment; wait until it has ended", f.dir)}
	}
	left, err := fs.Glob(os.DirFS(f.dir), scratchPattern) // the folder's own name may have a bracket
	for _, name := range left {
		err = errors.Join(err, os.Remove(f.path(name)))
	}
	if err != nil {
		lock.Unlock()
		return nil, nil, fmt.Errorf("clear archive %s: %w", f.dir, err)
	}
	return ctx, func() { lock.Unlock() }, nil
}

func (f *folder) ReadManifest(ctx context.Context) ([]byte, string, error) {
	text, err := os.ReadFile(f.path(manifestName))
	if err != nil {
		return nil, "", fmt.Errorf("read archive: %w", err)
	}
	return text, checksum(text), nil
}

func (f *folder) HasParts(context.Context) (bool, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil && !isMissing(err) {
		return false, fmt.Errorf("read archive: %w", err)
	}
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), channelKey) }), nil
}

func (f *folder) WriteManifest(ctx context.Context, text []byte, mark string) error {
	_, now, err := f.ReadManifest(ctx)
	if err != nil && !isMissing(err) {
		return err
	}
	if now != mark {
		return &kindError{kind: ErrInUse, text: fmt.Sprintf("the manifest of the archive %s was changed by another run; archive again: what is there is not written again", f.dir)}
	}
	w, err := os.CreateTemp(f.dir, scratchPattern)
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	_, err = w.Write(text)
	if err == nil {
		err = w.Sync()
	}
	err = errors.Join(err, w.Close())
	if err == nil {
		err = os.Chmod(w.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(w.Name(), f.path(manifestName))
	}
	if err == nil {
		err = syncDir(f.dir)
	}
	if err != nil {
		os.Remove(w.Name())
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

func (f *folder) Put(ctx context.Context, name string, s *Scratch) (sent bool, err error) {
	path := f.path(name)
	if err := f.makeDirs(filepath.Dir(path)); err != nil {
		return false, fmt.Errorf("put %s: %w", name, err)
	}
	if f.same(path, s) {
		return false, os.Remove(s.Path)
	}
	if err := os.Chmod(s.Path, 0o644); err != nil {
		return false, fmt.Errorf("put %s: %w", name, err)
	}
	if err := os.Rename(s.Path, path); err != nil {
		return false, fmt.Errorf("put %s: %w", name, err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return false, fmt.Errorf("put %s: %w", name, err)
	}
	if !f.same(path, s) {
		return false, &DamageError{Place: f.dir, File: name, Text: "it reads back with another checksum than it was written with"}
	}
	return true, nil
}

// same says whether a file has the scratch file's bytes.
func (f *folder) same(path string, s *Scratch) bool {
	r, err := os.Open(path)
	if err != nil {
		return false
	}
	defer r.Close()
	if info, err := r.Stat(); err != nil || info.Size() != s.Bytes {
		return false
	}
	sum := sha256.New()
	_, err = io.Copy(sum, r)
	return err == nil && fmt.Sprintf("%x", sum.Sum(nil)) == s.SHA256
}

// makeDirs makes the two folders of a partition, durably. Where the file system doesn't tell capitals, two channels could share one: then the second is refused.
func (f *folder) makeDirs(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.real[dir] {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for d := dir; d != f.dir; d = filepath.Dir(d) {
		if f.real[d] {
			break
		}
		entries, err := os.ReadDir(filepath.Dir(d))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == filepath.Base(d) }) {
			return &kindError{kind: ErrAccess, text: fmt.Sprintf("%s has a folder whose name differs from %s in capitals or accents only, and this file system takes them for one; archive to a file system that tells them, or to a bucket",
				filepath.Dir(d), filepath.Base(d))}
		}
		if err := syncDir(filepath.Dir(d)); err != nil {
			return err
		}
		f.real[d] = true
	}
	return nil
}

func (f *folder) Read(ctx context.Context, name string, offset int64, b []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, err := os.Open(f.path(name))
	if err != nil {
		return fmt.Errorf("read archive: %w", err)
	}
	defer r.Close()
	if _, err := r.ReadAt(b, offset); err == io.EOF {
		return &DamageError{Place: f.dir, File: name, Text: "it is shorter than the manifest says"}
	} else if err != nil {
		return fmt.Errorf("read archive: %w", err)
	}
	return nil
}

// syncDir makes a folder's names durable. Windows has no way to, and needs none.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
