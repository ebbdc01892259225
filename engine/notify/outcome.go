package notify

import (
	"context"
	"errors"
	"time"

	"decant/engine/job"
)

// When a message is tried again, and when no more.
const (
	firstPause = 30 * time.Second
	maxPause   = time.Hour
	maxTries   = 12
	maxAge     = 24 * time.Hour // since the job ended; a first try is always made
)

// pauseAfter is how long to wait after so many tries: 30 s, twice as long each time, at most an hour, and no less than the target asked for.
func pauseAfter(tries int, asked time.Duration) time.Duration {
	pause := maxPause
	if shift := tries - 1; shift < 7 { // 30 s × 2^7 is more than an hour
		pause = firstPause << shift
	}
	return max(pause, asked)
}

// outcome is a message after a try that ended at now with err.
func outcome(m job.Message, err error, now, born int64) job.Message {
	m.Tries++
	if err == nil {
		m.State, m.SentAt, m.Error = job.Sent, &now, ""
		return m
	}
	m.Error = err.Error()
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{}
		m.Error = "the service could not send it"
	}
	pause := int64(pauseAfter(m.Tries, f.after))
	if f.permanent || m.Tries >= maxTries || now+pause > born+int64(maxAge) {
		m.State = job.Undelivered
		return m
	}
	m.State, m.NotBefore = job.Pending, now+pause
	return m
}

func (n *Notifier) giveUp(work context.Context, m job.Message, why string) {
	m.State, m.Error = job.Undelivered, why
	n.record(work, m)
}

// putBack leaves a message for later without counting a try.
func (n *Notifier) putBack(work context.Context, m job.Message, at int64) {
	m.State, m.NotBefore = job.Pending, at
	n.record(work, m)
}

// record writes what became of a message. Where the outbox can't be written, the message is collected again when its lease is over, and is sent twice maybe.
func (n *Notifier) record(work context.Context, m job.Message) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(work), graceToEnd)
	defer cancel()
	var err error
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		if err = n.d.Outbox.Record(ctx, m); err == nil {
			return
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			n.d.Log.Error("record what became of a notification", "job", m.JobID, "state", m.State, "error", err)
			return
		case <-timer.C:
		}
	}
}
