// Package demo shows the whole way on real input, on one machine, in some seconds:
//
//  1. start the embedded broker on a free loopback port, with a store behind it;
//  2. replay a year of a city's power grid as MQTT devices that publish SenML at QoS 1;
//  3. read the store back and hold every sample against what was published;
//  4. run four exports: a raw week, daily averages, monthly consumption, a report.
//
// What it leaves is an ordinary store and ordinary exports.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"decant/engine"
	"decant/engine/export"
	"decant/ingest/broker"
)

// Config says where the demo works.
type Config struct {
	Dir      string // store, exports and requests go here
	Engine   engine.Config
	Log      *slog.Logger
	Progress func(what string, done, expected int64)
}

// File is one file that the demo made.
type File struct {
	Name     string // relative to the demo's folder
	Rows     int64
	Bytes    int64
	Duration time.Duration // of its export
}

// Result is what the demo did.
type Result struct {
	Store    string
	Messages int64
	Samples  int64 // published, stored, and found equal
	Series   int
	Files    []File
	Requests string // the folder with the requests behind the files
}

// marker tells a folder that the demo made from one that it must not touch.
const marker = ".decant-demo"

// Run runs the demo. A folder that an earlier demo left is made anew; any other that is not empty is refused.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	if err := prepare(cfg.Dir); err != nil {
		return nil, err
	}
	quantities, err := load()
	if err != nil {
		return nil, err
	}
	cfg.Engine.Data = filepath.Join(cfg.Dir, "store")
	result := &Result{Store: cfg.Engine.Data, Series: len(quantities)}
	if err := replay(ctx, cfg, quantities, result); err != nil {
		return nil, err
	}
	snap, err := engine.Source(cfg.Engine).Open(ctx)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	if result.Samples, err = compare(ctx, snap, quantities); err != nil {
		return nil, err
	}
	return result, runExports(ctx, cfg, snap, result)
}

func prepare(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
			return &engine.InputError{Err: fmt.Errorf("%s is not empty, and no earlier demo made it; choose another folder with --dir", dir)}
		}
		for _, made := range []string{"store", "exports", "requests"} {
			if err := os.RemoveAll(filepath.Join(dir, made)); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, marker), []byte("made by decant demo, which may replace store, exports and requests\n"), 0o666)
}

// replay has the devices publish the year to an embedded broker, and returns when all of it is acknowledged and the store closed.
func replay(ctx context.Context, cfg Config, quantities []quantity, result *Result) error {
	intake, err := engine.OpenIntake(cfg.Engine, cfg.Log)
	if err != nil {
		return err
	}
	b, err := broker.Listen(broker.Config{Listen: "127.0.0.1:0", Log: cfg.Log})
	if err != nil {
		intake.Close()
		return err
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- intake.Run(serving, b) }()

	publishing := publish(ctx, b.URL(), quantities, cfg.Progress)
	stop()
	err = <-served
	result.Messages = intake.Stats().Messages
	if dead := intake.Stats().DeadLetters(); err == nil && dead > 0 {
		err = fmt.Errorf("%d messages went to the dead letters: %v", dead, intake.Stats().Dead)
	}
	return errors.Join(err, publishing, intake.Close())
}

// exports are the demo's requests, in the order in which it runs them: a raw week as long CSV, daily averages as wide XLSX, each meter's monthly
// consumption as CSV, and a month as a PDF report.
var exports = []string{"week", "daily", "monthly", "report"}

func runExports(ctx context.Context, cfg Config, snap export.Snapshot, result *Result) error {
	result.Requests = filepath.Join(cfg.Dir, "requests")
	if err := os.MkdirAll(result.Requests, 0o777); err != nil {
		return err
	}
	if _, err := layRequest(result.Requests, "service"); err != nil { // for who goes on with the export service
		return err
	}
	for _, name := range exports {
		text, err := layRequest(result.Requests, name)
		if err != nil {
			return err
		}
		began := time.Now()
		dir := filepath.Join(cfg.Dir, "exports", name)
		manifest, err := engine.Export(ctx, snap, text, dir, export.Options{
			Now:     began.UnixNano(),
			Version: engine.Version(),
			Clock:   func() int64 { return time.Now().UnixNano() },
		})
		if err != nil {
			return fmt.Errorf("export %s: %w", name, err)
		}
		for _, f := range manifest.Files {
			result.Files = append(result.Files, File{
				Name: filepath.Join("exports", name, f.File), Rows: f.Rows, Bytes: f.Bytes, Duration: time.Since(began),
			})
		}
	}
	return nil
}

// layRequest writes one of the demo's requests into a folder.
func layRequest(dir, name string) ([]byte, error) {
	text, err := requests.ReadFile("requests/" + name + ".json")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".json"), text, 0o666)
	}
	return text, err
}

// Print shows the result and what to try next. decant is how the user called the program.
func (r *Result) Print(w io.Writer, dir, decant string) error {
	p := &printer{w: w}
	p.line("%d messages at QoS 1, %d samples of %d series: stored equals published.", r.Messages, r.Samples, r.Series)
	p.line("")
	p.line("%-50s %8s %10s %8s", "file", "rows", "bytes", "time")
	for _, f := range r.Files {
		p.line("%-50s %8d %10d %8s", filepath.Join(dir, f.Name), f.Rows, f.Bytes, f.Duration.Round(time.Millisecond))
	}
	p.line("")
	p.line("Try next:")
	p.line("  %s series --data %s", decant, r.Store)
	p.line("  %s export --data %s -f %s -o -", decant, r.Store, filepath.Join(r.Requests, "monthly.json"))
	p.line("  %s export --data %s --channel %s --subtopic %s \\\n    --target 'urn:dev:meter:1:power' --from 2017-07 --period P1M --ds 1d --dsf max --timezone Africa/Casablanca -o -",
		decant, r.Store, channel, subtopic)
	return p.err
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
