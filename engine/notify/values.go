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

// span is the time from the start of a job's earliest item to the end of its latest, in the request's zone. Resource items have none. An end beyond int64
// ns is open too: such a job fails, and is told of all the same.
func span(j job.Job, r *request.Request) (from, to string) {
	ranges, err := j.Ranges()
	if err != nil {
		return "", ""
	}
	var first, last *int64
	openFrom, openTo, any := false, false, false
	for i, x := range ranges {
		if r.Items[i].Resource != "" {
			continue
		}
		any = true
		openFrom, openTo = openFrom || x.From == nil, openTo || x.To == nil
		if x.From != nil && (first == nil || *x.From < *first) {
			first = x.From
		}
		if x.To != nil && (last == nil || *x.To > *last) {
			last = x.To
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

func isoTime(t int64, r *request.Request) string {
	return time.Unix(0, t).In(r.Format.Zone.Location).Format("2006-01-02T15:04:05.999999999Z07:00")
}
