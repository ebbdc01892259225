package store

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// keeper does the upkeep of a store: what is not part of taking samples, and can wait. Upkeep is made of steps, each of which leaves the store as it found it or
// changed as a whole:
//
//  1. expire takes away what is older than the configuration keeps (expire.go)
//  2. tombstones that take nothing any more go (settle.go)
//  3. segments of which a delete takes something are rewritten without it (settle.go)
//  4. neighbouring ranges of arrivals are joined, as plan.go finds them (compact.go)
//
// It has one goroutine, which works when a flush or a delete wakes it, and once an hour.
type keeper struct {
	store *Store

	mu       sync.Mutex // one step at a time
	closed   bool
	expireAt time.Time // when expire is due
	spared   map[string]bool
	looked   map[seen]int64 // rows that tombstones take of segments
	channels map[string][]channelSpan

	said   string // what the goroutine complained of last, and when
	saidAt time.Time

	wake   chan struct{} // holds one
	ctx    context.Context
	cancel context.CancelFunc
	ended  sync.WaitGroup

	written atomic.Int64 // bytes of segments that steps have written
}

// upkeepEvery is how often expire is due, and how long the keeper waits after a step that could not be done.
const upkeepEvery = time.Hour

func newKeeper(s *Store) *keeper {
	k := &keeper{store: s, spared: map[string]bool{}, channels: map[string][]channelSpan{}, looked: map[seen]int64{}, wake: make(chan struct{}, 1)}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	return k
}

func (k *keeper) start() {
	k.poke()
	k.ended.Go(func() {
		timer := time.NewTimer(upkeepEvery)
		defer timer.Stop()
		for {
			select {
			case <-k.ctx.Done():
				return
			case <-timer.C:
			case <-k.wake:
			}
			if k.store.failed() != nil {
				return
			}
			if err := k.run(k.ctx, k.pace()); err != nil && k.ctx.Err() == nil {
				k.complain(err)
			}
			timer.Reset(upkeepEvery)
		}
	})
}

// complain logs why upkeep could not be done: the same reason once an hour.
func (k *keeper) complain(err error) {
	now, what := k.store.cfg.Now(), err.Error()
	if errors.Is(err, errLater) {
		what = errLater.Error() // the bytes differ each time
	}
	if what == k.said && now.Sub(k.saidAt) < upkeepEvery {
		return
	}
	k.said, k.saidAt = what, now
	k.store.cfg.Log.Error("the store's upkeep could not be done; it is tried again, and samples are taken meanwhile", "error", err)
}

// poke has the keeper look whether something is due.
func (k *keeper) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// stop ends what is being done, without a trace, and waits for it.
func (k *keeper) stop() {
	k.cancel()
	k.ended.Wait()
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
}

// Upkeep does all that is due now, in the caller's goroutine, and returns when nothing more is. What the background does at the same time it waits for.
func (s *Store) Upkeep(ctx context.Context) error {
	ctx, cancel := s.keeper.within(ctx)
	defer cancel()
	return s.keeper.run(ctx, nil)
}

// within is ctx that ends with the store, too.
func (k *keeper) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(k.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}

// run takes steps until none is due.
func (k *keeper) run(ctx context.Context, pace *pacer) error {
	for {
		did, err := k.step(ctx, pace)
		if err != nil || !did {
			return k.closedOr(err)
		}
	}
}

// closedOr is err, or ErrClosed where the store was closed meanwhile.
func (k *keeper) closedOr(err error) error {
	if err != nil && errors.Is(err, context.Canceled) && k.ctx.Err() != nil {
		return ErrClosed
	}
	return err
}

// step takes the first step that is due. It is false where none is.
func (k *keeper) step(ctx context.Context, pace *pacer) (did bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.ready(); err != nil {
		return false, err
	}
	if now := k.store.cfg.Now(); k.store.cfg.Expire != nil && !now.Before(k.expireAt) {
		k.expireAt = now.Add(upkeepEvery)
		return true, k.expire(ctx, now)
	}
	spared := len(k.spared)
	if did, err = k.tidy(ctx, pace); errors.As(err, new(*CorruptError)) && len(k.spared) > spared {
		return true, nil // the next step does without it
	}
	return did, err
}

// tidy settles deletes or, where none are to be, joins ranges of arrivals.
func (k *keeper) tidy(ctx context.Context, pace *pacer) (did bool, err error) {
	// Listed before the look: a delete that comes behind it is newer than all of them, and so still takes from those that stay when they are joined.
	segments := k.store.listed()
	taken, done, err := k.look(ctx)
	if err != nil {
		return false, err
	}
	did, lack := k.settle(ctx, taken, done, pace)
	if did || lack != nil && !errors.Is(lack, errLater) {
		return did, lack
	}
	j, err := k.fitting(segments, taken.names())
	if err != nil || j == nil {
		return false, cmp.Or(err, lack)
	}
	return true, k.rewrite(ctx, *j, pace)
}

// fitting plans a join for which the disk has room. Where it has none for the one that is due, those of shorter ranges are looked for: else new segments would
// pile up until there is.
func (k *keeper) fitting(segments []segmentFile, taken map[string]bool) (*job, error) {
	var lack error
	barred := maps.Clone(k.spared)
	for {
		j, ok := planJoin(segments, barred, taken, k.store.cfg.SegmentBytes)
		if !ok {
			return nil, lack
		}
		err := k.room(j)
		if !errors.Is(err, errLater) {
			return &j, err
		}
		lack = cmp.Or(lack, err)
		widest := uint64(0)
		for _, f := range segments {
			if f.first >= j.first && f.last <= j.last {
				widest = max(widest, f.last-f.first)
			}
		}
		for _, f := range segments {
			if f.last-f.first >= widest/2 {
				barred[f.name] = true
			}
		}
	}
}

// ready says why no step can be taken; k.mu is held.
func (k *keeper) ready() error {
	if k.closed {
		return ErrClosed
	}
	return k.store.failed()
}

// listed are the segments that CURRENT names.
func (s *Store) listed() []segmentFile {
	s.currentMu.Lock()
	defer s.currentMu.Unlock()
	return s.current.segments
}
