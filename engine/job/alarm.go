package job

import (
	"context"
	"slices"
	"sync"
	"time"
)

// bell ends the sleep of a loop. Ringing never blocks, and a ring while nobody sleeps ends the next sleep at once.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// sleep returns after d, when ctx ends, or when the bell rings: then it is true. A nil bell never rings.
func (b bell) sleep(ctx context.Context, d time.Duration) (rung bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-b:
		return true
	}
	return false
}

// pause returns after d, or when ctx ends.
func pause(ctx context.Context, d time.Duration) { bell(nil).sleep(ctx, d) }

// alarm remembers instants at which there will be something to do.
type alarm struct {
	mu sync.Mutex
	at []int64 // ns, sorted
}

// mostInstants bounds those that an alarm remembers. What it forgets is found when its loop looks again.
const mostInstants = 1024

// set adds an instant. It is true where that is now the first.
func (a *alarm) set(at int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, known := slices.BinarySearch(a.at, at)
	if !known && len(a.at) < mostInstants {
		a.at = slices.Insert(a.at, i, at)
	}
	return i == 0 && !known
}

// next is how long it is from now to the first instant, at most most. What lies before now is forgotten.
func (a *alarm) next(now int64, most time.Duration) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, _ := slices.BinarySearch(a.at, now+1)
	a.at = slices.Delete(a.at, 0, i)
	if len(a.at) > 0 {
		most = min(most, time.Duration(a.at[0]-now))
	}
	return most
}
