package export

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"decant/decimation"
	"decant/engine/export/request"
	"decant/formats"
)

// Plan is a request resolved against a snapshot: what Run will write. It holds for that snapshot only.
type Plan struct {
	Request *request.Request
	Due     *int64 // ns; recurring: the scheduled instant of the run
	Items   []Item

	groups []*group
	pool   *decimation.Pool
	format format
	opts   Options
}

// Item is one file to be.
type Item struct {
	Index  int
	File   string     // its name
	From   int64      // ns; math.MinInt64 is an open end
	To     int64      // ns; math.MaxInt64 is an open end
	Series []Selected // by name, unit, publisher
	// NotPrinted are the series (by index) that no column of a wide item prints.
	NotPrinted []int

	Digits  int   // fraction digits of a second
	Buckets int64 // that meet the range; 0 for raw samples
	Rows    int64 // expected, at most
	Stored  int64 // samples of its series that are stored in the range, before duplicates are settled; 0 of a resource item
	Exact   bool  // Rows is exact
	Bytes   int64 // estimated

	request *request.Item
	columns []column
	buckets decimation.Buckets
	fill    span // of bucket starts that fill gives a row; empty where Buckets is 0
	offsets []int

	values    []int // where a cursor has the values of each function
	low, high int   // where it has the least and greatest of a bucket, for a chart's band

	last int64 // of a resource item, ns: the date of its file
}

// span is a half-open range of ns.
type span struct{ from, to int64 }

// NewPlan resolves a request. Faults that only show here are a *RequestError, what the source never saw is a *NotFoundError, and what is
// too big a *LimitError, in this order. snap must be the one that Run gets.
func NewPlan(ctx context.Context, snap Snapshot, r *request.Request, opts Options) (*Plan, error) {
	opts = opts.withDefaults()
	format, ok := lookUpFormat(r.Format.Extension)
	if !ok {
		return nil, &RequestError{request.Faults{{Path: "format.extension", Value: fmt.Sprintf("%q", r.Format.Extension), Message: "there is no such format"}}}
	}
	p := &Plan{Request: r, format: format, opts: opts, pool: decimation.NewPool(opts.Cores, Guard(snap))}
	faults := append(staticFaults(r), p.mayNot()...)
	faults = append(faults, p.resolveRanges()...)
	missing, found, err := p.resolveSeries(ctx, snap)
	if err != nil {
		return nil, err
	}
	if faults = append(faults, found...); len(faults) > 0 {
		return nil, &RequestError{faults}
	}
	if len(missing) > 0 {
		return nil, &NotFoundError{missing}
	}
	if err := Guard(snap)(func() error { return p.resolveRows(ctx, snap) }); err != nil {
		return nil, err
	}
	for i := range p.Items {
		p.estimate(&p.Items[i])
	}
	p.groupUp()
	return p, p.checkLimits()
}

// mayNot finds items that this job may not read, or that only the export service can.
func (p *Plan) mayNot() (faults request.Faults) {
	for i := range p.Request.Items {
		it := &p.Request.Items[i]
		switch path := fmt.Sprintf("items[%d].params.", i); {
		case it.Resource == "" && !p.opts.mayRead(it.Channel):
			faults = append(faults, request.Fault{Path: path + "channelId", Value: fmt.Sprintf("%q", it.Channel),
				Message: "this channel is not among those that may be read: " + strings.Join(p.opts.Channels, ", ")})
		case it.Resource != "" && !ofStore(it.Resource) && p.opts.Resources == nil:
			faults = append(faults, request.Fault{Path: path + "resource", Value: fmt.Sprintf("%q", it.Resource),
				Message: "the export service knows exports and jobs: send it the request, or list series or channel"})
		}
	}
	return faults
}

// resolveRanges makes the items with their names and ranges.
func (p *Plan) resolveRanges() (faults request.Faults) {
	r := p.Request
	now, err := theRun(r, &p.opts)
	if err != nil {
		return request.Faults{{Path: "periodStart", Message: err.Error()}}
	}
	if r.Recurring {
		p.Due = &now.due
	}
	names := fileNames(r)
	p.Items = make([]Item, len(r.Items))
	for i := range r.Items {
		it := &p.Items[i]
		*it = Item{Index: i, File: names[i], request: &r.Items[i]}
		var err error
		if it.From, it.To, err = itemRange(r, it.request, now, p.opts.Align); err != nil {
			path := fmt.Sprintf("items[%d].params", i)
			if it.request.Period != nil {
				path += ".period"
			}
			faults = append(faults, request.Fault{Path: path, Message: err.Error()})
		}
		if it.request.Bucket != nil {
			if it.buckets, err = it.request.Buckets(r.Format.Zone); err != nil {
				return append(faults, request.Fault{Path: fmt.Sprintf("items[%d].params.decimation.offset", i), Message: err.Error()})
			}
		}
	}
	return faults
}

