package export

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/decimation"
	"decant/formats"
)

// summary reads an item's series once more, for what stands above a PDF's table: exact statistics of the raw samples, and a chart.
func (p *Plan) summary(ctx context.Context, snap Snapshot, it *Item) ([]formats.SeriesSummary, error) {
	var list []formats.SeriesSummary
	labels := it.summaryLabels()
	first, last, _ := it.bounds()
	axis := formats.Chart{From: it.From, To: it.To}
	if it.From == openFrom {
		axis.From = first
	}
	if it.To == openTo {
		axis.To = last + 1
	}
	for i, printed := range it.printed() {
		if !printed {
			continue
		}
		s, err := it.seriesSummary(ctx, snap, i, labels[i], axis)
		if err != nil {
			return nil, it.rowError(i, p.Request.Format.Zone.Location, err)
		}
		list = append(list, s)
	}
	return list, nil
}

// summaryLabels are what a summary calls each series: the label of its column, else its own, with what tells it from others.
func (it *Item) summaryLabels() []string {
	labels := make([]string, len(it.Series))
	for i := range it.Series {
		labels[i] = it.Series[i].Label
	}
	for _, c := range it.columns {
		if c.series >= 0 {
			labels[c.series] = c.Label
		}
	}
	if it.request.Publisher == nil && severalPublishers(it.Series) {
		for i := range it.Series {
			if publisher := it.Series[i].Publisher; publisher != "" {
				labels[i] += ", " + publisher
			}
		}
	}
	return labels
}

// seriesSummary describes a series; chart has the ends of the time axis.
func (it *Item) seriesSummary(ctx context.Context, snap Snapshot, i int, label string, chart formats.Chart) (formats.SeriesSummary, error) {
	s := &it.Series[i]
	summary := formats.SeriesSummary{
		Label: label, Unit: s.Unit,
		Samples: s.Range.Samples, Numbers: s.Range.values(),
		Min: s.Range.Min, Max: s.Range.Max,
	}
	if summary.Numbers == 0 {
		return summary, nil
	}
	raw := newRawChart(chart, summary.Numbers)
	var all decimation.Moments
	err := it.eachRow(ctx, snap, i, func(c *cursor) {
		values := present(c.value)
		all.Add(values)
		raw.add(c)
	})
	if err != nil {
		return summary, err
	}
	if summary.Mean, _, err = all.Result(decimation.Avg); err != nil {
		return summary, err
	}
	switch {
	case it.request.Delta:
		chart.Points, err = it.printedPoints(ctx, snap, i)
	case it.request.Bucket != nil:
		chart.Points, chart.Band, err = it.bucketPoints(ctx, snap, i)
	default:
		chart.Points, err = raw.points()
		chart.Band = true
	}
	summary.Chart = chart
	return summary, err
}

// eachRow hands the records of a series' raw samples to f.
func (it *Item) eachRow(ctx context.Context, snap Snapshot, i int, f func(*cursor)) error {
	r, err := snap.Scan(ctx, it.Series[i].ID, it.From, it.To, "time", "value")
	if err != nil {
		return err
	}
	return eachRecord(ctx, r, f)
}

// eachRecord hands a reader's records to f and releases it.
func eachRecord(ctx context.Context, r array.RecordReader, f func(*cursor)) error {
	c := cursor{reader: r, explain: func(err error) error { return err }}
	defer c.close()
	for {
		more, err := c.load()
		if err != nil || !more {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		f(&c)
	}
}

// present are a column's values without the missing ones.
func present(column *array.Float64) []float64 {
	if column.NullN() == 0 {
		return column.Float64Values()
	}
	var values []float64
	for i, v := range column.Float64Values() {
		if !column.IsNull(i) {
			values = append(values, v)
		}
	}
	return values
}
