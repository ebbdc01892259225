package job

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/flate"

	"decant/engine/export"
)

// zipName is a job's zip, in its folder beside the artifacts, with which it goes. The name is one that no artifact has.
const zipName = ".download.zip"

// tempZip is what a zip is called while it is made, in the folder of all artifacts, where a Janitor sees what killed makers left.
var tempZip = regexp.MustCompile(`^\.[0-9A-Za-z-]+\.zip\.tmp$`)

// zips are the folders in which a zip is being made.
type zips struct {
	mu    sync.Mutex
	being map[string]chan struct{} // by folder; closed when its making ends
}

// Zip opens a zip of all of a job's artifacts, made at its first use and kept with them; the caller closes it. The same artifacts give the same bytes.
// Callers who ask for the same zip while it is made wait for it. It counts as the artifacts do: one for which there is no room any more is an *export.LimitError.
func (s *Service) Zip(ctx context.Context, j Job) (*os.File, error) {
	if !s.hasFiles(j) {
		return nil, ErrNotFound
	}
	done, err := s.zips.enter(ctx, j.Folder)
	if err != nil {
		return nil, err
	}
	defer done()
	f, err := s.openIn(j.Folder, zipName)
	if !errors.Is(err, ErrNotFound) {
		return f, err
	}
	if err := s.makeZip(ctx, j); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrNotFound) { // the artifacts have expired meanwhile
			return nil, ErrNotFound
		}
		return nil, fmt.Errorf("make the zip of job %s: %w", j.ID, err)
	}
	return s.openIn(j.Folder, zipName)
}

// enter waits until nobody else makes the zip of a folder. done lets the next one in.
func (z *zips) enter(ctx context.Context, folder string) (done func(), err error) {
	for {
		z.mu.Lock()
		other, busy := z.being[folder]
		if !busy {
			if z.being == nil {
				z.being = map[string]chan struct{}{}
			}
			mine := make(chan struct{})
			z.being[folder] = mine
			z.mu.Unlock()
			return func() {
				z.mu.Lock()
				delete(z.being, folder)
				z.mu.Unlock()
				close(mine)
			}, nil
		}
		z.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// makeZip writes the zip, syncs it, and renames it to its place: it is whole or not there. It is counted before it is there, so that none is forgotten.
func (s *Service) makeZip(ctx context.Context, j Job) (err error) {
	if err := s.roomFor(ctx, j, 0); err != nil {
		return err
	}
	root, err := os.OpenRoot(s.c.Artifacts)
	if err != nil {
		return err
	}
	defer root.Close()
	temp := fmt.Sprintf(".%s-%s.zip.tmp", j.Folder, newID())
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			root.Remove(temp)
		}
	}()
	if err := s.writeZip(ctx, f, j); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := s.roomFor(ctx, j, info.Size()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	artifacts := sum(j.Artifacts, func(a Artifact) int64 { return a.Bytes })
	if err := s.c.Queue.Grown(ctx, j.ID, artifacts+info.Size()); err != nil {
		return err
	}
	if err := root.Rename(temp, filepath.Join(j.Folder, zipName)); err != nil {
		return err
	}
	return syncFolder(root, j.Folder)
}

// roomFor says whether a job's zip of so many bytes is within the limits of artifacts.
func (s *Service) roomFor(ctx context.Context, j Job, bytes int64) error {
	for _, budget := range s.c.Limits().budgets(j.Owner) {
		used, err := s.c.Queue.Usage(ctx, budget.owner)
		if err != nil {
			return fmt.Errorf("add up artifacts: %w", err)
		}
		if used > budget.limit-bytes {
			return &export.LimitError{Limit: budget.name, Message: fmt.Sprintf(
				"there is no room for a zip of the job's files beside those that limits.%s allows (%d bytes): download the files one by one, or delete exports that are not needed any more",
				budget.name, budget.limit)}
		}
	}
	return nil
}

// syncFolder makes the names in a folder durable. Windows has no such call; there a rename is durable by itself.
func syncFolder(root *os.Root, folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// zipTime dates all files of a zip: the first moment that its format knows, so that no clock shows in the bytes.
var zipTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// writeZip writes a job's artifacts, by item, the manifest last: a reader who sees it has seen all.
func (s *Service) writeZip(ctx context.Context, to io.Writer, j Job) error {
	z := zip.NewWriter(to)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
	for _, a := range inZip(j.Artifacts) {
		method := zip.Deflate
		if isCompressed(a.File) {
			method = zip.Store
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: a.File, Method: method, Modified: zipTime})
		if err != nil {
			return err
		}
		if err := s.copyArtifact(ctx, w, j, a); err != nil {
			return err
		}
	}
	return z.Close()
}

// inZip is the order of a zip: by item, the manifest (item -1) last.
func inZip(artifacts []Artifact) []Artifact {
	order := slices.Clone(artifacts)
	slices.SortStableFunc(order, func(a, b Artifact) int {
		switch {
		case a.Item == b.Item:
			return 0
		case a.Item < 0:
			return 1
		case b.Item < 0:
			return -1
		}
		return a.Item - b.Item
	})
	return order
}

// isCompressed says of a file that deflating it again would gain nothing.
func isCompressed(file string) bool {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".gz", ".zst", ".xlsx", ".parquet", ".pdf":
		return true
	}
	return false
}

// copyArtifact copies a file and holds it to its checksum: what has changed on disk since is an error, not a download.
func (s *Service) copyArtifact(ctx context.Context, to io.Writer, j Job, a Artifact) error {
	f, err := s.openIn(j.Folder, a.File)
	if err != nil {
		return err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(to, io.TeeReader(contextReader{ctx, f}, hash)); err != nil {
		return err
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != a.SHA256 {
		return fmt.Errorf("read %s: its SHA-256 is %s and was %s when it was written; the file is damaged: run the export again", a.File, sum, a.SHA256)
	}
	return nil
}

// contextReader stops where its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}
