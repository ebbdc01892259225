package client

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Watch bounds: a job is asked for at once, then after pauses that grow, so that a short job is seen to end soon and a long one costs little.
const (
	watchFirst   = 100 * time.Millisecond
	watchLongest = 2 * time.Second
)

// Watch asks for a job until it has ended, and calls seen with each answer. A service that is gone is asked again for as long as patience, and
// said so once by away.
func (c *Client) Watch(ctx context.Context, id string, patience time.Duration, seen func(Job), away func(error)) (Job, error) {
	pause := watchFirst
	var gone time.Time // since when nothing was heard; zero: it was
	for {
		job, err := c.Job(ctx, id)
		switch {
		case err == nil:
			gone = time.Time{}
			seen(job)
			if job.Ended() {
				return job, nil
			}
		case !comesBack(err):
			return job, err
		case gone.IsZero():
			gone = time.Now()
			away(err)
		case time.Since(gone) >= patience:
			return job, fmt.Errorf("nothing was heard of the service for %s: %w", patience, err)
		}
		if err := sleep(ctx, pause); err != nil {
			return job, err
		}
		pause = min(pause*3/2, watchLongest)
	}
}

// comesBack says whether an error may pass by itself: a service that starts again, or is busy.
func comesBack(err error) bool {
	var no *Error
	if errors.As(err, &no) {
		return no.Status >= 500 || no.Status == 429
	}
	var network *NetworkError
	return errors.As(err, &network)
}
