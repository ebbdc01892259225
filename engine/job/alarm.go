package job

import (
	"context"
	"slices"
	"sync"
	"time"
)

// alarm is what a loop sleeps on. It ends the sleep when somebody rings, and at instants that were set beforehand. Ringing and setting never
// block, and a ring while nobody sleeps ends the next sleep at once.
type alarm struct {
	rung chan struct{}

	mu sync.Mutex
	at []int64 // ns, sorted
}

// mostInstants bounds those that an alarm remembers. What it forgets is found when the loop looks again, a sleep later.
const mostInstants = 1024

func newAlarm() *alarm { return &alarm{rung: make(chan struct{}, 1)} }

func (a *alarm) ring() {
	select {
	case a.rung <- struct{}{}:
	default:
	}
}

// set makes the alarm ring at an instant.
func (a *alarm) set(at int64) {
	a.mu.Lock()
	i, known := slices.BinarySearch(a.at, at)
	if !known && len(a.at) < mostInstants {
		a.at = slices.Insert(a.at, i, at)
	}
	a.mu.Unlock()
	if i == 0 && !known {
		a.ring() // who sleeps is to count anew
	}
}

// sleep returns when ctx ends, somebody rings, or the next instant comes, after most at the latest. now is the clock by which instants are meant;
// should it jump, that is noticed after most.
func (a *alarm) sleep(ctx context.Context, now int64, most time.Duration) {
	a.mu.Lock()
	for len(a.at) > 0 && a.at[0] <= now {
		a.at = a.at[1:]
	}
	if len(a.at) > 0 {
		most = min(most, time.Duration(a.at[0]-now))
	}
	a.mu.Unlock()
	pause(ctx, a.rung, most)
}

// pause waits for ctx to end, rung to be rung, or d to pass. rung may be nil.
func pause(ctx context.Context, rung <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-rung:
	case <-timer.C:
	}
}
