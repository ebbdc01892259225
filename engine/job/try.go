package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/request"
)

// work brings a claimed job to the end of a try. ctx is the job's.
func (w *Worker) work(ctx context.Context, h *holding, c *Claimed) {
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	var kept sync.WaitGroup
	kept.Go(func() { h.keep(keeping) })
	defer kept.Wait()
	defer stop()

	r, o, err := w.try(ctx, h, c)
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, ErrLost):
		w.c.Log.Warn("the lease of a job was lost; another worker runs it", "job", c.ID, "try", c.Lease.Try)
		w.remove(c.Lease)
		return
	case errors.Is(cause, errCancelled):
		o = Outcome{Status: Cancelled}
	case err != nil && ctx.Err() != nil: // the worker stops
		o = Outcome{Status: NotProcessed, NotBefore: c.NotBefore, KeepTry: true}
	case err != nil:
		o = w.failed(c, r, o, err)
	case o.Status == Done:
		o.Message = messageOf(r, "onSuccess")
	}
	o.At = w.c.Clock()
	o.Progress = h.progress()
	if o.Message != nil {
		o.Message.NotBefore = o.At
	}
	if o.Folder == "" {
		w.remove(c.Lease) // before anybody reads that the job has ended
	}
	w.finish(ctx, h, c, o)
}

// try runs a job once. What it returns of an outcome besides an error is what the job saw on its way. A panic is an error.
func (w *Worker) try(ctx context.Context, h *holding, c *Claimed) (r *request.Request, o Outcome, err error) {
	defer func() {
		if v := recover(); v != nil {
			stack := debug.Stack()
			w.c.Log.Error("an export panicked", "job", c.ID, "panic", v, "stack", string(stack))
			err = fmt.Errorf("the export panicked: %v", v)
		}
	}()
	if c.Type != Full {
		if r, err = parseStored(c.Request); err != nil {
			return nil, o, err
		}
	}
	if c.Tries > mostClaims {
		return r, o, fmt.Errorf("the job was begun %d times and never came to an end; it may be what stops its worker", c.Tries-1)
	}
	snap, err := w.c.Source.Open(ctx)
	if err != nil {
		return r, o, fmt.Errorf("open a snapshot: %w", err)
	}
	defer snap.Close()
	if r != nil && r.Service.Condition != nil {
		if o.Saw, err = evaluate(ctx, snap, r, c); err != nil {
			return r, o, err
		}
		if !o.Saw.Holds {
			o.Status = Skipped
			return r, o, nil
		}
	}
	return r, o, w.export(ctx, snap, h, c, &o)
}

// evaluate looks at a job's condition.
func evaluate(ctx context.Context, snap export.Snapshot, r *request.Request, c *Claimed) (*Seen, error) {
	condition := r.Service.Condition
	if who := (access.Caller{Channels: c.Channels}); !who.Sees(condition.Channel) {
		return nil, &export.NotFoundError{Missing: []string{fmt.Sprintf("condition: channel %s: there is no such channel", condition.Channel)}}
	}
	value, holds, err := export.Evaluate(ctx, snap, condition, r.Format.Zone, c.Due)
	if err != nil {
		return nil, err
	}
	return &Seen{Value: value, Holds: holds}, nil
}

// export plans and writes a job's files, and describes them in o.
func (w *Worker) export(ctx context.Context, snap export.Snapshot, h *holding, c *Claimed, o *Outcome) error {
	limits := w.c.Limits()
	opts := export.Options{
		Cores: w.c.Cores, Version: w.c.Version, Clock: w.c.Clock, Progress: h.report,
		Resources: NewResources(w.c.Queue, c.Owner, c.Channels, *c.StartedAt),
	}
	if w.c.FreeDisk != nil {
		free, err := w.c.FreeDisk(w.c.Artifacts)
		if err != nil {
			return err
		}
		opts.Limits.Disk = max(free, 1) // 0 would not be looked at
	}
	plan, err := PlanFor(ctx, snap, c.Job, limits, opts)
	if err != nil {
		return err
	}
	h.begin(plan)
	var bytes int64
	for i := range plan.Items {
		bytes += plan.Items[i].Bytes
		o.Stored = append(o.Stored, plan.Items[i].Stored)
	}
	if err := w.fits(ctx, c.Owner, bytes, limits); err != nil {
		return err
	}
	folder := c.Lease.Folder()
	dir := filepath.Join(w.c.Artifacts, folder)
	if err := os.RemoveAll(dir); err != nil { // a try of the same number, from before the queue was restored from a backup
		return err
	}
	m, err := export.Run(ctx, snap, plan, dir)
	if err != nil {
		return err
	}
	if o.Artifacts, o.Bytes, err = artifactsOf(dir, m); err != nil {
		return err
	}
	if err := w.fits(ctx, c.Owner, o.Bytes, limits); err != nil {
		return err
	}
	o.Status, o.Folder, o.Arrival = Done, folder, snap.Arrival()
	if limits.ArtifactLife > 0 {
		expires := w.c.Clock() + int64(limits.ArtifactLife)
		o.ExpiresAt = &expires
	}
	return nil
}

