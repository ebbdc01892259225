package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// work is something that can be done again and again and whose time counts.
type work struct {
	name    string       // without the Benchmark before it and the cores behind it
	prepare func() error // not timed; may be nil
	run     func() error
	finish  func() error   // not timed, follows a run that failed, too; may be nil
	took    *time.Duration // set by run or finish where the time is not run's own; else nil
}

// once does it and gives the time that run took.
func (w work) once() (took time.Duration, err error) {
	if w.prepare != nil {
		if err := w.prepare(); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	err = w.run()
	took = time.Since(began)
	if w.finish != nil {
		err = errors.Join(err, w.finish())
	}
	if w.took != nil {
		took = *w.took
	}
	return took, err
}

// subject is a work that a benchmark's text has lines of.
type subject struct {
	work
	amounts func() []amount // what the last run handled
	cold    bool            // nothing of a run is left for the next one, so that none goes before the timed ones
}

// amount is a number of things, named as their rate is: points/s.
type amount struct {
	rate string
	n    float64
}

// metric is one figure of a measurement.
type metric struct {
	unit  string
	value float64
}

// measurement is one line.
type measurement struct {
	name    string
	cores   int
	runs    int
	metrics []metric // ns/op first
}

// value is the measurement's figure in that unit.
func (m measurement) value(unit string) (v float64, ok bool) {
	for _, x := range m.metrics {
		if x.unit == unit {
			return x.value, true
		}
	}
	return 0, false
}

// tally is how often a subject has run, and for how long in all.
type tally struct {
	of      subject
	runs    int
	elapsed time.Duration
}

func (t *tally) once() error {
	took, err := t.of.once()
	t.elapsed += took
	t.runs++
	return err
}

// run is the time of one run, s.
func (t *tally) run() float64 { return t.elapsed.Seconds() / float64(t.runs) }

// points is the rate of points/s.
func (t *tally) points() float64 {
	for _, a := range t.of.amounts() {
		if a.rate == "points/s" {
			return a.n / t.run()
		}
	}
	return 0
}

// measure runs the subject until it has run for at least so long in all, and at least once. beside, where there is one, takes turns with it, for as long as the subject but not
// much longer than least: the subject's points/s are given as a share of its, in the unit share.
func (s subject) measure(ctx context.Context, cores int, least time.Duration, beside *subject, share string) (m measurement, err error) {
	debug.FreeOSMemory() // nobody pays for what another left behind, nor counts it
	peak := watchMemory()
	if !s.cold {
		_, err = s.once() // its buffers are made here
	}
	ours, theirs := tally{of: s}, tally{}
	for err == nil && (ours.runs == 0 || ours.elapsed < least) {
		if err = ctx.Err(); err != nil {
			break
		}
		if s.cold && ours.runs > 0 {
			runtime.GC() // nor does a run for the one before
		}
		err = ours.once()
		if beside == nil {
			continue
		}
		theirs.of = *beside
		for err == nil && (theirs.runs == 0 || theirs.elapsed < min(ours.elapsed, least)) {
			err = theirs.once()
		}
	}
	memory := peak()
	if err != nil {
		return m, fmt.Errorf("%s: %w", s.name, err)
	}
	m = measurement{name: s.name, cores: cores, runs: ours.runs, metrics: []metric{{"ns/op", ours.run() * 1e9}}}
	for _, a := range s.amounts() {
		m.metrics = append(m.metrics, metric{a.rate, a.n / ours.run()})
	}
	m.metrics = append(m.metrics, metric{"peak-MiB", float64(memory) / (1 << 20)})
	if beside != nil {
		m.metrics = append(m.metrics, metric{share, ours.points() / theirs.points()})
	}
	return m, nil
}
