package export

import (
	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/decimation"
	"decant/formats"
)

// summary is what stands above a PDF's table: of each series exact statistics of the raw samples in the range, and a chart.
func (it *Item) summary(fronts map[int]*front) ([]formats.SeriesSummary, error) {
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
	for i := range it.Series {
		if !it.prints(i) {
			continue
		}
		s := &it.Series[i]
		summary := formats.SeriesSummary{
			Label: labels[i], Unit: s.Unit,
			Samples: s.Range.Samples, Numbers: s.Range.values(),
			Min: s.Range.Min, Max: s.Range.Max,
		}
		if f := fronts[i]; f != nil && summary.Numbers > 0 {
			var err error
			if summary.Mean, _, err = f.raw.Result(decimation.Avg); err != nil {
				return nil, err
			}
			if summary.Chart, err = it.chart(f, axis, summary.Numbers); err != nil {
				return nil, err
			}
		}
		list = append(list, summary)
	}
	return list, nil
}

// summaryLabels are what a summary calls each series: the label of its column, else its own, with what tells it from others. Where a
// column prints one function of several, its label is the function's.
func (it *Item) summaryLabels() []string {
	labels := make([]string, len(it.Series))
	for i := range it.Series {
		labels[i] = it.Series[i].Label
	}
	for _, c := range it.columns {
		if c.series >= 0 && !it.request.List {
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
