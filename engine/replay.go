package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"decant/ingest"
	"decant/ingest/deadletter"
)

// ReplaySummary says what became of the dead letters.
type ReplaySummary struct {
	Stored  int64 // letters whose samples are in the store now
	Samples int64
	Failed  []ReplayFailure // those that still can't be taken; they stay
}

// ReplayFailure is a letter that still can't be taken, and why.
type ReplayFailure struct {
	ID   uint64
	Text string
}

// replayBatch is how many samples go to the store at once.
const replayBatch = 10_000

// Replay decodes the dead letters again, under the configuration as it is now, and stores what can be taken. Relative times
// count from the first receipt. A letter is marked as replayed after its samples are durable.
func Replay(ctx context.Context, cfg Config, to ingest.Appender) (ReplaySummary, error) {
	var summary ReplaySummary
	decoder, err := cfg.decoder()
	if err != nil {
		return summary, err
	}
	replay, err := deadletter.BeginReplay(deadLetters(cfg.Data))
	if errors.Is(err, fs.ErrNotExist) {
		return summary, nil // there never was a letter
	}
	if err != nil {
		return summary, err
	}
	defer replay.Close()

	var samples []ingest.Sample
	var ids []uint64
	store := func() error {
		if len(ids) == 0 {
			return nil
		}
		if len(samples) > 0 {
			if err := to.Append(ctx, ingest.Batch{Samples: samples}); err != nil {
				return fmt.Errorf("store replayed dead letters: %w", err)
			}
		}
		if err := replay.Done(ids...); err != nil {
			return err
		}
		summary.Stored += int64(len(ids))
		summary.Samples += int64(len(samples))
		samples, ids = samples[:0], ids[:0]
		return nil
	}
	var stopped error
	damage := replay.Pending(func(e deadletter.Entry) bool {
		if stopped = ctx.Err(); stopped != nil {
			return false
		}
		if e.Cut() {
			summary.Failed = append(summary.Failed, ReplayFailure{e.ID, fmt.Sprintf("of its %d bytes only the first %d were kept", e.PayloadBytes, len(e.Payload))})
			return true
		}
		before := len(samples)
		samples, err = decoder.Decode(samples, e.Message())
		if err == nil {
			err = admit(to, samples[before:])
		}
		if err != nil {
			samples = samples[:before]
			summary.Failed = append(summary.Failed, ReplayFailure{e.ID, err.Error()})
			return true
		}
		ids = append(ids, e.ID)
		if len(samples) >= replayBatch {
			stopped = store()
		}
		return stopped == nil
	})
	if stopped == nil {
		stopped = store()
	}
	if stopped != nil {
		return summary, stopped
	}
	return summary, damage
}

// admit asks the appender, where it has an opinion, whether the samples of one message may go in.
func admit(to ingest.Appender, samples []ingest.Sample) error {
	if a, ok := to.(ingest.Admitter); ok {
		return a.Admit(samples)
	}
	return nil
}
