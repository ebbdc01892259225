package ingest

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Stats is what a pipeline has done since it was made. The totals count what is durable, so that they equal what
// the store and the dead letters hold.
type Stats struct {
	Messages   int64 // QoS0, Duplicates and dead letters included
	Bytes      int64 // of payloads
	Samples    int64
	Duplicates int64            // deliveries that had been stored before
	QoS0       int64            // messages for which nothing was promised
	Dead       map[string]int64 // dead letters by reason
	Groups     int64            // syncs

	QueueMessages  int   // waiting to be decoded, now
	QueueBytes     int64 // their topics and payloads
	QueueCapacity  int   // messages
	QueueByteLimit int64
}

// DeadLetters is the number of dead letters of all reasons.
func (s Stats) DeadLetters() int64 {
	var n int64
	for _, count := range s.Dead {
		n += count
	}
	return n
}

// Stats may be called at any time, by any goroutine.
func (p *Pipeline) Stats() Stats {
	s := p.stats.snapshot()
	s.QueueMessages, s.QueueCapacity = len(p.queue), cap(p.queue)
	s.QueueBytes, s.QueueByteLimit = p.stats.queuedBytes.Load(), p.cfg.QueueBytes
	return s
}

type counters struct {
	queuedBytes atomic.Int64

	mu     sync.Mutex
	totals Stats
}

// add counts a group that is durable.
func (c *counters) add(g *group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &c.totals
	t.Groups++
	t.Messages += int64(g.messages)
	t.Bytes += g.bytes
	t.Samples += int64(len(g.batch.Samples))
	t.Duplicates += int64(g.duplicates)
	t.QoS0 += int64(g.qos0)
	for _, l := range g.letters {
		if t.Dead == nil {
			t.Dead = make(map[string]int64)
		}
		t.Dead[l.Reason]++
	}
}

func (c *counters) snapshot() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.totals
	s.Dead = maps.Clone(s.Dead)
	return s
}
