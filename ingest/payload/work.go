package payload

import (
	"errors"
	"fmt"
	"math"
	"time"

	"decant/ingest"
	"decant/ingest/payload/decimal"
)

// maxInterned bounds each of a work's tables. A device fleet has fewer names; a flood of new ones only costs the tables.
const maxInterned = 1 << 16

// work is the scratch space of one decoding. A Decoder keeps a few, so that names and routes are strings once and not once a message.
type work struct {
	config *Config
	routes map[string]ingest.Route
	names  map[string]string // names and units that passed ingest.CheckID
	senml  map[string]string // names that passed SenML's rule

	json  scanner
	cbor  cborReader
	pack  pack
	name  []byte // the name being built
	batch int    // emit and empty dst at this size; 0: never
	emit  func([]ingest.Sample) error

	// of the payload at hand
	dst          []ingest.Sample
	samples      int // without those already emitted
	at           ingest.Route
	received     int64
	retained     bool
	record       int // index, or -1
	droppedTags  int64
	skippedNulls int64
	latest       int64  // the last time that is not too far ahead
	publisher    string // of the record
}

func newWork(c *Config) *work {
	return &work{config: c, routes: map[string]ingest.Route{}, names: map[string]string{}, senml: map[string]string{}}
}

// begin starts a payload.
func (w *work) begin(dst []ingest.Sample, route ingest.Route, received int64, retained bool) {
	w.dst, w.samples, w.at, w.received, w.retained = dst, 0, route, received, retained
	w.record, w.droppedTags, w.skippedNulls, w.publisher = -1, 0, 0, route.Publisher
	w.latest = received + min(int64(w.config.MaxFuture), math.MaxInt64-max(received, 0))
}

// end lets go of the payload and its samples, and of scratch space that an unusual payload made large.
func (w *work) end() {
	const keep = 64 << 10
	w.dst = nil
	w.pack.open()
	w.json.data, w.cbor.data = nil, nil
	w.json.keys.forget()
	w.cbor.keys.forget()
	if cap(w.json.esc) > keep {
		w.json.esc = nil
	}
	if cap(w.cbor.joined) > keep {
		w.cbor.joined = nil
	}
	if cap(w.pack.data) > keep {
		w.pack.data = nil
	}
}

// route matches a topic, once for all messages that carry it.
func (w *work) route(topic string) (ingest.Route, error) {
	if r, ok := w.routes[topic]; ok {
		return r, nil
	}
	r, err := w.config.Patterns.Match(topic)
	if err != nil {
		return r, fault(ReasonTopic, -1, "%v", err)
	}
	if len(w.routes) >= maxInterned {
		clear(w.routes)
	}
	w.routes[topic] = r
	return r, nil
}

// fault makes an Error at the record at hand.
func (w *work) fault(reason, label string, offset int, format string, args ...any) *Error {
	return &Error{reason: reason, Record: w.record, Label: label, Offset: offset, Text: fmt.Sprintf(format, args...)}
}

// locate adds the record at hand to a fault that does not name one.
func (w *work) locate(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Record < 0 {
		e.Record = w.record
	}
	return err
}

// add appends a sample whose value fields the caller has set; route, time and receipt are filled in here.
func (w *work) add(s ingest.Sample) error {
	s.Series.Channel, s.Series.Subtopic, s.Series.Publisher = w.at.Channel, w.at.Subtopic, w.publisher
	s.Received, s.Protocol = w.received, w.config.Protocol
	w.dst = append(w.dst, s)
	w.samples++
	if w.batch > 0 && len(w.dst) >= w.batch {
		err := w.emit(w.dst)
		w.dst = w.dst[:0]
		return err
	}
	return nil
}

// intern checks a name or a unit and makes it a string.
func (w *work) intern(what string, text []byte) (string, error) {
	if s, ok := w.names[string(text)]; ok {
		return s, nil
	}
	s := string(text)
	if err := ingest.CheckID(what, s); err != nil {
		return "", w.fault(ReasonName, "", -1, "%v", err)
	}
	if len(w.names) >= maxInterned {
		clear(w.names)
	}
	w.names[s] = s
	return s, nil
}

// time rounds an absolute or relative moment and checks that it is sane. seconds says what the device sent, for the hint.
func (w *work) time(label string, seconds decimal.Decimal, relative bool) (int64, error) {
	base := int64(0)
	if relative {
		if w.retained {
			return 0, w.faultRetained()
		}
		base = w.received
	}
	ns, ok := seconds.Nanos(base, 9)
	if !ok || ns < ingest.MinTime || ns > ingest.MaxTime {
		return 0, w.fault(ReasonTime, label, -1, "time is outside the years 1678 to 2262%s", hint(seconds))
	}
	if ns > w.latest {
		return 0, w.faultFuture(label, ns, hint(seconds))
	}
	return ns, nil
}

func (w *work) faultRetained() error {
	return w.fault(ReasonRetained, "", -1, "a retained message has a time that counts from its receipt; only absolute times are stored, since the broker "+
		"hands it out again at any time")
}

func (w *work) faultFuture(label string, ns int64, hint string) error {
	if hint == "" {
		hint = "; set its sender's clock, or raise max_future in the configuration"
	}
	return w.fault(ReasonTime, label, -1, "time %s is more than %v ahead of its receipt at %s%s", time.Unix(0, ns).UTC().Format(time.RFC3339Nano),
		w.config.MaxFuture, time.Unix(0, w.received).UTC().Format(time.RFC3339Nano), hint)
}

// hint says what a time that is too big for Unix seconds may have been.
func hint(seconds decimal.Decimal) string {
	switch {
	case seconds.LessThan(100_000_000_000):
		return ""
	case seconds.LessThan(100_000_000_000_000):
		return "; it looks like milliseconds, and Unix seconds are needed"
	case seconds.LessThan(100_000_000_000_000_000):
		return "; it looks like microseconds, and Unix seconds are needed"
	}
	return "; it looks like nanoseconds, and Unix seconds are needed"
}

// setNumber sets Kind and Number of s. ok is false where d is beyond float64's range, as only a sum can be: one number that is was refused
// when it was read.
func setNumber(s *ingest.Sample, d decimal.Decimal) (ok bool) {
	s.Kind = ingest.KindNumber
	s.Number, ok = d.Float()
	return ok
}

// setBool sets Kind and Number of s.
func setBool(s *ingest.Sample, b bool) {
	s.Kind, s.Number = ingest.KindBool, 0
	if b {
		s.Number = 1
	}
}

// parseNumber is decimal.Parse with an Error. offset is the number's place.
func parseNumber(text []byte, offset int) (decimal.Decimal, error) {
	d, err := decimal.Parse(text)
	switch {
	case err == nil:
		return d, nil
	case errors.Is(err, decimal.ErrLong):
		return d, fault(ReasonLimit, offset, "%v", err)
	case errors.Is(err, decimal.ErrRange):
		return d, fault(ReasonValue, offset, "%s is %v", quoteShort(text), err)
	}
	return d, fault(ReasonJSON, offset, "%s is %v", quoteShort(text), err)
}
