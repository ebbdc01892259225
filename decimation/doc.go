// Package decimation turns samples into calendar buckets, and a series of values into a filled or differenced one.
//
//  1. LoadZone finds the zone, ParseWidth reads ds, NewBuckets tiles the time line with buckets of that width in that zone. Buckets.Shift
//     moves them, so that a day lasts from six to six.
//  2. NewReader, or a Pool's on several cores, pulls a series through the tiling: one row a bucket that holds a value, with any number of statistics.
//  3. FillReader gives the empty buckets rows too.
//  4. DeltaReader replaces each value by its difference from the one before.
//
// Where a source knows the sums of its rows (Summaries), buckets are made of these, and rows are read at their edges alone.
//
// The readers pull from each other; each holds a bounded number of rows, however long the range is. Fill and delta take each statistic by itself. Every statistic is exact: the
// float64 nearest to the true value for the inputs (Moments), so it does not depend on how samples were cut into records.
//
// Period is the other half of calendar time: ISO 8601 durations that step in a zone.
//
// The package is pure. It opens no file and no connection and reads no clock; its zone database is embedded. Times are int64
// nanoseconds since 1970-01-01 UTC throughout.
package decimation
