package jobtest

import (
	"encoding/json"
	"slices"
	"strings"

	"decant/engine/job"
)

var paging = []rule{
	{"list, jobs: whoever reads on gets all, however large the requests are", func(k kit) {
		const exports = 24
		large := json.RawMessage(`{"title":"` + strings.Repeat("x", 1<<20) + `"}`)
		var keys, jobs []string
		for i := range exports {
			e := export("ada", number("e", i), int64(i))
			e.Request = large
			j := waiting(number("j", i), int64(i))
			k.create(e, j)
			keys, jobs = append(keys, e.Key), append(jobs, j.ID)
			// What the job of an export began with counts, too.
			e.Request = json.RawMessage(`{}`)
			if i >= exports/2 {
				_, err := k.q.Change(k.Context(), e, 0, int64(i))
				k.want(err, nil)
			}
		}
		k.whole("exports", keys, k.list)
		k.whole("jobs", jobs, k.jobs)
	}},
	{"jobs: those that have one request hold it once", func(k kit) {
		e := export("ada", "e", 1)
		e.Request = json.RawMessage(`{"title":"` + strings.Repeat("x", 1<<20) + `"}`)
		var jobs []job.Job
		for i := range 40 {
			jobs = append(jobs, waiting(number("j", i), int64(i)))
		}
		k.create(e, jobs...)
		if page, _ := k.jobs(job.Filter{Limit: 40}); len(page) != 40 {
			k.Errorf("the page has %d of 40 jobs", len(page))
		}
	}},
}

// whole reads page after page to the last. A page may have fewer rows than were asked for, but not none.
func (k kit) whole(what string, want []string, read func(job.Filter) ([]string, int64)) {
	k.Helper()
	var found []string
	for {
		page, total := read(job.Filter{Ascending: true, Offset: len(found), Limit: 1000})
		if total != int64(len(want)) {
			k.Errorf("%d %s, want %d", total, what, len(want))
		}
		if len(page) == 0 {
			break
		}
		found = append(found, page...)
	}
	if !slices.Equal(found, want) {
		k.Errorf("%s: %v, want %v", what, found, want)
	}
}
