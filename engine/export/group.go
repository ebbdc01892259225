package export

import (
	"iter"
	"slices"

	"decant/decimation"
)

// group is items that print the same rows: of the same series, range, buckets, fill and delta. One pass over the series gives the rows of
// them all, whatever functions and shapes they print, so a request's averages and extremes, long and wide, cost one scan.
type group struct {
	*Item     // the first, in whose place any other could stand: for series, range and buckets
	items     []*Item
	functions []decimation.Function // what a cursor's values are, of decimated items
	fields    []string              // what is scanned
	pool      *decimation.Pool
	rows      int // where not 0: how many rows are looked at, of a preview
}

// groupItems is how many items a group has at most: each has an open file, and a PDF in the making lies in memory.
const groupItems = 16

// groupUp puts the items into groups, which come in the order of their first items.
func (p *Plan) groupUp() {
	byFirst := map[SeriesID][]*group{} // by an item's first series: a full export has an item for each of very many channels
	for i := range p.Items {
		it := &p.Items[i]
		first := SeriesID(0)
		if len(it.Series) > 0 {
			first = it.Series[0].ID
		}
		alike := byFirst[first]
		at := slices.IndexFunc(alike, func(g *group) bool { return len(g.items) < groupItems && sameRows(g.Item, it) })
		if at < 0 {
			at = len(alike)
			alike = append(alike, &group{Item: it, pool: p.pool})
			byFirst[first] = alike
			p.groups = append(p.groups, alike[at])
		}
		g := alike[at]
		g.items = append(g.items, it)
		if it.request.Resource != "" {
			continue
		}
		g.serve(it)
		if p.format.summary {
			g.serveSummary(it)
		}
	}
}

// sameRows says whether two items print rows at the same times of the same series.
func sameRows(a, b *Item) bool {
	x, y := a.request, b.request
	switch {
	case x.Resource != "" || y.Resource != "":
		return false
	case a.From != b.From, a.To != b.To, x.Delta != y.Delta, x.Offset != y.Offset, !same(x.Bucket, y.Bucket), !same(x.Fill, y.Fill):
		return false
	case x.Fill != nil && a.fill != b.fill:
		return false // an open end stops where the series that an item prints do
	}
	return slices.EqualFunc(a.Series, b.Series, func(s, t Selected) bool { return s.ID == t.ID })
}

func same[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// serve makes the group read what an item prints.
func (g *group) serve(it *Item) {
	g.scan(it.scanned()...)
	it.values = []int{0}
	if it.request.Bucket == nil {
		return
	}
	it.values = it.values[:0]
	for _, f := range it.request.Functions {
		it.values = append(it.values, g.valuesOf(f))
	}
}

// serveSummary makes the group read what a PDF shows above an item's rows.
func (g *group) serveSummary(it *Item) {
	g.scan("value")
	if it.banded() {
		it.low, it.high = g.valuesOf(decimation.Min), g.valuesOf(decimation.Max)
	}
}

func (g *group) scan(fields ...string) {
	for _, f := range fields {
		if !slices.Contains(g.fields, f) {
			g.fields = append(g.fields, f)
		}
	}
}

// valuesOf is where a cursor has the values of a function.
func (g *group) valuesOf(f decimation.Function) int {
	at := slices.Index(g.functions, f)
	if at < 0 {
		at = len(g.functions)
		g.functions = append(g.functions, f)
	}
	return at
}

// reads says whether any item of the group has rows of series i.
func (g *group) reads(i int) bool {
	return slices.ContainsFunc(g.items, func(it *Item) bool { return it.prints(i) && it.seriesRows(i) > 0 })
}

// own gives those of runs that are the item's: runs themselves, or a list in part, which is used again.
func (it *Item) own(part *[]stretch, runs []stretch) []stretch {
	if len(it.NotPrinted) == 0 && !it.sparse() {
		return runs
	}
	list := (*part)[:0]
	for _, r := range runs {
		for lo, hi := range it.runs(r.c, r.lo, r.hi) {
			list = append(list, stretch{r.c, lo, hi})
		}
	}
	*part = list
	return list
}

// runs are the stretches of c's rows lo ≤ row < hi that are the item's own: none of a series that another item prints, and under delta none
// without a value of one of the item's functions.
func (it *Item) runs(c *cursor, lo, hi int) iter.Seq2[int, int] {
	return func(yield func(lo, hi int) bool) {
		switch {
		case !it.prints(c.series):
			return
		case !it.sparse():
			yield(lo, hi)
			return
		}
		for lo < hi {
			end := lo
			for end < hi && it.hasValue(c, end) {
				end++
			}
			if end > lo && !yield(lo, end) {
				return
			}
			lo = end + 1
		}
	}
}

// sparse says whether delta passes over rows that it keeps for other items of the group: variance and stddev have no value for a bucket of
// one sample, all other functions have.
func (it *Item) sparse() bool {
	return it.request.Delta && it.request.Bucket != nil && !slices.ContainsFunc(it.request.Functions, func(f decimation.Function) bool {
		return f != decimation.Variance && f != decimation.Stddev
	})
}

// hasValue says whether a function of the item has a value in a row before delta, which empties the first where nothing came before.
func (it *Item) hasValue(c *cursor, row int) bool {
	return slices.ContainsFunc(it.values, func(k int) bool {
		return c.values[k].IsValid(row) || c.firsts[k] == int64(c.times[row])
	})
}
