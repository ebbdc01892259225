package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"decant/engine/client"
)

type listJobsCmd struct {
	remote
	ID     string   `arg:"" optional:"" name:"id" help:"The export; without it the jobs of all exports."`
	Status []string `help:"Only jobs that are notProcessed, inProgress, done, failed, expired, cancelled or skipped." placeholder:"STATUS,…"`
	Stale  bool     `help:"Only done jobs whose ranges have got samples since: run these again."`
	Limit  int      `help:"At most so many; 0 is all." default:"0" placeholder:"N"`
}

func (c *listJobsCmd) Run(a *app) error {
	s, err := c.dial(a)
	if err != nil {
		return err
	}
	var jobs []client.Job
	for j, err := range s.Jobs(a.ctx, c.ID, client.JobFilter{Status: c.Status, Stale: c.Stale, Limit: c.Limit}) {
		if err != nil && c.ID != "" {
			return a.about(c.ID, err)
		}
		if err != nil {
			return interrupted(a.ctx, err)
		}
		jobs = append(jobs, j)
	}
	if c.JSON {
		return printJSONList(a.stdout, jobs, func(j client.Job) json.RawMessage { return j.Raw })
	}
	return c.table(jobs).print(a.stdout, false)
}

// table lists jobs for people, with their export where they may be of several.
func (c *listJobsCmd) table(jobs []client.Job) *table {
	t := &table{columns: []string{"job", "status", "cause", "due", "ranges", "rows", "files", "tries", "notification"}}
	if c.ID == "" {
		t.columns = slices.Insert(t.columns, 1, "export")
	}
	for _, j := range jobs {
		var notification string
		if j.Notification != nil {
			notification = j.Notification.State
		}
		row := []any{j.ID, statusOf(j), j.Cause, second(&j.Due), ranges(j), j.Progress.Rows, few(fileNames(j)), j.Tries, notification}
		if c.ID == "" {
			row = slices.Insert(row, 1, any(j.ExportID))
		}
		t.add(row...)
	}
	return t
}

// ranges are those of a job's items, each once: most jobs have one for all.
func ranges(j client.Job) string {
	var texts []string
	for _, r := range j.Ranges {
		if text := moment(r.From) + "/" + moment(r.To); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return few(texts)
}

// moment is an end of an interval as ISO 8601 writes it; an open one is two dots.
func moment(t *time.Time) string {
	if t == nil {
		return ".."
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// few names the first of many, so that a row of a listing stays one that people can read.
func few(names []string) string {
	const most = 3
	if n := len(names) - most; n > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), n)
	}
	return strings.Join(names, ", ")
}
