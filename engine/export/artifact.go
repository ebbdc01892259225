package export

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// artifact is a file in the making: it is counted and hashed while it is written.
type artifact struct {
	w     *bufio.Writer
	file  *os.File // nil where the artifact goes to a stream
	hash  hash.Hash
	bytes int64
}

const (
	artifactBuffer = 256 << 10
	hashBeside     = 64 << 10 // bytes from which on a goroutine for hashing is worth its start
)

func newArtifact(w io.Writer) *artifact {
	return &artifact{w: bufio.NewWriterSize(w, artifactBuffer), hash: sha256.New()}
}

func createArtifact(path string) (*artifact, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("create file: %w", err)
	}
	a := newArtifact(f)
	a.file = f
	return a, nil
}

// Write takes about as long as the slower of writing and hashing does. After an error the sum is worth nothing.
func (a *artifact) Write(b []byte) (int, error) {
	if len(b) < hashBeside {
		a.hash.Write(b)
		return a.write(b)
	}
	hashed := make(chan struct{})
	go func() {
		a.hash.Write(b)
		close(hashed)
	}()
	n, err := a.write(b)
	<-hashed
	return n, err
}

func (a *artifact) write(b []byte) (int, error) {
	n, err := a.w.Write(b)
	a.bytes += int64(n)
	return n, err
}

func (a *artifact) sum() []byte { return a.hash.Sum(nil) }

func (a *artifact) flush() error { return a.w.Flush() }

// finish makes the file durable.
func (a *artifact) finish() error {
	err := a.flush()
	if err == nil {
		err = a.file.Sync()
	}
	if e := a.file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	return nil
}

// abandon closes the file as it is; its folder is going to be removed.
func (a *artifact) abandon() { a.file.Close() }

func writeManifest(folder string, m *Manifest) error {
	return writeJSON(filepath.Join(folder, manifestName), m)
}

// writeJSON writes a new, synced file.
func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	a, err := createArtifact(path)
	if err != nil {
		return err
	}
	if _, err := a.Write(append(data, '\n')); err != nil {
		a.abandon()
		return err
	}
	return a.finish()
}

// syncFolder makes the names in a folder durable. Windows has no such call; there a rename is durable by itself.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	err = f.Sync()
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("sync folder %s: %w", path, err)
	}
	return nil
}
