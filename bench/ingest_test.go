package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"decant/engine"
	"decant/ingest"
	"decant/ingest/ingesttest"
)

// BenchmarkIngest takes a backlog of QoS 1 messages, SenML packs of ten records each, from mosquitto on loopback into a store on disk, which is synced
// before they are acknowledged. The rival is a paho subscriber that counts and acknowledges. The time runs from connecting to the last
// acknowledgement.
func BenchmarkIngest(b *testing.B) {
	const messages = 200_000
	b.Run("qos=1/records=10", func(b *testing.B) {
		broker := ingesttest.Mosquitto(b, ingesttest.MosquittoOptions{})
		compare(b, "messages", messages, taking(b, broker, messages), counting(b, broker, messages))
	})
}

// counting is the paho subscriber.
func counting(t testing.TB, broker *ingesttest.Broker, messages int) work {
	var client string
	return work{
		name: "paho",
		prepare: func() (err error) {
			client, err = ingesttest.Queue(t.Context(), broker, messages)
			return err
		},
		run: func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			return ingesttest.Counting(ctx, broker, client, messages)
		},
	}
}

// taking is what decant ingest does between two signals, on a store of its own each time.
func taking(t testing.TB, broker *ingesttest.Broker, messages int) work {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var dir string
	var in *engine.Intake
	var source ingest.Source
	return work{
		prepare: func() (err error) {
			dir = filepath.Join(t.TempDir(), fmt.Sprint(time.Now().UnixNano()))
			cfg := Config(dir)
			cfg.Ingest.Broker, cfg.Ingest.Filters = broker.URL(), []string{ingesttest.LoadTopic}
			if cfg.Ingest.ClientID, err = ingesttest.Queue(t.Context(), broker, messages); err != nil {
				return err
			}
			if in, err = engine.OpenIntake(cfg, quiet); err != nil {
				return err
			}
			source, err = engine.Broker(cfg, quiet)
			return err
		},
		run: func() error {
			ctx, done := context.WithTimeout(t.Context(), 5*time.Minute)
			defer done()
			return in.Run(ctx, &upTo{source, messages, done})
		},
		finish: func() error {
			stats := in.Stats()
			if err := in.Close(); err != nil {
				return err
			}
			if stats.Samples != int64(10*messages) || stats.DeadLetters() > 0 {
				return fmt.Errorf("%d messages: %+v", messages, stats)
			}
			return os.RemoveAll(dir)
		},
	}
}

// upTo is a source that ends the run at the n-th message: what was taken is then stored and acknowledged.
type upTo struct {
	ingest.Source
	n    int
	done func()
}

func (s *upTo) Run(ctx context.Context, take func(ingest.Message) bool) error {
	count := 0
	return s.Source.Run(ctx, func(m ingest.Message) bool {
		ok := take(m)
		if count++; count == s.n {
			s.done()
		}
		return ok
	})
}
