package file

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"decant/ingest"
	"decant/ingest/payload"
	"decant/ingest/payload/decimal"
)

// clock reads the time cells of a file.
type clock struct {
	read   func(text []byte) (int64, error)
	latest int64 // the last time that is not too far ahead of receipt
	c      Config
}

// errRange is the fault of a time that no sample can have.
var errRange = errors.New("time is outside the years 1678 to 2262")

// newClock makes the clock of a configuration, or says what is wrong with its time format.
func newClock(c Config) (*clock, error) {
	k := &clock{c: c, latest: c.Received + min(int64(c.Payload.MaxFuture), math.MaxInt64-max(c.Received, 0))}
	switch c.TimeFormat {
	case "":
		k.read = func(text []byte) (int64, error) {
			if len(text) > 4 && text[4] == '-' {
				return payload.ParseISO(text, c.Local)
			}
			d, err := decimal.Parse(text)
			if err != nil {
				return 0, errors.New("neither a time in ISO 8601 nor Unix seconds or milliseconds; --time-format says how other times are written")
			}
			return payload.UnixTime(d)
		}
	case "iso", "local":
		k.read = func(text []byte) (int64, error) { return payload.ParseISO(text, c.Local) }
	case "unix":
		k.read = func(text []byte) (int64, error) { return readUnix(text, 9) }
	case "unixMilli":
		k.read = func(text []byte) (int64, error) { return readUnix(text, 6) }
	default:
		l, err := parseLayout(c.TimeFormat)
		if err != nil {
			return nil, err
		}
		k.read = func(text []byte) (int64, error) { return l.parse(text, c.Local) }
	}
	return k, nil
}

// readUnix reads a number of seconds (shift 9) or milliseconds (shift 6).
func readUnix(text []byte, shift int) (int64, error) {
	d, err := decimal.Parse(text)
	if err != nil {
		return 0, err
	}
	ns, ok := d.Nanos(0, shift)
	if !ok {
		return 0, errors.New("time is outside the years 1678 to 2262; are the units right?")
	}
	return ns, nil
}

// at reads a cell.
func (k *clock) at(text []byte) (int64, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return 0, errors.New("the time is missing")
	}
	ns, err := k.read(text)
	if err != nil {
		return 0, fmt.Errorf("time %s: %w", short(text), err)
	}
	return ns, k.check(ns)
}

// row is the time of row i (from 0) of a file that has a start and a step.
func (k *clock) row(i int64) (int64, error) {
	step := int64(k.c.Step)
	if i > (math.MaxInt64-max(k.c.Start, 0))/step {
		return 0, errRange
	}
	ns := k.c.Start + i*step
	return ns, k.check(ns)
}

// check refuses times that no sample may have.
func (k *clock) check(ns int64) error {
	if ns < ingest.MinTime || ns > ingest.MaxTime {
		return errRange
	}
	if ns > k.latest {
		return fmt.Errorf("time %s is more than %v ahead of its receipt at %s", time.Unix(0, ns).UTC().Format(time.RFC3339Nano), k.c.Payload.MaxFuture,
			time.Unix(0, k.c.Received).UTC().Format(time.RFC3339Nano))
	}
	return nil
}

// short quotes text for an error, shortened.
func short(text []byte) string {
	const most = 60
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}
