package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"decant/bench"
)

type benchCmd struct {
	Decimation benchDecimationCmd `cmd:"" help:"From stored samples to buckets, against reading the same columns from memory."`
	Ingest     benchIngestCmd     `cmd:"" help:"From MQTT messages to a synced store, against appending the same samples to it."`
	Export     benchExportCmd     `cmd:"" help:"From a request to a file's bytes."`
	Store      benchStoreCmd      `cmd:"" help:"What segments take and give: decoding, sums, a year in a process of its own."`
	Service    benchServiceCmd    `cmd:"" help:"The export service, against the same exports without it."`
}

// benchFlags are common to all benchmarks.
type benchFlags struct {
	Points  string        `help:"How many samples, as 2000000 or 2e6 (50e6; ingest 1e6, export 5e6)." placeholder:"N"`
	Series  int           `help:"How many series they belong to (50)." placeholder:"N"`
	Dataset string        `help:"walk, zero, tetouan or constant (walk)." placeholder:"NAME"`
	Dir     string        `help:"Where data sets are kept (the user's cache folder)." placeholder:"DIR"`
	CPU     []int         `name:"cpu" help:"On how many cores; each gets lines of its own (all)." placeholder:"N,…"`
	Count   int           `help:"Measurements of each (10)." default:"10" placeholder:"N"`
	Time    time.Duration `help:"Least time of a measurement (250ms)." default:"250ms" placeholder:"DURATION"`
}

// options takes the flags over into o.
func (f *benchFlags) options(o bench.Options) (bench.Options, error) {
	o.Data, o.Series, o.Dir, o.Count, o.Time = f.Dataset, f.Series, f.Dir, f.Count, f.Time
	o.Cores = f.CPU
	if f.Points != "" {
		var err error
		if o.Points, err = bench.ParseCount(f.Points); err != nil {
			return o, usageError{fmt.Errorf("--points %w", err)}
		}
	}
	if o.Dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return o, usageError{fmt.Errorf("find the user's cache folder: %w; name a folder with --dir", err)}
		}
		o.Dir = filepath.Join(cache, "decant", "bench")
	}
	return o, nil
}

// bench runs a benchmark that has the common flags and o.
func (a *app) bench(f benchFlags, o bench.Options, run func(context.Context, bench.Options, io.Writer, func(string)) error) error {
	o, err := f.options(o)
	if err != nil {
		return err
	}
	return measure(a, o, run)
}

// measure runs a benchmark: its text goes to stdout, all else to stderr.
func measure[O interface{ Validate() error }](a *app, o O, run func(context.Context, O, io.Writer, func(string)) error) error {
	if err := o.Validate(); err != nil {
		return usageError{err}
	}
	return interrupted(a.ctx, run(a.ctx, o, a.stdout, a.say))
}

// say tells people something, beside the benchmark's text.
func (a *app) say(text string) {
	if !a.quiet {
		fmt.Fprintln(a.stderr, text)
	}
}

type benchDecimationCmd struct {
	benchFlags
	Input    string   `help:"Read this store instead of a data set." placeholder:"STORE"`
	Func     []string `help:"Functions, all for six in one pass, or several in one pass as avg+max (avg,stddev,all)." placeholder:"FUNCTION,…"`
	Bucket   []string `help:"Widths of buckets (15m)." placeholder:"WIDTH,…"`
	Timezone []string `help:"IANA time zones of the buckets (utc)." placeholder:"ZONE,…"`
	Touch    []string `help:"warm: read before; first: opened anew, with checksums (warm,first)." placeholder:"TOUCH,…"`
}

func (c *benchDecimationCmd) Run(a *app) error {
	o := bench.Options{Input: c.Input, Functions: c.Func, Buckets: c.Bucket, Zones: c.Timezone, Touches: c.Touch}
	return a.bench(c.benchFlags, o, bench.RunDecimation)
}

type benchIngestCmd struct {
	benchFlags
}

func (c *benchIngestCmd) Run(a *app) error {
	return a.bench(c.benchFlags, bench.Options{}, bench.RunIngest)
}

type benchExportCmd struct {
	benchFlags
	Input  string   `help:"Read this store instead of a data set." placeholder:"STORE"`
	Format []string `help:"csv, csv-wide (a column a series), xlsx, parquet, jsonl, arrow, pdf (csv)." placeholder:"EXTENSION,…"`
	Bucket []string `help:"Widths of buckets. Without: all samples, but for PDF the shortest bucket that its limit of rows allows." placeholder:"WIDTH,…"`
	Func   []string `help:"Functions of a bucket, several in one file as avg+max (avg)." placeholder:"FUNCTION,…"`
}

func (c *benchExportCmd) Run(a *app) error {
	o := bench.Options{Input: c.Input, Formats: c.Format, Buckets: c.Bucket, Functions: c.Func}
	return a.bench(c.benchFlags, o, bench.RunExport)
}

type benchStoreCmd struct {
	benchFlags
	Input  string   `help:"Read this store instead of a data set." placeholder:"STORE"`
	Case   []string `help:"scan: all times and values; summaries: wide buckets, against the same from samples; year: one series by decant export, process start and all (all)." placeholder:"CASE,…"`
	Bucket []string `help:"Widths of the buckets (1d,1M)." placeholder:"WIDTH,…"`
}

func (c *benchStoreCmd) Run(a *app) error {
	shared, err := c.options(bench.Options{Input: c.Input, Buckets: c.Bucket})
	if err != nil {
		return err
	}
	return measure(a, bench.StoreOptions{Options: shared, Cases: c.Case}, bench.RunStore)
}

type benchServiceCmd struct {
	benchFlags
	Case    []string      `help:"due-tiny, due-middling: many recurring exports of one second; through: one export from the call to the job's end; api: a call's latency under load (all)." placeholder:"CASE,…"`
	Exports int           `help:"How many are due in one second (1000)." placeholder:"N"`
	Rate    int           `help:"Messages a second that come while the API is called (10000)." placeholder:"N"`
	Load    time.Duration `help:"How long the API is called under each load (10s)." placeholder:"DURATION"`
}

func (c *benchServiceCmd) Run(a *app) error {
	shared, err := c.options(bench.Options{})
	if err != nil {
		return err
	}
	return measure(a, bench.ServiceOptions{Options: shared, Cases: c.Case, Exports: c.Exports, Rate: c.Rate, Load: c.Load}, bench.RunService)
}
