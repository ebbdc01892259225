package archive

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Place is where an archive lies: a folder, or a prefix of a bucket. Names are relative to it, with slashes.
type Place interface {
	// String says where, without secrets.
	String() string
	// Lock keeps other runs from writing. The context that it gives ends when the lock is lost. Another holder is ErrInUse.
	Lock(ctx context.Context) (held context.Context, unlock func(), err error)
	// ReadManifest gives the manifest's text and a mark of this state of it. There being none is fs.ErrNotExist.
	ReadManifest(ctx context.Context) (text []byte, mark string, err error)
	// WriteManifest replaces the manifest that has the mark ("" is none) as a whole; where it has another one by now, ErrInUse.
	WriteManifest(ctx context.Context, text []byte, mark string) error
	// HasParts says whether there are files of channels.
	HasParts(ctx context.Context) (bool, error)
	// Put brings a finished file to its name, whole or not at all, and verifies what is there then. sent is false where the name had the same bytes already. The file is closed, and may be
	// moved.
	Put(ctx context.Context, name string, f *Scratch) (sent bool, err error)
	// Read reads exactly so many bytes of a file. There being none is fs.ErrNotExist.
	Read(ctx context.Context, name string, offset int64, b []byte) error
	// Scratch is the folder for files on their way here.
	Scratch() string
}

// Scratch is a file on its way into an archive.
type Scratch struct {
	Path   string
	Bytes  int64
	SHA256 string
}

// scratchPattern names files on their way, so that they look like no result.
const scratchPattern = ".decant-*.tmp"

// isURL says whether a destination names a bucket.
func isURL(to string) bool { return strings.HasPrefix(to, "s3://") }

// Open finds the place that a folder's path or an URL such as s3://bucket/prefix names. env is os.Getenv: it has the credentials and the endpoint of S3. Nothing is
// made or asked yet.
func Open(to string, env func(string) string) (Place, error) {
	if isURL(to) {
		return openS3(to, env)
	}
	return newFolder(to), nil
}

// Is says whether a path or URL names an archive: a bucket, or a folder with a manifest, or with channels and no store: then the manifest was lost, and opening it says so.
func Is(name string) bool {
	if isURL(name) {
		return true
	}
	if _, err := os.Stat(filepath.Join(name, manifestName)); err == nil {
		return true
	}
	there, _ := newFolder(name).HasParts(context.Background())
	_, err := os.Stat(filepath.Join(name, ofStore))
	return there && isMissing(err)
}

// isMissing tells a file that is not there.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
