package export

import (
	"context"

	"decant/decimation"
	"decant/formats"
)

// chartPoints is how many points a chart of raw samples has at most.
const chartPoints = 500

// rawChart gathers raw samples in equal parts of the range. Where there are no more samples than parts, each sample is a point.
type rawChart struct {
	from  int64
	width uint64 // ns of a part
	parts []decimation.Moments
	each  []formats.ChartPoint // in place of parts
}

func newRawChart(c formats.Chart, numbers int64) *rawChart {
	if numbers <= chartPoints {
		return &rawChart{}
	}
	span := uint64(c.To) - uint64(c.From)
	return &rawChart{from: c.From, width: (span-1)/chartPoints + 1, parts: make([]decimation.Moments, chartPoints)}
}

func (x *rawChart) add(c *cursor) {
	values := c.value.Float64Values()
	for i := 0; i < c.n; {
		if x.parts == nil {
			if !c.value.IsNull(i) {
				x.each = append(x.each, formats.ChartPoint{Time: int64(c.times[i]), Value: values[i], Low: values[i], High: values[i]})
			}
			i++
			continue
		}
		part := (uint64(c.times[i]) - uint64(x.from)) / x.width
		hi := i
		for hi < c.n && (uint64(c.times[hi])-uint64(x.from))/x.width == part {
			hi++
		}
		if c.value.NullN() == 0 {
			x.parts[part].Add(values[i:hi])
		} else {
			for ; i < hi; i++ {
				if !c.value.IsNull(i) {
					x.parts[part].Add(values[i : i+1])
				}
			}
		}
		i = hi
	}
}

// points are the parts' means with their extremes. A hole of three parts and more breaks the line.
func (x *rawChart) points() ([]formats.ChartPoint, error) {
	if x.parts == nil {
		return x.each, nil
	}
	var points []formats.ChartPoint
	hole := 0
	for i := range x.parts {
		m := &x.parts[i]
		start := int64(uint64(x.from) + uint64(i)*x.width)
		if m.Count() == 0 {
			hole++
			continue
		}
		if hole >= 3 && len(points) > 0 {
			points = append(points, formats.ChartPoint{Time: start, Empty: true})
		}
		hole = 0
		point := formats.ChartPoint{Time: start}
		for f, into := range map[decimation.Function]*float64{decimation.Avg: &point.Value, decimation.Min: &point.Low, decimation.Max: &point.High} {
			v, _, err := m.Result(f)
			if err != nil {
				return nil, err
			}
			*into = v
		}
		points = append(points, point)
	}
	return points, nil
}

// printedPoints are the values that the table prints.
func (it *Item) printedPoints(ctx context.Context, snap Snapshot, i int) ([]formats.ChartPoint, error) {
	r, err := it.read(ctx, snap, i, []string{"time", "value"})
	if err != nil {
		return nil, err
	}
	var points []formats.ChartPoint
	err = eachRecord(ctx, r, func(c *cursor) {
		for row, v := range c.value.Float64Values() {
			points = append(points, formats.ChartPoint{Time: int64(c.times[row]), Value: v, Empty: c.value.IsNull(row)})
		}
	})
	return points, err
}

// bucketPoints are the item's own buckets, with their extremes where the function lies between them.
func (it *Item) bucketPoints(ctx context.Context, snap Snapshot, i int) (points []formats.ChartPoint, band bool, err error) {
	if points, err = it.printedPoints(ctx, snap, i); err != nil {
		return nil, false, err
	}
	f := it.request.Function
	if f != decimation.Avg && f != decimation.Min && f != decimation.Max {
		return points, false, nil
	}
	for _, edge := range []struct {
		function decimation.Function
		of       func(*formats.ChartPoint) *float64
	}{
		{decimation.Min, func(p *formats.ChartPoint) *float64 { return &p.Low }},
		{decimation.Max, func(p *formats.ChartPoint) *float64 { return &p.High }},
	} {
		for k := range points { // a bucket that fill made has no extremes but its value
			*edge.of(&points[k]) = points[k].Value
		}
		r, err := snap.Scan(ctx, it.Series[i].ID, it.From, it.To, "time", "value")
		if err != nil {
			return nil, false, err
		}
		if r, err = it.decimate(r, edge.function); err != nil {
			return nil, false, err
		}
		k := 0
		err = eachRecord(ctx, r, func(c *cursor) {
			for row, v := range c.value.Float64Values() {
				for k < len(points) && points[k].Time < int64(c.times[row]) {
					k++
				}
				if k < len(points) && points[k].Time == int64(c.times[row]) && !c.value.IsNull(row) {
					*edge.of(&points[k]) = v
				}
			}
		})
		if err != nil {
			return nil, false, err
		}
	}
	return points, true, nil
}
