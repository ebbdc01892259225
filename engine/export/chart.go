package export

import (
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
	column := c.values[0]
	values := column.Float64Values()
	for i := 0; i < c.n; {
		if x.parts == nil {
			if !column.IsNull(i) {
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
		if column.NullN() == 0 {
			x.parts[part].Add(values[i:hi])
		} else {
			for ; i < hi; i++ {
				if !column.IsNull(i) {
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

// chart draws a series on the time axis that it is given: of raw samples their course, of buckets and deltas what the table prints; of a list
// of functions the first.
func (it *Item) chart(f *front, axis formats.Chart, numbers int64) (formats.Chart, error) {
	if it.request.List {
		axis.Line = it.request.Functions[0].String()
	}
	if it.request.Bucket != nil || it.request.Delta {
		axis.Points, axis.Band = it.printedPoints(f), it.banded()
		return axis, nil
	}
	raw := newRawChart(axis, numbers)
	f.each(raw.add)
	var err error
	axis.Points, err = raw.points()
	axis.Band = true
	return axis, err
}

// banded says whether the chart of buckets has a band: where its line lies between their extremes.
func (it *Item) banded() bool {
	if it.request.Bucket == nil || it.request.Delta {
		return false
	}
	f := it.request.Functions[0]
	return f == decimation.Avg || f == decimation.Min || f == decimation.Max
}

// printedPoints are the values of the table's rows, with the extremes of their buckets where the chart has a band.
func (it *Item) printedPoints(f *front) []formats.ChartPoint {
	var points []formats.ChartPoint
	f.each(func(c *cursor) {
		column := c.values[it.values[0]]
		for lo, hi := range it.runs(c, 0, c.n) {
			for row := lo; row < hi; row++ {
				v := column.Value(row)
				point := formats.ChartPoint{Time: int64(c.times[row]), Value: v, Low: v, High: v, Empty: column.IsNull(row)}
				if it.banded() && c.count[row] > 0 { // a bucket that fill made has no extremes but its value
					point.Low, point.High = c.values[it.low].Value(row), c.values[it.high].Value(row)
				}
				points = append(points, point)
			}
		}
	})
	return points
}
