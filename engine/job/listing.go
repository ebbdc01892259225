package job

import (
	"context"

	"decant/engine/access"
)

// Exports lists exports of the caller's; an administrator's filter may name an owner, or none for all. A token that is limited to channels
// has all that the filter selects read, since what it sees stands in the requests.
func (s *Service) Exports(ctx context.Context, who access.Caller, f Filter) ([]Export, int64, error) {
	owner, ok := reach(who, f.Owner)
	if !ok {
		return nil, 0, nil
	}
	f.Owner = owner
	if who.Channels == nil {
		return s.c.Queue.List(ctx, f)
	}
	list := listing[Export]{read: s.c.Queue.List, key: func(e Export) string { return e.Key }, size: exportSize, now: s.c.Clock()}
	page, total, err := list.page(ctx, f, func(e Export) (bool, error) { return sees(who, e.Request, e.Channels), nil })
	for i := range page {
		page[i] = shown(who, page[i])
	}
	return page, total, err
}

// Jobs lists jobs as Exports does exports. Filter.Export is the key of an export.
func (s *Service) Jobs(ctx context.Context, who access.Caller, f Filter) ([]Job, int64, error) {
	owner, ok := reach(who, f.Owner)
	if !ok {
		return nil, 0, nil
	}
	f.Owner = owner
	if who.Channels == nil {
		return s.c.Queue.Jobs(ctx, f)
	}
	return s.jobs().page(ctx, f, func(j Job) (bool, error) { return sees(who, j.Request, j.Channels), nil })
}

func (s *Service) jobs() listing[Job] {
	return listing[Job]{read: s.c.Queue.Jobs, key: func(j Job) string { return j.ID }, size: jobSize, now: s.c.Clock()}
}

// fieldBytes is what a row takes beside its request, and an artifact of a job.
const fieldBytes = 256

func jobSize(j Job) int { return len(j.Request) + fieldBytes*(1+len(j.Artifacts)) }

// exportSize counts the request twice: title and tags stand in it, too.
func exportSize(e Export) int {
	n := 2*len(e.Request) + fieldBytes
	if e.Last != nil {
		n += jobSize(*e.Last)
	}
	return n
}

// listing reads all that a filter selects, some rows at a time. What changes its place meanwhile may be missed; no row comes twice within
// neighbouring reads.
type listing[T any] struct {
	read func(context.Context, Filter) ([]T, int64, error)
	key  func(T) string
	size func(T) int // bytes; nil where no page is asked for
	now  int64       // rows created later are not read
}

// readRows is how many rows of a queue are held at a time.
const readRows = 500

// each calls do with each row in the filter's order; its Offset and Limit don't count.
func (l listing[T]) each(ctx context.Context, f Filter, do func(T) error) error {
	if f.To == nil || *f.To > l.now {
		to := l.now + 1
		f.To = &to
	}
	f.Limit = readRows
	var before map[string]bool
	for f.Offset = 0; ; {
		rows, total, err := l.read(ctx, f)
		if err != nil {
			return err
		}
		these := make(map[string]bool, len(rows))
		for _, row := range rows {
			these[l.key(row)] = true
			if before[l.key(row)] {
				continue
			}
			if err := do(row); err != nil {
				return err
			}
		}
		f.Offset += len(rows) // fewer than asked for where they are large
		if len(rows) == 0 || int64(f.Offset) >= total {
			return nil
		}
		before = these
	}
}

// pageBytes is how much the rows of a page take, about; one that is larger has fewer rows, but at least one.
const pageBytes = 16 << 20

// page is the filter's page of the rows that keep keeps, and how many these are in all.
func (l listing[T]) page(ctx context.Context, f Filter, keep func(T) (bool, error)) (page []T, total int64, err error) {
	room := pageBytes
	err = l.each(ctx, f, func(row T) error {
		ok, err := keep(row)
		if err != nil || !ok {
			return err
		}
		if total >= int64(f.Offset) && (f.Limit <= 0 || len(page) < f.Limit) {
			if room -= l.size(row); room >= 0 || len(page) == 0 {
				page = append(page, row)
			}
		}
		total++
		return nil
	})
	return page, total, err
}
