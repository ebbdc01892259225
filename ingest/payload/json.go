package payload

import (
	"strconv"

	"decant/ingest"
	"decant/ingest/payload/decimal"
)

// timeKeys may hold the time of an object of generic JSON. The first that is there, and not null, does; the others are data.
var timeKeys = [...]string{"t", "time", "ts", "timestamp"}

// object is what is known of a JSON object before its data are read.
type object struct {
	time    int64
	timeKey string // the key that gave the time, or empty: the moment of receipt
	tags    string // key of the object with the tags, or empty
}

// generic reads an object, or an array of objects, of names and values. Nested objects and arrays are flattened: {"a":{"b":[7]}} is
// a.b.0. Where the topic gives a name, it goes before them all.
func (w *work) generic() error {
	s := &w.json
	switch s.peek() {
	case '{':
		return w.genericObject()
	case '[':
		return s.array(func(i int) error {
			w.record = i
			if s.peek() != '{' {
				return w.fault(ReasonFormat, "", s.pos, "an array of objects is needed")
			}
			return w.locate(w.genericObject())
		})
	}
	return s.unexpected("an object or an array of objects")
}

func (w *work) genericObject() error {
	o, err := w.survey(timeKeys[:], "")
	if err != nil {
		return err
	}
	w.name = w.name[:0]
	if w.at.HasName {
		w.name = append(w.name, w.at.Name...)
	}
	return w.data(o)
}

// survey passes over the object that starts here to find its time and, where tags is empty, its publisher; then it goes back. Time first is
// needed since keys come in any order.
func (w *work) survey(keys []string, tags string) (object, error) {
	s := &w.json
	o := object{time: w.received, tags: tags}
	w.publisher = w.at.Publisher
	best := len(keys)
	pos := s.pos
	err := s.object(func(key []byte) error {
		if tags != "" && string(key) == tags {
			return w.readTags()
		}
		if tags == "" && w.isPublisherTag(key) {
			return w.readPublisher(key)
		}
		for i, k := range keys[:best] {
			if string(key) != k {
				continue
			}
			if s.peek() == 'n' { // null is as good as absent
				break
			}
			t, err := w.readTime(k)
			best, o.timeKey, o.time = i, k, t
			return err
		}
		return s.skip()
	})
	if err == nil && o.timeKey == "" && w.retained {
		err = w.faultRetained()
	}
	s.pos = pos
	return o, err
}

func (w *work) isPublisherTag(key []byte) bool {
	return w.config.PublisherTag != "" && string(key) == w.config.PublisherTag
}

// readPublisher reads the value of the publisher's tag.
func (w *work) readPublisher(key []byte) error {
	s := &w.json
	var text []byte
	start := s.pos
	switch c := s.peek(); {
	case c == '"':
		var err error
		if text, err = s.str(); err != nil {
			return err
		}
	case isNumber(c):
		if _, err := s.number(); err != nil {
			return err
		}
		text = s.data[start:s.pos]
	case c == 'n':
		return s.literal("null")
	default:
		return w.fault(ReasonName, string(key), start, "the publisher must be a string or a number")
	}
	var err error
	w.publisher, err = w.intern("publisher", text)
	return err
}

// data reads the object that starts here as names and values below the name built so far.
func (w *work) data(o object) error {
	s := &w.json
	return s.object(func(key []byte) error {
		switch {
		case string(key) == o.timeKey && o.timeKey != "":
			return s.skip()
		case o.tags != "" && string(key) == o.tags:
			return s.skip()
		case o.tags == "" && w.isPublisherTag(key):
			return s.skip()
		}
		return w.field(key, o.time)
	})
}

// field reads the value of a key, which extends the name for as long.
func (w *work) field(key []byte, time int64) error {
	if len(key) == 0 {
		return w.fault(ReasonName, "", w.json.pos, "a key is empty")
	}
	length := len(w.name)
	if length > 0 {
		w.name = append(w.name, '.')
	}
	w.name = append(w.name, key...)
	err := w.value(time)
	w.name = w.name[:length]
	return err
}

// value reads a value: a sample, or several.
func (w *work) value(time int64) error {
	s := &w.json
	sample := ingest.Sample{Time: time}
	switch c := s.peek(); {
	case c == '{':
		return s.object(func(key []byte) error { return w.field(key, time) })
	case c == '[':
		return s.array(func(i int) error {
			var index [20]byte
			return w.field(strconv.AppendInt(index[:0], int64(i), 10), time)
		})
	case c == 'n':
		w.skippedNulls++
		return s.literal("null")
	case c == '"':
		text, err := s.str()
		if err != nil {
			return err
		}
		sample.Kind, sample.Text = ingest.KindString, string(text)
	case c == 't':
		if err := s.literal("true"); err != nil {
			return err
		}
		setBool(&sample, true)
	case c == 'f':
		if err := s.literal("false"); err != nil {
			return err
		}
		setBool(&sample, false)
	case isNumber(c):
		d, err := s.number()
		if err != nil {
			return err
		}
		setNumber(&sample, d)
	default:
		return s.unexpected("a value")
	}
	if w.samples >= w.config.MaxRecords {
		return fault(ReasonLimit, s.pos, "the payload has more than %d samples", w.config.MaxRecords)
	}
	var err error
	if sample.Series.Name, err = w.intern("name", w.name); err != nil {
		return err
	}
	return w.add(sample)
}

// readTime reads a time: a number of Unix seconds or milliseconds, or ISO 8601.
func (w *work) readTime(key string) (int64, error) {
	s := &w.json
	at := s.pos
	var ns int64
	switch c := s.peek(); {
	case c == '"':
		text, err := s.str()
		if err != nil {
			return 0, err
		}
		if ns, err = ParseISO(text, w.config.Local); err != nil {
			return 0, w.fault(ReasonTime, key, at, "%v", err)
		}
	case isNumber(c):
		d, err := s.number()
		if err != nil {
			return 0, err
		}
		if ns, err = UnixTime(d); err != nil {
			return 0, w.fault(ReasonTime, key, at, "%v", err)
		}
	default:
		if err := s.skip(); err != nil {
			return 0, err
		}
		return 0, w.fault(ReasonTime, key, at, "a time must be a number (Unix seconds or milliseconds) or a string in ISO 8601")
	}
	if ns > w.latest {
		return 0, w.faultFuture(key, ns, "")
	}
	return ns, nil
}

// UnixTime reads a number as a time, by its size: below 10^11 it is Unix seconds, below 10^14 milliseconds. The result is in ns, UTC.
func UnixTime(d decimal.Decimal) (int64, error) {
	magnitude := d.Abs()
	switch {
	case magnitude.LessThan(100_000_000_000):
		return inRange(d.Nanos(0, 9))
	case magnitude.LessThan(100_000_000_000_000):
		return inRange(d.Nanos(0, 6))
	}
	return 0, errTooBig
}
