package notify

import (
	"context"
	"sync"
	"time"
)

const (
	laneWidth = 4                // messages to one host at a time
	laneQueue = 256              // that may wait for it
	laneRest  = 10 * time.Second // of one that found no place
)

// lanes keep a host that is slow from holding up the messages to others: each has its own few places.
type lanes struct {
	mu sync.Mutex
	of map[string]*lane
}

type lane struct {
	places chan struct{}
	users  int   // waiting or sending
	until  int64 // ns: the host asked to be left alone so long
}

// enter waits for a place in a host's lane until wait is over or ctx is done. ok is false where there is none; then later is when to come again (ns),
// as far as that is known. Whoever has a place calls leave.
func (ls *lanes) enter(ctx context.Context, host string, now int64, wait time.Duration) (l *lane, later int64, ok bool) {
	l, later = ls.join(host, now)
	if l == nil {
		return nil, later, false
	}
	over := time.NewTimer(wait)
	defer over.Stop()
	select {
	case l.places <- struct{}{}:
	case <-over.C:
		ls.part(l)
		return nil, now + int64(wait+laneRest), false
	case <-ctx.Done():
		ls.part(l)
		return nil, now, false
	}
	ls.mu.Lock()
	later = l.until
	ls.mu.Unlock()
	if later > now && ctx.Err() == nil {
		ls.leave(l, 0)
		return nil, later, false
	}
	return l, 0, true
}

// join counts a user in; nil where the host is to be left alone, or too many wait for it.
func (ls *lanes) join(host string, now int64) (*lane, int64) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.of[host]
	if l == nil {
		for name, idle := range ls.of {
			if idle.users == 0 && idle.until <= now {
				delete(ls.of, name)
			}
		}
		if ls.of == nil {
			ls.of = map[string]*lane{}
		}
		l = &lane{places: make(chan struct{}, laneWidth)}
		ls.of[host] = l
	}
	switch {
	case l.until > now:
		return nil, l.until
	case l.users >= laneQueue:
		return nil, now + int64(laneRest)
	}
	l.users++
	return l, 0
}

// leave gives a place back; until is when the host may be asked again, or 0.
func (ls *lanes) leave(l *lane, until int64) {
	<-l.places
	ls.mu.Lock()
	l.until = max(l.until, until)
	ls.mu.Unlock()
	ls.part(l)
}

func (ls *lanes) part(l *lane) {
	ls.mu.Lock()
	l.users--
	ls.mu.Unlock()
}
