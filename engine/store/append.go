package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"decant/ingest"
)

// request is what a caller waits for: a batch to be durable, a flush to have started, or a deletion to be durable.
type request struct {
	batch    ingest.Batch
	flush    bool
	deletion *Deletion
	taken    bool // by the committer: the batch may be being read
	job      *flushJob
	before   *Snapshot  // what the deletion found; the caller closes it
	refused  error      // of this request alone
	done     chan error // holds one
}

// frameBytes and frameSamples end a frame: what comes behind goes into the next one. maxText bounds a single string.
const (
	frameBytes   = 8 << 20
	frameSamples = 32 << 10
	maxText      = 16 << 20
)

// Append makes a batch durable: when it returns nil, the samples and deliveries survive a power cut. Batches that wait at the same time share one
// sync. It waits while the flush of older samples lags behind. An error that is not ctx's or a bad sample's means that the store has
// stopped; the batch may then be there after the next Open, whole frames of it, or not.
func (s *Store) Append(ctx context.Context, b ingest.Batch) error {
	for i := range b.Samples {
		if err := checkSample(&b.Samples[i]); err != nil {
			return fmt.Errorf("append sample %d of series %s: %w", i, b.Samples[i].Series.Name, err)
		}
	}
	if len(b.Samples) == 0 && len(b.Deliveries) == 0 {
		return s.failed()
	}
	return s.ask(ctx, &request{batch: b, done: make(chan error, 1)})
}

// checkSample refuses what could be written but not read again.
func checkSample(s *ingest.Sample) error {
	switch finite := !math.IsNaN(s.Number) && !math.IsInf(s.Number, 0); {
	case s.Time < ingest.MinTime || s.Time > ingest.MaxTime:
		return fmt.Errorf("its time %d is outside 1678 to 2262", s.Time)
	case s.Kind > ingest.KindBytes:
		return fmt.Errorf("its kind %d is unknown", s.Kind)
	case s.Kind == ingest.KindNumber && !finite:
		return fmt.Errorf("its value %v is not finite", s.Number)
	case s.Kind == ingest.KindBool && s.Number != 0 && s.Number != 1:
		return fmt.Errorf("its bool is %v, not 0 or 1", s.Number)
	case s.HasSum && (math.IsNaN(s.Sum) || math.IsInf(s.Sum, 0)):
		return fmt.Errorf("its sum %v is not finite", s.Sum)
	case len(s.Text) > maxText:
		return fmt.Errorf("its text has %d bytes, at most %d are allowed", len(s.Text), maxText)
	}
	return nil
}

// ask hands a request to the committer and waits. A request that is still in the queue when ctx ends is taken back; one that the committer has is waited for, as
// its batch is in use.
func (s *Store) ask(ctx context.Context, r *request) error {
	s.queueMu.Lock()
	switch {
	case s.failure != nil:
		s.queueMu.Unlock()
		return s.failure
	case s.closing:
		s.queueMu.Unlock()
		return ErrClosed
	}
	s.queue = append(s.queue, r)
	s.queueMu.Unlock()
	s.poke()

	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
	}
	if s.takeBack(r) {
		return ctx.Err()
	}
	return <-r.done
}

func (s *Store) takeBack(r *request) bool {
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	if r.taken {
		return false
	}
	for i, q := range s.queue {
		if q == r {
			s.queue = append(s.queue[:i], s.queue[i+1:]...)
			break
		}
	}
	return true
}

func (s *Store) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// failed is the fault that stopped the store.
func (s *Store) failed() error {
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	return s.failure
}

// fail stops the store. The first fault stays.
func (s *Store) fail(err error) error {
	var stopped *StoppedError
	if !errors.As(err, &stopped) {
		err = &StoppedError{Cause: err}
	}
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	if s.failure == nil {
		s.failure = err
	}
	return s.failure
}

// commitLoop is the one goroutine that writes the log: it takes what waits, makes it durable, and tells those who wait.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	for {
		group, more := s.take()
		if !more {
			s.end()
			return
		}
		err := s.failed()
		if err == nil {
			if err = s.commit(group); err != nil {
				err = s.fail(err)
			}
		}
		for _, r := range group {
			r.done <- cmp.Or(err, r.refused)
		}
	}
}

// take waits for requests and takes them all. It is false when the store closes and none is left.
func (s *Store) take() ([]*request, bool) {
	for {
		s.queueMu.Lock()
		group, closing := s.queue, s.closing
		s.queue = nil
		for _, r := range group {
			r.taken = true
		}
		s.queueMu.Unlock()
		if len(group) > 0 || closing {
			return group, len(group) > 0
		}
		<-s.wake
	}
}

// commit makes a group durable, in one frame where it fits.
func (s *Store) commit(group []*request) error {
	if err := s.rotateIfDue(); err != nil {
		return err
	}
	for _, r := range group {
		for i := range r.batch.Samples {
			s.stage(&r.batch.Samples[i])
			if err := s.commitFull(); err != nil {
				return err
			}
		}
		// A delivery counts as stored only with the last of its samples.
		for _, d := range r.batch.Deliveries {
			s.encoder.Delivery(d)
			s.arrived = append(s.arrived, d)
			if err := s.commitFull(); err != nil {
				return err
			}
		}
	}
	if err := s.commitFrame(); err != nil {
		return err
	}
	if err := s.deleteAsked(group); err != nil {
		return err
	}
	return s.flushAsked(group)
}

// stage packs a sample into the frame to come.
func (s *Store) stage(sample *ingest.Sample) {
	id, fresh := s.encoder.Sample(sample)
	if fresh {
		s.admission.know(s.encoder.Series(id))
	}
	s.staged = append(s.staged, *sample)
	s.ids = append(s.ids, id)
}

// commitFull ends a frame that is long enough.
func (s *Store) commitFull() error {
	if s.encoder.Len() < frameBytes && len(s.staged) < frameSamples {
		return nil
	}
	if err := s.commitFrame(); err != nil {
		return err
	}
	return s.rotateIfDue()
}

// commitFrame writes and syncs what was packed, and shows it to snapshots.
func (s *Store) commitFrame() error {
	if len(s.staged) == 0 && len(s.arrived) == 0 {
		return nil
	}
	s.payload = s.encoder.Payload(s.payload[:0])
	if err := s.log.Append(s.payload); err != nil {
		return err
	}
	// Durable from here on.
	s.stateMu.Lock()
	defer s.stateMu.Unlock()
	if s.active.samples == 0 {
		s.oldest = s.cfg.Now()
	}
	s.active.add(s.staged, s.ids, s.encoder.Series)
	s.arrival += uint64(len(s.staged))
	s.window = grownWindow(s.window, s.arrived, s.cfg.Deliveries)
	clear(s.staged) // lets go of texts
	s.staged, s.ids, s.arrived = s.staged[:0], s.ids[:0], s.arrived[:0]
	return nil
}
