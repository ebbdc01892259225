package wal

import (
	"encoding/binary"
	"math"
	"strings"

	"decant/ingest"
)

// The payload of a Samples or Window frame. Numbers are varints (encoding/binary), signed ones in zigzag.
//
//	series      count, then each: channel, subtopic, publisher, name, unit, each as
//	            bytes shared with that field of the series before, further bytes, these bytes
//	            A series' id is its place among all that this log defines, from 0.
//	clients     count, then each: length, bytes
//	deliveries  count, then each: client (place above), packet id u16, hash 16 bytes
//	samples     count, then each:
//	            flags u8:  bits 0-2 kind    3 has sum    4 has update time
//	                       5 received and protocol are those of the sample before
//	                       6 the series is the one that last time followed the series of the sample before
//	                       7 the number is an integer, written as such
//	            series     id                                          (not with flag 6)
//	            time       signed difference from the sample before
//	            received   signed difference from the sample before, protocol u8     (not with flag 5)
//	            value      number: f64, or signed integer with flag 7; bool: u8; string, bytes: length, bytes
//	            sum        f64                                         (flag 3)
//	            update     signed difference from the sample's time    (flag 4)
//
// "Before" is within the frame; before the first sample everything is 0. Which series followed which is remembered through the whole log, by
// writer and reader alike: devices send their names in the same order every time.
const (
	flagKind    = 0x07
	flagSum     = 1 << 3
	flagUpdate  = 1 << 4
	flagSame    = 1 << 5
	flagFollows = 1 << 6
	flagInteger = 1 << 7
)

// state is what writer and reader of a log's samples both remember.
type state struct {
	series []ingest.Series
	after  []uint32 // by id: the id that last followed it
	last   uint32   // id of the sample before

	time, received int64 // of the sample before
	protocol       ingest.Protocol
}

// begin starts a frame.
func (s *state) begin() {
	s.last, s.time, s.received, s.protocol = 0, 0, 0, 0
}

// predicted is the id that is likely to come next.
func (s *state) predicted() (uint32, bool) {
	if int(s.last) < len(s.after) {
		return s.after[s.last], true
	}
	return 0, false
}

func (s *state) define(series ingest.Series) uint32 {
	id := uint32(len(s.series))
	s.series = append(s.series, series)
	s.after = append(s.after, id+1)
	return id
}

// follow notes that id came behind the sample before.
func (s *state) follow(id uint32) {
	if int(s.last) < len(s.after) {
		s.after[s.last] = id
	}
	s.last = id
}

// Encoder packs the samples of one log into payloads. It holds the log's series.
type Encoder struct {
	state
	ids map[ingest.Series]uint32

	defined, clients, deliveries, samples int // counts of the frame being packed
	definitions, names, hashes, data      []byte
	client                                map[string]uint64
}

// NewEncoder is an Encoder for a new log.
func NewEncoder() *Encoder {
	return &Encoder{ids: map[ingest.Series]uint32{}, client: map[string]uint64{}}
}

// Series is the series of an id that Sample returned.
func (e *Encoder) Series(id uint32) ingest.Series { return e.series[id] }

// Len is about how many bytes the payload has by now.
func (e *Encoder) Len() int {
	return len(e.definitions) + len(e.names) + len(e.hashes) + len(e.data) + 4*binary.MaxVarintLen32
}

