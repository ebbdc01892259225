package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"decant/engine/store/wal"
	"decant/ingest"
)

// The socket hands samples of other processes to the writer. It lies in the store's folder. The system bounds a socket's path to about a hundred bytes;
// where the folder's is longer, the socket lies in a folder of its own among the temporary ones, and the file socket.path says where.
//
// What is spoken are frames of the log (package wal), with a version and checksums: the client sends Samples frames, whose series are numbered through the
// connection, or Command frames, whose payload is a line of text (command.go); after each it waits for a Reply with the same sequence: an outcome u8, then a text, which
// for a command that was done is what it did as JSON. After anything but outcomeOK the writer hangs up.
const (
	socketFile  = "socket"
	pointerFile = "socket.path"
	longestPath = 100

	// connections that are served at a time; more wait.
	connections = 16
)

// Outcomes of a Reply.
const (
	outcomeOK byte = iota
	outcomeRefused
	outcomeLimit
	outcomeDiskFull
	outcomeClosed
	outcomeDamaged
)

// door is the writer's end of the socket.
type door struct {
	store    *Store
	listener net.Listener
	remove   []string // files that go when it closes
	work     sync.WaitGroup

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
}

// openDoor lets other processes on this machine hand samples to this writer, until Close.
func openDoor(s *Store) (*door, error) {
	d := &door{store: s, conns: map[net.Conn]struct{}{}}
	if err := d.listen(s.cfg.Dir); err != nil {
		d.cleanUp()
		return nil, fmt.Errorf("listen for samples of other processes: %w", err)
	}
	d.work.Add(1)
	go d.accept()
	return d, nil
}

func (d *door) listen(dir string) error {
	path, pointer := filepath.Join(dir, socketFile), filepath.Join(dir, pointerFile)
	// What is there was left by a writer that died: this one holds the lock.
	removeStale(pointer)
	os.Remove(path)
	if short := shortPath(path); short != "" {
		l, err := net.Listen("unix", short)
		d.listener = l
		return err
	}
	temporary, err := temporaryDir()
	if err != nil {
		return err
	}
	d.remove = append(d.remove, pointer, filepath.Join(temporary, socketFile), temporary)
	if d.listener, err = net.Listen("unix", filepath.Join(temporary, socketFile)); err != nil {
		return err
	}
	// By rename, so that nobody reads half of it.
	if err := os.WriteFile(pointer+".tmp", []byte(filepath.Join(temporary, socketFile)+"\n"), 0o666); err != nil {
		return err
	}
	return os.Rename(pointer+".tmp", pointer)
}

// removeStale removes a pointer and the socket that it names, with its folder.
func removeStale(pointer string) {
	b, err := os.ReadFile(pointer)
	if err != nil {
		return
	}
	old := strings.TrimSpace(string(b))
	if info, err := os.Lstat(old); err == nil && info.Mode()&os.ModeSocket != 0 {
		os.Remove(old)
		os.Remove(filepath.Dir(old)) // only where it is empty
	}
	os.Remove(pointer)
}

// shortPath is path, or another way to write it that is short enough for a socket; "" where there is none.
func shortPath(path string) string {
	if len(path) <= longestPath {
		return path
	}
	if here, err := os.Getwd(); err == nil {
		if relative, err := filepath.Rel(here, path); err == nil && len(relative) <= longestPath {
			return relative
		}
	}
	return ""
}

func temporaryDir() (string, error) {
	dir, err := os.MkdirTemp("", "decant")
	if err == nil && len(dir)+1+len(socketFile) > longestPath && runtime.GOOS != "windows" {
		os.Remove(dir)
		return os.MkdirTemp("/tmp", "decant")
	}
	return dir, err
}

func (d *door) accept() {
	defer d.work.Done()
	slots := make(chan struct{}, connections)
	for {
		slots <- struct{}{}
		conn, err := d.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many open files, or a caller that was gone already
			time.Sleep(10 * time.Millisecond)
			<-slots
			continue
		}
		if !d.enter(conn) {
			return
		}
		go func() {
			defer d.leave(conn)
			d.serve(conn)
			<-slots
		}()
	}
}

func (d *door) enter(conn net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		conn.Close()
		return false
	}
	d.conns[conn] = struct{}{}
	d.work.Add(1)
	return true
}

func (d *door) leave(conn net.Conn) {
	conn.Close()
	d.mu.Lock()
	delete(d.conns, conn)
	d.mu.Unlock()
	d.work.Done()
}

// serve takes frames of one client until it hangs up or one is refused.
func (d *door) serve(conn net.Conn) {
	r := bufio.NewReader(conn)
	var decoder wal.Decoder
	var content wal.Content
	var buf []byte
	for {
		var did string
		frame, err := wal.ReadFrame(r, &buf)
		switch {
		case errors.As(err, new(*wal.VersionError)): // the other end deserves an answer
		case err != nil:
			return // gone, not speaking our language, or this end closes
		default:
			did, err = d.take(frame, &decoder, &content)
		}
		if _, e := conn.Write(wal.AppendFrame(nil, reply(frame.Sequence, did, err))); err != nil || e != nil {
			return
		}
	}
}

// take does what a frame asks for.
func (d *door) take(frame wal.Frame, decoder *wal.Decoder, content *wal.Content) (did string, err error) {
	switch frame.Type {
	case wal.Command:
		return d.store.command(d.store.keeper.ctx, string(frame.Payload))
	case wal.Samples:
		return "", d.append(frame, decoder, content)
	}
	return "", fmt.Errorf(notTaken, frame.Type)
}

// notTaken is what a writer says of a frame that it doesn't know.
const notTaken = "a frame of type %d is not taken here"

func (d *door) append(frame wal.Frame, decoder *wal.Decoder, content *wal.Content) error {
	if err := decoder.Decode(frame.Payload, content); err != nil {
		return fmt.Errorf("read the samples handed over: %w", err)
	}
	if err := d.store.Admit(content.Samples); err != nil {
		return err
	}
	return d.store.Append(context.Background(), ingest.Batch{Samples: content.Samples, Deliveries: content.Deliveries})
}

func reply(sequence uint64, did string, err error) wal.Frame {
	outcome, text := outcomeOK, did
	if err != nil {
		outcome, text = outcomeRefused, err.Error()
		for o, kind := range kinds {
			if kind != nil && errors.Is(err, kind) {
				outcome = byte(o)
			}
		}
		var corrupt *CorruptError
		if errors.As(err, &corrupt) {
			if b, err := json.Marshal(corrupt); err == nil {
				outcome, text = outcomeDamaged, string(b)
			}
		}
	}
	return wal.Frame{Type: wal.Reply, Sequence: sequence, Payload: append([]byte{outcome}, text...)}
}

// kinds are the kinds of errors that cross the socket, by outcome.
var kinds = [...]error{outcomeLimit: ErrLimit, outcomeDiskFull: ErrDiskFull, outcomeClosed: ErrClosed}

// close stops taking frames, and returns when those that were taken are answered.
func (d *door) close() {
	if d == nil {
		return
	}
	d.mu.Lock()
	d.closed = true
	for conn := range d.conns {
		conn.SetReadDeadline(time.Now())
	}
	d.mu.Unlock()
	d.listener.Close()
	d.work.Wait()
	d.cleanUp()
}

func (d *door) cleanUp() {
	if d.listener != nil {
		d.listener.Close()
	}
	for _, path := range d.remove {
		os.Remove(path)
	}
}
