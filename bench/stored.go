package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/decimation"
	"decant/engine/export"
)

// The cases of RunStore.
const (
	CaseScan      = "scan"      // times and values of all samples, from encoded segments
	CaseSummaries = "summaries" // wide buckets, from the sums that segments carry
	CaseYear      = "year"      // a year of one series by decant export, process start and all
)

// StoreCases are all of them.
var StoreCases = []string{CaseScan, CaseSummaries, CaseYear}

// yearSamples is a year at 1 Hz.
const yearSamples = 365 * 24 * 60 * 60

// StoreOptions say what RunStore measures. A zero is its default.
type StoreOptions struct {
	Options
	Cases []string // of StoreCases
}

// Validate reports every fault at once.
func (o StoreOptions) Validate() error {
	return errors.Join(o.Options.Validate(), checkCases(o.Cases, StoreCases))
}

// RunStore measures what the form of the segments gives: decoding all of it, against the same columns in memory (of-roofline); buckets from stored sums, against the same from the samples (of-raw);
// and a year of one series by decant export in a process of its own, against a process that only starts (of-start). Two series of a year at 1 Hz are its data set.
func RunStore(ctx context.Context, opts StoreOptions, out io.Writer, say func(text string)) error {
	if opts.Input == "" && opts.Points == 0 && opts.Series == 0 {
		opts.Series, opts.Points = 2, 2*yearSamples
	}
	s := newSession(opts.Options, out)
	in, err := openInput(ctx, opts.Options, 50e6, say)
	if err != nil {
		return err
	}
	defer in.Close()
	dir, err := os.MkdirTemp(opts.Dir, "store-*")
	if err != nil {
		return fmt.Errorf("make the folder of the exports: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := s.header(in.points, len(in.series)); err != nil {
		return err
	}
	if err := in.printSize(out); err != nil {
		return err
	}
	for _, c := range or(opts.Cases, StoreCases...) {
		var share string
		switch c {
		case CaseScan:
			share, err = "of-roofline", s.rounds(ctx, func(cores int) lineup {
				b := in.roofline(cores)
				b.subjects = []subject{in.scan(ctx)}
				return b
			})
		case CaseSummaries:
			share = "of-raw"
			for _, width := range or(opts.Buckets, "1d", "1M") {
				if err = in.summaries(ctx, s, width); err != nil {
					break
				}
			}
		case CaseYear:
			share, err = "of-start", s.rounds(ctx, func(cores int) lineup { return in.year(ctx, dir, cores) })
		}
		if err != nil {
			return fmt.Errorf("case %s: %w", c, err)
		}
		if err := s.finish(say, share, "points/s"); err != nil {
			return err
		}
		s.measured = nil // the next case's lines have another share
	}
	return nil
}

// printSize prints what a sample takes in the segments, index, sums and all. It is no measurement, so there is one line.
func (in *input) printSize(out io.Writer) error {
	var bytes int64
	files, err := filepath.Glob(filepath.Join(in.dir, "segments", "*"))
	if err != nil {
		return err
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return err
		}
		bytes += info.Size()
	}
	_, err = fmt.Fprintf(out, "# %d segments of %d bytes: %.3f bytes a sample with its time of arrival, index, sums and checksums\n", len(files), bytes, float64(bytes)/float64(in.points))
	return err
}

// scan reads all times and values, a series after the other, on one core, and adds them up.
func (in *input) scan(ctx context.Context) subject {
	var points int64
	return subject{
		work: work{
			name: "Scan/data=" + in.data,
			run: func() error {
				points = 0
				for _, s := range in.series {
					n, err := scanSeries(ctx, in.snap, s.ID)
					if err != nil {
						return err
					}
					points += n
				}
				return nil
			},
		},
		amounts: func() []amount {
			return []amount{{"points/s", float64(points)}, {"B/s", pointBytes * float64(points)}}
		},
	}
}

// scanSeries reads a series as decimation does.
func scanSeries(ctx context.Context, snap export.Snapshot, id export.SeriesID) (points int64, err error) {
	r, err := snap.Scan(ctx, id, math.MinInt64, math.MaxInt64, "time", "value")
	if err != nil {
		return 0, err
	}
	defer r.Release()
	blocks := r.(decimation.Blocks)
	sum := 0.0
	err = export.Guard(snap)(func() error {
		for {
			b, ok := blocks.NextBlock()
			if !ok {
				return r.Err()
			}
			points += int64(len(b.Times))
			sum += add(b.Times, b.Values)
		}
	})
	if math.IsNaN(sum) { // never: it keeps the sums from being left out
		err = fmt.Errorf("%d samples add up to nothing", points)
	}
	return points, err
}

// summaries makes buckets of all series with and without the sums that are stored.
func (in *input) summaries(ctx context.Context, s *session, width string) error {
	x, err := newShape("avg", width, "utc")
	if err != nil {
		return err
	}
	decimating := func(from string, snap export.Snapshot, cores int) subject {
		var samples int64
		return subject{
			work: work{
				name: fmt.Sprintf("Buckets/data=%s/%s/from=%s", in.data, x.name, from),
				run: func() (err error) {
					samples, err = Decimate(ctx, snap, in.series, x.spec, cores)
					return err
				},
			},
			amounts: func() []amount { return []amount{{"points/s", float64(samples)}} },
		}
	}
	return s.rounds(ctx, func(cores int) lineup {
		return lineup{share: "of-raw", yardstick: decimating("samples", sumless{in.snap}, cores), subjects: []subject{decimating("sums", in.snap, cores)}}
	})
}

// sumless is a snapshot whose scans give every sample and no sums.
type sumless struct{ export.Snapshot }

func (s sumless) Scan(ctx context.Context, id export.SeriesID, from, to int64, columns ...string) (array.RecordReader, error) {
	r, err := s.Snapshot.Scan(ctx, id, from, to, columns...)
	if err != nil {
		return nil, err
	}
	return rowsOnly{r, r.(decimation.Summaries)}, nil
}

// rowsOnly asks for no sums.
type rowsOnly struct {
	array.RecordReader
	decimation.Summaries
}

func (r rowsOnly) NextUntil(int64) (decimation.Block, bool) {
	return r.Summaries.NextUntil(math.MinInt64)
}

// year exports the daily averages of the first series into a folder.
func (in *input) year(ctx context.Context, dir string, cores int) lineup {
	first := in.series[0]
	folder, file := filepath.Join(dir, "year"), filepath.Join(dir, "year.json")
	amounts := func() []amount { return []amount{{"points/s", float64(first.Samples)}} }
	return lineup{
		share:     "of-start",
		yardstick: subject{work: work{name: "Start", run: func() error { return runSelf(ctx, cores, "version") }}, amounts: amounts},
		subjects: []subject{{amounts: amounts, work: work{
			name: fmt.Sprintf("Year/data=%s/bucket=1d", in.data),
			prepare: func() error {
				return os.WriteFile(file, oneTime("csv", map[string]any{
					"target":    map[string]any{"value": strings.ReplaceAll(first.Name, ",", `\,`)},
					"channelId": first.Channel, "subtopic": first.Subtopic,
					"decimation": map[string]any{"ds": "1d", "dsf": "avg"},
				}), 0o600)
			},
			run: func() error {
				return runSelf(ctx, cores, "export", "--quiet", "--data", in.dir, "-f", file, "-o", folder)
			},
			finish: func() error { return os.RemoveAll(folder) },
		}}},
	}
}
