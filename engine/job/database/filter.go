package database

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"decant/engine/job"
)

// condition is a growing WHERE and its arguments. Values are only ever arguments: no text of a caller becomes part of a statement.
type condition struct {
	terms []string
	args  []any
}

// arg adds an argument and gives its name in the statement.
func (c *condition) arg(v any) string {
	c.args = append(c.args, v)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *condition) and(term string) { c.terms = append(c.terms, term) }

func (c *condition) in(column string, values []string) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = c.arg(v)
	}
	return column + " IN (" + strings.Join(names, ", ") + ")"
}

// selection is a filter as SQL: where goes with its arguments; order holds nothing of them but numbers.
type selection struct {
	where string
	order string
	args  []any
}

// exportsQuery is a filter of exports e with their newest jobs j.
func exportsQuery(f job.Filter) (selection, error) {
	var c condition
	if !f.Deleted {
		c.and("e.deleted_at IS NULL")
	}
	if f.Type != "" {
		c.and("e.type = " + c.arg(string(f.Type)))
	}
	return c.finish(f, "e", "e.id", map[string]string{
		"createdAt": "e.created_at", "updatedAt": "e.updated_at", "title": "e.title", "id": "e.id", "status": "coalesce(j.status, '')",
	}, "e.key")
}

// jobsQuery is a filter of jobs j of exports e with the requests r of their version.
func jobsQuery(f job.Filter) (selection, error) {
	var c condition
	c.and("e.deleted_at IS NULL")
	if f.Export != "" {
		c.and("j.export = " + c.arg(f.Export))
	}
	if f.Type != "" {
		c.and("r.type = " + c.arg(string(f.Type)))
	}
	return c.finish(f, "j", "j.id", map[string]string{
		"createdAt": "j.created_at", "updatedAt": "coalesce(j.ended_at, j.started_at, j.created_at)", "title": "e.title", "id": "j.id", "status": "j.status",
	}, "j.id")
}

// finish adds what both have in common. sorts are the columns by what a filter may name; equal rows are told apart by unique.
func (c *condition) finish(f job.Filter, table, id string, sorts map[string]string, unique string) (selection, error) {
	if f.Owner != "" {
		c.and(table + ".owner = " + c.arg(f.Owner))
	}
	if len(f.IDs) > 0 {
		c.and(c.in(id, f.IDs))
	}
	if len(f.Status) > 0 {
		status := make([]string, len(f.Status))
		for i, s := range f.Status {
			status[i] = string(s)
		}
		c.and(c.in("j.status", status))
	}
	c.tags(f)
	if f.From != nil {
		c.and(table + ".created_at >= " + c.arg(*f.From))
	}
	if f.To != nil {
		c.and(table + ".created_at < " + c.arg(*f.To))
	}
	by := f.SortBy
	if by == "" {
		by = "createdAt"
	}
	column, ok := sorts[by]
	if !ok {
		return selection{}, fmt.Errorf("sort by %q: allowed are %s", by, strings.Join(slices.Sorted(maps.Keys(sorts)), ", "))
	}
	s := selection{args: c.args, where: " WHERE " + strings.Join(c.terms, " AND ")}
	if len(c.terms) == 0 {
		s.where = ""
	}
	direction := " DESC"
	if f.Ascending {
		direction = ""
	}
	s.order = " ORDER BY " + column + direction + ", " + unique + direction
	if f.Limit > 0 {
		s.order += " LIMIT " + strconv.Itoa(f.Limit)
	} else if f.Offset > 0 {
		s.order += " LIMIT " + strconv.Itoa(1<<31-1)
	}
	if f.Offset > 0 {
		s.order += " OFFSET " + strconv.Itoa(f.Offset)
	}
	return s, nil
}

// tags asks for labels and values of an export's tags: in pairs where there are as many of both.
func (c *condition) tags(f job.Filter) {
	const tagged = "EXISTS (SELECT 1 FROM tags t WHERE t.export = e.key AND "
	pairs := len(f.TagLabels) == len(f.TagValues)
	for i, label := range f.TagLabels {
		term := tagged + "t.label = " + c.arg(label)
		if pairs {
			term += " AND t.value = " + c.arg(f.TagValues[i])
		}
		c.and(term + ")")
	}
	if pairs {
		return
	}
	for _, value := range f.TagValues {
		c.and(tagged + "t.value = " + c.arg(value) + ")")
	}
}
