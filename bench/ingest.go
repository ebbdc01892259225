package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"decant/engine"
	"decant/ingest/broker"
)

// connections is how many publishers send at a time.
const connections = 4

// RunIngest measures the way from MQTT messages to a synced store: publishers and the embedded broker in this process, QoS 1, SenML packs of ten, until the last
// acknowledgement. The yardstick is the same samples appended to a store by themselves, without messages: of-append is what receiving, decoding and acknowledging leave of that.
func RunIngest(ctx context.Context, opts Options, out io.Writer, say func(text string)) error {
	s := newSession(opts, out)
	d := opts.dataset(1e6)
	if err := d.Validate(); err != nil {
		return &engine.InputError{Err: err}
	}
	if err := os.MkdirAll(opts.Dir, 0o777); err != nil {
		return fmt.Errorf("make the folder of the stores: %w", err)
	}
	dir, err := os.MkdirTemp(opts.Dir, "ingest-*")
	if err != nil {
		return fmt.Errorf("make the folder of the stores: %w", err)
	}
	defer os.RemoveAll(dir)
	load, err := d.publications(connections)
	if err != nil {
		return err
	}
	defer load.Close()
	if err := s.header(d.Points(), d.Series); err != nil {
		return err
	}
	err = s.rounds(ctx, func(int) lineup {
		return lineup{
			share:     "of-append",
			yardstick: appending(ctx, filepath.Join(dir, "append"), d),
			subjects:  []subject{ingesting(ctx, filepath.Join(dir, "ingest"), d, load)},
		}
	})
	if err != nil {
		return err
	}
	return s.finish(say, "of-append", "points/s", "messages/s")
}

// appending fills a store of its own with the data set.
func appending(ctx context.Context, dir string, d Dataset) subject {
	return subject{
		cold: true,
		work: work{
			name:   "Append/data=" + d.Data,
			run:    func() error { return Fill(ctx, dir, d) },
			finish: func() error { return os.RemoveAll(dir) },
		},
		amounts: func() []amount { return []amount{{"points/s", float64(d.Points())}} },
	}
}

// ingesting has the messages published to a store of its own.
func ingesting(ctx context.Context, dir string, d Dataset, load *publications) subject {
	var b *box
	return subject{
		cold: true,
		work: work{
			name:    fmt.Sprintf("Ingest/data=%s/qos=1/records=%d", d.Data, recordsAPack),
			prepare: func() (err error) { b, err = openBox(ctx, dir); return err },
			run:     func() error { return b.publish(ctx, load.lines) },
			finish: func() error {
				return errors.Join(b.close(load.samples), os.RemoveAll(dir))
			},
		},
		amounts: func() []amount {
			return []amount{{"messages/s", float64(load.messages)}, {"points/s", float64(load.samples)}, {"B/s", float64(load.bytes)}}
		},
	}
}

// box is decant on one machine: a store, the pipeline in front of it, the embedded broker, and connections to that.
type box struct {
	intake     *engine.Intake
	stop       func()
	served     chan error
	publishers []*publisher
}

func openBox(ctx context.Context, dir string) (*box, error) {
	cfg := Config(dir)
	cfg.MaxFuture = maxRange // a data set's times may lie ahead of the clock
	quiet := slog.New(slog.DiscardHandler)
	intake, err := engine.OpenIntake(cfg, quiet)
	if err != nil {
		return nil, err
	}
	listener, err := broker.Listen(broker.Config{Listen: "127.0.0.1:0", Log: quiet})
	if err != nil {
		return nil, errors.Join(err, intake.Close())
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx)) // what was taken is stored, also when the user stops the run
	b := &box{intake: intake, stop: stop, served: make(chan error, 1)}
	go func() { b.served <- intake.Run(serving, listener) }()
	at, err := url.Parse(listener.URL())
	for i := range connections {
		if err != nil {
			break
		}
		var p *publisher
		if p, err = dialPublisher(ctx, at.Host, fmt.Sprintf("bench-%d", i)); err == nil {
			b.publishers = append(b.publishers, p)
		}
	}
	if err != nil {
		return nil, errors.Join(err, b.close(0))
	}
	return b, nil
}

// publish returns when everything is acknowledged.
func (b *box) publish(ctx context.Context, lines [][]byte) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, p := range b.publishers {
		g.Go(func() error { return p.send(ctx, lines[i]) })
	}
	return g.Wait()
}

// close ends everything and sees that so many samples were stored.
func (b *box) close(samples int64) error {
	for _, p := range b.publishers {
		p.close()
	}
	b.stop()
	err := <-b.served
	stats := b.intake.Stats()
	if err == nil && (stats.Samples != samples || stats.DeadLetters() > 0) {
		err = fmt.Errorf("%d samples were published, %d of them stored; dead letters: %v", samples, stats.Samples, stats.Dead)
	}
	return errors.Join(err, b.intake.Close())
}
