package export

import (
	"context"
	"iter"
	"slices"

	"decant/engine/export/request"
)

// Resources is what the export service knows beside the samples, for resource items. It lists what the job's owner may see, in ascending order of id
// (then owner), a page at a time, so that memory stays bounded. A fault ends a list.
type Resources interface {
	Exports(ctx context.Context) iter.Seq2[ExportRow, error]
	Jobs(ctx context.Context) iter.Seq2[JobRow, error]
}

// ExportRow is an export as a row. Times are ns; files print them to the millisecond.
type ExportRow struct {
	ID, Owner, Type, Title string
	Tags                   []string // label=value
	Enabled                bool
	Status                 string // of the newest job; "" before the first
	Version                int64
	NextDue                *int64 // nil where no run will come
	CreatedAt, UpdatedAt   int64
}

// JobRow is a job as a row. Times are ns; files print them to the millisecond.
type JobRow struct {
	ID, Export, Owner, Status, Cause string
	Due                              int64
	Tries                            int64
	CreatedAt                        int64
	StartedAt, EndedAt, ExpiresAt    *int64
	Rows, Bytes                      int64
	Error                            string // "" where there is none
}

// attributes are a row of a resource: a value for each of its attributes, in the order of request.Resource.Attributes.
type attributes []attribute

// attribute is one value; which field holds it is what the attribute's type says. An empty text or list is a missing value.
type attribute struct {
	text    string
	list    []string
	number  int64 // a number, a time (ns), or a bool as 0 or 1
	missing bool  // there is no number
}

// resourceRows gives a resource item's rows, in their order. A row is valid until the next.
func (p *Plan) resourceRows(ctx context.Context, snap Snapshot, it *Item) iter.Seq2[attributes, error] {
	kind := it.request.Resource
	pass := ruleTest(kind, it.request.Filter)
	return func(yield func(attributes, error) bool) {
		for row, err := range p.allRows(ctx, snap, kind) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if pass(row) && !yield(row, nil) {
				return
			}
		}
	}
}

func (p *Plan) allRows(ctx context.Context, snap Snapshot, kind request.Resource) iter.Seq2[attributes, error] {
	switch kind {
	case request.SeriesResource:
		return p.seriesAttributes(ctx, snap)
	case request.ChannelResource:
		return p.channelAttributes(ctx, snap)
	case request.ExportResource:
		return rowsOf(p.opts.Resources.Exports(ctx), exportAttributes)
	}
	return rowsOf(p.opts.Resources.Jobs(ctx), jobAttributes)
}

func rowsOf[T any](rows iter.Seq2[T, error], attributesOf func(*T) attributes) iter.Seq2[attributes, error] {
	return func(yield func(attributes, error) bool) {
		for row, err := range rows {
			if !yield(attributesOf(&row), err) {
				return
			}
		}
	}
}

// readable lists the series of the channels that the job may read.
func (p *Plan) readable(ctx context.Context, snap Snapshot) ([]Series, error) {
	all, err := snap.Series(ctx, "", "")
	if err != nil || p.opts.Channels == nil {
		return all, err
	}
	channel, may := "", false // series of one channel stand together
	return slices.DeleteFunc(all, func(s Series) bool {
		if s.Channel != channel {
			channel, may = s.Channel, p.opts.mayRead(s.Channel)
		}
		return !may
	}), nil
}

func (p *Plan) seriesAttributes(ctx context.Context, snap Snapshot) iter.Seq2[attributes, error] {
	return func(yield func(attributes, error) bool) {
		all, err := p.readable(ctx, snap)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, s := range all {
			if !yield(attributes{text(s.Channel), text(s.Subtopic), text(s.Publisher), text(s.Name), text(s.Unit),
				number(s.Samples), number(s.First), number(s.Last)}, nil) {
				return
			}
		}
	}
}

func (p *Plan) channelAttributes(ctx context.Context, snap Snapshot) iter.Seq2[attributes, error] {
	return func(yield func(attributes, error) bool) {
		all, err := p.readable(ctx, snap)
		if err != nil {
			yield(nil, err)
			return
		}
		for len(all) > 0 {
			id, samples, first, last := all[0].Channel, int64(0), all[0].First, all[0].Last
			var subtopics []string
			n := 0
			for ; n < len(all) && all[n].Channel == id; n++ {
				s := &all[n]
				samples, first, last = samples+s.Samples, min(first, s.First), max(last, s.Last)
				if len(subtopics) == 0 || subtopics[len(subtopics)-1] != s.Subtopic {
					subtopics = append(subtopics, s.Subtopic)
				}
			}
			if !yield(attributes{text(id), {list: subtopics}, number(int64(n)), number(samples), number(first), number(last)}, nil) {
				return
			}
			all = all[n:]
		}
	}
}

func exportAttributes(e *ExportRow) attributes {
	enabled := int64(0)
	if e.Enabled {
		enabled = 1
	}
	return attributes{text(e.ID), text(e.Owner), text(e.Type), text(e.Title), {list: e.Tags}, number(enabled), text(e.Status), number(e.Version),
		moment(e.NextDue), moment(&e.CreatedAt), moment(&e.UpdatedAt)}
}

func jobAttributes(j *JobRow) attributes {
	return attributes{text(j.ID), text(j.Export), text(j.Owner), text(j.Status), text(j.Cause), moment(&j.Due), number(j.Tries),
		moment(&j.CreatedAt), moment(j.StartedAt), moment(j.EndedAt), moment(j.ExpiresAt), number(j.Rows), number(j.Bytes), text(j.Error)}
}

func text(s string) attribute  { return attribute{text: s} }
func number(n int64) attribute { return attribute{number: n} }

// moment is a clock's time, to the millisecond: a file's times have one width, and rows that are written later must not need a wider one.
func moment(t *int64) attribute {
	if t == nil {
		return attribute{missing: true}
	}
	const ms = int64(1e6)
	rest := *t % ms
	if rest < 0 {
		rest += ms
	}
	return attribute{number: *t - rest}
}
