package export

import (
	"context"
	"math"

	"decant/decimation"
)

// values counts the numbers and bools of a range, which are what decimation and delta take.
func (s RangeStats) values() int64 { return s.Numbers + s.Bools }

// bounds are the first and last time of the samples that an item prints; ok is false where there are none.
func (it *Item) bounds() (first, last int64, ok bool) {
	first, last = math.MaxInt64, math.MinInt64
	for i := range it.Series {
		s := &it.Series[i].Range
		switch {
		case !it.prints(i):
		case it.request.Bucket == nil && !it.request.Delta:
			if s.Samples > 0 {
				first, last = min(first, s.First), max(last, s.Last)
			}
		case s.values() > 0:
			first, last = min(first, s.FirstValue), max(last, s.LastValue)
		}
	}
	return first, last, first <= last
}

// resolveTimes finds what an item's times span: its buckets and offsets. An error is a bucket outside of what int64 ns hold.
func (it *Item) resolveTimes(zone *decimation.Zone) error {
	first, last, any := it.bounds()
	if it.request.Bucket != nil {
		// Open ends are closed by the first and last value.
		if it.From != openFrom {
			first = it.From
		}
		if it.To != openTo {
			last = it.To - 1
		}
		if any || it.From != openFrom && it.To != openTo {
			if first > last { // an end that lies beyond all values
				return nil
			}
			start, _, err := it.buckets.Find(first)
			if err != nil {
				return err
			}
			lastStart, _, err := it.buckets.Find(last)
			if err != nil {
				return err
			}
			if it.Buckets, err = it.buckets.Count(first, last+1); err != nil {
				return err
			}
			it.fill = span{start, lastStart + 1}
			first, last, any = start, lastStart, true
		}
	}
	if any {
		it.offsets = zone.Offsets(first, last)
	}
	return nil
}

// resolveDigits finds the fewest fraction digits that hold every time that an item prints.
func (it *Item) resolveDigits(ctx context.Context, snap Snapshot) error {
	if it.request.Bucket != nil {
		return nil // buckets start at whole seconds
	}
	for i := range it.Series {
		if it.prints(i) {
			it.Digits = max(it.Digits, it.Series[i].Range.Digits)
		}
	}
	for _, c := range it.columns {
		if c.ID != "created" || it.request.Wide {
			continue
		}
		for i := range it.Series {
			if it.Digits == 9 {
				break
			}
			if err := it.receivedDigits(ctx, snap, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// receivedDigits reads a series' times of receipt, until all nine digits are needed.
func (it *Item) receivedDigits(ctx context.Context, snap Snapshot, i int) error {
	explain := func(err error) error { return scanError(it.Series[i].Series, err) }
	r, err := snap.Scan(ctx, it.Series[i].ID, it.From, it.To, "time", "received")
	if err != nil {
		return explain(err)
	}
	c := cursor{reader: r, explain: explain}
	defer c.close()
	for it.Digits < 9 {
		more, err := c.load()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		for _, t := range c.received {
			it.Digits = max(it.Digits, fractionDigits(int64(t)))
		}
	}
	return nil
}

func fractionDigits(t int64) int {
	switch {
	case t%1e9 == 0:
		return 0
	case t%1e6 == 0:
		return 3
	case t%1e3 == 0:
		return 6
	}
	return 9
}
