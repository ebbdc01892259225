package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"decant/engine/export/request"
	"decant/engine/job"
)

// outbox is a job.Outbox in memory, with faults to order.
type outbox struct {
	mu      sync.Mutex
	rows    map[string]*row
	records []job.Message // in their order
	lost    int           // so many of the next records are lost: the process died, or the database did
	broken  bool          // every call fails
}

type row struct {
	job.Message
	until int64
}

func newOutbox(ids ...string) *outbox {
	o := &outbox{rows: map[string]*row{}}
	for _, id := range ids {
		o.rows[id] = &row{Message: job.Message{ID: id, JobID: id, Policy: "onSuccess", Medium: "email", State: job.Pending}}
	}
	return o
}

func (o *outbox) Collect(_ context.Context, now, until int64, limit int) ([]job.Message, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken {
		return nil, errors.New("the database is away")
	}
	var out []job.Message
	var ready []string
	for id, r := range o.rows {
		if r.State == job.Pending && r.NotBefore <= now && r.until <= now {
			ready = append(ready, id)
		}
	}
	slices.Sort(ready)
	for _, id := range ready[:min(limit, len(ready))] {
		o.rows[id].until = until
		out = append(out, o.rows[id].Message)
	}
	return out, nil
}

func (o *outbox) Record(ctx context.Context, m job.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if o.broken {
		return errors.New("the database is away")
	}
	if o.lost > 0 {
		o.lost--
		return nil
	}
	o.rows[m.ID] = &row{Message: m}
	o.records = append(o.records, m)
	return nil
}

func (o *outbox) NextMessage(context.Context) (int64, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	next, ok := int64(0), false
	for _, r := range o.rows {
		if at := max(r.NotBefore, r.until); r.State == job.Pending && (!ok || at < next) {
			next, ok = at, true
		}
	}
	return next, ok, nil
}

func (o *outbox) pending() bool {
	_, ok, _ := o.NextMessage(context.Background())
	return ok
}

func (o *outbox) message(id string) job.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.rows[id].Message
}

func (o *outbox) set(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f()
}

// office is a Notifier in a synctest bubble, whose tries are the test's.
type office struct {
	*outbox
	n    *Notifier
	stop context.CancelFunc
	end  chan error
	born time.Time

	mu    sync.Mutex
	tries []attempt
}

type attempt struct {
	id string
	at time.Duration // since the office opened
}

func (o *office) tried(id string) (at []time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range o.tries {
		if a.id == id {
			at = append(at, a.at)
		}
	}
	return at
}

// open starts a Notifier. A job's target is plant@host, where its id is host/n.
func open(t *testing.T, box *outbox, try func(ctx context.Context, id string) error) *office {
	t.Helper()
	o := &office{outbox: box, end: make(chan error, 1), born: time.Now()}
	o.n = New(Default(), Deps{
		Outbox: box,
		Job: func(_ context.Context, id string) (job.Job, error) {
			switch {
			case strings.HasPrefix(id, "deleted"):
				return job.Job{}, fmt.Errorf("job %s: %w", id, job.ErrNotFound)
			case strings.HasPrefix(id, "odd"):
				return job.Job{Request: []byte(`{`)}, nil
			}
			host, _, _ := strings.Cut(id, "/")
			end := o.born.UnixNano()
			m := request.Message{Medium: "slack", Target: "https://" + host + ".example.com/x", Title: "t", Text: "x"}
			return job.Job{ID: id, Status: job.Done, EndedAt: &end, Request: testRequest(t, m, m, "")}, nil
		},
		Clock: func() int64 { return time.Now().UnixNano() },
		Log:   slog.New(slog.DiscardHandler),
	})
	o.n.try = func(ctx context.Context, _ *sender, _ job.Job, _ *request.Request, _ request.Message, id string) error {
		o.mu.Lock()
		o.tries = append(o.tries, attempt{id, time.Since(o.born)})
		o.mu.Unlock()
		return try(ctx, id)
	}
	ctx, cancel := context.WithCancel(context.Background())
	o.stop = cancel
	go func() { o.end <- o.n.Run(ctx) }()
	return o
}

func (o *office) close(t *testing.T) {
	t.Helper()
	o.stop()
	if err := <-o.end; err != nil {
		t.Errorf("Run: %v", err)
	}
}
