package api

import (
	"net/http"
	"slices"
	"strings"

	"decant/engine/access"
	"decant/engine/job"
)

// sortFields are what listings may be sorted by.
var sortFields = []string{"createdAt", "updatedAt", "title", "id", "status"}

// Bounds of list parameters. Each tag is a condition of its own.
const (
	maxListed = 1000
	maxTags   = 20
)

// filter reads the parameters that select and sort exports or jobs.
func (q *query) filter(r *http.Request, who access.Caller) (f job.Filter, err error) {
	if f.Owner, err = namedOwner(r, who); err != nil {
		return f, err
	}
	if f.Owner == "" && !who.Admin() {
		f.Owner = who.Owner
	}
	f.IDs = q.words("ids[]")
	for _, s := range q.words("status[]") {
		if status := job.Status(s); slices.Contains(job.Statuses, status) {
			f.Status = append(f.Status, status)
			continue
		}
		q.fault("status[]", s, "allowed are %s", statuses())
	}
	f.Type = job.Type(q.oneOf("type", string(job.OneTime), string(job.Recurring), string(job.Full)))
	f.TagLabels, f.TagValues = q.tags("tagLabels[]"), q.tags("tagLabelValues[]")
	f.From, f.To = q.time("from"), q.time("to")
	if f.From != nil && f.To != nil && *f.From >= *f.To {
		q.fault("to", q.text("to"), "to is not after from: %s", q.text("from"))
	}
	q.sort(&f)
	return f, nil
}

// words are the values of a list parameter, which may be separated by commas too. One that is given and empty selects nothing that anybody
// could mean.
func (q *query) words(name string) (words []string) {
	for _, v := range q.list(name) {
		words = append(words, strings.Split(v, ",")...)
	}
	if slices.Contains(words, "") {
		q.fault(name, "", "a value is empty; leave the parameter out to select all")
	}
	if len(words) > maxListed {
		q.fault(name, "", "there are %d values; at most %d are taken", len(words), maxListed)
	}
	return words
}

// tags are the values of a list parameter that may hold anything.
func (q *query) tags(name string) []string {
	tags := q.list(name)
	if len(tags) > maxTags {
		q.fault(name, "", "there are %d values; at most %d are taken", len(tags), maxTags)
	}
	return tags
}

// sort reads sort=createdAt:desc.
func (q *query) sort(f *job.Filter) {
	text := q.text("sort")
	if text == "" && !q.values.Has("sort") {
		return
	}
	by, direction, directed := strings.Cut(text, ":")
	if !slices.Contains(sortFields, by) || directed && direction != "asc" && direction != "desc" {
		q.fault("sort", text, "allowed is one of %s, followed by :asc or :desc", strings.Join(sortFields, ", "))
		return
	}
	f.SortBy, f.Ascending = by, direction == "asc"
}

func statuses() string {
	names := make([]string, len(job.Statuses))
	for i, s := range job.Statuses {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}
