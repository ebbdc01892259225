package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// devices publish packs of ten samples at a fixed rate, over several connections, each series always over the same one. Their samples follow those of the data set.
type devices struct {
	lines []*deviceLine
	acked atomic.Int64
}

// deviceLine is a connection and the series that are published over it.
type deviceLine struct {
	*publisher
	signals []*Signal
}

const (
	deviceTick = 2 * time.Millisecond // between two looks at what is to be sent by now
	deviceOpen = 5000                 // messages of a connection that are not acknowledged: more, and it waits
)

// dialDevices connects to the service's broker.
func (x *installation) dialDevices(ctx context.Context, broker string) (*devices, error) {
	signals, err := x.dataset(5e6).Signals()
	if err != nil {
		return nil, err
	}
	for _, s := range signals {
		for range x.dataset(5e6).Samples {
			s.Next()
		}
	}
	d := &devices{}
	for i := range connections {
		p, err := dialPublisher(ctx, broker, fmt.Sprintf("bench-%d", i))
		if err != nil {
			d.close()
			return nil, err
		}
		line := &deviceLine{publisher: p}
		for k := i; k < len(signals); k += connections {
			line.signals = append(line.signals, signals[k])
		}
		if len(line.signals) > 0 {
			d.lines = append(d.lines, line)
		}
	}
	return d, nil
}

func (d *devices) close() {
	for _, l := range d.lines {
		l.publisher.close()
	}
}

// acknowledged is how many messages are; of nobody none.
func (d *devices) acknowledged() int64 {
	if d == nil {
		return 0
	}
	return d.acked.Load()
}

// send publishes rate messages a second until ctx ends, then closes all connections.
func (d *devices) send(ctx context.Context, rate int) error {
	defer d.close()
	g, ctx := errgroup.WithContext(ctx)
	for _, l := range d.lines {
		var open atomic.Int64
		stop := context.AfterFunc(ctx, l.publisher.close)
		defer stop()
		g.Go(func() error {
			if err := l.publish(ctx, float64(rate)/float64(len(d.lines)), &open); err != nil && ctx.Err() == nil {
				return fmt.Errorf("publish: %w", err)
			}
			return nil
		})
		g.Go(func() error {
			ack := make([]byte, 4)
			for {
				if _, err := io.ReadFull(l.acks, ack); err != nil {
					if ctx.Err() == nil {
						return fmt.Errorf("read acknowledgements: %w", err)
					}
					return nil
				}
				open.Add(-1)
				d.acked.Add(1)
			}
		})
	}
	return g.Wait()
}

// publish sends what is due at each tick.
func (l *deviceLine) publish(ctx context.Context, rate float64, open *atomic.Int64) error {
	w := bufio.NewWriterSize(l.conn, sendSize)
	tick := time.NewTicker(deviceTick)
	defer tick.Stop()
	began, sent := time.Now(), 0
	var payload, packet []byte
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for due := int(rate * time.Since(began).Seconds()); sent < due && open.Load() < deviceOpen; sent++ {
			payload = pack(payload[:0], l.signals[sent%len(l.signals)], recordsAPack)
			packet = appendPublish(packet[:0], loadTopic, packetID(sent+1), payload)
			open.Add(1)
			if _, err := w.Write(packet); err != nil {
				return err
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
}
