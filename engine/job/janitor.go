package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// JanitorConfig is what a Janitor works with.
type JanitorConfig struct {
	Queue     Queue
	Artifacts string // folder of all artifacts
	Clock     func() int64
	Log       *slog.Logger
}

// Janitor removes artifacts that have expired or whose export was deleted, and what killed workers and makers of zips left behind.
type Janitor struct{ c JanitorConfig }

const (
	sweepEvery  = time.Minute
	expireBatch = 100       // jobs whose artifacts are looked at together
	idleZip     = time.Hour // a zip that nothing was written to for so long is made by nobody
)

// NewJanitor makes a Janitor.
func NewJanitor(c JanitorConfig) *Janitor { return &Janitor{c} }

// Run sweeps at once and then every minute until ctx ends. What could not be removed is logged, and met again the next time.
func (j *Janitor) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := j.Sweep(ctx); err != nil && ctx.Err() == nil {
			j.c.Log.Error("artifacts could not be cleared away; they will be", "error", err)
		}
		pause(ctx, sweepEvery)
	}
	return nil
}

// Sweep removes all that is to go now. It goes on behind a fault and returns all of them.
func (j *Janitor) Sweep(ctx context.Context) error {
	return errors.Join(j.expire(ctx), j.clear(ctx))
}

// expire removes artifacts before their jobs are said to have expired, so that no job forgets files that are still there.
func (j *Janitor) expire(ctx context.Context) error {
	for {
		jobs, err := j.c.Queue.Expire(ctx, j.c.Clock(), expireBatch)
		if err != nil {
			return fmt.Errorf("find expired artifacts: %w", err)
		}
		var faults []error
		for i := range jobs {
			if err := j.expireJob(ctx, &jobs[i]); err != nil {
				faults = append(faults, fmt.Errorf("expire job %s: %w", jobs[i].ID, err))
			}
		}
		if len(jobs) < expireBatch || len(faults) > 0 {
			return errors.Join(faults...)
		}
	}
}

func (j *Janitor) expireJob(ctx context.Context, job *Job) error {
	if job.Folder != "" {
		if !jobFolder.MatchString(job.Folder) {
			return fmt.Errorf("%q is no folder of a job", job.Folder)
		}
		if err := os.RemoveAll(filepath.Join(j.c.Artifacts, job.Folder)); err != nil {
			return err
		}
	}
	return j.c.Queue.Expired(ctx, job.ID, j.c.Clock())
}

// Folders of a job's try: the job's id and the number of the try; and what it is called until it is complete.
var (
	jobFolder  = regexp.MustCompile(`^[0-9A-Za-z-]+-[0-9]+$`)
	tempFolder = regexp.MustCompile(`^\.([0-9A-Za-z-]+-[0-9]+)-[0-9a-f]{8}\.tmp$`)
)

// clear removes folders of jobs that the queue doesn't know as complete or in progress. They are listed before the queue is asked: a folder
// that there was then belongs to a claim that the queue knew by then. What doesn't look like a folder of a job stays.
func (j *Janitor) clear(ctx context.Context) error {
	entries, err := os.ReadDir(j.c.Artifacts)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list artifacts: %w", err)
	}
	known, err := j.c.Queue.Folders(ctx)
	if err != nil {
		return fmt.Errorf("list the folders that there should be: %w", err)
	}
	var faults []error
	for _, e := range entries {
		folder := e.Name()
		if tempZip.MatchString(folder) {
			faults = append(faults, j.clearZip(e))
			continue
		}
		if m := tempFolder.FindStringSubmatch(folder); m != nil {
			folder = m[1]
		}
		if !e.IsDir() || known[folder] || !jobFolder.MatchString(folder) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(j.c.Artifacts, e.Name())); err != nil {
			faults = append(faults, fmt.Errorf("remove what a killed worker left: %w", err))
			continue
		}
		j.c.Log.Info("removed what a killed worker left", "folder", e.Name())
	}
	return errors.Join(faults...)
}

// clearZip removes a zip that is not complete, if nobody makes it any more.
func (j *Janitor) clearZip(e fs.DirEntry) error {
	info, err := e.Info()
	switch {
	case errors.Is(err, fs.ErrNotExist): // it has its place now, or was given up
		return nil
	case err != nil:
		return fmt.Errorf("look at an incomplete zip: %w", err)
	case !info.Mode().IsRegular() || j.c.Clock()-info.ModTime().UnixNano() < int64(idleZip):
		return nil
	}
	if err := os.Remove(filepath.Join(j.c.Artifacts, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove an incomplete zip: %w", err)
	}
	j.c.Log.Info("removed a zip that was never completed", "file", e.Name())
	return nil
}