// Sample packs a sample. It returns the series' id in this log, and whether this frame defines it.
func (e *Encoder) Sample(s *ingest.Sample) (id uint32, fresh bool) {
	flags := byte(s.Kind) & flagKind
	id, ok := e.predicted()
	if ok = ok && int(id) < len(e.series) && e.series[id] == s.Series; ok {
		flags |= flagFollows
	} else if id, ok = e.ids[s.Series]; !ok {
		id, fresh = e.name(s.Series), true
	}
	e.follow(id)

	integer := int64(0)
	if s.Kind == ingest.KindNumber {
		if integer = int64(s.Number); s.Number > -1<<46 && s.Number < 1<<46 && float64(integer) == s.Number && !negativeZero(s.Number) {
			flags |= flagInteger
		}
	}
	if s.HasSum {
		flags |= flagSum
	}
	if s.HasUpdate {
		flags |= flagUpdate
	}
	if s.Received == e.received && s.Protocol == e.protocol {
		flags |= flagSame
	}

	b := append(e.data, flags)
	if flags&flagFollows == 0 {
		b = binary.AppendUvarint(b, uint64(id))
	}
	b = binary.AppendVarint(b, s.Time-e.time) // wraps around where the times are far apart, and back when added
	if flags&flagSame == 0 {
		b = binary.AppendVarint(b, s.Received-e.received)
		b = append(b, byte(s.Protocol))
	}
	switch s.Kind {
	case ingest.KindNumber:
		if flags&flagInteger != 0 {
			b = binary.AppendVarint(b, integer)
		} else {
			b = le.AppendUint64(b, math.Float64bits(s.Number))
		}
	case ingest.KindBool:
		b = append(b, byte(s.Number))
	case ingest.KindString, ingest.KindBytes:
		b = appendText(b, s.Text)
	}
	if s.HasSum {
		b = le.AppendUint64(b, math.Float64bits(s.Sum))
	}
	if s.HasUpdate {
		b = binary.AppendVarint(b, s.Update-s.Time)
	}
	e.data = b
	e.time, e.received, e.protocol = s.Time, s.Received, s.Protocol
	e.samples++
	return id, fresh
}

// name defines a series. The log keeps its own copy of the texts: the caller's may be part of a large payload.
func (e *Encoder) name(s ingest.Series) uint32 {
	var before ingest.Series
	if n := len(e.series); n > 0 {
		before = e.series[n-1]
	}
	s = ingest.Series{
		Channel: own(s.Channel, before.Channel), Subtopic: own(s.Subtopic, before.Subtopic), Publisher: own(s.Publisher, before.Publisher),
		Name: own(s.Name, before.Name), Unit: own(s.Unit, before.Unit),
	}
	for _, f := range [5][2]string{
		{before.Channel, s.Channel}, {before.Subtopic, s.Subtopic}, {before.Publisher, s.Publisher}, {before.Name, s.Name}, {before.Unit, s.Unit},
	} {
		n := shared(f[0], f[1])
		e.definitions = binary.AppendUvarint(e.definitions, uint64(n))
		e.definitions = appendText(e.definitions, f[1][n:])
	}
	id := e.define(s)
	e.ids[s] = id
	e.defined++
	return id
}

// Delivery packs a delivery.
func (e *Encoder) Delivery(d ingest.Delivery) {
	place, ok := e.client[d.Client]
	if !ok {
		place = uint64(e.clients)
		e.client[strings.Clone(d.Client)] = place
		e.names = appendText(e.names, d.Client)
		e.clients++
	}
	e.hashes = binary.AppendUvarint(e.hashes, place)
	e.hashes = le.AppendUint16(e.hashes, d.PacketID)
	e.hashes = append(e.hashes, d.Hash[:]...)
	e.deliveries++
}

// Payload appends the packed payload to dst and starts the next one.
func (e *Encoder) Payload(dst []byte) []byte {
	for _, part := range []struct {
		count *int
		bytes *[]byte
	}{{&e.defined, &e.definitions}, {&e.clients, &e.names}, {&e.deliveries, &e.hashes}, {&e.samples, &e.data}} {
		dst = binary.AppendUvarint(dst, uint64(*part.count))
		dst = append(dst, *part.bytes...)
		*part.count, *part.bytes = 0, (*part.bytes)[:0]
	}
	clear(e.client)
	e.begin()
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// shared is how many bytes a and b have in common at their front.
func shared(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// own is a copy of s; where it equals the text before, that one.
func own(s, before string) string {
	if s == before {
		return before
	}
	return strings.Clone(s)
}

func negativeZero(v float64) bool { return v == 0 && math.Signbit(v) }
