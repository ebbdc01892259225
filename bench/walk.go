package bench

import (
	"fmt"
	"time"

	"decant/ingest"
)

// Channel and Subtopic are where all samples of the benchmarks belong.
const (
	Channel  = "0115c85d-ef3e-4de9-9732-d0c5c4f2c482"
	Subtopic = "events.data"
)

// Start is the time of every series' first sample.
var Start = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// second is the time between two samples, ns.
const second = int64(time.Second)

// SeriesOf is series i of a store.
func SeriesOf(i int) ingest.Series {
	return ingest.Series{Channel: Channel, Subtopic: Subtopic, Name: fmt.Sprintf("urn:dev:mac:0024befffe80%04x:temperature", i), Unit: "Cel"}
}

// Walk is what a sensor with two decimals measures: a value that rises in small uneven steps up to 30 and then drops by half. Its numbers
// depend on the seed alone.
type Walk struct {
	state uint64
	level int64 // hundredths
}

// NewWalk returns the walk of series i.
func NewWalk(i int) *Walk { return &Walk{state: uint64(i)*0x9e3779b97f4a7c15 + 1, level: 2000} }

// Next is the next value.
func (w *Walk) Next() float64 {
	w.state = w.state*6364136223846793005 + 1442695040888963407
	w.level += int64(w.state>>60) - 7 // −7 to 8
	if w.level > 3000 {
		w.level -= 1500
	}
	return float64(w.level) / 100
}
