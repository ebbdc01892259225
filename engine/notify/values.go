package notify

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"decant/engine/export/request"
	"decant/engine/job"
)

// What people read in place of an end that is open.
const (
	firstSample = "the first sample"
	lastSample  = "the last sample"
)

// valuesOf says what a job's placeholders stand for. policy is the message's: a job that was done is told of as done, even where its files
// are gone by now. link is "" where there is nothing to download.
func valuesOf(j job.Job, r *request.Request, policy, link string) values {
	v := values{Status: string(job.Done), Filename: filename(j, r), DownloadURL: link}
	rows := int64(0)
	for _, a := range files(j) {
		rows += a.Rows
	}
	if policy == "onFailure" {
		v.Status = string(job.Failed)
		rows = j.Progress.Rows
		if j.Error != nil {
			v.Error = j.Error.Message
		}
	}
	v.Rows = strconv.FormatInt(rows, 10)
	v.From, v.To = span(j, r)
	return v
}

// files are a job's artifacts without the manifest.
func files(j job.Job) []job.Artifact {
	return slices.DeleteFunc(slices.Clone(j.Artifacts), func(a job.Artifact) bool { return a.Item < 0 })
}

// filename names a job's files, or where it has none those that it was to make, as far as the request names them.
func filename(j job.Job, r *request.Request) string {
	var names []string
	for _, a := range files(j) {
		names = append(names, a.File)
	}
	if len(names) > 0 {
		return strings.Join(names, ", ")
	}
	for _, it := range r.Items {
		if name := cmp.Or(it.Filename, r.Format.Filename); name != "" && !slices.Contains(names, name+"."+r.Format.Extension) {
			names = append(names, name+"."+r.Format.Extension)
		}
	}
	return cmp.Or(strings.Join(names, ", "), j.ExportID)
}

// span is the time from the start of a job's earliest item to the end of its latest, in the request's zone. Resource items have none.
func span(j job.Job, r *request.Request) (from, to string) {
	var first, last *int64
	openFrom, openTo, any := false, false, false
	for i := range r.Items {
		it := &r.Items[i]
		if it.Resource != "" {
			continue
		}
		any = true
		a, b := itemRange(j, r, it)
		openFrom, openTo = openFrom || a == nil, openTo || b == nil
		if a != nil && (first == nil || *a < *first) {
			first = a
		}
		if b != nil && (last == nil || *b > *last) {
			last = b
		}
	}
	if !any {
		return "", ""
	}
	from, to = firstSample, lastSample
	if !openFrom {
		from = isoTime(*first, r)
	}
	if !openTo {
		to = isoTime(*last, r)
	}
	return from, to
}

// itemRange is an item's range as the job's run resolves it; nil is an open end. An end beyond int64 ns is open too: such a job fails, and is told
// of all the same.
func itemRange(j job.Job, r *request.Request, it *request.Item) (from, to *int64) {
	from, to = it.From, it.To
	if it.Period == nil {
		return from, to
	}
	step := func(anchor, k int64) *int64 {
		if t, err := it.Period.Step(anchor, k, r.Format.Zone); err == nil {
			return &t
		}
		return nil
	}
	switch {
	case from != nil:
		return from, step(*from, 1)
	case to != nil:
		return step(*to, -1), to
	}
	due := j.Due
	if r.Recurring && j.K != nil && samePeriod(it, r) {
		// Such ranges tile: they start at the instant before.
		if t, err := job.Recurrence(r, j.ExportCreated).Instant(*j.K - 1); err == nil {
			return &t, &due
		}
	}
	return step(due, -1), &due
}

// samePeriod says whether an item's period means what the periodicity means: P12M is P1Y and P7D is P1W.
func samePeriod(it *request.Item, r *request.Request) bool {
	a, b := *it.Period, r.Periodicity
	return a.Years*12+a.Months == b.Years*12+b.Months && a.Weeks*7+a.Days == b.Weeks*7+b.Days && a.Clock == b.Clock
}

func isoTime(t int64, r *request.Request) string {
	return time.Unix(0, t).In(r.Format.Zone.Location).Format("2006-01-02T15:04:05.999999999Z07:00")
}
