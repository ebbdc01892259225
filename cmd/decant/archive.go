package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"decant/decimation"
	"decant/engine"
	"decant/engine/archive"
	"decant/engine/export/request"
)

type archiveCmd struct {
	To        string   `required:"" help:"Where to: a folder, or s3://bucket/prefix." placeholder:"DIR|URL"`
	OlderThan string   `help:"Only days that ended so long ago, as an ISO 8601 duration (${default})." default:"P1D" placeholder:"P90D"`
	Channel   []string `help:"Only channels that match: * is any text, ? one character; may be given again." placeholder:"GLOB" sep:"none"`
	Delete    bool     `name:"delete-local" help:"Delete from the store what is archived, after it was read back. No other process may write the store meanwhile."`
	DryRun    bool     `help:"Print the days that would be archived."`
	JSON      bool     `name:"json" help:"Print the files, or the days, as JSON."`
}

func (c *archiveCmd) Run(a *app) error {
	opts, err := c.options(time.Now())
	if err != nil {
		return usageError{err}
	}
	if c.DryRun {
		return c.preview(a, opts)
	}
	bars := a.progress("samples")
	opts.Progress = func(done, expected int64) { bars.update(c.To, done, expected) }
	var report *archive.Report
	var deleted int64
	if c.Delete {
		report, deleted, err = engine.ArchiveAway(a.ctx, a.config, c.To, opts, a.logFrom(slog.LevelWarn))
	} else {
		report, err = engine.Archive(a.ctx, a.config, c.To, opts)
	}
	bars.finish()
	if err != nil {
		return interrupted(a.ctx, notArchived(err, report))
	}
	a.log.Info("archived", "to", c.To, "days", report.Days, "files", len(report.Added), "sent", report.Sent)
	if c.Delete {
		a.log.Info("deleted what is archived; decant compact gives its room back", "samples", deleted)
	}
	files := table{columns: []string{"file", "series", "rows", "bytes", "sha256"}}
	for _, p := range report.Added {
		files.add(p.File, p.Series, p.Rows, p.Bytes, p.SHA256)
	}
	return files.print(a.stdout, c.JSON)
}

// notArchived says what a run that broke has done all the same.
func notArchived(err error, report *archive.Report) error {
	if report == nil || report.Sent == 0 {
		return err
	}
	return fmt.Errorf("%w; %d files were brought before, and the next run goes on behind them", err, report.Sent)
}

func (c *archiveCmd) options(now time.Time) (archive.Options, error) {
	var opts archive.Options
	var faults []error
	var err error
	if err := c.checkTo(); err != nil {
		faults = append(faults, fmt.Errorf("--to: %w", err))
	}
	if opts.Before, err = before(now, c.OlderThan); err != nil {
		faults = append(faults, fmt.Errorf("--older-than: %w", err))
	}
	for _, glob := range c.Channel {
		if err := request.CheckGlob(glob); err != nil {
			faults = append(faults, fmt.Errorf("--channel %s: %w", glob, err))
		}
	}
	if len(c.Channel) > 0 {
		opts.Channel = func(channel string) bool {
			return slices.ContainsFunc(c.Channel, func(glob string) bool { return request.MatchGlob(glob, channel) })
		}
	}
	return opts, errors.Join(faults...)
}

// otherURL is what looks like an address and is none of ours: gs://b, S3://b, s3:/b, host:/folder. A single letter is a drive of Windows.
var otherURL = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+.-]+:/`)

// checkTo refuses what would be a folder that nobody meant: one called "gs:", and one in a store's folder, whose manifest would make an archive of the store.
func (c *archiveCmd) checkTo() error {
	if strings.HasPrefix(c.To, "s3://") {
		return nil
	}
	if c.To == "" {
		return errors.New("this is empty; allowed are a folder, and s3://bucket/prefix") // a script's variable: not the folder that it runs in
	}
	if otherURL.MatchString(c.To) {
		return fmt.Errorf("%q is no place for an archive; allowed are a folder, and s3://bucket/prefix", c.To)
	}
	dir, err := filepath.Abs(c.To)
	if err != nil {
		return err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if engine.CheckStore(engine.Config{Data: at}) == nil {
			return fmt.Errorf("%s lies in the store %s; an archive has a folder of its own", c.To, at)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// before is the moment that lies a duration back, by the calendar of UTC (ns).
func before(now time.Time, duration string) (int64, error) {
	period, err := decimation.ParsePeriod(duration)
	if err != nil {
		return 0, err
	}
	utc, err := decimation.LoadZone("utc")
	if err != nil {
		return 0, err
	}
	return period.Step(now.UnixNano(), -1, utc)
}

func (c *archiveCmd) preview(a *app, opts archive.Options) error {
	planned, err := engine.PreviewArchive(a.ctx, a.config, c.To, opts)
	if err != nil {
		return interrupted(a.ctx, err)
	}
	days := table{columns: []string{"channel", "day", "series", "samples", "what"}}
	for _, p := range planned {
		what := "new"
		if p.Late {
			what = "changed since it was archived"
		}
		days.add(p.Channel, p.Day.String(), p.Series, p.Samples, what)
	}
	return days.print(a.stdout, c.JSON)
}

// importArchives stores what archives hold.
func (c *importCmd) importArchives(a *app, to engine.Writer) error {
	bars := a.progress("samples")
	t := table{columns: []string{"archive", "series", "samples", "first", "last"}}
	var err error
	for _, from := range c.Files {
		var s engine.ArchiveSummary
		if s, err = engine.ImportArchive(a.ctx, to, from, bars.update); err != nil {
			break
		}
		first, last := "", ""
		if s.Samples > 0 {
			first, last = utc(s.First), utc(s.Last)
		}
		t.add(from, s.Series, s.Samples, first, last)
	}
	bars.finish()
	return c.finish(a, to, t, err)
}

// archives says whether archives are to be imported, and refuses a mixture with files, and flags that say what an archive says itself.
func (c *importCmd) archives() (bool, error) {
	n := 0
	for _, name := range c.Files {
		if name != "-" && archive.Is(name) {
			n++
		}
	}
	given := *c
	given.Files, given.JSON = nil, false
	switch {
	case n == 0 && (c.Channel == "" || c.Subtopic == nil):
		for _, name := range c.Files {
			if info, err := os.Stat(name); err == nil && info.IsDir() {
				return false, fmt.Errorf("%s is a folder and no archive: it has no _manifest.json", name)
			}
		}
		return false, errors.New("missing flags: --channel and --subtopic say what a file's samples are stored under\ndecant import --help says what there is")
	case n == 0:
		return false, nil
	case n < len(c.Files):
		return false, errors.New("files and archives are imported one kind at a time")
	case string(mustJSON(given)) != string(mustJSON(importCmd{Timezone: "utc"})):
		return false, errors.New("an archive says itself what its samples are: it is imported without flags")
	}
	return true, nil
}
