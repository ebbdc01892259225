package job

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"decant/engine/export"
)

// How often a worker extends its lease, stores progress, and asks whether the job is cancelled.
const (
	beatEvery   = 500 * time.Millisecond
	beatApart   = 100 * time.Millisecond // between two beats, however often the worker is woken
	beatTimeout = 5 * time.Second
)

// holding is a claimed job while its worker has it.
type holding struct {
	w      *Worker
	lease  Lease
	cancel context.CancelCauseFunc // ends the job's context
	nudge  chan struct{}           // asks for a beat before its time
	until  atomic.Int64            // ns: the lease ends, unless it is extended
	ending atomic.Bool             // its try is over, and the queue is to be told

	items          []Progress   // only the goroutine that runs the job sees them
	rows, expected atomic.Int64 // their sums
}

func (h *holding) ends() int64 { return h.until.Load() }

func (h *holding) progress() Progress {
	return Progress{Rows: h.rows.Load(), Expected: h.expected.Load()}
}

// begin sets the progress of a job that has a plan.
func (h *holding) begin(p *export.Plan) {
	h.items = make([]Progress, len(p.Items))
	for i := range p.Items {
		h.items[i].Expected = p.Items[i].Rows
		h.expected.Add(p.Items[i].Rows)
	}
}

// report takes the progress of one item. It is called by the goroutine that runs the job.
func (h *holding) report(item int, rows, expected int64) {
	before := &h.items[item]
	h.rows.Add(rows - before.Rows)
	h.expected.Add(expected - before.Expected)
	*before = Progress{Rows: rows, Expected: expected}
}

// keep holds the lease until ctx ends. It cancels the job where somebody asked for that (errCancelled), and where the lease is lost (ErrLost).
func (h *holding) keep(ctx context.Context) {
	timer := time.NewTimer(beatEvery)
	defer timer.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.nudge:
			timer.Reset(max(0, beatApart-time.Since(last)))
			continue
		case <-timer.C:
		}
		if !h.beat(ctx) {
			return
		}
		last = time.Now()
		timer.Reset(beatEvery)
	}
}

// beat extends the lease once. It is false where the lease is lost. One that has begun is not interrupted.
func (h *holding) beat(ctx context.Context) bool {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), beatTimeout)
	defer stop()
	until := h.w.c.Clock() + int64(h.w.c.Lease)
	cancelled, err := h.w.c.Queue.Beat(ctx, h.lease, until, h.progress())
	switch {
	case errors.Is(err, ErrLost):
		h.cancel(ErrLost)
		return false
	case err != nil:
		h.w.c.Log.Warn("a job's lease could not be extended", "job", h.lease.JobID, "error", err)
		if h.w.c.Clock() >= h.ends() { // another worker may have the job by now
			h.cancel(ErrLost)
			return false
		}
	case err == nil:
		h.until.Store(until)
	}
	if cancelled {
		h.cancel(errCancelled)
	}
	return true
}
