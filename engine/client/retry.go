package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

// again says after which faults a call may be made again.
type again int

const (
	refused again = iota // only where the service said that it did nothing: 429 and 503
	safe                 // where an answer is missing too: the call changes nothing, or carries an idempotency key
)

// Bounds of trying again.
const (
	tries      = 4
	firstPause = 250 * time.Millisecond
	longest    = 30 * time.Second // a service that wants more time than that is told to the user
)

// run makes tries until one succeeds, or until another can't help. became is told of each that succeeds or that another follows.
func (a again) run(ctx context.Context, became func(error), try func() error) error {
	for n := 1; ; n++ {
		err := try()
		pause, may := a.pause(err, n)
		if err != nil && (n == tries || !may) {
			return err
		}
		became(err)
		if err == nil {
			return nil
		}
		if stopped := sleep(ctx, pause); stopped != nil {
			return stopped
		}
	}
}

// pause says whether another try may follow the nth, which ended with err, and how long to wait before it.
func (a again) pause(err error, n int) (time.Duration, bool) {
	var no *Error
	var network *NetworkError
	pause := growing(n)
	switch {
	case errors.As(err, &no):
		pause = max(pause, no.RetryAfter)
		switch no.Status {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			return pause, pause <= longest
		case http.StatusBadGateway, http.StatusGatewayTimeout:
			return pause, a == safe && pause <= longest
		}
	case errors.As(err, &network):
		return pause, a == safe
	}
	return 0, false
}

// growing is the pause after the nth try: twice as long each time, at most 8 s, spread so that callers who were refused together don't return together.
func growing(n int) time.Duration {
	pause := firstPause << min(n-1, 5)
	return pause/2 + rand.N(pause/2+1)
}

// sleep waits, or returns why ctx ended.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
