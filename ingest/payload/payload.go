// Package payload turns the bytes of one message into samples.
//
// A payload takes four steps:
//
//  1. The topic gives the route: channel, subtopic, and maybe publisher, name and format (ingest.Patterns).
//  2. The content says which format it is, unless the route pins one (detect.go). What is recognised as one format is never
//     tried as another.
//  3. The format's file reads it: senml.go (the rules of RFC 8428) on senmljson.go or senmlcbor.go, connhex.go, json.go, scalar.go.
//  4. Every sample passes the same checks: name, unit, time.
//
// A payload is taken whole or not at all, and why it is not is an *Error with a short reason to count by. Memory is bounded by the
// configured limits. Nothing is stored, acknowledged or logged here.
package payload

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"decant/ingest"
)

// Config holds the limits and rules of a Decoder. A zero field means its default.
type Config struct {
	MaxPayload int           // bytes; default 1 MiB
	MaxRecords int           // records of a SenML pack, samples of any other payload; default 10,000
	MaxDepth   int           // nested arrays and objects; default 32
	MaxFuture  time.Duration // how far a time may lie ahead of receipt; default 24 h

	// PublisherTag names the tag (Connhex JSON) or the top-level field (generic JSON) that gives the publisher. Empty: none does, and a
	// publisher comes from the topic alone.
	PublisherTag string

	Local    Local           // for times in ISO 8601 without an offset; default UTC
	Patterns ingest.Patterns // default ingest.BuiltIn()
	Protocol ingest.Protocol // stored with each sample; default ingest.ProtocolMQTT
}

// Validate reports every fault of the configuration at once.
func (c Config) Validate() error {
	var faults []error
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"max payload", int64(c.MaxPayload)},
		{"max records", int64(c.MaxRecords)},
		{"max depth", int64(c.MaxDepth)},
		{"max future", int64(c.MaxFuture)},
	} {
		if limit.value < 0 {
			faults = append(faults, fmt.Errorf("%s is %d; a positive number is needed, or 0 for the default", limit.name, limit.value))
		}
	}
	if c.MaxDepth > 1000 {
		faults = append(faults, fmt.Errorf("max depth is %d; at most 1000 is allowed", c.MaxDepth))
	}
	return errors.Join(faults...)
}

// withDefaults fills the zero fields.
func (c Config) withDefaults() Config {
	if c.MaxPayload == 0 {
		c.MaxPayload = 1 << 20
	}
	if c.MaxRecords == 0 {
		c.MaxRecords = 10_000
	}
	if c.MaxDepth == 0 {
		c.MaxDepth = 32
	}
	if c.MaxFuture == 0 {
		c.MaxFuture = 24 * time.Hour
	}
	if c.Patterns == nil {
		c.Patterns = ingest.BuiltIn()
	}
	if c.Protocol == 0 {
		c.Protocol = ingest.ProtocolMQTT
	}
	return c
}

// Stats counts what was left out of payloads that were taken.
type Stats struct {
	DroppedTags  int64 // tags of Connhex JSON other than the publisher's
	SkippedNulls int64 // nulls of Connhex and generic JSON
}

// Decoder decodes payloads. It is safe for concurrent use.
type Decoder struct {
	config       Config
	works        sync.Pool // *work
	droppedTags  atomic.Int64
	skippedNulls atomic.Int64
}

var _ ingest.Decoder = (*Decoder)(nil)

// New makes a Decoder. The error is that of Validate.
func New(c Config) (*Decoder, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	d := &Decoder{config: c.withDefaults()}
	d.works.New = func() any { return newWork(&d.config) }
	return d, nil
}

// Stats counts since New. It may be called at any time.
func (d *Decoder) Stats() Stats {
	return Stats{DroppedTags: d.droppedTags.Load(), SkippedNulls: d.skippedNulls.Load()}
}

// Decode appends the samples of a message to dst. An error is an *Error, and then dst comes back as it was.
func (d *Decoder) Decode(dst []ingest.Sample, m ingest.Message) ([]ingest.Sample, error) {
	w := d.works.Get().(*work)
	defer d.works.Put(w)
	route, err := w.route(m.Topic)
	if err != nil {
		return dst, err
	}
	return d.run(w, dst, route, m.Payload, m.Received, m.Retained)
}

// DecodeRoute appends the samples of a payload whose route is known to dst. received (ns since 1970, UTC) is the moment from which
// relative times count. An error is an *Error, and then dst comes back as it was.
func (d *Decoder) DecodeRoute(dst []ingest.Sample, route ingest.Route, payload []byte, received int64) ([]ingest.Sample, error) {
	w := d.works.Get().(*work)
	defer d.works.Put(w)
	return d.run(w, dst, route, payload, received, false)
}

// Stream decodes a payload that may be large, and hands its samples on in batches of at most the given size, as it goes. The batch is emit's
// until it returns. A fault in the payload may come after batches were emitted; an error of emit ends the decoding and is returned as it is.
func (d *Decoder) Stream(route ingest.Route, payload []byte, received int64, batch int, emit func([]ingest.Sample) error) error {
	w := d.works.Get().(*work)
	defer d.works.Put(w)
	w.batch, w.emit = batch, emit
	defer func() { w.batch, w.emit = 0, nil }()
	rest, err := d.run(w, make([]ingest.Sample, 0, batch), route, payload, received, false)
	if err != nil || len(rest) == 0 {
		return err
	}
	return emit(rest)
}

// run decodes one payload with borrowed scratch space.
func (d *Decoder) run(w *work, dst []ingest.Sample, route ingest.Route, payload []byte, received int64, retained bool) ([]ingest.Sample, error) {
	w.begin(dst, route, received, retained)
	err := w.decode(payload)
	out := w.dst
	w.end()
	if err != nil {
		return dst, err
	}
	if w.droppedTags > 0 {
		d.droppedTags.Add(w.droppedTags)
	}
	if w.skippedNulls > 0 {
		d.skippedNulls.Add(w.skippedNulls)
	}
	return out, nil
}
