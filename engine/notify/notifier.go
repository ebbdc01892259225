package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"decant/engine/export/request"
	"decant/engine/job"
)

// Deps are what a Notifier works with.
type Deps struct {
	Outbox job.Outbox
	// Job gives a job; job.ErrNotFound where there is none any more.
	Job func(ctx context.Context, id string) (job.Job, error)
	// Link makes a signed link to one of a job's artifacts that is valid until expires (ns); file "" is the zip of all of them.
	Link func(j job.Job, file string, expires int64) string
	// Open opens one of a job's artifacts; file "" is the zip of all of them. The notifier closes it.
	Open  func(j job.Job, file string) (*os.File, error)
	Clock func() int64 // ns
	Log   *slog.Logger
}

const (
	capacity   = 1024             // messages collected and not yet recorded
	batch      = 100              // collected at a time
	lease      = 15 * time.Second // after which a message may be collected again; it is renewed while a try lasts
	laneWait   = 5 * time.Second  // for a place in a lane
	lookEvery  = 5 * time.Second  // where nothing wakes the notifier: other processes put messages into the outbox
	graceToEnd = 10 * time.Second // for tries that are under way when it is told to stop
)

// Notifier sends what is in the outbox. New makes it; its methods may be called from any goroutine.
type Notifier struct {
	d     Deps
	wake  chan struct{}
	lanes lanes

	mu     sync.Mutex
	sender *sender

	dialer dialer      // of new senders, without its guard
	trust  *tls.Config // of new senders
	try    func(ctx context.Context, s *sender, j job.Job, r *request.Request, m request.Message, id string) error
}

// New makes a Notifier of a configuration that Validate accepts.
func New(c Config, d Deps) *Notifier {
	n := &Notifier{d: d, wake: make(chan struct{}, 1), trust: &tls.Config{MinVersion: tls.VersionTLS12}}
	n.try = n.deliver
	n.SetConfig(c)
	return n
}

// SetConfig replaces the configuration; c is one that Validate accepts. Tries under way end with the one they began with.
func (n *Notifier) SetConfig(c Config) {
	n.mu.Lock()
	n.sender = newSender(c, n.dialer, n.trust, n.d.Clock, n.d.Log)
	n.mu.Unlock()
	n.Wake()
}

// Check is Config.Check of the present configuration.
func (n *Notifier) Check(m request.Message) (field, problem string) { return n.present().Check(m) }

func (n *Notifier) present() *sender {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sender
}

// Wake tells that there may be a message to send.
func (n *Notifier) Wake() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// Run sends messages until ctx is done. Then it collects no more, puts back what waits, gives what is being sent a few seconds to end, and returns nil.
func (n *Notifier) Run(ctx context.Context) error {
	work, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	ended := make(chan struct{}, capacity)
	under, full := 0, false // messages under way; full: there was no room for more
	look := time.NewTimer(0)
	defer look.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			continue
		case <-ended:
			if under--; !full {
				continue
			}
		case <-n.wake:
		case <-look.C:
		}
		if full = under == capacity; full {
			continue
		}
		messages, pause := n.collect(ctx, min(batch, capacity-under))
		for _, m := range messages {
			under++
			go func() {
				defer func() { ended <- struct{}{} }()
				n.handle(ctx, work, m)
			}()
		}
		look.Reset(pause)
	}
	grace := time.AfterFunc(graceToEnd, abort)
	defer grace.Stop()
	for ; under > 0; under-- {
		<-ended
	}
	return nil
}

// collect takes messages from the outbox, and says how long there is nothing to do after them.
func (n *Notifier) collect(ctx context.Context, limit int) ([]job.Message, time.Duration) {
	now := n.d.Clock()
	messages, err := n.d.Outbox.Collect(ctx, now, now+int64(lease), limit)
	if err != nil {
		if ctx.Err() == nil {
			n.d.Log.Error("collect notifications", "error", err)
		}
		return nil, lookEvery
	}
	if len(messages) == limit {
		return messages, 0
	}
	at, ok, err := n.d.Outbox.NextMessage(ctx)
	if err != nil || !ok {
		return messages, lookEvery
	}
	// Never at once: what was collected just now may count as pending.
	return messages, min(max(time.Duration(at-n.d.Clock()), time.Second), lookEvery)
}

// handle makes one try of a message and records what became of it. ctx is done when the notifier is to stop, work when it can wait no longer.
func (n *Notifier) handle(ctx, work context.Context, m job.Message) {
	began := n.d.Clock()
	s := n.present()
	j, err := n.d.Job(work, m.JobID)
	switch {
	case errors.Is(err, job.ErrNotFound):
		n.giveUp(work, m, "the job was deleted")
		return
	case err != nil:
		n.d.Log.Error("read the job of a notification", "job", m.JobID, "error", err)
		n.putBack(work, m, began+int64(firstPause))
		return
	}
	r, message, err := messageOf(j, m.Policy)
	if err != nil {
		n.giveUp(work, m, err.Error())
		return
	}
	host := media[message.Medium].host(s.Config, message.Target)
	place, later, ok := n.lanes.enter(ctx, message.Medium+" "+host, began, laneWait)
	if !ok {
		n.putBack(work, m, later)
		return
	}
	release := n.keep(m)
	trying, cancel := context.WithTimeout(work, tryTimeout)
	err = n.try(trying, s, j, r, message, m.ID)
	cancel()
	release()

	now := n.d.Clock()
	held := int64(0)
	var f *failure
	if errors.As(err, &f) && f.after > 0 {
		held = now + int64(f.after)
	}
	n.lanes.leave(place, held)
	if err != nil && work.Err() != nil {
		n.putBack(work, m, now) // it was the stop that ended the try
		return
	}
	n.record(work, outcome(m, err, now, endOf(j)))
	log := n.d.Log.With("job", m.JobID, "medium", message.Medium, "host", host)
	if err == nil {
		log.Info("notification sent")
		return
	}
	cause := err
	if f != nil && f.cause != nil {
		cause = f.cause
	}
	log.Warn("notification not sent", "problem", err, "cause", cause, "tries", m.Tries+1)
}

// keep renews a message's lease until release is called; once that has returned nothing is written any more. A lease is short, so that the messages of a process
// that was killed don't wait long, and a try may take longer.
func (n *Notifier) keep(m job.Message) (release func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticks := time.NewTicker(lease / 3)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
				m.NotBefore = n.d.Clock() + int64(lease)
				if err := n.d.Outbox.Record(ctx, m); err != nil && ctx.Err() == nil {
					n.d.Log.Error("renew the lease of a notification", "job", m.JobID, "error", err)
				}
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// messageOf finds a job's message in its request.
func messageOf(j job.Job, policy string) (*request.Request, request.Message, error) {
	r, err := request.Parse(j.Request, request.Options{Service: true})
	if err != nil {
		return nil, request.Message{}, errors.New("the job's request can't be read any more")
	}
	for _, m := range r.Notification {
		if _, known := media[m.Medium]; known && m.Policy == policy {
			return r, m, nil
		}
	}
	return nil, request.Message{}, errors.New("the job's request has no such message")
}

// endOf is when a job ended, and with it its message began.
func endOf(j job.Job) int64 {
	if j.EndedAt != nil {
		return *j.EndedAt
	}
	return j.CreatedAt
}
