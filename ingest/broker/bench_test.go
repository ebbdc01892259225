package broker_test

import (
	"context"
	"testing"

	"decant/ingest"
	"decant/ingest/broker"
	"decant/ingest/ingesttest"
)

// nowhere is an appender that keeps nothing.
type nowhere struct{}

func (nowhere) Append(context.Context, ingest.Batch) error { return nil }

// BenchmarkBroker is one publisher at QoS 1 with 1000 messages in flight, from its first message to its last PUBACK. Nothing is
// synced, so this is what the broker and the pipeline cost.
func BenchmarkBroker(b *testing.B) {
	server, err := broker.Listen(broker.Config{Listen: "127.0.0.1:0", Log: silent})
	if err != nil {
		b.Fatal(err)
	}
	p, err := ingest.New(ingest.Config{Decoder: ingesttest.Words{}, Appender: nowhere{}, DeadLetters: new(ingesttest.Letters), Log: silent})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx, server) }()
	publisher := ingesttest.Publisher{Addr: server.Addr(), Client: "device", QoS: 1}
	payload := []byte("21.5")
	b.ResetTimer()
	if _, err := publisher.Publish(b.Context(), b.N, func(int) (string, []byte) { return "m/1", payload }); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
