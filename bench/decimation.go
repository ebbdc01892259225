package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"decant/decimation"
	"decant/engine"
	"decant/engine/export"
)

// RunDecimation measures the way from segments to buckets, for every function, bucket and zone that opts name, against reading the same columns from memory.
// Benchmark text goes to out, what takes a while and what came of it to say.
func RunDecimation(ctx context.Context, opts Options, out io.Writer, say func(text string)) error {
	s := newSession(opts, out)
	in, err := openInput(ctx, opts, 50e6, say)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := s.header(in.points, len(in.series)); err != nil {
		return err
	}
	var shapes []shape
	for _, f := range or(opts.Functions, "avg", "stddev", "all") {
		for _, b := range or(opts.Buckets, "15m") {
			for _, z := range or(opts.Zones, "utc") {
				x, err := newShape(f, b, z)
				if err != nil {
					return err
				}
				shapes = append(shapes, x)
			}
		}
	}
	err = s.rounds(ctx, func(cores int) lineup {
		b := in.roofline(cores)
		for _, x := range shapes {
			for _, touch := range or(opts.Touches, TouchWarm, TouchFirst) {
				b.subjects = append(b.subjects, in.decimation(ctx, x, touch, cores))
			}
		}
		return b
	})
	if err != nil {
		return err
	}
	return s.finish(say, "of-roofline", "points/s")
}

// shape is what a decimation makes of a series.
type shape struct {
	name string
	spec decimation.Spec
}

func newShape(functions, width, zone string) (x shape, err error) {
	x.spec.From, x.spec.To = math.MinInt64, math.MaxInt64
	if x.spec.Functions, err = parseFunctions(functions); err != nil {
		return x, err
	}
	w, err := decimation.ParseWidth(width)
	if err != nil {
		return x, err
	}
	z, err := decimation.LoadZone(zone)
	if err != nil {
		return x, err
	}
	x.spec.Buckets = decimation.NewBuckets(w, z)
	x.name = fmt.Sprintf("func=%s/bucket=%s", functions, width)
	if !strings.EqualFold(zone, "utc") {
		x.name += "/zone=" + strings.ReplaceAll(zone, "/", "-") // a slash would end the part of the name
	}
	return x, nil
}

// input is what a benchmark reads.
type input struct {
	dir     string
	data    string // as names of benchmarks have it
	snap    export.Snapshot
	series  []export.Series
	points  int64
	columns *Columns
}

// openInput opens the data set or the store that opts name, and reads all of it once.
func openInput(ctx context.Context, opts Options, points int64, say func(string)) (in *input, err error) {
	in = &input{dir: opts.Input, data: "input"}
	if opts.Input == "" {
		d := opts.dataset(points)
		in.data = d.Data
		if in.dir, err = Prepare(ctx, opts.Dir, d, say); err != nil {
			return nil, err
		}
	}
	if in.snap, err = engine.Source(Config(in.dir)).Open(ctx); err != nil {
		return nil, err
	}
	if in.series, err = in.snap.Series(ctx, "", ""); err == nil {
		in.columns, err = Load(ctx, in.snap)
	}
	if err == nil && in.columns.Points() == 0 {
		err = &engine.InputError{Err: fmt.Errorf("%s holds no numbers to measure with", in.dir)}
	}
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	for _, s := range in.series {
		in.points += s.Samples
	}
	if size := in.columns.Points() * pointBytes; size < cachedBytes {
		say(fmt.Sprintf("the data is %d kB, which a processor's caches may hold: the roofline may be theirs and not the memory's; take more --points", size>>10))
	}
	return in, nil
}

// Close lets go of the store and the columns.
func (in *input) Close() error {
	err := in.snap.Close()
	if in.columns != nil {
		err = errors.Join(err, in.columns.Close())
	}
	return err
}

// roofline is a lineup whose yardstick is reading the columns once from memory.
func (in *input) roofline(cores int) lineup {
	points := float64(in.columns.Points())
	return lineup{share: "of-roofline", yardstick: subject{
		work:    work{name: "Roofline/data=" + in.data, run: func() error { return in.columns.Read(cores) }},
		amounts: func() []amount { return []amount{{"points/s", points}, {"B/s", pointBytes * points}} },
	}}
}

// decimation makes buckets of all series.
func (in *input) decimation(ctx context.Context, x shape, touch string, cores int) subject {
	var samples int64
	snap := in.snap
	s := subject{
		work: work{
			name: fmt.Sprintf("Decimation/data=%s/%s/touch=%s", in.data, x.name, touch),
			run: func() (err error) {
				samples, err = Decimate(ctx, snap, in.series, x.spec, cores)
				return err
			},
		},
		amounts: func() []amount {
			return []amount{{"points/s", float64(samples)}, {"B/s", pointBytes * float64(samples)}}
		},
	}
	if touch == TouchFirst {
		s.cold = true
		s.prepare = func() (err error) {
			snap, err = engine.Source(Config(in.dir)).Open(ctx)
			return err
		}
		s.finish = func() error { return snap.Close() }
	}
	return s
}
