package main

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unicode/utf8"

	"decant/decimation"
	"decant/engine"
	"decant/engine/export/request"
	"decant/ingest/file"
)

type importCmd struct {
	Files     []string `arg:"" name:"file" help:"Files to read; - is stdin. Or archives: folders, s3://bucket/prefix."`
	Channel   string   `help:"Channel to store under; needed for files."`
	Subtopic  *string  `help:"Subtopic to store under, as events.data or events/data; needed for files."`
	Publisher string   `help:"Publisher of samples that name none."`
	Format    string   `help:"csv, jsonl, senml-json, senml-cbor, or payload: anything a device may publish. Default: by the extension; CSV for stdin." placeholder:"FORMAT"`
	Received  string   `help:"Moment of receipt, from which relative times count (now)." placeholder:"TIME"`
	Timezone  string   `help:"IANA time zone of times without an offset (utc)." default:"utc" placeholder:"ZONE"`
	SkipBad   bool     `help:"Take the rows that can be taken and count the others. Without it a bad row keeps its whole file out."`

	TimeColumn string `help:"Column with the time. Default: the first of time, timestamp, ts, t, date." placeholder:"NAME" group:"csv"`
	TimeFormat string `help:"iso, local, unix, unixMilli, or a strftime layout. Default: as each cell looks." placeholder:"FORMAT" group:"csv"`
	Start      string `help:"Time of the first row of a file without times." placeholder:"TIME" group:"csv"`
	Step       string `help:"Time from row to row of a file without times." placeholder:"10m" group:"csv"`

	NameColumn  string            `help:"Column with the series' name: a row a sample." placeholder:"NAME" group:"csv"`
	ValueColumn string            `help:"Column with its value." placeholder:"NAME" group:"csv"`
	UnitColumn  string            `help:"Column with its unit." placeholder:"NAME" group:"csv"`
	Unit        map[string]string `help:"Unit of a series; may be given again." placeholder:"NAME=UNIT" mapsep:"none" group:"csv"`
	Prefix      string            `help:"What to put before every name." group:"csv"`

	Null         string `help:"A cell that holds this is no sample, as an empty one." placeholder:"TOKEN" group:"csv"`
	Strings      bool   `help:"Cells that are neither numbers nor bools are strings." group:"csv"`
	Delimiter    string `help:"Delimiter; default a comma, or a tab for .tsv." group:"csv"`
	DecimalComma bool   `help:"Numbers have a comma for a point." group:"csv"`

	JSON bool `name:"json" help:"Print what was imported as JSON."`
}

func (c *importCmd) Run(a *app) error {
	archives, err := c.archives()
	if err != nil {
		return usageError{err}
	}
	if archives {
		to, err := engine.OpenWriter(a.config)
		if err != nil {
			return err
		}
		return c.importArchives(a, to)
	}
	cfg, err := c.config(a)
	if err != nil {
		return usageError{err}
	}
	if err := cfg.Validate(); err != nil {
		return usageError{err}
	}
	to, err := engine.OpenWriter(a.config)
	if err != nil {
		return err
	}
	bars := a.progress("samples")
	summaries, err := engine.Import(a.ctx, to, c.Files, a.stdin, cfg, bars.update)
	bars.finish()
	t := table{columns: []string{"file", "rows", "samples", "bad", "first", "last"}}
	for i, s := range summaries {
		first, last := "", ""
		if s.Samples > 0 {
			first, last = utc(s.First), utc(s.Last)
		}
		t.add(c.Files[i], s.Rows, s.Samples, s.Bad, first, last)
		for _, f := range s.Faults {
			a.log.Warn("skipped", "file", c.Files[i], "line", f.Line, "fault", f.Text)
		}
	}
	return c.finish(a, to, t, err)
}

// finish closes the writer and prints what was imported, also where err ended it early.
func (c *importCmd) finish(a *app, to engine.Writer, t table, err error) error {
	if closing := to.Close(); err == nil {
		err = closing
	}
	if len(t.rows) > 0 {
		if printing := t.print(a.stdout, c.JSON); err == nil {
			err = printing
		}
	}
	var partial *engine.PartialError
	if errors.As(err, &partial) {
		partial.Err = interrupted(a.ctx, partial.Err)
		return partial
	}
	return interrupted(a.ctx, err)
}

// config brings the flags into the form in which a file is read.
func (c *importCmd) config(a *app) (file.Config, error) {
	zone, err := decimation.LoadZone(c.Timezone)
	if err != nil {
		return file.Config{}, fmt.Errorf("--timezone: %w", err)
	}
	cfg := file.Config{
		Format:       c.Format,
		Channel:      c.Channel,
		Subtopic:     *c.Subtopic,
		Publisher:    c.Publisher,
		Received:     time.Now().UnixNano(),
		SkipBad:      c.SkipBad,
		TimeColumn:   c.TimeColumn,
		TimeFormat:   c.TimeFormat,
		NameColumn:   c.NameColumn,
		ValueColumn:  c.ValueColumn,
		UnitColumn:   c.UnitColumn,
		Units:        c.Unit,
		Prefix:       c.Prefix,
		Null:         c.Null,
		Strings:      c.Strings,
		DecimalComma: c.DecimalComma,
		Payload:      a.config.Payload(),
		Local: func(year, month, day, hour, minute, second, nsec int) (int64, error) {
			return decimation.LocalInstant(year, month, day, hour, minute, second, nsec, zone)
		},
	}
	var faults []error
	for _, t := range []struct {
		flag, text string
		into       *int64
	}{{"--received", c.Received, &cfg.Received}, {"--start", c.Start, &cfg.Start}} {
		if t.text == "" {
			continue
		}
		if *t.into, err = request.ParseTime(t.text, zone); err != nil {
			faults = append(faults, fmt.Errorf("%s %s: %w", t.flag, t.text, err))
		}
	}
	if c.Step != "" {
		if cfg.Step, err = time.ParseDuration(c.Step); err != nil || cfg.Step <= 0 {
			faults = append(faults, fmt.Errorf("--step %s: allowed is a positive duration such as 10m, 1h or 250ms", c.Step))
		}
		if c.Start == "" {
			faults = append(faults, errors.New("--step needs --start, the time of the first row"))
		}
	}
	if c.Delimiter != "" {
		comma, size := utf8.DecodeRuneInString(c.Delimiter)
		if size != len(c.Delimiter) {
			faults = append(faults, fmt.Errorf("--delimiter %q: allowed is one character", c.Delimiter))
		}
		cfg.Comma = comma
	}
	for _, name := range c.Files {
		if info, err := os.Stat(name); name != "-" && err != nil {
			faults = append(faults, err)
		} else if name != "-" && info.IsDir() {
			faults = append(faults, fmt.Errorf("%s is a folder; name its files", name))
		}
	}
	return cfg, errors.Join(faults...)
}
