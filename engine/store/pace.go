package store

import (
	"context"
	"sync/atomic"
	"time"

	"decant/engine/store/vfs"
)

// pacer lets upkeep step back while samples come: it works for a few milliseconds and then rests, so that of a core it takes
// no more than a part. While none come it doesn't rest. A nil pacer never does.
type pacer struct {
	share func() float64 // the part of a core that may be taken, up to 1
	now   func() time.Time
	sleep func(context.Context, time.Duration) error
	since time.Time // when the work began
}

const (
	workFor  = 4 * time.Millisecond
	restMost = 200 * time.Millisecond

	// busyRate is how many samples a second make the keeper step back.
	busyRate = 10_000
	// sharedBusy is what it takes then of a core, and sharedBehind where more ranges than that wait.
	sharedBusy   = 0.125
	sharedBehind = 0.5
	manyRanges   = 48
)

// rest is called between two pieces of work.
func (p *pacer) rest(ctx context.Context) error {
	if p == nil {
		return ctx.Err()
	}
	worked := p.now().Sub(p.since)
	if worked < workFor {
		return ctx.Err()
	}
	if share := p.share(); share < 1 {
		if err := p.sleep(ctx, min(restMost, time.Duration(float64(worked)*(1-share)/share))); err != nil {
			return err
		}
	}
	p.since = p.now()
	return ctx.Err()
}

// pace is the background's.
func (k *keeper) pace() *pacer {
	looked, arrived := time.Now(), k.store.arrivals()
	share := sharedBusy // until it is known better
	return &pacer{now: time.Now, since: looked, sleep: sleep, share: func() float64 {
		if now := time.Now(); now.Sub(looked) > 50*time.Millisecond {
			n := k.store.arrivals()
			switch busy := float64(n-arrived) > busyRate*now.Sub(looked).Seconds(); {
			case !busy:
				share = 1
			case len(rangesOf(k.store.listed())) > manyRanges:
				share = sharedBehind
			default:
				share = sharedBusy
			}
			looked, arrived = now, n
		}
		return share
	}}
}

// arrivals is how many samples arrived.
func (s *Store) arrivals() uint64 {
	s.stateMu.RLock()
	defer s.stateMu.RUnlock()
	return s.arrival
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// dribble is a file that is synced every few megabytes: else the log's next sync would wait until the disk has taken all of it.
type dribble struct {
	file    vfs.File
	written *atomic.Int64
	since   int   // bytes since the last sync
	err     error // of writing, or nil
}

const dribbleBytes = 4 << 20

func (d *dribble) Write(b []byte) (int, error) {
	n, err := d.file.Write(b)
	d.written.Add(int64(n))
	if d.since += n; err == nil && d.since >= dribbleBytes {
		d.since, err = 0, d.file.Sync()
	}
	if d.err == nil {
		d.err = err
	}
	return n, err
}