// fits says whether so many bytes more of artifacts are within the limits.
func (w *Worker) fits(ctx context.Context, owner string, bytes int64, l Limits) error {
	for _, budget := range []struct {
		name, owner, whose string
		limit              int64
	}{
		{"owner_artifacts", owner, "this owner's artifacts", l.BytesEach},
		{"artifacts", "", "all artifacts", l.Bytes},
	} {
		if budget.limit <= 0 {
			continue
		}
		used, err := w.c.Queue.Usage(ctx, budget.owner)
		if err != nil {
			return fmt.Errorf("add up artifacts: %w", err)
		}
		if used > budget.limit-bytes {
			return &export.LimitError{Limit: budget.name, Message: fmt.Sprintf(
				"%s take %d bytes and this export %d more; limits.%s allows %d: delete exports that are not needed any more, wait until older artifacts expire, or ask for less",
				budget.whose, used, bytes, budget.name, budget.limit)}
		}
	}
	return nil
}

// failed is the outcome of a try that met a fault: the job's end, or another try after a pause. seen is what the try knew by then.
func (w *Worker) failed(c *Claimed, r *request.Request, seen Outcome, err error) Outcome {
	o := Outcome{Saw: seen.Saw, Error: faultOf(err, w.c.Permanent)}
	if o.Error.Kind == ServiceFault && c.Tries < tries(w.c.Limits()) {
		o.Status = NotProcessed
		o.NotBefore = w.c.Clock() + int64(pauseAfter(c.Tries))
		return o
	}
	o.Status = Failed
	o.Message = messageOf(r, "onFailure")
	return o
}

// messageOf is the message that a request wants to be sent; nil where it wants none.
func messageOf(r *request.Request, policy string) *Message {
	if r == nil {
		return nil
	}
	for _, m := range r.Notification {
		if m.Policy == policy {
			return &Message{Policy: policy, Medium: m.Medium}
		}
	}
	return nil
}

// remove removes what a try has written.
func (w *Worker) remove(l Lease) {
	if err := os.RemoveAll(filepath.Join(w.c.Artifacts, l.Folder())); err != nil {
		w.c.Log.Error("a job's files could not be removed; the next sweep will", "job", l.JobID, "error", err)
	}
}

// finish gives an outcome to the queue. Where that doesn't succeed before the lease is lost, another worker runs the job.
func (w *Worker) finish(ctx context.Context, h *holding, c *Claimed, o Outcome) {
	stopping := ctx
	ctx = context.WithoutCancel(ctx)
	for attempt := 1; ; attempt++ {
		err := w.finishOnce(ctx, c.Lease, o)
		if err == nil {
			break
		}
		if errors.Is(err, ErrLost) && attempt == 1 {
			w.c.Log.Warn("the lease of a job was lost; another worker runs it", "job", c.ID, "try", c.Lease.Try)
			w.remove(c.Lease)
			return
		}
		// An attempt that came back with an error may have reached the queue, so the files are left to the janitor: it asks the queue.
		if errors.Is(err, ErrLost) || w.c.Clock() >= h.ends() || attempt >= 3 && stopping.Err() != nil {
			w.c.Log.Error("a job's outcome could not be stored; it will run again", "job", c.ID, "status", o.Status, "error", err)
			return
		}
		w.c.Log.Warn("a job's outcome could not be stored; trying again", "job", c.ID, "error", err)
		pause(ctx, nil, min(time.Duration(attempt)*100*time.Millisecond, lookAgain))
	}
	if o.Status == NotProcessed {
		w.alarm.set(o.NotBefore)
	}
	w.log(c, o)
	w.c.Finished()
}

func (w *Worker) finishOnce(ctx context.Context, l Lease, o Outcome) error {
	ctx, stop := context.WithTimeout(ctx, beatTimeout)
	defer stop()
	return w.c.Queue.Finish(ctx, l, o)
}

func (w *Worker) log(c *Claimed, o Outcome) {
	log := w.c.Log.With("job", c.ID, "export", c.ExportID, "owner", c.Owner, "try", c.Tries)
	switch {
	case o.Status == Failed:
		log.Warn("a job failed", "kind", o.Error.Kind, "error", o.Error.Message)
	case o.Status == NotProcessed && o.Error != nil:
		log.Warn("a job's try failed; there will be another", "kind", o.Error.Kind, "error", o.Error.Message)
	default:
		log.Info("a job's try ended", "status", o.Status, "rows", o.Progress.Rows, "bytes", o.Bytes)
	}
}
