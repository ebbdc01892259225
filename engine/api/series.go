package api

import (
	"net/http"
	"slices"
	"strings"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/request"
	"decant/engine/job"
)

const (
	seriesQuery   = "channel subtopic name page pageSize limit offset pretty"
	channelsQuery = "page pageSize limit offset pretty"
)

// listSeries is GET /series: what is stored, and the caller may see, of a channel and subtopic, with a name that matches a glob.
func (a *API) listSeries(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	q := readQuery(r)
	glob := q.text("name")
	if err := request.CheckGlob(glob); err != nil {
		q.fault("name", glob, "%v", err)
	}
	rows, p := q.rows(a.c.Clock())
	if err := q.err(); err != nil {
		return err
	}
	series, err := a.c.Service.Series(r.Context(), who, q.text("channel"), dotted(q.text("subtopic")))
	if err != nil {
		return err
	}
	if q.values.Has("name") {
		series = slices.DeleteFunc(series, func(s export.Series) bool { return !request.MatchGlob(glob, s.Name) })
	}
	from, to := rows(len(series))
	views := make([]object, 0, to-from)
	for _, s := range series[from:to] {
		views = append(views, object{
			{"channel", s.Channel},
			{"subtopic", s.Subtopic},
			{"publisher", s.Publisher},
			{"name", s.Name},
			{"unit", s.Unit},
			{"count", s.Samples},
			{"firstTime", isoTime(s.First)},
			{"lastTime", isoTime(s.Last)},
		})
	}
	return answerPage(w, r, seriesQuery, p, "series", views, int64(len(series)))
}

// listChannels is GET /channels.
func (a *API) listChannels(w http.ResponseWriter, r *http.Request, who access.Caller) error {
	q := readQuery(r)
	rows, p := q.rows(a.c.Clock())
	if err := q.err(); err != nil {
		return err
	}
	channels, err := a.c.Service.Channels(r.Context(), who)
	if err != nil {
		return err
	}
	from, to := rows(len(channels))
	views := make([]object, 0, to-from)
	for _, c := range channels[from:to] {
		views = append(views, object{
			{"id", c.ID},
			{"subtopics", c.Subtopics},
			{"series", c.Series},
			{"count", c.Samples},
			{"firstTime", isoTime(c.First)},
			{"lastTime", isoTime(c.Last)},
		})
	}
	return answerPage(w, r, channelsQuery, p, "channels", views, int64(len(channels)))
}

// rows reads the parameters that choose a page. What it returns gives, of so many rows, those that are on it: from ≤ i < to.
func (q *query) rows(now int64) (rows func(n int) (from, to int), p page) {
	var f job.Filter
	p = q.page(&f, now)
	return func(n int) (from, to int) {
		from = min(f.Offset, n)
		return from, from + min(f.Limit, n-from)
	}, p
}

// dotted brings a subtopic to the form in which it is stored, as requests do.
func dotted(subtopic string) string {
	return strings.Join(strings.FieldsFunc(subtopic, func(r rune) bool { return r == '.' || r == '/' }), ".")
}
