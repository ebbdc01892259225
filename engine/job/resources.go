package job

import (
	"context"
	"errors"
	"iter"

	"decant/engine/access"
	"decant/engine/export"
)

// NewResources is what a Queue holds of an owner, for the resource items of a job that started at a moment (ns): exports and jobs that were there
// then, as far as the globs that the export was written under reach. They come by id, with the state that they have when they are read, some hundred
// at a time.
func NewResources(q Queue, owner string, channels []string, at int64) export.Resources {
	return resources{q, access.Caller{Owner: owner, Channels: channels}, at}
}

type resources struct {
	queue Queue
	who   access.Caller
	at    int64
}

func (r resources) filter() Filter { return Filter{Owner: r.who.Owner, SortBy: "id", Ascending: true} }

func (r resources) Exports(ctx context.Context) iter.Seq2[export.ExportRow, error] {
	list := listing[Export]{read: r.queue.List, key: func(e Export) string { return e.Key }, now: r.at}
	return rowsOf(ctx, list, r.filter(), func(e Export) (export.ExportRow, bool) {
		if !sees(r.who, e.Request, e.Channels) {
			return export.ExportRow{}, false
		}
		e = shown(r.who, e)
		row := export.ExportRow{ID: e.ID, Owner: e.Owner, Type: string(e.Type), Title: e.Title, Enabled: e.Enabled, Version: e.Version,
			CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt}
		for _, t := range e.Tags {
			row.Tags = append(row.Tags, t.Label+"="+t.Value)
		}
		if e.Last != nil {
			row.Status = string(e.Last.Status)
		}
		if e.Next != nil {
			row.NextDue = &e.Next.Due
		}
		return row, true
	})
}

func (r resources) Jobs(ctx context.Context) iter.Seq2[export.JobRow, error] {
	list := listing[Job]{read: r.queue.Jobs, key: func(j Job) string { return j.ID }, now: r.at}
	return rowsOf(ctx, list, r.filter(), func(j Job) (export.JobRow, bool) {
		if !sees(r.who, j.Request, j.Channels) {
			return export.JobRow{}, false
		}
		row := export.JobRow{ID: j.ID, Export: j.ExportID, Owner: j.Owner, Status: string(j.Status), Cause: string(j.Cause), Due: j.Due, Tries: int64(j.Tries),
			CreatedAt: j.CreatedAt, StartedAt: j.StartedAt, EndedAt: j.EndedAt, ExpiresAt: j.ExpiresAt, Rows: j.Progress.Rows, Bytes: j.Bytes}
		if j.Error != nil {
			row.Error = j.Error.Message
		}
		return row, true
	})
}

var errStopped = errors.New("the reader has enough")

// rowsOf makes rows of what a listing reads.
func rowsOf[T, Row any](ctx context.Context, list listing[T], f Filter, of func(T) (Row, bool)) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if f.Owner == "" { // a queue takes that for everybody
			return
		}
		err := list.each(ctx, f, func(x T) error {
			if row, ok := of(x); ok && !yield(row, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			var none Row
			yield(none, err)
		}
	}
}

// noResources stands where only the samples of a request are of interest.
type noResources struct{}

func (noResources) Exports(context.Context) iter.Seq2[export.ExportRow, error] {
	return func(func(export.ExportRow, error) bool) {}
}

func (noResources) Jobs(context.Context) iter.Seq2[export.JobRow, error] {
	return func(func(export.JobRow, error) bool) {}
}
