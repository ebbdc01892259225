package job

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

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
	h.ending.Store(true)
	w.bell.ring()
	w.finish(ctx, h, c, o)
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
		pause(ctx, min(time.Duration(attempt)*100*time.Millisecond, lookAgain))
	}
	if o.Status == NotProcessed {
		w.WakeAt(o.NotBefore)
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
