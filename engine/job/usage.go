package job

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"decant/engine/export"
)

// usage remembers for a moment how many bytes of artifacts there are, of each owner and of all (""), so that not every small job adds up those of thousands before it. It
// counts what this worker adds meanwhile; what goes meanwhile it doesn't, so it is asked only whether something fits.
type usage struct {
	mu   sync.Mutex
	read int64 // when the first of them was read, ns
	used map[string]int64
}

// usageLife is how long what others add may stay unseen.
const usageLife = time.Second

// fits says whether so many bytes more are known to be within a limit.
func (u *usage) fits(owner string, bytes, limit, now int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now < u.read || now-u.read > int64(usageLife) {
		u.used = nil
	}
	used, known := u.used[owner]
	return known && used <= limit-bytes
}

func (u *usage) set(owner string, used, now int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.used == nil {
		u.used, u.read = map[string]int64{}, now
	}
	u.used[owner] = used
}

// add counts a job's artifacts. Those that are not kept in the end are forgotten with the rest.
func (u *usage) add(owner string, bytes int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, name := range []string{owner, ""} {
		if _, known := u.used[name]; known {
			u.used[name] += bytes
		}
	}
}

// budget is a limit of artifacts, in bytes.
type budget struct {
	name  string // of the limit
	owner string // whose artifacts it is about; "" is all
	whose string // the same, for people
	limit int64
}

// budgets are the limits that an owner's artifacts have to fit.
func (l Limits) budgets(owner string) []budget {
	all := []budget{{"owner_artifacts", owner, "this owner's artifacts", l.BytesEach}, {"artifacts", "", "all artifacts", l.Bytes}}
	return slices.DeleteFunc(all, func(b budget) bool { return b.limit <= 0 })
}

// fits says whether so many bytes more of artifacts are within the limits.
func (w *Worker) fits(ctx context.Context, owner string, bytes int64, l Limits) error {
	for _, budget := range l.budgets(owner) {
		now := w.c.Clock()
		if w.usage.fits(budget.owner, bytes, budget.limit, now) {
			continue
		}
		used, err := w.c.Queue.Usage(ctx, budget.owner)
		if err != nil {
			return fmt.Errorf("add up artifacts: %w", err)
		}
		w.usage.set(budget.owner, used, now)
		if used > budget.limit-bytes {
			return &export.LimitError{Limit: budget.name, Message: fmt.Sprintf(
				"%s take %d bytes and this export %d more; limits.%s allows %d: delete exports that are not needed any more, wait until older artifacts expire, or ask for less",
				budget.whose, used, bytes, budget.name, budget.limit)}
		}
	}
	return nil
}
