package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"decant/engine/client"
)

type createExportsCmd struct {
	remote
	waitFlags
	File    []string `short:"f" required:"" sep:"none" help:"Request as JSON, an array of them, or one a line; - is stdin. Several are created all or none." placeholder:"REQUEST.json"`
	ID      string   `name:"id" help:"The export's id, in place of the request's." placeholder:"ID"`
	Mode    string   `name:"run" enum:"auto,manual," default:"" help:"manual: create it without running it." placeholder:"manual"`
	Lenient bool     `help:"Leave out fields of the request that the service does not know, instead of refusing them."`
	Key     string   `name:"idempotency-key" help:"With the same key nothing is created twice within a day." placeholder:"KEY"`
	Wait    bool     `help:"Wait until the jobs have ended, and exit as they did."`
}

func (c *createExportsCmd) Run(a *app) error {
	all, sources, err := c.read(a.stdin)
	if err != nil {
		return err
	}
	s, err := c.dial(a)
	if err != nil {
		return err
	}
	options := client.CreateOptions{Lenient: c.Lenient, Key: c.Key}
	if options.Key == "" {
		options.Key = client.NewKey() // so that a try whose answer was lost can be made again
	}
	var made []client.Export
	if len(all) == 1 {
		made = make([]client.Export, 1)
		made[0], err = s.Create(a.ctx, all[0], options)
	} else {
		made, err = s.CreateAll(a.ctx, all, options)
	}
	if err != nil {
		return interrupted(a.ctx, bySource(err, sources))
	}
	for _, e := range made {
		remark(a, e)
	}
	if c.JSON && !c.Wait {
		if len(made) == 1 {
			return printJSON(a.stdout, made[0].Raw)
		}
		return printJSONList(a.stdout, made, func(e client.Export) json.RawMessage { return e.Raw })
	}
	if !c.JSON {
		if err := printExports(a.stdout, made); err != nil || !c.Wait {
			return err
		}
	}
	return c.waitFor(a, s, made)
}

// waitFor follows the jobs that creating made.
func (c *createExportsCmd) waitFor(a *app, s *client.Client, made []client.Export) error {
	var jobs []client.Job
	for _, e := range made {
		found, err := s.Unended(a.ctx, e.ID)
		if err != nil {
			return interrupted(a.ctx, err)
		}
		if len(found) == 0 { // it has ended already, or there is none yet
			newest, err := s.Newest(a.ctx, e.ID)
			if err != nil {
				return interrupted(a.ctx, err)
			}
			if newest == nil {
				a.log.Info("there is no job to wait for yet", "export", e.ID, "next_run", second(e.NextRun))
				continue
			}
			found = []client.Job{*newest}
		}
		jobs = append(jobs, found...)
	}
	return c.follow(a, s, jobs, c.JSON)
}

// read takes all requests of all files, and says of each where it stands.
func (c *createExportsCmd) read(stdin io.Reader) (all []client.Request, sources []string, err error) {
	for _, name := range c.File {
		data, err := readRequestFile(name, stdin)
		if err != nil {
			return nil, nil, err
		}
		found, several, err := client.ParseRequests(data)
		if err != nil {
			return nil, nil, usageError{fmt.Errorf("read request: %s: %w", name, err)}
		}
		for i, r := range found {
			source := name
			if several {
				source = fmt.Sprintf("%s, request %d", name, i+1)
			}
			all, sources = append(all, r), append(sources, source)
		}
	}
	if len(all) == 0 {
		return nil, nil, usageError{errors.New("there is no request to create an export from: the list is empty")}
	}
	if c.ID != "" && len(all) > 1 {
		return nil, nil, usageError{fmt.Errorf("--id names one export, and there are %d requests; put their ids into them", len(all))}
	}
	for i := range all {
		if c.ID != "" {
			all[i] = all[i].With("id", c.ID)
		}
		if c.Mode != "" {
			all[i] = all[i].With("run", c.Mode)
		}
	}
	return all, sources, nil
}

// readRequestFile reads a file of requests; - is stdin.
func readRequestFile(name string, stdin io.Reader) ([]byte, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usageError{fmt.Errorf("read request: %w", err)}
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxRequest+1))
	if err != nil {
		return nil, usageError{fmt.Errorf("read request: %w", err)}
	}
	if len(data) > maxRequest {
		return nil, usageError{fmt.Errorf("read request: %s is longer than %d bytes", name, maxRequest)}
	}
	return data, nil
}

// bySource makes the paths of a refused bulk name files: exports[3].format becomes b.json: format.
func bySource(err error, sources []string) error {
	var no *client.Error
	if !errors.As(err, &no) || len(sources) < 2 {
		return err
	}
	told := *no
	told.Faults = nil
	for _, f := range no.Faults {
		if rest, ok := strings.CutPrefix(f.Path, "exports["); ok {
			number, field, _ := strings.Cut(rest, "]")
			if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < len(sources) {
				f.Path = strings.TrimSuffix(sources[i]+": "+strings.TrimPrefix(field, "."), ": ")
			}
		}
		told.Faults = append(told.Faults, f)
	}
	return &told
}
