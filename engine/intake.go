package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"decant/engine/store"
	"decant/ingest"
	"decant/ingest/deadletter"
	"decant/ingest/payload"
)

// deadLetters is the folder of the dead letters inside of the store's.
func deadLetters(data string) string { return filepath.Join(data, "deadletters") }

// Intake is a store with the pipeline in front of it: what one process that takes messages is made of. It owns the store's lock.
type Intake struct {
	store    *store.Store
	letters  *deadletter.Writer
	decoder  *payload.Decoder
	pipeline *ingest.Pipeline
}

// OpenIntake opens the store for writing, makes it where there is none, and replays its log.
func OpenIntake(cfg Config, log *slog.Logger) (*Intake, error) {
	decoder, err := cfg.decoder()
	if err != nil {
		return nil, err
	}
	if err := cfg.refuseArchive(); err != nil {
		return nil, err
	}
	opened := cfg.store()
	opened.Log = log
	st, err := store.Open(opened)
	if err != nil {
		return nil, err
	}
	in := &Intake{store: st, decoder: decoder}
	if in.letters, err = deadletter.Open(deadletter.Config{Dir: deadLetters(cfg.Data), MaxBytes: cfg.Limits.DeadLetters, Log: log}); err != nil {
		st.Close()
		return nil, err
	}
	in.pipeline, err = ingest.New(ingest.Config{
		Decoder:     decoder,
		Appender:    st,
		DeadLetters: in.letters,
		Recent:      st.Deliveries(),
		MaxPayload:  cfg.Limits.Payload,
		Log:         log,
	})
	if err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

// Run takes messages until ctx ends, then drains: everything taken is synced and acknowledged when it returns. It runs once.
func (in *Intake) Run(ctx context.Context, sources ...ingest.Source) error {
	return in.pipeline.Run(ctx, sources...)
}

// Stats may be called at any time.
func (in *Intake) Stats() ingest.Stats { return in.pipeline.Stats() }

// Passed counts what the decoder left out of payloads that it took: nulls, and tags that nobody asked for.
func (in *Intake) Passed() payload.Stats { return in.decoder.Stats() }

// Close ends the log cleanly and gives the lock back.
func (in *Intake) Close() error {
	return errors.Join(in.letters.Close(), in.store.Close())
}

// patterns are the built-in topic patterns and then the configuration's.
func (c Config) patterns() (ingest.Patterns, error) {
	patterns := ingest.BuiltIn()
	var faults []error
	for _, text := range c.Topics {
		p, err := ingest.ParsePattern(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("topics: %w", err))
		}
		patterns = append(patterns, p)
	}
	return patterns, errors.Join(faults...)
}

// Payload is the payloads' share of the configuration.
func (c Config) Payload() payload.Config {
	return payload.Config{
		MaxPayload:   c.Limits.Payload,
		MaxRecords:   c.Limits.Records,
		MaxDepth:     c.Limits.Depth,
		MaxFuture:    max(c.MaxFuture, 1), // 0 would mean its default
		PublisherTag: c.PublisherTag,
	}
}

// decoder is what turns messages into samples under this configuration.
func (c Config) decoder() (*payload.Decoder, error) {
	patterns, err := c.patterns()
	if err != nil {
		return nil, err
	}
	p := c.Payload()
	p.Patterns = patterns
	p.Protocol = ingest.ProtocolMQTT
	return payload.New(p)
}
