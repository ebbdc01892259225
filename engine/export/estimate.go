package export

import (
	"fmt"
	"math"
	"math/bits"

	"decant/formats"
)

// estimate finds how many rows an item will have at most, whether that is exact, and roughly how many bytes.
func (p *Plan) estimate(it *Item) {
	if it.request.Resource == "" {
		p.countRows(it)
	}
	high, low := bits.Mul64(uint64(it.Rows), uint64(p.rowBytes(it)))
	if high > 0 || low > math.MaxInt64 {
		low = math.MaxInt64
	}
	it.Bytes = int64(float64(low) * p.format.stretch * p.compressed())
}

// countRows finds how many rows an item of samples will have.
func (p *Plan) countRows(it *Item) {
	req := it.request
	it.Exact = true
	var total, widest int64
	count := int64(0) // series that are printed
	for i := range it.Series {
		if !it.prints(i) {
			continue
		}
		count++
		rows := it.seriesRows(i)
		total, widest = add(total, rows), max(widest, rows)
	}
	switch {
	case req.Bucket != nil && req.Fill != nil && req.Wide:
		it.Rows, it.Exact = it.Buckets, !req.Delta
		if count == 0 {
			it.Rows = 0
		}
	case req.Bucket != nil && req.Fill != nil:
		it.Rows, it.Exact = total, !req.Delta
	case req.Bucket != nil && req.Wide:
		it.Rows, it.Exact = min(total, it.Buckets), false
	case req.Bucket != nil:
		it.Rows, it.Exact = total, false
	case req.Wide:
		it.Rows, it.Exact = total, count <= 1
	default:
		it.Rows = total
	}
}

// seriesRows is how many rows a series gives at most.
func (it *Item) seriesRows(i int) int64 {
	s := it.Series[i].Range
	switch {
	case it.request.Bucket != nil && it.request.Fill != nil:
		return it.Buckets
	case it.request.Bucket != nil:
		return min(it.Buckets, s.values())
	case it.request.Delta:
		return s.values()
	}
	return s.Samples
}

func add(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func (p *Plan) compressed() float64 {
	if suffix(p.Request.Format.Extension, p.Request.Format.Compression) != "" {
		return 0.15
	}
	return 1
}

// rowBytes guesses what a row takes as CSV.
func (p *Plan) rowBytes(it *Item) int64 {
	bytes := int64(0)
	for _, c := range it.columns {
		bytes++ // delimiter or line end
		switch {
		case c.Type == formats.Time || c.Type == formats.TimeUTC:
			bytes += 22
			if it.Digits > 0 {
				bytes += int64(it.Digits) + 1
			}
		case c.Type == formats.Text:
			bytes += it.textBytes(c.ID)
		case c.function >= 0:
			bytes += 8
		case it.request.Resource != "" && c.Type == formats.Value:
			bytes += 16
		default:
			bytes += 4
		}
		if p.Request.Format.Expanded {
			bytes += int64(len(c.Label)) + 2
		}
	}
	return bytes
}

func (it *Item) textBytes(id string) int64 {
	if len(it.Series) == 0 {
		return 0
	}
	total := 0
	for i := range it.Series {
		total += len(seriesText(&it.Series[i], id))
	}
	return int64(total / len(it.Series))
}

// checkLimits refuses what is too big, with the number and what to do.
func (p *Plan) checkLimits() error {
	limit, name := p.opts.Limits.Rows, "rows"
	if p.format.summary && p.opts.Limits.PDFRows < limit {
		limit, name = p.opts.Limits.PDFRows, "pdf_rows"
	}
	bytes := int64(0)
	for i := range p.Items {
		it := &p.Items[i]
		bytes = add(bytes, it.Bytes)
		// Rows that series share make a wide item shorter than the bound: what can't be foreseen, the run counts.
		if it.leastRows() > limit {
			return tooManyRows(name, it, it.Rows, limit)
		}
		if p.Request.Format.Extension == "xlsx" && !p.Request.Format.Expanded && len(it.columns) > xlsxColumns {
			return &LimitError{"columns", fmt.Sprintf("items[%d]: %d columns; a sheet has at most %d. Split the item, or use csv or parquet",
				it.Index, len(it.columns), xlsxColumns)}
		}
	}
	if free := p.opts.Limits.Disk; free > 0 && bytes > free {
		return &LimitError{"disk", fmt.Sprintf("the files need about %d bytes and %d are free at the destination; choose another folder, a shorter range, or compression",
			bytes, free)}
	}
	return nil
}

// leastRows is what the rows are refused by: the bound, but of a wide item of raw samples or deltas, where it is no exact number, the
// longest series.
func (it *Item) leastRows() int64 {
	if !it.request.Wide || it.Exact || it.request.Bucket != nil {
		return it.Rows
	}
	longest := int64(0)
	for i := range it.Series {
		if it.prints(i) {
			longest = max(longest, it.seriesRows(i))
		}
	}
	return longest
}

func tooManyRows(limit string, it *Item, rows, allowed int64) error {
	advice := "choose a shorter range, fewer series, or decimation with a wider ds"
	if limit == "pdf_rows" {
		advice += ", or csv or xlsx"
	}
	return &LimitError{limit, fmt.Sprintf("items[%d]: %d rows expected; limits.%s allows %d: %s", it.Index, rows, limit, allowed, advice)}
}
