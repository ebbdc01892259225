package store

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"

	"decant/engine/store/vfs"
)

// CURRENT names the live files. What it does not name is not part of the store. It is text, and only the text that is written for a list is read as one:
//
//	decant store 1
//	next 9                                      the number of the next file to be made
//	segment segments/00000004.seg 4718592 1 300000      bytes, first and last arrival
//	log wal/00000007.log 1048576                bytes: this log is complete
//	log wal/00000008.log -                      the log being written, always the last; none after a clean stop
//	crc32c cc8bc1fd                             of all lines above
const (
	currentFile = "CURRENT"
	currentTemp = "CURRENT.tmp"
	currentHead = "decant store 1\n"
	segmentDir  = "segments"
	logDir      = "wal"
)

type current struct {
	next     uint64
	segments []segmentFile
	logs     []logFile
}

// segmentFile is a segment as CURRENT names it; name is relative to the store, with slashes.
type segmentFile struct {
	name        string
	bytes       int64
	first, last uint64 // arrival
}

type logFile struct {
	name  string
	bytes int64 // -1: being written
}

// arrival is the number of samples in segments, and so the arrival of the newest of them.
func (c current) arrival() uint64 {
	if n := len(c.segments); n > 0 {
		return c.segments[n-1].last
	}
	return 0
}

func (c current) encode() []byte {
	b := []byte(currentHead)
	b = fmt.Appendf(b, "next %d\n", c.next)
	for _, s := range c.segments {
		b = fmt.Appendf(b, "segment %s %d %d %d\n", s.name, s.bytes, s.first, s.last)
	}
	for _, l := range c.logs {
		if l.bytes < 0 {
			b = fmt.Appendf(b, "log %s -\n", l.name)
		} else {
			b = fmt.Appendf(b, "log %s %d\n", l.name, l.bytes)
		}
	}
	return withChecksum(string(b))
}

// withChecksum adds the last line.
func withChecksum(text string) []byte {
	return fmt.Appendf(nil, "%scrc32c %08x\n", text, crc32.Checksum([]byte(text), castagnoli))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// decodeCurrent reads CURRENT. What does not encode to the same bytes again is refused.
func decodeCurrent(path string, text []byte) (current, error) {
	bad := func(why string) (current, error) {
		return current{}, &CorruptError{File: path, Offset: 0, Text: why}
	}
	at := bytes.LastIndex(text, []byte("crc32c "))
	if at < 0 || string(text[at:]) != fmt.Sprintf("crc32c %08x\n", crc32.Checksum(text[:at], castagnoli)) {
		return bad("it does not match its checksum")
	}
	if !bytes.HasPrefix(text, []byte(currentHead)) {
		return current{}, fmt.Errorf("read %s: its version is not one that this decant knows: use a newer decant", path)
	}
	var c current
	for line := range strings.Lines(string(text[len(currentHead):at])) {
		var segment segmentFile
		var log logFile
		if n, _ := fmt.Sscanf(line, "segment %s %d %d %d", &segment.name, &segment.bytes, &segment.first, &segment.last); n == 4 {
			c.segments = append(c.segments, segment)
		} else if n, _ := fmt.Sscanf(line, "log %s %d", &log.name, &log.bytes); n == 2 {
			c.logs = append(c.logs, log)
		} else if n == 1 {
			c.logs = append(c.logs, logFile{log.name, -1})
		} else {
			fmt.Sscanf(line, "next %d", &c.next)
		}
	}
	if !bytes.Equal(c.encode(), text) {
		return bad("it has a line that can't be")
	}
	return c, nil
}

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

// writeCurrent replaces the list. When it returns nil the new list is durable; after an error either may be found.
func writeCurrent(fsys vfs.FS, dir string, c current) error {
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