// resolveSeries finds each item's series, what they hold in its range, and its columns.
func (p *Plan) resolveSeries(ctx context.Context, snap Snapshot) (missing []string, faults request.Faults, err error) {
	bare := make([][]int, len(p.Items)) // of wide items their columns (by index in format.columns) that only a prefix could have filled, and did not
	for i := range p.Items {
		it := &p.Items[i]
		if it.request.Resource != "" || !p.opts.mayRead(it.request.Channel) {
			continue // of the latter not even a fault may tell what is there
		}
		series, none, err := selectSeries(ctx, snap, it.request, p.opts.mayRead)
		if err != nil {
			return nil, nil, err
		}
		missing = append(missing, none...)
		it.Series = series
		for s := range it.Series {
			if it.Series[s].Range, err = snap.Stats(ctx, it.Series[s].ID, it.From, it.To); err != nil {
				return nil, nil, fmt.Errorf("read statistics of series %s: %w", describe(it.Series[s].Series), err)
			}
			stored, err := snap.Stored(ctx, it.Series[s].ID, it.From, it.To)
			if err != nil {
				return nil, nil, fmt.Errorf("count samples of series %s: %w", describe(it.Series[s].Series), err)
			}
			it.Stored += stored
		}
		if it.request.Wide && len(none) == 0 {
			var found request.Faults
			it.columns, it.NotPrinted, bare[i], found = wideColumns(p.Request, i, it.Series)
			faults = append(faults, found...)
		}
		if err := it.resolveTimes(p.Request.Format.Zone); err != nil {
			faults = append(faults, request.Fault{Path: fmt.Sprintf("items[%d].params.decimation.ds", i),
				Value: fmt.Sprintf("%q", it.request.Bucket), Message: err.Error()})
		}
		if !it.request.Wide && len(none) == 0 {
			it.columns = longColumns(p.Request, it.request, it.Series, len(it.offsets) > 1)
		}
		nameZones(it.columns, &p.Request.Format)
	}
	absent, found := p.bareColumns(bare)
	return append(missing, absent...), append(faults, found...), nil
}

// resolveRows finds what only a look at rows tells: the width of times, and the rows of resource items.
func (p *Plan) resolveRows(ctx context.Context, snap Snapshot) (err error) {
	for i := range p.Items {
		it := &p.Items[i]
		if it.request.Resource != "" {
			err = p.resolveResource(ctx, snap, it)
		} else {
			err = it.resolveDigits(ctx, snap)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bareColumns finds columns of wide items (bare, by item) that no item filled at all, and items that are left without a series.
func (p *Plan) bareColumns(bare [][]int) (missing []string, faults request.Faults) {
	filled := map[string]bool{} // by id
	for i := range p.Items {
		for _, c := range p.Items[i].columns {
			filled[c.ID] = true
		}
	}
	entries := p.Request.Format.Columns
	absent := func(c int) bool { return !filled[entries[c].ID] }
	called := map[int]string{} // the series of absent columns
	var there []string         // what they might have been called
	for i, left := range bare {
		// Columns that no item fills are reported below; those that other items fill leave this one bare.
		if len(left) > 0 && !p.Items[i].hasSeriesColumn() && !slices.ContainsFunc(left, absent) {
			faults = append(faults, nothingButTime(i))
		}
		for _, c := range left {
			if absent(c) {
				called[c], _, _ = p.Items[i].request.Value(entries[c].ID)
			}
		}
		for _, s := range p.Items[i].Series {
			if len(left) > 0 {
				there = append(there, s.Label)
			}
		}
	}
	slices.Sort(there)
	there = slices.Compact(there)
	for _, c := range slices.Sorted(maps.Keys(called)) {
		missing = append(missing, fmt.Sprintf("format.columns[%d]: no series of the wide items is called %s; %s", c, called[c], instead(called[c], there)))
	}
	return missing, faults
}

// hasSeriesColumn says whether a wide item prints any series.
func (it *Item) hasSeriesColumn() bool {
	return slices.ContainsFunc(it.columns, func(c column) bool { return c.series >= 0 })
}

// prints says whether series i has a column.
func (it *Item) prints(i int) bool {
	_, not := slices.BinarySearch(it.NotPrinted, i)
	return !not
}

// Columns are the item's columns, in order.
func (it *Item) Columns() []formats.Column {
	list := make([]formats.Column, len(it.columns))
	for i, c := range it.columns {
		list[i] = c.Column
	}
	return list
}
