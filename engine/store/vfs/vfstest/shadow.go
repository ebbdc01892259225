// Package vfstest has file systems for tests: one that forgets what a power cut forgets, fills up and fails to sync, and one that never waits for
// the disk.
package vfstest

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"decant/engine/store/vfs"
)

// ErrCut is what every call returns after the power was cut.
var ErrCut = errors.New("the power is cut")

// ErrSync is what a Sync that was told to fail returns.
var ErrSync = fmt.Errorf("sync: %w", syscall.EIO)

// Shadow writes real files under a folder and remembers which of it would survive a power cut. Folders are durable at once; a file's bytes are after
// its Sync, its name after SyncDir. Its limits are set before it is used.
type Shadow struct {
	// CutAt cuts the power at call n (from 1) of those that change something; a Write that is cut gets part of its bytes out. 0 never does.
	CutAt int
	// FailSync lets sync n (from 1) fail. As on Linux, the bytes of a file that it should have made durable then never become so. 0 fails none.
	FailSync int
	// Space is how many bytes may be written before the disk is full; 0 is no limit.
	Space int

	mu       sync.Mutex
	calls    int
	history  []string // what each call was
	syncs    int
	written  int
	disk     map[string]*inode // names that survive
	names    map[string]*inode // names as they are now
	pending  []change          // changes of names since the last SyncDir of their folder
	isCut    bool
	leftover int // of a cut write
}

type inode struct {
	data    []byte // all that was written
	durable int    // how much of it survives
	lost    bool   // a sync failed: nothing more becomes durable
}

type change struct {
	path string
	node *inode // nil: removed
}

// Load takes the files that are under folder as durable.
func (s *Shadow) Load(folder string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names, s.disk = map[string]*inode{}, map[string]*inode{}
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		node := &inode{data: b, durable: len(b)}
		s.names[path], s.disk[path] = node, node
		return err
	})
}

// Resume lets calls through again, up to call n from now: after a process was killed, not the machine, all that was written is there, synced
// or not.
func (s *Shadow) Resume(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isCut, s.leftover, s.CutAt = false, 0, s.calls+n
}

// History is what each call that changes something was: its name and its file's base name.
func (s *Shadow) History() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.history...)
}

// step counts a call. It says whether the power is cut.
func (s *Shadow) step(what, path string) error {
	if s.isCut {
		return ErrCut
	}
	s.calls++
	s.history = append(s.history, what+" "+filepath.Base(path))
	if s.names == nil {
		s.names, s.disk = map[string]*inode{}, map[string]*inode{}
	}
	if s.CutAt > 0 && s.calls >= s.CutAt {
		s.isCut = true
		return ErrCut
	}
	return nil
}

func (s *Shadow) MkdirAll(path string) error { return os.MkdirAll(path, 0o777) }

func (s *Shadow) Create(path string) (vfs.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.step("Create", path); err != nil {
		return nil, err
	}
	real, err := vfs.OS{}.Create(path)
	if err != nil {
		return nil, err
	}
	node := &inode{}
	s.names[path] = node
	s.pending = append(s.pending, change{path, node})
	return &file{shadow: s, path: path, real: real, node: node}, nil
}

func (s *Shadow) Rename(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.step("Rename", to); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	node := s.names[from]
	s.names[to] = node
	delete(s.names, from)
	s.pending = append(s.pending, change{to, node}, change{from, nil})
	return nil
}

func (s *Shadow) Remove(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.step("Remove", path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	delete(s.names, path)
	s.pending = append(s.pending, change{path, nil})
	return nil
}

func (s *Shadow) List(path string) ([]string, error) { return vfs.OS{}.List(path) }

func (s *Shadow) SyncDir(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.step("SyncDir", path); err != nil {
		return err
	}
	if s.syncs++; s.syncs == s.FailSync {
		return ErrSync
	}
	var rest []change
	for _, c := range s.pending {
		if filepath.Dir(c.path) == filepath.Clean(path) {
			s.apply(s.disk, c)
		} else {
			rest = append(rest, c)
		}
	}
	s.pending = rest
	return nil
}

func (s *Shadow) apply(names map[string]*inode, c change) {
	if c.node == nil {
		delete(names, c.path)
	} else {
		names[c.path] = c.node
	}
}

// Survivors writes into folder to what a power cut leaves of folder from. Of bytes that were not synced an arbitrary prefix is there, sometimes with zeros behind
// it; a change of names that was not synced is there or not. Without random it is the worst of all: no bytes and no names that were not synced, but every
// name that was removed is gone.
func (s *Shadow) Survivors(from, to string, random *rand.Rand) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := map[string]*inode{}
	for path, node := range s.disk {
		names[path] = node
	}
	for _, c := range s.pending {
		if random == nil && c.node == nil || random != nil && random.IntN(2) == 0 {
			s.apply(names, c)
		}
	}
	for path, node := range names {
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(target, node.survivor(random), 0o666); err != nil {
			return err
		}
	}
	return nil
}

func (n *inode) survivor(random *rand.Rand) []byte {
	unsynced := len(n.data) - n.durable
	kept := n.durable
	if random == nil {
		return n.data[:kept]
	}
	switch random.IntN(4) {
	case 0: // none of it
	case 1: // all of it
		kept = len(n.data)
	default:
		kept += random.IntN(unsynced + 1)
	}
	out := append([]byte(nil), n.data[:kept]...)
	if random.IntN(3) == 0 { // the length was written before the bytes
		out = append(out, make([]byte, random.IntN(len(n.data)-kept+1))...)
	}
	return out
}

// file is a File of a Shadow.
type file struct {
	shadow *Shadow
	path   string
	real   vfs.File
	node   *inode
}

func (f *file) Write(b []byte) (int, error) {
	s := f.shadow
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.step("Write", f.path)
	room := len(b)
	switch {
	case err != nil && s.calls == s.CutAt && s.leftover == 0:
		s.leftover++
		room = len(b) / 2
	case err != nil:
		return 0, err
	case s.Space > 0 && s.written+len(b) > s.Space:
		room = max(0, s.Space-s.written)
		err = &fs.PathError{Op: "write", Path: "disk", Err: syscall.ENOSPC}
	}
	n, werr := f.real.Write(b[:room])
	f.node.data = append(f.node.data, b[:n]...)
	s.written += n
	if err == nil {
		err = werr
	}
	return n, err
}

func (f *file) Sync() error {
	s := f.shadow
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.step("Sync", f.path); err != nil {
		return err
	}
	s.syncs++
	if s.syncs == s.FailSync {
		f.node.lost = true
		return ErrSync
	}
	if !f.node.lost {
		f.node.durable = len(f.node.data)
	}
	return nil
}

func (f *file) Close() error { return f.real.Close() }

// NoSync is the machine's own file system without waiting for the disk.
type NoSync struct{ vfs.OS }

func (NoSync) Create(path string) (vfs.File, error) {
	f, err := vfs.OS{}.Create(path)
	if err != nil {
		return nil, err
	}
	return unsynced{f}, nil
}

func (NoSync) SyncDir(string) error { return nil }

type unsynced struct{ vfs.File }

func (unsynced) Sync() error { return nil }
