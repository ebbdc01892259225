package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Source is where messages come from: an MQTT client, the embedded broker.
//
// Run delivers each message to take, in order of receipt, and returns when ctx ends or nothing more will come. take blocks
// while the queue is full: a source that waits in it reads no more, and that is all the flow control there is. take
// returns false once the pipeline takes no more; that message is neither stored nor acknowledged, and its sender keeps it.
// ctx ends only after the last acknowledgement was called, so the source must keep its connection until then.
type Source interface {
	Run(ctx context.Context, take func(Message) bool) error
}

// Pipeline brings messages from sources to disk:
//
//  1. collect: sources put messages into a bounded queue;
//  2. decode: one goroutine takes them out in order, recognises deliveries that came before, and decodes
//     the others into the open group. A message that can't be taken becomes a letter of the group;
//  3. append: while the disk is busy with one group, the next one grows (group commit);
//  4. sync: Append returns when the group is durable;
//  5. acknowledge: each message of the group, in order of receipt.
//
// Memory is bounded by the queue and three groups. A pipeline runs once.
type Pipeline struct {
	cfg Config

	gate     sync.RWMutex // held for reading by take, for writing while the queue is closed
	stopping context.Context
	stop     context.CancelFunc
	queue    chan Message
	room     *semaphore.Weighted // bytes left in the queue

	groups chan *group // decode to append
	synced chan *group // append to acknowledge
	free   chan *group // acknowledge to decode: the groups are reused

	window *window
	stats  counters
}

// New returns a pipeline that is not yet running. It fails with every fault of cfg.
func New(cfg Config) (*Pipeline, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	p := &Pipeline{
		cfg:    cfg,
		queue:  make(chan Message, cfg.QueueMessages),
		room:   semaphore.NewWeighted(cfg.QueueBytes),
		groups: make(chan *group),
		synced: make(chan *group),
		free:   make(chan *group, groupsInFlight),
		window: newWindow(windowSize),
	}
	p.stopping, p.stop = context.WithCancel(context.Background())
	for _, d := range cfg.Recent {
		p.window.add(d)
	}
	for range groupsInFlight {
		p.free <- new(group)
	}
	return p, nil
}

// groupsInFlight is one group being decoded, one being written and one being acknowledged.
const groupsInFlight = 3

// Run takes messages from the sources until ctx ends or all sources have ended, then finishes what is queued,
// acknowledges it and returns nil. A source that fails ends the run the same way, and Run returns its error.
//
// When the appender or the dead letters fail, Run stops at once and returns that error: nothing of the failed group or
// of a later one is acknowledged. A pipeline runs once.
func (p *Pipeline) Run(ctx context.Context, sources ...Source) error {
	connected, disconnect := context.WithCancel(context.WithoutCancel(ctx))
	defer disconnect()
	stopTaking := context.AfterFunc(ctx, p.stop)
	defer stopTaking()
	abort, giveUp := context.WithCancel(context.Background())
	defer giveUp()

	var working, listening sync.WaitGroup
	sourceErrs := make([]error, len(sources))
	for i, s := range sources {
		listening.Go(func() {
			if sourceErrs[i] = s.Run(connected, p.take); sourceErrs[i] != nil {
				p.stop()
			}
		})
	}
	go func() {
		listening.Wait()
		p.stop()
	}()
	working.Go(func() { <-p.stopping.Done(); p.closeQueue() })
	working.Go(func() { p.decode(abort) })
	working.Go(p.acknowledge)

	err := p.store(context.WithoutCancel(ctx))
	if err != nil {
		giveUp()
		p.stop()
	}
	close(p.synced)
	working.Wait() // the last acknowledgement was called
	disconnect()
	listening.Wait()
	if err != nil {
		return err
	}
	return errors.Join(sourceErrs...)
}

// store is the heart: it makes one group durable after the other and hands it on to be acknowledged. It returns nil when
// decode has no more groups.
func (p *Pipeline) store(ctx context.Context) error {
	for g := range p.groups {
		// The letters go first. Should the power fail between the two syncs, their messages come again and are
		// set aside twice; the other way round a letter could be lost.
		if len(g.letters) > 0 {
			if err := p.cfg.DeadLetters.Append(g.letters); err != nil {
				return fmt.Errorf("append %d dead letters: %w", len(g.letters), err)
			}
		}
		if len(g.batch.Samples) > 0 || len(g.batch.Deliveries) > 0 {
			if err := p.cfg.Appender.Append(ctx, g.batch); err != nil {
				return fmt.Errorf("append %d samples: %w", len(g.batch.Samples), err)
			}
		}
		p.stats.add(g)
		p.synced <- g
	}
	return nil
}

// acknowledge calls the Ack of every message whose group is durable, in order of receipt, while store writes the next group.
func (p *Pipeline) acknowledge() {
	for g := range p.synced {
		for _, ack := range g.acks {
			ack()
		}
		g.reset()
		p.free <- g
	}
}
