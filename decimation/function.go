package decimation

import (
	"fmt"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
)

// Function is a statistic: dsf.
type Function uint8

const (
	Avg Function = iota
	Min
	Max
	Sum
	Variance // of a sample: divided by n−1
	Stddev   // the root of Variance
	Count    // number of values
	First    // the first value in time, then arrival
	Last     // the last one
)

var functionNames = []string{"avg", "min", "max", "sum", "variance", "stddev", "count", "first", "last"}

// otherNames are what other programs call some functions: by letters, mean is nearest to min.
var otherNames = map[string]string{"mean": "avg", "average": "avg", "std": "stddev", "stdev": "stddev", "var": "variance"}

// ParseFunction reads dsf.
func ParseFunction(s string) (Function, error) {
	for i, name := range functionNames {
		if s == name {
			return Function(i), nil
		}
	}
	best, edits := otherNames[strings.ToLower(s)], 0
	if best == "" {
		edits = len(s) + 1
	}
	for _, name := range functionNames {
		if d := levenshtein.ComputeDistance(strings.ToLower(s), name); d < edits {
			best, edits = name, d
		}
	}
	hint := ""
	if edits <= 2 {
		hint = fmt.Sprintf("; did you mean %s?", best)
	}
	return 0, fmt.Errorf("%q is not a function; allowed are %s%s", s, strings.Join(functionNames, ", "), hint)
}

// String prints the function as dsf spells it.
func (f Function) String() string {
	if int(f) < len(functionNames) {
		return functionNames[f]
	}
	return fmt.Sprintf("function %d", uint8(f))
}

// Column names the function's column in Schema, such as value.avg.
func (f Function) Column() string { return "value." + f.String() }

// OverflowError is a result that float64 can't hold.
type OverflowError struct {
	Function Function
	Bucket   int64 // the bucket's start, ns
}

func (e *OverflowError) Error() string {
	return fmt.Sprintf("the %s of the bucket that starts at %s is beyond the range of float64 (±1.8e308); choose smaller buckets or another function",
		e.Function, utc(e.Bucket))
}

// utc prints an instant (ns) for an error.
func utc(t int64) string { return time.Unix(0, t).UTC().Format(time.RFC3339Nano) }
