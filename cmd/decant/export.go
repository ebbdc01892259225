package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"decant/engine"
	"decant/engine/export"
	"decant/engine/export/request"
)

// maxRequest bounds a request file, in bytes.
const maxRequest = 16 << 20

type exportCmd struct {
	File      string `short:"f" help:"Request as JSON; - is stdin. Or describe one item by flags." placeholder:"REQUEST.json"`
	Output    string `short:"o" help:"Folder for the files and their manifest, absent or empty; - writes the only item to stdout." placeholder:"DIR"`
	Lenient   bool   `help:"Leave out fields of the request that decant does not know, instead of refusing them."`
	Overwrite bool   `help:"Replace the files that the folder's manifest lists."`
	Align     bool   `help:"End a period at the last calendar boundary instead of now."`
	At        string `help:"The moment in place of now: which run of a recurring request, and where a period ends." placeholder:"TIME"`
	DryRun    bool   `help:"Print what would be written: ranges, series, buckets, rows, bytes."`
	JSON      bool   `name:"json" help:"Print the dry run, or the files written, as JSON."`

	selection
}

func (c *exportCmd) Run(a *app) error {
	req, err := c.read(a.stdin)
	if err != nil {
		return err
	}
	for _, field := range req.Ignored {
		a.log.Warn("this field belongs to the export service and does nothing here", "field", field)
	}
	if len(req.Notification) > 0 {
		a.log.Warn("notifications are sent by the export service; this run sends none", "field", "notification")
	}
	for _, field := range req.IgnoredParameters {
		a.log.Warn("ignored: there is no such field", "field", field)
	}
	if c.Output == "" && !c.DryRun {
		return usageError{errors.New("where to? -o DIR writes files and a manifest, -o - writes one item to stdout, --dry-run says what would be written")}
	}
	opts, err := c.options(a, req)
	if err != nil {
		return err
	}
	if c.Output != "" && c.Output != "-" {
		if opts.Limits.Disk, err = engine.FreeDisk(c.Output); err != nil {
			return err
		}
	}
	snap, err := engine.Source(a.config).Open(a.ctx)
	if err != nil {
		return err
	}
	defer snap.Close()
	return c.export(a, snap, req, opts)
}

// read takes the request from its file or from the flags.
func (c *exportCmd) read(stdin io.Reader) (*request.Request, error) {
	if c.File == "" {
		data, err := c.selection.request()
		if err != nil {
			return nil, err
		}
		req, err := request.Parse(data, request.Options{ISOTimes: true, Lenient: c.Lenient})
		return req, byFlag(err)
	}
	if c.selection.given() {
		return nil, usageError{errors.New("a request file and flags that describe an item exclude each other; put everything into the file")}
	}
	data, err := readRequestFile(c.File, stdin)
	if err != nil {
		return nil, err
	}
	return request.Parse(data, request.Options{Lenient: c.Lenient})
}

func (c *exportCmd) options(a *app, req *request.Request) (export.Options, error) {
	opts := export.Options{
		Now:       time.Now().UnixNano(),
		Align:     c.Align,
		Overwrite: c.Overwrite,
		Limits:    export.Limits{Rows: a.config.Limits.Rows, PDFRows: a.config.Limits.PDFRows},
		Version:   engine.Version(),
		Clock:     func() int64 { return time.Now().UnixNano() },
	}
	if c.At != "" {
		at, err := request.ParseTime(c.At, req.Format.Zone)
		if err != nil {
			return opts, usageError{fmt.Errorf("--at %s: %w", c.At, err)}
		}
		opts.At = &at
	}
	return opts, nil
}

func (c *exportCmd) export(a *app, snap export.Snapshot, req *request.Request, opts export.Options) error {
	bars := a.progress("rows")
	bars.together = true
	defer bars.finish()
	var plan *export.Plan
	opts.Progress = func(item int, rows, expected int64) { bars.update(plan.Items[item].File, rows, expected) }
	plan, err := export.NewPlan(a.ctx, snap, req, opts)
	if err != nil {
		if c.File == "" {
			err = byFlag(err)
		}
		return err
	}
	if c.DryRun {
		return c.printPlan(a, plan)
	}
	if c.Output == "-" {
		_, err := export.Stream(a.ctx, snap, plan, a.stdout)
		return interrupted(a.ctx, err)
	}
	manifest, err := export.Run(a.ctx, snap, plan, c.Output)
	if err != nil {
		return interrupted(a.ctx, err)
	}
	bars.finish()
	files := table{columns: []string{"file", "rows", "bytes", "sha256"}}
	for _, f := range manifest.Files {
		files.add(f.File, f.Rows, f.Bytes, f.SHA256)
	}
	return files.print(a.stdout, c.JSON)
}

func (c *exportCmd) printPlan(a *app, plan *export.Plan) error {
	if !c.JSON {
		return plan.WriteText(a.stdout)
	}
	data, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, data, "", "  "); err != nil {
		return err
	}
	pretty.WriteByte('\n')
	_, err = pretty.WriteTo(a.stdout)
	return err
}

// interrupted tells a run that the user stopped from one that broke.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}
