package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"decant/ingest"
)

// Decoder unpacks the payloads of one log, in order.
type Decoder struct {
	state
	b   []byte // what is left of the payload
	err error
}

// Content is what a payload holds.
type Content struct {
	Defined    []ingest.Series // the series with the next ids
	Deliveries []ingest.Delivery
	Samples    []ingest.Sample
	IDs        []uint32 // of the samples' series
}

var errShort = errors.New("it ends early")

// Decode unpacks a payload into c, whose slices it uses again. The texts are copies. A payload that no Encoder made is an error; what it
// allocates is bounded by the payload's length.
func (d *Decoder) Decode(payload []byte, c *Content) error {
	d.b, d.err = payload, nil
	d.begin()
	known := len(d.series)
	d.definitions()
	c.Defined = d.series[known:]
	c.Deliveries = d.deliveries(c.Deliveries[:0])
	d.samples(c)
	if d.err == nil && len(d.b) > 0 {
		d.err = fmt.Errorf("%d bytes are left over", len(d.b))
	}
	return d.err
}

func (d *Decoder) definitions() {
	const shortest = 10
	for range d.count(shortest) {
		var before, s ingest.Series
		if n := len(d.series); n > 0 {
			before = d.series[n-1]
		}
		s.Channel = d.field(before.Channel)
		s.Subtopic = d.field(before.Subtopic)
		s.Publisher = d.field(before.Publisher)
		s.Name = d.field(before.Name)
		s.Unit = d.field(before.Unit)
		if d.err != nil {
			return
		}
		d.define(s)
	}
}

// field reads a text that shares its front with the one before.
func (d *Decoder) field(before string) string {
	n := d.uvarint()
	rest := d.take(d.uvarint())
	switch {
	case d.err != nil:
		return ""
	case n > uint64(len(before)):
		d.fail("a name shares more than there is")
		return ""
	case n == uint64(len(before)) && len(rest) == 0:
		return before
	}
	return before[:n] + string(rest)
}

func (d *Decoder) deliveries(dst []ingest.Delivery) []ingest.Delivery {
	var clients []string
	for range d.count(1) {
		clients = append(clients, string(d.take(d.uvarint())))
	}
	const shortest = 1 + 2 + 16
	for range d.count(shortest) {
		place := d.uvarint()
		b := d.take(2 + 16)
		if d.err != nil {
			return dst
		}
		if place >= uint64(len(clients)) {
			d.fail("a delivery of an unknown client")
			return dst
		}
		delivery := ingest.Delivery{Client: clients[place], PacketID: le.Uint16(b)}
		copy(delivery.Hash[:], b[2:])
		dst = append(dst, delivery)
	}
	return dst
}

func (d *Decoder) samples(c *Content) {
	c.Samples, c.IDs = c.Samples[:0], c.IDs[:0]
	const shortest = 2
	for range d.count(shortest) {
		s, id := d.sample()
		if d.err != nil {
			return
		}
		c.Samples = append(c.Samples, s)
		c.IDs = append(c.IDs, id)
	}
}

func (d *Decoder) sample() (s ingest.Sample, id uint32) {
	head := d.take(1)
	if d.err != nil {
		return s, 0
	}
	flags := head[0]
	wide, ok := uint64(0), true
	if flags&flagFollows != 0 {
		id, ok = d.predicted()
		wide = uint64(id)
	} else {
		wide = d.uvarint()
	}
	if !ok || wide >= uint64(len(d.series)) {
		d.fail("a sample of an unknown series")
		return s, 0
	}
	id = uint32(wide)
	d.follow(id)
	s.Series = d.series[id]
	s.Time = d.time + d.varint()
	s.Received, s.Protocol = d.received, d.protocol
	if flags&flagSame == 0 {
		s.Received += d.varint()
		if b := d.take(1); d.err == nil {
			s.Protocol = ingest.Protocol(b[0])
		}
	}
	d.time, d.received, d.protocol = s.Time, s.Received, s.Protocol
	d.value(&s, flags)
	if s.HasSum = flags&flagSum != 0; s.HasSum {
		s.Sum = d.float()
	}
	if s.HasUpdate = flags&flagUpdate != 0; s.HasUpdate {
		s.Update = s.Time + d.varint()
	}
	if s.Time < ingest.MinTime || s.Time > ingest.MaxTime {
		d.fail("a time outside int64's open range")
	}
	return s, id
}

func (d *Decoder) value(s *ingest.Sample, flags byte) {
	switch s.Kind = ingest.Kind(flags & flagKind); s.Kind {
	case ingest.KindNone:
	case ingest.KindNumber:
		if flags&flagInteger != 0 {
			s.Number = float64(d.varint())
		} else {
			s.Number = d.float()
		}
	case ingest.KindBool:
		b := d.take(1)
		if d.err != nil {
			return
		}
		if b[0] > 1 {
			d.fail("a bool that is neither 0 nor 1")
			return
		}
		s.Number = float64(b[0])
	case ingest.KindString, ingest.KindBytes:
		s.Text = string(d.take(d.uvarint()))
	default:
		d.fail(fmt.Sprintf("a sample of the unknown kind %d", s.Kind))
	}
}

// float reads a number, which is finite.
func (d *Decoder) float() float64 {
	b := d.take(8)
	if d.err != nil {
		return 0
	}
	v := math.Float64frombits(le.Uint64(b))
	if math.IsNaN(v) || math.IsInf(v, 0) {
		d.fail("a number that is not finite")
	}
	return v
}

// count reads a count of things that take at least size bytes each.
func (d *Decoder) count(size int) uint64 {
	n := d.uvarint()
	if n > uint64(len(d.b)/size) {
		d.fail("it counts more than it holds")
		return 0
	}
	return n
}

func (d *Decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail("")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *Decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail("")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *Decoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail("")
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

// fail keeps the first fault and stops the reading.
func (d *Decoder) fail(text string) {
	if d.err == nil {
		d.err = errShort
		if text != "" {
			d.err = errors.New(text)
		}
	}
	d.b = nil
}
