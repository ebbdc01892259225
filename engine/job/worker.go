package job

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"decant/engine/export"
)

// WorkerConfig is what a Worker works with.
type WorkerConfig struct {
	Queue     Queue
	Source    export.Source
	Artifacts string // folder of all artifacts; it is made where there is none
	// Name is the worker's in the queue. A process that takes another's place takes its name too, so that it claims at once what that one left.
	Name    string
	Limits  func() Limits // as they are now; the configuration may be read again
	Cores   int           // how many a job uses; 0 is all
	Clock   func() int64
	Version string // decant's, for manifests
	Log     *slog.Logger
	// Permanent says of an error of the source that another try would meet it again: a damaged file.
	Permanent func(err error) bool
	// FreeDisk is how many bytes there are for files in a folder. Nil doesn't look.
	FreeDisk func(dir string) (int64, error)
	// Lease is how long a worker that died keeps a job; 0 is 30 s.
	Lease time.Duration
	// Finished is told of each job that this worker brought to an end or put back in line, once the queue has it. It must not block.
	Finished func()
}

// Worker runs jobs, several at a time: it claims one under a lease, runs it into a folder of its own, <artifacts>/<job id>-<try>, and finishes it in one
// transaction. Whatever happens on the way, the folder is gone where the job isn't done.
//
// A lease that can't be held (the machine slept, the queue was away) ends the try without a trace: another has the job by then.
type Worker struct {
	c     WorkerConfig
	bell  bell
	alarm alarm // when jobs may be claimed

	mu      sync.Mutex
	holding map[*holding]bool
	usage   usage
}

// NewWorker makes a Worker.
func NewWorker(c WorkerConfig) *Worker {
	if c.Lease <= 0 {
		c.Lease = 30 * time.Second
	}
	if c.Permanent == nil {
		c.Permanent = func(error) bool { return false }
	}
	if c.Finished == nil {
		c.Finished = func() {}
	}
	return &Worker{c: c, bell: newBell(), holding: map[*holding]bool{}}
}

// Wake says that there may be a job to claim, or that one was cancelled. It never blocks.
func (w *Worker) Wake() {
	w.bell.ring()
	w.mu.Lock()
	defer w.mu.Unlock()
	for h := range w.holding {
		select {
		case h.nudge <- struct{}{}:
		default:
		}
	}
}

// WakeAt says that there may be a job to claim at an instant (ns). It never blocks.
func (w *Worker) WakeAt(at int64) {
	if w.alarm.set(at) {
		w.bell.ring() // who sleeps is to count anew
	}
}

// lookAgain is how long a worker with room sleeps at most: others may have put jobs in line.
const lookAgain = time.Second

// Run runs jobs until ctx ends; then it stops those in progress, hands them back, and returns. Faults of the queue are logged, and met by trying again.
func (w *Worker) Run(ctx context.Context) error {
	if err := os.MkdirAll(w.c.Artifacts, 0o777); err != nil {
		return fmt.Errorf("make the folder of artifacts: %w", err)
	}
	for ctx.Err() == nil {
		err := w.Reclaim(ctx)
		if err == nil {
			break
		}
		w.c.Log.Error("the queue doesn't answer; trying again", "error", err)
		pause(ctx, lookAgain)
	}
	var jobs sync.WaitGroup
	defer jobs.Wait()
	for ctx.Err() == nil {
		claimed := w.claim(ctx)
		if claimed == nil {
			w.bell.sleep(ctx, w.alarm.next(w.c.Clock(), lookAgain))
			continue
		}
		held, h := w.hold(ctx, claimed)
		jobs.Go(func() {
			w.work(held, h, claimed)
			w.release(h)
		})
	}
	return nil
}

// Reclaim puts back in line what a worker of this name had when it was killed. Run begins with it; who clears away what killed workers left calls it before that, because
// the folder of a job in progress counts as somebody's.
func (w *Worker) Reclaim(ctx context.Context) error {
	n, err := w.c.Queue.Reclaim(ctx, w.c.Name, w.c.Clock())
	if err != nil {
		return fmt.Errorf("put jobs of an earlier run back in line: %w", err)
	}
	if n > 0 {
		w.c.Log.Info("jobs that were in progress when the service ended are in line again", "jobs", n)
	}
	return nil
}

// claim takes the job that is to run next, where there is room for one; else nil.
func (w *Worker) claim(ctx context.Context) *Claimed {
	now := w.c.Clock()
	held := w.held()
	if !w.hasRoom(held) {
		return nil
	}
	for _, h := range held {
		if h.ends() <= now { // the machine slept, or its clock was set: this worker would claim its own job
			h.beat(ctx)
		}
	}
	claimed, err := w.c.Queue.Claim(ctx, w.c.Name, now, now+int64(w.c.Lease))
	if err != nil {
		if ctx.Err() == nil {
			w.c.Log.Error("no job can be claimed; trying again", "error", err)
		}
		return nil
	}
	return claimed
}

// hasRoom says whether another job may begin. One whose files are there takes no room: while its end is being stored, which is waiting for the disk, the next one works.
func (w *Worker) hasRoom(held []*holding) bool {
	room, working := w.room(), 0
	for _, h := range held {
		if !h.ending.Load() {
			working++
		}
	}
	return working < room && len(held) < 2*room
}

// room is how many jobs may work at a time.
func (w *Worker) room() int {
	if n := w.c.Limits().Workers; n > 0 {
		return n
	}
	if w.c.Cores > 0 {
		return w.c.Cores
	}
	return runtime.GOMAXPROCS(0)
}

func (w *Worker) held() []*holding {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.holding))
}

// hold takes note of a claimed job. The context that it gives ends with ctx, and where the job is cancelled or the lease lost.
func (w *Worker) hold(ctx context.Context, c *Claimed) (context.Context, *holding) {
	ctx, cancel := context.WithCancelCause(ctx)
	h := &holding{w: w, lease: c.Lease, cancel: cancel, nudge: make(chan struct{}, 1)}
	h.until.Store(w.c.Clock() + int64(w.c.Lease))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.holding[h] = true
	return ctx, h
}

// release makes room for another job.
func (w *Worker) release(h *holding) {
	h.cancel(nil)
	w.mu.Lock()
	delete(w.holding, h)
	w.mu.Unlock()
	w.bell.ring()
}
