package bench

import (
	"sync"
	"time"
)

// glance is the time between two looks at the memory: often enough for a batch of records, seldom enough to cost less than a hundredth of a core.
const glance = 5 * time.Millisecond

// watchMemory looks at this process's memory until stop is called, which gives the largest seen; bytes.
func watchMemory() (stop func() (peak int64)) {
	peak := ownMemory()
	end := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(glance)
		defer tick.Stop()
		for {
			select {
			case <-end:
				peak = max(peak, ownMemory())
				return
			case <-tick.C:
				peak = max(peak, ownMemory())
			}
		}
	})
	return func() int64 {
		close(end)
		watching.Wait()
		return peak
	}
}
