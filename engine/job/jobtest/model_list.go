package jobtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"decant/engine/job"
)

func (m *model) List(_ context.Context, f job.Filter) ([]job.Export, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []job.Export
	for _, e := range m.exports {
		e = m.show(e)
		switch {
		case e.DeletedAt != nil && !f.Deleted,
			f.Type != "" && f.Type != e.Type,
			len(f.IDs) > 0 && !slices.Contains(f.IDs, e.ID),
			len(f.Status) > 0 && (e.Last == nil || !slices.Contains(f.Status, e.Last.Status)),
			!matches(f, e, e.Owner, e.CreatedAt):
			continue
		}
		found = append(found, e)
	}
	status := func(e job.Export) job.Status {
		if e.Last == nil {
			return ""
		}
		return e.Last.Status
	}
	return page(f, found, func(a, b job.Export) int {
		var c int
		switch f.SortBy {
		case "", "createdAt":
			c = cmp.Compare(a.CreatedAt, b.CreatedAt)
		case "updatedAt":
			c = cmp.Compare(a.UpdatedAt, b.UpdatedAt)
		case "title":
			c = cmp.Compare(a.Title, b.Title)
		case "id":
			c = cmp.Compare(a.ID, b.ID)
		case "status":
			c = cmp.Compare(status(a), status(b))
		}
		return cmp.Or(c, cmp.Compare(a.Key, b.Key))
	})
}

func (m *model) Jobs(_ context.Context, f job.Filter) ([]job.Job, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []job.Job
	for _, j := range m.jobs {
		e := *m.find(j.ExportKey)
		switch {
		case e.DeletedAt != nil,
			f.Export != "" && f.Export != j.ExportKey,
			f.Type != "" && f.Type != j.Type,
			len(f.IDs) > 0 && !slices.Contains(f.IDs, j.ID),
			len(f.Status) > 0 && !slices.Contains(f.Status, j.Status),
			!matches(f, e, j.Owner, j.CreatedAt):
			continue
		}
		found = append(found, j.Job)
	}
	return page(f, found, func(a, b job.Job) int {
		var c int
		switch f.SortBy {
		case "", "createdAt":
			c = cmp.Compare(a.CreatedAt, b.CreatedAt)
		case "updatedAt":
			c = cmp.Compare(updated(a), updated(b))
		case "title":
			c = cmp.Compare(m.find(a.ExportKey).Title, m.find(b.ExportKey).Title)
		case "id":
		case "status":
			c = cmp.Compare(a.Status, b.Status)
		}
		return cmp.Or(c, cmp.Compare(a.ID, b.ID))
	})
}

// updated is when a job began or ended last, or was made.
func updated(j job.Job) int64 {
	switch {
	case j.EndedAt != nil:
		return *j.EndedAt
	case j.StartedAt != nil:
		return *j.StartedAt
	}
	return j.CreatedAt
}

// matches is what filters of exports and of jobs have in common: e is the export or the job's, owner and created are the row's.
func matches(f job.Filter, e job.Export, owner string, created int64) bool {
	if f.Owner != "" && f.Owner != owner || f.From != nil && created < *f.From || f.To != nil && created >= *f.To {
		return false
	}
	has := func(holds func(job.Tag) bool) bool { return slices.ContainsFunc(e.Tags, holds) }
	pairs := len(f.TagLabels) == len(f.TagValues)
	for i, label := range f.TagLabels {
		if !has(func(t job.Tag) bool { return t.Label == label && (!pairs || t.Value == f.TagValues[i]) }) {
			return false
		}
	}
	for _, value := range f.TagValues {
		if !pairs && !has(func(t job.Tag) bool { return t.Value == value }) {
			return false
		}
	}
	return true
}

// sorts is what rows may be sorted by.
var sorts = []string{"", "createdAt", "updatedAt", "title", "id", "status"}

// page sorts rows, the greatest first where f doesn't say ascending, and gives those that f asks for with the number of all.
func page[T any](f job.Filter, all []T, compare func(a, b T) int) ([]T, int64, error) {
	if !slices.Contains(sorts, f.SortBy) {
		return nil, 0, fmt.Errorf("sort by %s", f.SortBy)
	}
	slices.SortFunc(all, compare)
	if !f.Ascending {
		slices.Reverse(all)
	}
	total := int64(len(all))
	all = all[min(f.Offset, len(all)):]
	if f.Limit > 0 {
		all = all[:min(f.Limit, len(all))]
	}
	return all, total, nil
}
