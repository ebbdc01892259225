package bench

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"decant/decimation"
)

// Options say what to measure. A zero is the benchmark's own default.
type Options struct {
	Dir   string // where data sets are kept
	Input string // a store to read instead of a data set; Data, Points and Series are empty then

	Data   string
	Points int64
	Series int

	Cores []int         // how many at a time; each gets lines of its own
	Count int           // measurements of each
	Time  time.Duration // least time of a measurement

	Functions []string // each a function, several joined by +, or all
	Buckets   []string // widths, as 15m
	Zones     []string // of the buckets
	Touches   []string // warm, first
	Formats   []string // extensions
}

// Touches are the states that a decimation can find the store in.
const (
	TouchWarm  = "warm"  // it was read before by this process
	TouchFirst = "first" // it is opened anew, so that every block's checksum is computed and every page mapped
)

// Validate reports every fault at once.
func (o Options) Validate() error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if o.Input != "" {
		for _, f := range []struct {
			flag  string
			given bool
		}{{"--dataset", o.Data != ""}, {"--points", o.Points != 0}, {"--series", o.Series != 0}} {
			if f.given {
				bad("%s makes a data set, and --input reads a store that is there: give one of them", f.flag)
			}
		}
	}
	if o.Count < 1 {
		bad("--count %d: allowed is 1 and more", o.Count)
	}
	if o.Time < 0 {
		bad("--time %s: allowed is 0s and more", o.Time)
	}
	for _, cores := range o.Cores {
		if cores < 1 || cores > runtime.NumCPU() {
			bad("--cpu %d: this machine has 1 to %d", cores, runtime.NumCPU())
		}
	}
	for _, f := range o.Functions {
		if _, err := parseFunctions(f); err != nil {
			bad("--func %s: %w", f, err)
		}
	}
	for _, b := range o.Buckets {
		if _, err := decimation.ParseWidth(b); err != nil {
			bad("--bucket %s: %w", b, err)
		}
	}
	for _, z := range o.Zones {
		if _, err := decimation.LoadZone(z); err != nil {
			bad("--timezone %s: %w", z, err)
		}
	}
	for _, t := range o.Touches {
		if t != TouchWarm && t != TouchFirst {
			bad("--touch %s: allowed are %s and %s", t, TouchWarm, TouchFirst)
		}
	}
	for _, f := range o.Formats {
		if !slices.Contains(formats, f) {
			bad("--format %s: allowed are %s", f, strings.Join(formats, ", "))
		}
	}
	return errors.Join(faults...)
}

// checkCases reports every case that a benchmark doesn't have.
func checkCases(cases, allowed []string) error {
	var faults []error
	for _, c := range cases {
		if !slices.Contains(allowed, c) {
			faults = append(faults, fmt.Errorf("--case %s: allowed are %s", c, strings.Join(allowed, ", ")))
		}
	}
	return errors.Join(faults...)
}

// or gives what was asked for or, where nothing was, what a benchmark does then.
func or[T any](asked []T, otherwise ...T) []T {
	if len(asked) > 0 {
		return asked
	}
	return otherwise
}

// dataset is the data set that the options ask for.
func (o Options) dataset(points int64) Dataset {
	d := Dataset{Data: o.Data, Series: o.Series}
	if d.Data == "" {
		d.Data = DataWalk
	}
	if d.Series == 0 {
		d.Series = 50
		if d.Data == DataTetouan {
			d.Series = 8
		}
	}
	if o.Points != 0 {
		points = o.Points
	}
	d.Samples = int(points / int64(max(d.Series, 1)))
	return d
}

// allFunctions are what func=all computes in one pass.
var allFunctions = []decimation.Function{decimation.Avg, decimation.Min, decimation.Max, decimation.Sum, decimation.Variance, decimation.Stddev}

// parseFunctions reads what one pass computes: all, a function, or several joined by +.
func parseFunctions(text string) (list []decimation.Function, err error) {
	if text == "all" {
		return allFunctions, nil
	}
	for name := range strings.SplitSeq(text, "+") {
		f, err := decimation.ParseFunction(name)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// ParseCount reads a whole number that may have an exponent: 50e6.
func ParseCount(text string) (int64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v != math.Trunc(v) || v < 1 || v > 1e15 {
		return 0, fmt.Errorf("%q: give a whole number from 1 on, such as 2000000 or 2e6", text)
	}
	return int64(v), nil
}
