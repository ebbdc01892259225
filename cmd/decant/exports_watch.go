package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"decant/engine/client"
)

type watchExportCmd struct {
	remote
	waitFlags
	ID string `arg:"" name:"id" help:"An export or a job."`
}

func (c *watchExportCmd) Run(a *app) error {
	s, err := c.dial(a)
	if err != nil {
		return err
	}
	jobs, err := c.jobs(a, s)
	if err != nil {
		return interrupted(a.ctx, err)
	}
	return c.follow(a, s, jobs, c.JSON)
}

// jobs are what there is to watch: of an export the jobs that have not ended, or else the newest.
func (c *watchExportCmd) jobs(a *app, s *client.Client) ([]client.Job, error) {
	e, err := s.Export(a.ctx, c.ID)
	if isMissing(err) {
		job, err := s.Job(a.ctx, c.ID)
		if isMissing(err) {
			err = notFound{fmt.Errorf("there is no export or job %s of yours; decant exports list shows the exports", c.ID)}
		}
		return []client.Job{job}, err
	}
	if err != nil {
		return nil, err
	}
	jobs, err := s.Unended(a.ctx, e.ID)
	if err != nil || len(jobs) > 0 {
		return jobs, err
	}
	newest, err := s.Newest(a.ctx, e.ID)
	if err != nil {
		return nil, err
	}
	if newest == nil {
		if e.NextRun != nil {
			return nil, notFound{fmt.Errorf("export %s has not run yet; its next run is at %s", e.ID, second(e.NextRun))}
		}
		return nil, notFound{fmt.Errorf("export %s has not run yet; decant exports run %s runs it", e.ID, e.ID)}
	}
	return []client.Job{*newest}, nil
}

// waitFlags say how long a service is waited for that does not answer.
type waitFlags struct {
	Patience time.Duration `help:"While waiting: how long a service that does not answer is asked again (${default})." default:"10m" placeholder:"DURATION"`
}

// follow draws how far jobs are until all have ended, prints how, and returns what the first said that did not end well.
func (w *waitFlags) follow(a *app, s *client.Client, jobs []client.Job, asJSON bool) error {
	bars := a.progress("rows")
	defer bars.finish()
	away := func(err error) { a.log.Warn("the service does not answer; it is asked again", "error", err) }
	var bad error
	for i, job := range jobs {
		label := job.ExportID
		if len(jobs) > 1 {
			label = fmt.Sprintf("%s %d/%d", job.ExportID, i+1, len(jobs))
		}
		tries := 0
		ended, err := s.Watch(a.ctx, job.ID, w.Patience, func(j client.Job) {
			bars.update(label, j.Progress.Rows, j.Progress.Expected)
			if j.Status == client.Waiting && j.Error != nil && j.Tries > tries {
				tries = j.Tries
				a.log.Warn("a try failed; the service will try again", "job", j.ID, "tries", j.Tries, "error", j.Error.Message)
			}
		}, away)
		if err != nil {
			return interrupted(a.ctx, err)
		}
		jobs[i] = ended
		if bad == nil {
			bad = ended.Outcome()
		}
	}
	bars.finish()
	var err error
	switch {
	case asJSON && len(jobs) == 1:
		err = printJSON(a.stdout, jobs[0].Raw)
	case asJSON:
		err = printJSONList(a.stdout, jobs, func(j client.Job) json.RawMessage { return j.Raw })
	case len(jobs) > 0:
		err = printJobs(a, jobs)
	}
	if err == nil {
		err = bad
	}
	return err
}

// printJobs lists jobs for people.
func printJobs(a *app, jobs []client.Job) error {
	t := table{columns: []string{"job", "export", "status", "due", "rows", "files"}}
	for _, j := range jobs {
		t.add(j.ID, j.ExportID, statusOf(j), second(&j.Due), j.Progress.Rows, strings.Join(fileNames(j), ", "))
	}
	return t.print(a.stdout, false)
}

// statusOf is a job's status, and why it was skipped.
func statusOf(j client.Job) string {
	switch {
	case j.Status != client.Skipped:
	case j.Skipping > 0:
		return fmt.Sprintf("skipped: %d missed runs", j.Skipping)
	case j.Saw != nil:
		return "skipped: " + saw(j.Saw)
	}
	return j.Status
}

// saw says what a condition saw.
func saw(s *client.Seen) string {
	if s.Value == nil {
		return "saw no sample"
	}
	return fmt.Sprintf("saw %v", *s.Value)
}

// fileNames are a job's files without its manifest.
func fileNames(j client.Job) (names []string) {
	for _, f := range j.Artifacts {
		if !f.Manifest() {
			names = append(names, f.File)
		}
	}
	return names
}
