package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
)

// Admitter is an optional interface of an Appender that bounds what it stores, such as the number of series.
//
// Admit is asked once a message, in order of receipt, by one goroutine, possibly while an earlier group is in Append.
// What it admits is appended later, in the same order, so it has to count what it admitted and has not yet seen
// appended. A refusal makes the message a dead letter; it takes no other effect.
type Admitter interface {
	Admit(samples []Sample) error
}

// group is what one sync makes durable and one round acknowledges.
type group struct {
	batch   Batch
	letters []Letter
	acks    []func()

	messages   int
	bytes      int64
	qos0       int
	duplicates int
}

// reset empties the group and drops what it refers to, but keeps its memory.
func (g *group) reset() {
	clear(g.batch.Samples)
	clear(g.letters)
	clear(g.acks)
	*g = group{
		batch:   Batch{Samples: g.batch.Samples[:0], Deliveries: g.batch.Deliveries[:0]},
		letters: g.letters[:0],
		acks:    g.acks[:0],
	}
}

// decode fills groups from the queue until it is closed and empty, or abort ends. Whatever has arrived joins the open
// group; the group goes to the disk as soon as the disk is idle and nothing more is waiting, or it is full.
func (p *Pipeline) decode(abort context.Context) {
	defer close(p.groups)
	d := decoding{Pipeline: p, hash: sha256.New(), told: make(map[string]bool)}
	d.admitter, _ = p.cfg.Appender.(Admitter)

	g := <-p.free
	in := p.queue
	for in != nil || g.messages > 0 {
		from, to := in, p.groups
		if p.full(g) {
			from = nil
		}
		if g.messages == 0 || len(from) > 0 {
			to = nil // collect first what is there: a group of one message costs as much sync as one of a thousand
		}
		select {
		case m, ok := <-from:
			if !ok {
				in = nil
				continue
			}
			p.leaveQueue(m)
			d.join(g, m)
		case to <- g:
			select {
			case g = <-p.free:
			case <-abort.Done():
				return
			}
		case <-abort.Done():
			return
		}
	}
}

func (p *Pipeline) full(g *group) bool {
	return g.messages >= p.cfg.GroupMessages || g.bytes >= p.cfg.GroupBytes || len(g.batch.Samples) >= p.cfg.GroupSamples
}

// decoding is what the decode goroutine alone uses.
type decoding struct {
	*Pipeline
	admitter Admitter
	hash     hash.Hash
	told     map[string]bool // reasons that the log has heard of
}

// join makes a message part of the group: as samples, as a dead letter, or as a delivery that was stored before.
func (d *decoding) join(g *group, m Message) {
	g.messages++
	g.bytes += int64(len(m.Payload))
	if m.Ack != nil {
		g.acks = append(g.acks, m.Ack)
	}
	if m.QoS == 0 {
		g.qos0++
	} else {
		delivery := Delivery{Client: m.Client, PacketID: m.PacketID, Hash: d.sum(m)}
		// Named in the batch whatever becomes of the message: a duplicate stays in the window's newest part, and a
		// dead letter is not set aside again.
		g.batch.Deliveries = append(g.batch.Deliveries, delivery)
		known := d.window.has(delivery)
		d.window.add(delivery)
		if m.Dup && known {
			g.duplicates++
			return
		}
	}
	before := len(g.batch.Samples)
	samples, err := d.samples(g.batch.Samples, m)
	if err == nil && d.admitter != nil && len(samples) > before {
		if refusal := d.admitter.Admit(samples[before:]); refusal != nil {
			err = &refused{reason: reasonOf(refusal, "limit"), err: refusal}
		}
	}
	if err != nil {
		g.batch.Samples = g.batch.Samples[:before]
		d.setAside(g, m, err)
		return
	}
	g.batch.Samples = samples
}

// setAside makes the message a dead letter. The log hears of the first of each reason: a device that sends nothing else would fill it.
func (d *decoding) setAside(g *group, m Message, err error) {
	l := newLetter(m, err)
	g.letters = append(g.letters, l)
	if !d.told[l.Reason] {
		d.told[l.Reason] = true
		d.cfg.Log.Warn("message set aside as a dead letter; more for this reason are only counted", "reason", l.Reason, "topic", l.Topic, "error", err)
	}
}

// samples decodes a message. A decoder that panics on a payload must not bring the process down: the message would come
// again after every start.
func (d *decoding) samples(dst []Sample, m Message) (samples []Sample, err error) {
	if len(m.Payload) > d.cfg.MaxPayload {
		return nil, &refused{reason: "limit", err: fmt.Errorf("payload has %d bytes, at most %d are taken", len(m.Payload), d.cfg.MaxPayload)}
	}
	defer func() {
		if fault := recover(); fault != nil {
			err = &refused{reason: "decoder-fault", err: fmt.Errorf("decoder stopped with a fault of its own: %v", fault)}
		}
	}()
	return d.cfg.Decoder.Decode(dst, m)
}

// sum hashes topic and payload. SHA-256 because a device that could make two payloads collide could make its own
// measurements vanish; cut to 16 bytes it still leaves no collision to be found, and costs less than decoding.
func (d *decoding) sum(m Message) (sum [16]byte) {
	d.hash.Reset()
	d.hash.Write([]byte(m.Topic))
	d.hash.Write([]byte{0}) // a topic holds no NUL, so the two can't run into each other
	d.hash.Write(m.Payload)
	var full [sha256.Size]byte
	copy(sum[:], d.hash.Sum(full[:0]))
	return sum
}

// refused is an error with a reason to count it by.
type refused struct {
	reason string
	err    error
}

func (e *refused) Error() string  { return e.err.Error() }
func (e *refused) Unwrap() error  { return e.err }
func (e *refused) Reason() string { return e.reason }

// reasonOf gives the reason that an error names itself, or otherwise.
func reasonOf(err error, otherwise string) string {
	var named interface{ Reason() string }
	if errors.As(err, &named) {
		return named.Reason()
	}
	return otherwise
}
