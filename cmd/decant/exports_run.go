package main

import "decant/engine/client"

type runExportCmd struct {
	remote
	waitFlags
	ID   string `arg:"" help:"The export."`
	At   string `help:"Of a recurring export: the run that was due last at this moment, in place of now." placeholder:"TIME"`
	Wait bool   `help:"Wait until the job has ended, and exit as it did."`
}

func (c *runExportCmd) Run(a *app) error {
	s, err := c.dial(a)
	if err != nil {
		return err
	}
	job, err := s.Run(a.ctx, c.ID, c.At)
	if err != nil {
		return a.about(c.ID, err)
	}
	if c.Wait {
		return c.follow(a, s, []client.Job{job}, c.JSON)
	}
	if c.JSON {
		return printJSON(a.stdout, job.Raw)
	}
	return printJobs(a, []client.Job{job})
}

type cancelExportCmd struct {
	remote
	ID string `arg:"" help:"The export."`
}

func (c *cancelExportCmd) Run(a *app) error {
	s, err := c.dial(a)
	if err != nil {
		return err
	}
	n, err := s.Cancel(a.ctx, c.ID)
	if err != nil {
		return a.about(c.ID, err)
	}
	t := table{columns: []string{"id", "cancelled"}}
	t.add(c.ID, n)
	return t.print(a.stdout, c.JSON)
}
