package mqtt_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"decant/ingest"
	"decant/ingest/ingesttest"
	"decant/ingest/mqtt"
)

// A full queue blocks take. While that lasts nothing is read, and beyond keep-alive and ping timeout the connection goes. What
// was under way comes again, marked; and not before the message that was stuck was handed over, or the marked copy would overtake it.
func TestQueueThatStaysFullCostsTheConnectionButNoMessage(t *testing.T) {
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{MaxInflight: 10})
	var log logged
	cfg := config(broker, &log)
	cfg.KeepAlive, cfg.PingTimeout = time.Second, 50*time.Millisecond
	source, err := mqtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	full := make(chan struct{})
	got := make(chan string, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- source.Run(ctx, func(m ingest.Message) bool {
			<-full
			m.Ack()
			got <- fmt.Sprintf("%s dup=%v", m.Payload, m.Dup)
			return true
		})
	}()
	subscribed(t, &log, 1)
	publish(t, broker, 0, 5)
	waitUntil(t, "disconnected", func() bool {
		return strings.Contains(broker.Log(), "Client decant-test closed its connection") ||
			strings.Contains(broker.Log(), "Client decant-test disconnected")
	})
	close(full)
	subscribed(t, &log, 2)
	publish(t, broker, 5, 6)
	var order []string
	for len(order) == 0 || !strings.HasPrefix(order[len(order)-1], "5") {
		select {
		case m := <-got:
			order = append(order, m)
		case <-time.After(patience):
			t.Fatalf("got only %v", order)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// The first connection brought at least message 0, which was stuck; whatever it brought is acknowledged in vain and comes again.
	again := slices.Index(order, "0 dup=true")
	if order[0] != "0 dup=false" || again < 1 {
		t.Fatalf("order %v", order)
	}
	for i, m := range order[again:] {
		if want := fmt.Sprintf("%d dup=%v", i, i < 5); m != want {
			t.Errorf("after the reconnect message %d is %q, want %q", i, m, want)
		}
	}
}
