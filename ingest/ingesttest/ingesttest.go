// Package ingesttest has what tests and benchmarks of ingest need: a real mosquitto on a free loopback port, a publisher that counts
// what was acknowledged to it, and stand-ins for store, decoder and dead letters that keep everything in memory.
package ingesttest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"decant/ingest"
)

// Memory is an Appender that keeps batches in memory. Its zero value is ready to use.
type Memory struct {
	mu         sync.Mutex
	samples    []ingest.Sample
	deliveries []ingest.Delivery
	groups     int
	changed    chan struct{} // closed at the next Append; nil while nobody waits

	// Before, if set, is called by Append before anything is kept, and its error is returned instead. Set it before the first
	// Append.
	Before func(ingest.Batch) error
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory { return new(Memory) }

// Append keeps a copy of the batch.
func (m *Memory) Append(_ context.Context, b ingest.Batch) error {
	if m.Before != nil {
		if err := m.Before(b); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.samples = append(m.samples, b.Samples...)
	m.deliveries = append(m.deliveries, b.Deliveries...)
	m.groups++
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
	return nil
}

// Samples is a copy of what was appended, in order.
func (m *Memory) Samples() []ingest.Sample {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.samples)
}

// Len is the number of samples appended.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.samples)
}

// Groups is how many times Append was called.
func (m *Memory) Groups() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.groups
}

// Deliveries is what a store would give a pipeline at its next start.
func (m *Memory) Deliveries() []ingest.Delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.deliveries)
}

// WaitFor returns when n samples were appended, or with ctx's error.
func (m *Memory) WaitFor(ctx context.Context, n int) error {
	for {
		m.mu.Lock()
		if len(m.samples) >= n {
			m.mu.Unlock()
			return nil
		}
		if m.changed == nil {
			m.changed = make(chan struct{})
		}
		changed := m.changed
		m.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Letters is a DeadLetters that keeps letters in memory. Its zero value is ready to use.
type Letters struct {
	mu  sync.Mutex
	all []ingest.Letter
}

// Append keeps the letters.
func (l *Letters) Append(letters []ingest.Letter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, letters...)
	return nil
}

// All is a copy of what was appended, in order.
func (l *Letters) All() []ingest.Letter {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// Words is a Decoder for tests: each blank-separated word of a payload becomes a string sample of a series named after the
// topic, at the moment of receipt. A payload with a word that starts with "bad" is refused.
type Words struct{}

type badWord struct{ error }

func (badWord) Reason() string { return "bad-word" }

// Decode implements ingest.Decoder.
func (Words) Decode(dst []ingest.Sample, m ingest.Message) ([]ingest.Sample, error) {
	if bytes.HasPrefix(m.Payload, []byte("bad")) || bytes.Contains(m.Payload, []byte(" bad")) {
		return dst, badWord{errors.New("a bad word in " + string(m.Payload[:min(len(m.Payload), 64)]))}
	}
	for word := range strings.FieldsSeq(string(m.Payload)) {
		dst = append(dst, ingest.Sample{
			Series:   ingest.Series{Channel: m.Topic, Name: "word"},
			Time:     m.Received,
			Received: m.Received,
			Kind:     ingest.KindString,
			Text:     word,
			Protocol: ingest.ProtocolMQTT,
		})
	}
	return dst, nil
}
