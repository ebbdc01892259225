package bench

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"decant/engine/demo"
	"decant/ingest"
)

// Channel and Subtopic are where all samples of the benchmarks belong.
const (
	Channel  = "0115c85d-ef3e-4de9-9732-d0c5c4f2c482"
	Subtopic = "events.data"
)

// Start is before every sample, by less than a second.
var Start = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// The kinds of data sets.
const (
	DataWalk     = "walk"     // a sawtooth walk with two decimals, 15 to 30; 1 Hz with jitter
	DataZero     = "zero"     // a walk with two decimals through zero, −20 to 20; 1 Hz with jitter
	DataTetouan  = "tetouan"  // the eight columns of a city's power grid, over and over; every ten minutes
	DataConstant = "constant" // 0.1 for ever; 1 Hz with jitter
)

// DataKinds are all of them.
var DataKinds = []string{DataWalk, DataZero, DataTetouan, DataConstant}

// Dataset says which samples a benchmark works on. Equal ones hold equal samples, to the bit, on every machine.
type Dataset struct {
	Data    string // one of DataKinds
	Series  int
	Samples int // of each series
}

// Points is the number of samples of all series.
func (d Dataset) Points() int64 { return int64(d.Series) * int64(d.Samples) }

// String names the data set: walk-50x1000000.
func (d Dataset) String() string { return fmt.Sprintf("%s-%dx%d", d.Data, d.Series, d.Samples) }

// Validate reports every fault at once.
func (d Dataset) Validate() error {
	var faults []error
	_, step, known := d.clock()
	if !known {
		faults = append(faults, fmt.Errorf("data set %q: allowed are %s", d.Data, strings.Join(DataKinds, ", ")))
	}
	if d.Series < 1 || d.Series > maxSeries {
		faults = append(faults, fmt.Errorf("%d series: allowed is 1 to %d", d.Series, maxSeries))
	}
	if d.Samples < 1 {
		faults = append(faults, fmt.Errorf("%d samples a series: allowed is 1 and more; take more points or fewer series", d.Samples))
	} else if known && d.Samples > int(maxRange/step) {
		faults = append(faults, fmt.Errorf("%d samples a series, %s apart, reach past the year 2200: allowed is up to %d; take fewer points or more series",
			d.Samples, step, maxRange/step))
	}
	return errors.Join(faults...)
}

const (
	maxSeries = 100_000
	maxRange  = 175 * 365 * 24 * time.Hour // from the earlier of the two starts to 2192: times are int64 nanoseconds, and those end in 2262
)

// clock is when a data set begins and how far apart its samples are.
func (d Dataset) clock() (first time.Time, step time.Duration, known bool) {
	switch d.Data {
	case DataTetouan:
		return time.Date(2017, time.January, 1, 0, 0, 0, 0, time.UTC), 10 * time.Minute, true
	case DataWalk, DataZero, DataConstant:
		return Start, time.Second, true
	}
	return time.Time{}, 0, false
}

// Signal gives the samples of one series in their order, without an end.
type Signal struct {
	Series ingest.Series

	next   int64 // ns, without jitter
	step   int64 // ns
	jitter bool
	dice   dice // of the jitter
	values interface{ Next() float64 }
}

// Next is the next sample: its time (ns, later than the one before) and its value.
func (s *Signal) Next() (t int64, v float64) {
	t = s.next
	s.next += s.step
	if s.jitter {
		t += s.dice.roll(2*jitter+1) * int64(time.Millisecond)
	}
	return t, s.values.Next()
}

// jitter is how far a sample lies from the middle of where it may lie, ms: the times are up to 40 ms past the full second.
const jitter = 20

// Signals are the series of the data set from their first sample on.
func (d Dataset) Signals() ([]*Signal, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	var columns []demo.Column
	if d.Data == DataTetouan {
		var err error
		if columns, err = demo.Columns(); err != nil {
			return nil, err
		}
	}
	first, step, _ := d.clock()
	signals := make([]*Signal, d.Series)
	for i := range signals {
		s := &Signal{Series: SeriesOf(i), next: first.UnixNano(), step: int64(step), jitter: true, dice: newDice(math.MaxInt32 - i)}
		switch d.Data {
		case DataWalk:
			s.values = NewWalk(i)
		case DataZero:
			s.values = &zeroWalk{dice: newDice(i)}
		case DataConstant:
			s.values = constant(0.1)
		case DataTetouan:
			c := columns[i%len(columns)]
			s.Series.Name, s.Series.Unit = fmt.Sprintf("%s:%d", c.Name, i/len(columns)), c.Unit
			s.values, s.jitter = &repeated{values: c.Values, next: i / len(columns) * 144 % len(c.Values)}, false // each copy a day further
		}
		signals[i] = s
	}
	return signals, nil
}

// SeriesOf is series i of a data set whose values are made.
func SeriesOf(i int) ingest.Series {
	return ingest.Series{Channel: Channel, Subtopic: Subtopic, Name: fmt.Sprintf("urn:dev:mac:0024befffe80%04x:temperature", i), Unit: "Cel"}
}
