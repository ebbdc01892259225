// Package vfs is the small part of a file system that the store writes through. There is one implementation for real disks (OS), and one
// in vfstest that loses what a power cut loses, fills up, and fails to sync.
//
// Only writing goes through it. What was written is read back with package os, by this process and by others.
package vfs

import "io"

// FS writes, names and syncs files. What a call changes survives a power cut only after the matching sync: a file's bytes after
// File.Sync, a name (made, renamed or removed) after SyncDir of its folder.
type FS interface {
	// MkdirAll makes a folder and its parents.
	MkdirAll(path string) error
	// Create makes a new, empty file for appending. A file that is already there is an error that is fs.ErrExist.
	Create(path string) (File, error)
	// Rename gives a file another name, replacing the file that has it: readers see the old one or the new one, whole.
	Rename(from, to string) error
	// Remove takes a file's name away. Who has it open can read on.
	Remove(path string) error
	// List gives the names of a folder's files, sorted.
	List(path string) ([]string, error)
	// SyncDir makes a folder's names durable.
	SyncDir(path string) error
}

// File is a file being written. It is used by one goroutine at a time.
type File interface {
	io.Writer
	// Sync returns when all that was written is durable. After an error nothing written since the last good Sync may be counted on, and
	// trying again proves nothing: the kernel may have dropped the pages and call them clean.
	Sync() error
	Close() error
}
