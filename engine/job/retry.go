package job

import (
	"errors"
	"time"

	"decant/decimation"
	"decant/engine/export"
	"decant/engine/export/request"
)

// errCancelled is why the context of a job ends that somebody cancelled.
var errCancelled = errors.New("the job was cancelled")

// faultOf says whose fault an error of a job is. permanent says of an error of the source that another try would meet it again.
func faultOf(err error, permanent func(error) bool) *Fault {
	fault := &Fault{Kind: ServiceFault, Message: err.Error()}
	var (
		faults        request.Faults
		missing       *export.NotFoundError
		limit         *export.LimitError
		sample        *export.SampleError
		overflow      *decimation.OverflowError
		deltaOverflow *decimation.DeltaOverflowError
	)
	switch {
	case errors.As(err, &faults):
		fault.Kind, fault.Faults = UserFault, faults
	case errors.As(err, &missing):
		fault.Kind = NotFoundFault
	case errors.As(err, &limit) && limit.Limit != "disk": // room on the disk comes and goes
		fault.Kind = LimitFault
	case errors.As(err, &sample), errors.As(err, &overflow), errors.As(err, &deltaOverflow): // what is stored can't be printed as asked
		fault.Kind = UserFault
	case permanent(err):
		fault.Kind = DataFault
	}
	return fault
}

// The pauses between tries grow threefold, up to a bound.
const (
	firstPause   = 10 * time.Second
	longestPause = 10 * time.Minute
)

// pauseAfter is how long a job waits after its try number n, which began with 1.
func pauseAfter(n int) time.Duration {
	d := firstPause
	for ; n > 1 && d < longestPause; n-- {
		d *= 3
	}
	return min(d, longestPause)
}

// defaultTries is how many tries a job has where limits name no number.
const defaultTries = 5

// mostClaims is how often a job is begun at all. One that never came to an end may be what kills its workers.
const mostClaims = 20

func tries(l Limits) int {
	if l.Tries <= 0 {
		return defaultTries
	}
	return l.Tries
}
