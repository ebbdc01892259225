// Package decimation turns samples into calendar buckets.
package decimation

import (
	"time"

	"github.com/apache/arrow/go/v17/arrow/array"
)

// Zone is a time zone of the database inside the binary.
type Zone struct {
	Name     string // as the database spells it
	Location *time.Location
}

// LoadZone finds a zone by its IANA name, without regard to case.
func LoadZone(name string) (*Zone, error) { panic("stub") }

// ZoneDatabase is the version of the zone database inside the binary, as 2025c.
const ZoneDatabase = "2025c"

// Period is an ISO 8601 duration that steps in a zone's calendar. The zero Period is no period.
type Period struct {
	Years, Months, Weeks, Days int64
	Clock                      int64 // ns: hours, minutes and seconds, elapsed time
}

// ParsePeriod reads an ISO 8601 duration.
func ParsePeriod(s string) (Period, error) { panic("stub") }

// Step is instant k: anchor + k × p in the zone's calendar (ns). k may be negative. An instant outside int64 is an error.
func (p Period) Step(anchor int64, k int64, zone *Zone) (int64, error) { panic("stub") }

// String prints the period in its shortest ISO 8601 form.
func (p Period) String() string { panic("stub") }

// Width is the width of a bucket: ds. Unit is one of s m h d w M y.
type Width struct {
	N    int64
	Unit byte
}

// ParseWidth reads ds.
func ParseWidth(s string) (Width, error) { panic("stub") }

// String prints the width as ds spells it.
func (w Width) String() string { panic("stub") }

// Buckets is the tiling of the time line by one width in one zone.
type Buckets struct{}

// NewBuckets makes the tiling.
func NewBuckets(w Width, zone *Zone) Buckets { panic("stub") }

// Find gives the bucket that holds t: start ≤ t < end (ns). A bucket that starts or ends outside int64 is an error.
func (b Buckets) Find(t int64) (start, end int64, err error) { panic("stub") }

// Count is the number of buckets that meet [from, to); it is found without walking where the range is long.
func (b Buckets) Count(from, to int64) (int64, error) { panic("stub") }

// Function is a statistic: dsf.
type Function uint8

const (
	Avg Function = iota
	Min
	Max
	Sum
	Variance
	Stddev
)

// ParseFunction reads dsf.
func ParseFunction(s string) (Function, error) { panic("stub") }

// String prints the function as dsf spells it.
func (f Function) String() string { panic("stub") }

// Spec says how a series is decimated.
type Spec struct {
	Buckets  Buckets
	Function Function
	From, To int64 // ns; samples outside take no part; math.MinInt64 and math.MaxInt64 are open ends
}

// Output of NewReader, FillReader and DeltaReader: time (timestamp[ns, UTC]: the bucket's start), value (float64,
// nullable), count (int64: the bucket's samples).

// NewReader decimates one series. src has the columns time (timestamp[ns], ascending) and value (float64; a null takes no part).
// The reader owns src and releases it. A result beyond float64 stops it with an *OverflowError.
func NewReader(src array.RecordReader, spec Spec) (array.RecordReader, error) { panic("stub") }

// OverflowError is a result that float64 can't hold.
type OverflowError struct {
	Function Function
	Bucket   int64 // the bucket's start, ns
}

func (e *OverflowError) Error() string { panic("stub") }

// FillMode says what an empty bucket prints.
type FillMode uint8

const (
	FillNull FillMode = iota
	FillValue
	FillPrevious
	FillLinear
)

// Fill is the item's fill.
type Fill struct {
	Mode  FillMode
	Value float64 // FillValue
}

// FillReader gives every bucket that meets [from, to) a row. Open ends are math.MinInt64 and math.MaxInt64: there the rows
// stop at the item's first and last non-empty bucket, whose starts the caller passes as from and to (to: one past).
func FillReader(src array.RecordReader, b Buckets, f Fill, from, to int64) array.RecordReader {
	panic("stub")
}

// LookBack gives delta the value before a series' first one: the last non-empty value before time t (ns).
type LookBack func(t int64) (value float64, ok bool, err error)

// DeltaReader replaces each value by its difference from the one before. It works on raw numbers as well: src needs time and value, and
// other columns are passed on. look is asked once, with the time of the series' first non-empty row.
func DeltaReader(src array.RecordReader, look LookBack) array.RecordReader { panic("stub") }

// Moments is the exact accumulation of any number of float64 values: count, extremes, exact sum and exact sum of squares.
// Partial Moments merge exactly, in any order.
type Moments struct{}

// Add takes values (finite float64s).
func (m *Moments) Add(values []float64) { panic("stub") }

// Merge adds another's values.
func (m *Moments) Merge(o *Moments) { panic("stub") }

// Result rounds once. ok is false where the function has no value (no values; stddev of one).
func (m *Moments) Result(f Function) (v float64, ok bool, err error) { panic("stub") }

// Count is the number of values.
func (m *Moments) Count() int64 { panic("stub") }
