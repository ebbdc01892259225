package client

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Bounds of a download.
const (
	stalled   = time.Minute // a connection that brings nothing for so long is broken
	dryTries  = 6           // tries in a row that bring nothing, after which a download is given up
	copyBytes = 256 << 10
)

// Source is a file of a job. File is an artifact's name, or Zip.
type Source struct{ Export, Job, File string }

// Zip stands for a zip of all of a job's files.
const Zip = "all.zip"

// Expected is what a file must be when it has come; zero fields are not known.
type Expected struct {
	Bytes  int64
	SHA256 string // hex
}

// ChecksumError is a file that came whole and is not what the service said it is.
type ChecksumError struct{ File, Want, Got string }

func (e *ChecksumError) Error() string {
	return fmt.Sprintf("download %s: its SHA-256 is %s, and the service says %s; nothing was kept: download it again", e.File, e.Got, e.Want)
}

// ErrExists is a destination that is there already.
var ErrExists = errors.New("the file is there already")

// Download brings a file to a path: into a temporary file beside it, which takes its name when all of it is there, checked and synced. Where a
// connection breaks, the next one goes on behind what has come. progress is told of the bytes so far.
func (c *Client) Download(ctx context.Context, from Source, path string, want Expected, overwrite bool, progress func(int64)) (err error) {
	if !overwrite {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("download %s: %w", path, ErrExists)
		}
	}
	temp, err := temporary(path)
	if err != nil {
		return fmt.Errorf("download %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	t := &transfer{c: c, from: from, to: temp, restart: func() error { return emptied(temp) }, progress: progress}
	if err := t.run(ctx, want); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return fmt.Errorf("download %s: %w", path, err)
	}
	if err := temp.Close(); err != nil {
		return fmt.Errorf("download %s: %w", path, err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return fmt.Errorf("download %s: %w", path, err)
	}
	return nil
}

// Stream brings a file to a writer. What was written can't be taken back: the error says that it is not whole.
func (c *Client) Stream(ctx context.Context, from Source, w io.Writer, want Expected, progress func(int64)) error {
	restart := func() error {
		return errors.New("the connection broke and the service doesn't go on where it was; download it into a file")
	}
	t := &transfer{c: c, from: from, to: w, restart: restart, progress: progress}
	return t.run(ctx, want)
}

// temporary makes a file beside path, with the permissions that a new file has here.
func temporary(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	if len(base) > 100 {
		base = strings.ToValidUTF8(base[:100], "")
	}
	return os.OpenFile(filepath.Join(dir, "."+base+"-"+rand.Text()[:8]+".tmp"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
}

// emptied takes back what was written to a file.
func emptied(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// transfer is how far a download is.
type transfer struct {
	c        *Client
	from     Source
	to       io.Writer
	restart  func() error // readies to for the file's first byte again
	progress func(int64)

	sum   hash.Hash // SHA-256 of what was written
	got   int64
	total int64  // -1: not known yet
	told  bool   // total is the job's word, not an answer's
	etag  string // of the file that the bytes so far are of
}

// run is the loop of a download: a connection after the other until all is there.
func (t *transfer) run(ctx context.Context, want Expected) error {
	t.sum, t.total = sha256.New(), -1
	if t.told = want.SHA256 != ""; t.told {
		t.total = want.Bytes
	}
	for dry := 0; ; {
		before := t.got
		err := t.connect(ctx)
		if err == nil {
			t.c.became(nil)
			break
		}
		if dry++; t.got > before {
			dry = 1
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if dry >= dryTries || !comesBack(err) {
			return fmt.Errorf("download %s: %w", t.from.File, err)
		}
		t.c.became(err)
		if err := sleep(ctx, growing(dry)); err != nil {
			return err
		}
	}
	if got := hex.EncodeToString(t.sum.Sum(nil)); want.SHA256 != "" && got != want.SHA256 {
		return &ChecksumError{File: t.from.File, Want: want.SHA256, Got: got}
	}
	return nil
}

// connect fetches what is missing. Only a *NetworkError or an answer's *Error is worth another connection.
func (t *transfer) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	answer, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := t.begin(answer); err != nil {
		return err
	}
	watchdog := time.AfterFunc(stalled, func() { cancel(fmt.Errorf("nothing came for %s", stalled)) })
	defer watchdog.Stop()
	buffer := make([]byte, copyBytes)
	for {
		n, err := answer.Body.Read(buffer)
		watchdog.Reset(stalled)
		if n > 0 {
			if _, err := t.to.Write(buffer[:n]); err != nil {
				return fmt.Errorf("write: %w", err)
			}
			t.sum.Write(buffer[:n])
			t.got += int64(n)
			t.progress(t.got)
		}
		switch {
		case errors.Is(err, io.EOF):
			if t.total >= 0 && t.got < t.total {
				return &NetworkError{Doing: "download", Err: fmt.Errorf("the connection ended after %d of %d bytes", t.got, t.total)}
			}
			if t.total >= 0 && t.got > t.total {
				return fmt.Errorf("%d bytes came in place of %d", t.got, t.total)
			}
			return nil
		case err != nil:
			if t.got == t.total {
				return nil
			}
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return &NetworkError{Doing: "download", Err: err}
		}
	}
}

// begin finds out where in the file an answer begins, and starts over where that is not where the last one ended.
func (t *transfer) begin(answer *http.Response) error {
	t.etag = answer.Header.Get("ETag")
	if answer.StatusCode == http.StatusPartialContent {
		var first, last int64
		var total string
		if _, err := fmt.Sscanf(answer.Header.Get("Content-Range"), "bytes %d-%d/%s", &first, &last, &total); err != nil || first != t.got {
			return fmt.Errorf("the service answers with the range %q, and bytes from %d on were asked for", answer.Header.Get("Content-Range"), t.got)
		}
		if n, err := strconv.ParseInt(total, 10, 64); err == nil && !t.told {
			t.total = n
		}
		return nil
	}
	if t.got > 0 {
		if err := t.restart(); err != nil {
			return err
		}
		t.sum.Reset()
		t.got = 0
	}
	if !t.told {
		t.total = answer.ContentLength
	}
	return nil
}

// open asks for what is missing of the file, if it is still the one that the bytes so far are of; else for all of it.
func (t *transfer) open(ctx context.Context) (*http.Response, error) {
	query := t.c.owned()
	query.Set("job", t.from.Job)
	query.Set("file", t.from.File)
	header := http.Header{"Accept-Encoding": {"identity"}} // ranges and checksums are of the file's own bytes
	if t.got > 0 && t.etag != "" && !strings.HasPrefix(t.etag, "W/") {
		header.Set("Range", fmt.Sprintf("bytes=%d-", t.got))
		header.Set("If-Range", t.etag)
	}
	return t.c.send(ctx, call{method: http.MethodGet, path: "/exports/" + segment(t.from.Export) + "/download", query: query, header: header})
}
