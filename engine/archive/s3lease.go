package archive

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
)

// A run holds a bucket's archive by a lease: an object that says who, and until when. It is written on the condition that none is there, or that the one that was there is over, so
// of two runs one gets it. The holder renews it; one that was killed is out after leaseTime.
const (
	leaseTime  = 2 * time.Minute
	leaseRenew = leaseTime / 4
)

// lease is the content of the object.
type lease struct {
	Holder string    `json:"holder"`
	Run    string    `json:"run"`
	Until  time.Time `json:"until"`
}

// held is a lease that this run has.
type held struct {
	b     *bucket
	lease lease
	mark  string
}

// Lock takes the lease and renews it until unlock. The context that it gives ends when the lease is lost.
func (b *bucket) Lock(ctx context.Context) (context.Context, func(), error) {
	exists, err := b.client.BucketExists(ctx, b.name)
	if err != nil {
		return nil, nil, b.explain("look for the bucket", err)
	}
	if !exists {
		return nil, nil, b.explain("look for the bucket", minio.ErrorResponse{Code: "NoSuchBucket"})
	}
	h, err := b.takeLease(ctx, time.Now())
	if err != nil {
		return nil, nil, err
	}
	held, lost := context.WithCancelCause(ctx)
	var done sync.WaitGroup
	stop := make(chan struct{})
	done.Go(func() { h.keep(held, stop, lost) })
	unlock := func() {
		close(stop)
		done.Wait()
		lost(nil)
		h.release(ctx)
	}
	return held, unlock, nil
}

// takeLease takes the lease where nobody has it.
func (b *bucket) takeLease(ctx context.Context, now time.Time) (*held, error) {
	host, _ := os.Hostname()
	h := &held{b: b, lease: lease{Holder: fmt.Sprintf("%s, process %d", host, os.Getpid()), Run: rand.Text()}}
	text, mark, err := b.get(ctx, lockName)
	if err != nil && !isMissing(err) {
		return nil, err
	}
	var other lease
	if err == nil && json.Unmarshal(text, &other) == nil && now.Before(other.Until) {
		return nil, b.inUse(other)
	}
	h.mark = mark
	if err := h.write(ctx, now); isTaken(err) {
		return nil, b.inUse(other)
	} else if err != nil {
		return nil, err
	}
	return h, nil
}

func (b *bucket) inUse(other lease) error {
	who := "another run"
	if other.Holder != "" {
		who = fmt.Sprintf("another run (%s, until %s where it was killed)", other.Holder, other.Until.Local().Format(time.RFC3339))
	}
	return &kindError{kind: ErrInUse, text: fmt.Sprintf("%s writes the archive %s at this moment; wait until it has ended", who, b)}
}

// write writes the lease anew, and looks what is there then: a server that knows no conditions would let two pass, and one whose answer was lost is asked twice.
func (h *held) write(ctx context.Context, now time.Time) error {
	h.lease.Until = now.Add(leaseTime).UTC().Truncate(time.Second)
	text, err := json.Marshal(h.lease)
	if err != nil {
		return err
	}
	if err := h.b.replace(ctx, lockName, text, h.mark); err != nil && !isTaken(err) {
		return err
	}
	there, mark, err := h.b.get(ctx, lockName)
	if err != nil {
		return err
	}
	var holder lease
	if json.Unmarshal(there, &holder) != nil || holder != h.lease {
		return errTaken
	}
	h.mark = mark
	return nil
}

// keep renews the lease until stop, and ends the run when that fails for so long that another may have it.
func (h *held) keep(ctx context.Context, stop <-chan struct{}, lost context.CancelCauseFunc) {
	tick := time.NewTicker(leaseRenew)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		case now := <-tick.C:
			until := h.lease.Until
			renewing, cancel := context.WithDeadline(ctx, until)
			err := h.write(renewing, now)
			cancel()
			if err == nil {
				continue
			}
			h.lease.Until = until
			if isTaken(err) || !time.Now().Add(leaseRenew).Before(until) {
				lost(fmt.Errorf("the archive's lease was lost: %w", errors.Join(h.b.inUse(lease{}), err)))
				return
			}
		}
	}
}

// release gives the lease back, where it is still this run's.
func (h *held) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	text, _, err := h.b.get(ctx, lockName)
	var now lease
	if err == nil && json.Unmarshal(text, &now) == nil && now.Run == h.lease.Run {
		h.b.client.RemoveObject(ctx, h.b.name, h.b.key(lockName), minio.RemoveObjectOptions{})
	}
}
