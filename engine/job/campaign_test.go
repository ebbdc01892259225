package job_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"decant/engine/access"
	"decant/engine/job"
)

// TestDyingWorkers runs jobs of several owners with workers that die at random moments, stop, and come again. Each job ends done once, with one message, one
// folder, and the bytes that it has undisturbed.
func TestDyingWorkers(t *testing.T) {
	seeds := uint64(2)
	if os.Getenv("DECANT_LONG") == "1" {
		seeds = 100
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inHouse(t, func(h *house) { dyingWorkers(h, rand.New(rand.NewPCG(seed, 5))) })
		})
	}
}

func dyingWorkers(h *house, random *rand.Rand) {
	h.change(func(l *job.Limits) { l.Tries = 20 })
	var exports []job.Export
	for i := range 10 { // the first is run undisturbed
		exports = append(exports, h.create(access.Caller{Owner: fmt.Sprint("owner", i%3)}, announced))
		if i == 0 {
			stop := h.startWorker("first")
			h.settle(0)
			stop()
		}
	}
	want := content(h, h.only(exports[0]))

	var mu sync.Mutex // of random and ends
	ends := map[string]int{}
	number := func(below int) int { mu.Lock(); defer mu.Unlock(); return random.IntN(below) }
	upTo := func(d time.Duration) time.Duration { return time.Duration(number(int(d))) }
	h.source.memory.Cut = func(int) int { return 100 }
	h.source.memory.Fault = func() error {
		time.Sleep(100 * time.Millisecond)
		if number(100) == 0 {
			return errAway
		}
		return nil
	}
	finished := func(id string) { mu.Lock(); ends[id]++; mu.Unlock() }
	janitor := h.janitor(h.queue)
	for round := range 20 {
		var stops []func()
		for w := range 3 {
			c := h.workerConfig(fmt.Sprintf("w%d", w))
			q := &mortal{Queue: h.queue, finished: finished}
			c.Queue = q
			stops = append(stops, h.start(job.NewWorker(c).Run))
			if round < 15 && number(100) < 60 {
				q.die(upTo(4 * time.Second))
			}
		}
		h.settle(upTo(5 * time.Second))
		if err := janitor.Sweep(h.Context()); err != nil {
			h.Fatal(err)
		}
		for _, stop := range stops {
			stop()
		}
		h.settle(upTo(40 * time.Second))
	}
	defer h.startWorker("last")()
	h.settle(time.Hour)
	if err := janitor.Sweep(h.Context()); err != nil {
		h.Fatal(err)
	}
	folders := 0
	for _, e := range exports {
		j := h.only(e)
		if j.Status != job.Done || policyOf(j) != "onSuccess" {
			h.Fatalf("a job is %s after %d tries, message %q, %v", j.Status, j.Tries, policyOf(j), j.Error)
		}
		if got := content(h, j); got != want {
			h.Errorf("behind %d tries the files are %s, undisturbed they are %s", j.Tries, got, want)
		}
		if ends[j.ID] > 1 {
			h.Errorf("a job ended %d times", ends[j.ID])
		}
		folders++
	}
	if n := len(h.files()); n != 3*folders {
		h.Errorf("%d jobs have left %d files: %v", folders, n, h.files())
	}
	messages, err := h.queue.Collect(h.Context(), h.now(), h.now()+1, 1000)
	if err != nil || len(messages) != len(exports) {
		h.Errorf("%d jobs have %d messages, %v", len(exports), len(messages), err)
	}
}

// content is what a job's files say, but for the manifest's object run.
func content(h *house, j job.Job) string {
	h.Helper()
	var all strings.Builder
	for _, a := range j.Artifacts {
		data, err := os.ReadFile(filepath.Join(h.artifacts, j.Folder, a.File))
		if err != nil {
			h.Fatal(err)
		}
		if a.Item < 0 {
			var manifest map[string]any
			if err := json.Unmarshal(data, &manifest); err != nil || manifest["run"] == nil {
				h.Fatal(err, manifest["run"])
			}
			delete(manifest, "run")
			if data, err = json.Marshal(manifest); err != nil {
				h.Fatal(err)
			}
		}
		fmt.Fprintf(&all, "%s %s\n", a.File, data)
	}
	return all.String()
}

// mortal is a queue as a worker sees it that dies: behind that moment no call of the worker's reaches the queue, so that it neither beats nor finishes.
type mortal struct {
	job.Queue
	finished func(id string)

	mu   sync.Mutex
	dead func() bool
}

func (q *mortal) die(after time.Duration) {
	at := time.Now().Add(after)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dead = func() bool { return !time.Now().Before(at) }
}

func (q *mortal) gone() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dead != nil && q.dead()
}

func (q *mortal) Claim(ctx context.Context, worker string, now, until int64) (*job.Claimed, error) {
	if q.gone() {
		return nil, errAway
	}
	return q.Queue.Claim(ctx, worker, now, until)
}

func (q *mortal) Beat(ctx context.Context, l job.Lease, until int64, p job.Progress) (bool, error) {
	if q.gone() {
		return false, errAway
	}
	return q.Queue.Beat(ctx, l, until, p)
}

func (q *mortal) Finish(ctx context.Context, l job.Lease, o job.Outcome) error {
	if q.gone() {
		return errAway
	}
	err := q.Queue.Finish(ctx, l, o)
	if err == nil && o.Status.Ended() {
		q.finished(l.JobID)
	}
	return err
}
