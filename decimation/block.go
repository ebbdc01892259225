package decimation

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// Block is a stretch of a series' samples where they lie. It is valid until the next one is asked for.
type Block struct {
	Times  []arrow.Timestamp // ns, ascending; nil where Clock tells them
	Clock  Clock             // nil where Times has them; NextUntil alone gives it
	Values []float64         // as many as times
	First  int64             // the first time, and
	Last   int64             // the last: looking there would wait for memory
	Nulls  *array.Float64    // the values with their missing ones; nil where none is missing
	Bounds *Exponents        // of the values, which are finite then; nil where they are not known
	Ahead  [2]*byte          // what will be looked at after this block, nil where that is not known: it is brought while this one is summed

	Summary *Summary // what stands in place of the rows, which are not there then; NextUntil alone gives it
}

// Clock tells the times of a block's rows without laying them out: where buckets end it is asked for few of them.
type Clock interface {
	At(i int) int64     // the time of row i, ns
	Search(t int64) int // the first row whose time is t or later; the number of rows where there is none
}

// Blocks is what a source of samples may be besides an array.RecordReader, to be read without a record around every few thousand rows, and
// to say what it knows of their values. NextBlock takes the place of Next, and only one of the two may be used: ok is false at the end, or at a fault, which Err tells.
type Blocks interface {
	NextBlock() (b Block, ok bool)
}

// samples reads a source, a block at a time.
type samples struct {
	src                     array.RecordReader
	blocks                  Blocks    // src, where it is one
	summaries               Summaries // and where it is that
	timeColumn, valueColumn int
	block                   Block
	next                    int   // the first row of block that was not read yet
	last                    int64 // the last time before block
}

// newSamples checks the source's columns. It does not own src.
func newSamples(src array.RecordReader) (s samples, err error) {
	s = samples{src: src, last: math.MinInt64}
	s.blocks, _ = src.(Blocks)
	s.summaries, _ = src.(Summaries)
	if s.timeColumn, err = column(src.Schema(), "time", arrow.FixedWidthTypes.Timestamp_ns); err != nil {
		return s, err
	}
	s.valueColumn, err = column(src.Schema(), "value", arrow.PrimitiveTypes.Float64)
	return s, err
}

// advance makes rows available, or a summary of rows before until: false at the source's end or fault.
func (s *samples) advance(until int64) (more bool, err error) {
	for s.next >= len(s.block.Values) {
		if len(s.block.Values) > 0 {
			s.last = s.block.Last
		}
		s.next = 0
		if more, err := s.load(until); err != nil || !more {
			s.block = Block{}
			return false, err
		}
		if s.block.Summary != nil {
			return true, nil
		}
		if len(s.block.Values) > 0 && s.block.First < s.last {
			return false, s.backwards(s.block.First)
		}
	}
	return true, nil
}

func (s *samples) backwards(to int64) error {
	return fmt.Errorf("the source goes back in time, from %s to %s", utc(s.last), utc(to))
}

// load sets block to the source's next one, which may be empty.
func (s *samples) load(until int64) (more bool, err error) {
	if s.blocks != nil {
		if s.summaries != nil {
			s.block, more = s.summaries.NextUntil(until)
		} else {
			s.block, more = s.blocks.NextBlock()
		}
		if !more {
			return false, s.src.Err()
		}
		return true, nil
	}
	if !s.src.Next() {
		return false, s.src.Err()
	}
	rec := s.src.Record()
	times := rec.Column(s.timeColumn).(*array.Timestamp)
	if times.NullN() > 0 {
		return false, errors.New("the source has a row without a time")
	}
	values := rec.Column(s.valueColumn).(*array.Float64)
	s.block = Block{Times: times.TimestampValues(), Values: values.Float64Values()}
	if n := len(s.block.Times); n > 0 {
		s.block.First, s.block.Last = int64(s.block.Times[0]), int64(s.block.Times[n-1])
	}
	if values.NullN() > 0 {
		s.block.Nulls = values
	}
	return true, nil
}

// at is the time of row i.
func (b *Block) at(i int) int64 {
	switch {
	case i == 0:
		return b.First
	case b.Times == nil:
		return b.Clock.At(i)
	}
	return int64(b.Times[i])
}

// prefetch has the processor bring what is looked at when the rows up to stop are done, while it does other work: from the block's first row on
// what comes after it, else the time of the row at which a bucket of as many rows would end.
func (b *Block) prefetch(next, stop int) {
	if !vector { // the plain loops don't run ahead of memory
		return
	}
	if next == 0 {
		prefetch(unsafe.Pointer(b.Ahead[0]))
		prefetch(unsafe.Pointer(b.Ahead[1]))
	} else if i := stop + stop - next; i < len(b.Times) {
		prefetch(unsafe.Pointer(&b.Times[i]))
	}
}

// seek is the block's first row from i on whose time is at or past t. It guesses where that is, as samples mostly come at even intervals,
// and gallops from there, so that it touches few of the times.
func (b *Block) seek(i int, t int64) int {
	if i >= len(b.Values) || b.Last < t {
		return len(b.Values)
	}
	from := b.at(i)
	if from >= t {
		return i
	}
	times := b.Times
	if times == nil {
		return max(i+1, b.Clock.Search(t))
	}
	// Of what follows, times[low] < t ≤ times[high].
	low, high := i, len(times)-1
	begin := uint64(from) // differences of int64 need 64 bits without a sign
	guess := low + int(float64(uint64(t)-begin)/float64(uint64(b.Last)-begin)*float64(high-low))
	guess = min(max(guess, low+1), high)
	if int64(times[guess]) < t {
		low = guess
		for step := 1; low+step < high; step *= 2 {
			if int64(times[low+step]) >= t {
				high = low + step
				break
			}
			low += step
		}
	} else {
		high = guess
		for step := 1; high-step > low; step *= 2 {
			if int64(times[high-step]) < t {
				low = high - step
				break
			}
			high -= step
		}
	}
	for high-low > 1 {
		middle := int(uint(low+high) / 2)
		if int64(times[middle]) < t {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}
