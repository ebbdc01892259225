package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"decant/ingest"
	"decant/ingest/ingesttest"
	"decant/ingest/mqtt"
	"decant/ingest/payload"
)

// BenchmarkIngest compares a pipeline with a subscriber that only counts, on the same broker. The store is a file that is synced
// once a group; the real one is measured in bench/.
//
//	go test ./ingest -run - -bench Ingest -benchtime 100000x
func BenchmarkIngest(b *testing.B) {
	for _, inFlight := range []int{20, 1000} {
		broker := ingesttest.Mosquitto(b, ingesttest.MosquittoOptions{MaxInflight: inFlight})
		b.Run(fmt.Sprintf("by=counting/inflight=%d", inFlight), func(b *testing.B) { ingesttest.Measure(b, broker, ingesttest.Counting) })
		b.Run(fmt.Sprintf("by=decant/inflight=%d", inFlight), func(b *testing.B) { ingesttest.Measure(b, broker, throughPipeline(b)) })
	}
}

// throughPipeline decodes SenML and syncs a file.
func throughPipeline(b *testing.B) ingesttest.Subscriber {
	return func(ctx context.Context, broker *ingesttest.Broker, client string, n int) error {
		ctx, done := context.WithCancel(ctx)
		defer done()
		file, err := os.Create(filepath.Join(b.TempDir(), "log"))
		if err != nil {
			return err
		}
		defer file.Close()
		store := &syncedFile{file: file, want: 10 * n, done: done}
		decoder, err := payload.New(payload.Config{})
		if err != nil {
			return err
		}
		quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
		p, err := ingest.New(ingest.Config{Decoder: decoder, Appender: store, DeadLetters: new(ingesttest.Letters), Log: quiet})
		if err != nil {
			return err
		}
		source, err := mqtt.New(mqtt.Config{URL: broker.URL(), ClientID: client, Topics: []string{ingesttest.LoadTopic}, QoS: 1, Log: quiet})
		if err != nil {
			return err
		}
		if err := p.Run(ctx, source); err != nil {
			return err
		}
		s := p.Stats()
		b.ReportMetric(float64(s.Messages)/float64(s.Groups), "msg/sync")
		if s.DeadLetters() > 0 || s.Samples != int64(10*n) {
			return fmt.Errorf("%d messages: %+v", n, s)
		}
		return nil
	}
}

// syncedFile writes as many bytes a sample as a log does, and syncs.
type syncedFile struct {
	file *os.File
	buf  []byte
	got  int
	want int
	done func()
}

func (s *syncedFile) Append(_ context.Context, b ingest.Batch) error {
	const bytesPerSample = 24
	s.buf = append(s.buf[:0], make([]byte, bytesPerSample*len(b.Samples))...)
	_, err := s.file.Write(s.buf)
	if err = errors.Join(err, s.file.Sync()); err != nil {
		return err
	}
	if s.got += len(b.Samples); s.got >= s.want {
		s.done()
	}
	return nil
}
