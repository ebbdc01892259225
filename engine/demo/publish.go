package demo

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"golang.org/x/sync/errgroup"
)

const (
	readingsAPack = 6   // an hour
	inFlight      = 512 // packs that a device has published and that are not acknowledged yet
)

// publish has every device publish its year, each over a connection of its own, and returns when all of it is acknowledged.
func publish(ctx context.Context, url string, quantities []quantity, progress func(string, int64, int64)) error {
	var acknowledged atomic.Int64
	readings := len(quantities[0].values)
	expected := int64(len(quantities) * readings)
	g, ctx := errgroup.WithContext(ctx)
	for d := range devices {
		samplesAReading := int64(0)
		for _, q := range quantities {
			if q.device == d {
				samplesAReading++
			}
		}
		g.Go(func() error {
			return publishDevice(ctx, url, d, quantities, func(n int) {
				progress("replay", acknowledged.Add(int64(n)*samplesAReading), expected)
			})
		})
	}
	return g.Wait()
}

// publishDevice publishes one device's packs in order. acknowledged is told how many readings of a pack are.
func publishDevice(ctx context.Context, url string, d int, quantities []quantity, acknowledged func(readings int)) error {
	client := paho.NewClient(paho.NewClientOptions().
		AddBroker(url).
		SetClientID(devices[d].base).
		SetAutoReconnect(false).
		SetWriteTimeout(10 * time.Second))
	if err := await(ctx, client.Connect()); err != nil {
		return fmt.Errorf("connect device %s: %w", devices[d].base, err)
	}
	defer client.Disconnect(250)

	type pending struct {
		token    paho.Token
		readings int
	}
	window := make(chan pending, inFlight)
	waiting, ctx := errgroup.WithContext(ctx)
	waiting.Go(func() error {
		for p := range window {
			if err := await(ctx, p.token); err != nil {
				return fmt.Errorf("publish as device %s: %w", devices[d].base, err)
			}
			acknowledged(p.readings)
		}
		return nil
	})
	readings := len(quantities[0].values)
	for from := 0; from < readings && ctx.Err() == nil; from += readingsAPack {
		until := min(from+readingsAPack, readings)
		payload := pack(nil, d, quantities, from, until)
		select {
		case window <- pending{client.Publish(devices[d].topic, 1, false, payload), until - from}:
		case <-ctx.Done():
		}
	}
	close(window)
	return waiting.Wait()
}

func await(ctx context.Context, token paho.Token) error {
	select {
	case <-token.Done():
		return token.Error()
	case <-ctx.Done():
		return ctx.Err()
	}
}
