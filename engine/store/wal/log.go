package wal

import (
	"fmt"

	"decant/engine/store/vfs"
)

// Log is a log being written. It is sticky: after a fault every call returns it, and what was written since the last good Append may or may not be
// there when the file is read again.
type Log struct {
	path string
	file vfs.File
	next uint64
	size int64
	buf  []byte
	err  error
}

// Create makes a log whose first frame is a Window with the given payload, and syncs it. The file's name is durable only after the caller has synced
// the folder.
func Create(fs vfs.FS, path string, h Header, window []byte) (*Log, error) {
	file, err := fs.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create log: %w", err)
	}
	l := &Log{path: path, file: file, next: h.Sequence, buf: h.append(nil)}
	if err := l.write(Frame{Type: Window, Payload: window}); err != nil {
		file.Close()
		return nil, err
	}
	return l, nil
}

// Append writes a frame and syncs it. When it returns nil the frame is durable.
func (l *Log) Append(payload []byte) error {
	return l.write(Frame{Type: Samples, Payload: payload})
}

// End writes the end mark of a clean stop and syncs it.
func (l *Log) End() error { return l.write(Frame{Type: End}) }

// write writes what is in buf and then the frame.
func (l *Log) write(f Frame) error {
	if l.err != nil {
		return l.err
	}
	if len(f.Payload) > MaxPayload {
		return fmt.Errorf("write log %s: a frame of %d bytes is too long, at most %d are allowed", l.path, len(f.Payload), MaxPayload)
	}
	f.Sequence = l.next
	l.buf = AppendFrame(l.buf, f)
	if _, err := l.file.Write(l.buf); err != nil {
		l.err = fmt.Errorf("write log %s: %w", l.path, err)
		return l.err
	}
	// Bytes may be on disk here, in any part. Nobody has been told so.
	if err := l.file.Sync(); err != nil {
		l.err = fmt.Errorf("sync log %s: %w", l.path, err)
		return l.err
	}
	l.size += int64(len(l.buf))
	l.next++
	if l.buf = l.buf[:0]; cap(l.buf) > 16<<20 {
		l.buf = nil
	}
	return nil
}

// Size is the file's length in bytes: header and whole frames.
func (l *Log) Size() int64 { return l.size }

// Sequence is that of the frame to come.
func (l *Log) Sequence() uint64 { return l.next }

// Close closes the file. It syncs nothing.
func (l *Log) Close() error { return l.file.Close() }
