package segment

import (
	"context"

	"decant/decimation"
	"decant/ingest"
)

// Stats is what runs hold of one series in from ≤ t < to, duplicates settled. It is exact, wherever the samples lie.
type Stats struct {
	Samples                               int64
	Numbers, Bools, Strings, Bytes, Empty int64   // Samples by kind; Empty are without a value
	First, Last                           int64   // ns; valid where Samples > 0
	FirstValue, LastValue                 int64   // ns: the first and last number or bool; valid where Numbers+Bools > 0
	Digits                                int     // 0, 3, 6 or 9: fewest fraction digits of a second that hold every time
	Min, Max                              float64 // of numbers and bools; valid where Numbers+Bools > 0
}

// RangeStats describes one series in from ≤ t < to (ns). Groups and blocks that lie whole in the range and that no other run interferes with count by
// their summaries; only the others are read.
func RangeStats(ctx context.Context, runs []Run, from, to int64, policy Duplicates) (Stats, error) {
	var s statistics
	err := Guard(readersOf(runs), func() error {
		return merge(ctx, runs, from, to, policy, &s)
	})
	if err != nil {
		return Stats{}, err
	}
	return s.Stats, nil
}

// statistics is the merger's sink that counts.
type statistics struct {
	Stats
	moments decimation.Moments // of the summaries that have some: their extremes are there
}

func (s *statistics) whole(b *summary) verdict {
	low, high := b.min, b.max
	if b.moments != nil {
		if _, err := s.moments.MergeExtremes(b.moments); err != nil {
			return declined // the block is read, and found to be damaged
		}
		low, _, _ = s.moments.Result(decimation.Min)
		high, _, _ = s.moments.Result(decimation.Max)
	}
	s.add(b.kind, int64(b.rows), b.first, b.last, low, high)
	s.Digits = max(s.Digits, int(b.digits))
	return accepted
}

func (s *statistics) span(c *columns, i, j int) error {
	if err := c.need(needTime | needValue); err != nil {
		return err
	}
	s.Digits = digitsOf(c.time[i:j], s.Digits)
	if c.kinds == nil {
		low, high := extremes(c.value, i, j)
		s.add(c.kind, int64(j-i), c.time[i], c.time[j-1], low, high)
		return nil
	}
	for k := i; k < j; k++ {
		s.add(c.kinds[k], 1, c.time[k], c.time[k], c.value[k], c.value[k])
	}
	return nil
}

// add counts rows of one kind that come after all that was counted.
func (s *statistics) add(kind ingest.Kind, rows, first, last int64, low, high float64) {
	if s.Samples == 0 {
		s.First = first
	}
	s.Samples += rows
	s.Last = last
	switch kind {
	case ingest.KindNone:
		s.Empty += rows
	case ingest.KindString:
		s.Strings += rows
	case ingest.KindBytes:
		s.Bytes += rows
	default:
		if s.Numbers+s.Bools == 0 {
			s.FirstValue, s.Min, s.Max = first, low, high
		}
		s.LastValue, s.Min, s.Max = last, min(s.Min, low), max(s.Max, high)
		if kind == ingest.KindBool {
			s.Bools += rows
		} else {
			s.Numbers += rows
		}
	}
}

// extremes are those of rows i ≤ k < j; without values 0.
func extremes(values []float64, i, j int) (low, high float64) {
	if values == nil {
		return 0, 0
	}
	low, high = values[i], values[i]
	for _, v := range values[i:j] {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}
