package engine

import (
	"context"
	"log/slog"
	"testing"

	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/ingest"
)

type target struct {
	export.Source
	w ingest.Appender
}

func (x target) Append(samples ...exporttest.Sample) error {
	var b ingest.Batch
	for _, s := range samples {
		b.Samples = append(b.Samples, ingest.Sample{Series: ingest.Series{Channel: s.Channel, Subtopic: s.Subtopic, Publisher: s.Publisher, Name: s.Name, Unit: s.Unit},
			Time: s.Time, Kind: ingest.Kind(s.Kind), Number: s.Number, Text: s.Text, Sum: s.Sum, HasSum: s.HasSum, Received: s.Received, Protocol: ingest.Protocol(s.Protocol)})
	}
	return x.w.Append(context.Background(), b)
}

// newTarget makes a store and opens it for writing.
func newTarget(t *testing.T) (target, Config) {
	cfg := Default()
	cfg.Data = t.TempDir()
	w, err := OpenWriter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return target{Source(cfg), w}, cfg
}

func TestSourceContract(t *testing.T) {
	exporttest.TestSource(t, func(t *testing.T) exporttest.Target {
		x, _ := newTarget(t)
		return x
	})
}

// The writer's own process sees the same as others do.
func TestIntakeSourceContract(t *testing.T) {
	exporttest.TestSource(t, func(t *testing.T) exporttest.Target {
		cfg := Default()
		cfg.Data = t.TempDir()
		in, err := OpenIntake(cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close() })
		return target{in.Source(), in.store}
	})
}
