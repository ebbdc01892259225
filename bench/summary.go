package bench

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"

	"golang.org/x/perf/benchmath"
	"golang.org/x/perf/benchunit"
)

const (
	confidence = 0.95
	steady     = 0.10 // the yardstick's rounds may be so far apart, as a share of their median, before the machine is called noisy
	spareCores = 0.5  // others may keep so many cores of the benchmark's busy
	fewRounds  = 6    // below it the data say nothing about an interval of that confidence
)

// Interval is a median and the interval that holds the true one with 95 % confidence; one end is infinite where there are too few values.
type Interval struct {
	Median, Low, High float64
}

// IntervalOf assumes nothing about how the values are distributed.
func IntervalOf(values []float64) Interval {
	sample := benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
	s := benchmath.AssumeNothing.Summary(sample, confidence)
	return Interval{s.Center, s.Lo, s.Hi}
}

// String prints the median and, where there is one, the interval: 812.0M (805.1M to 830.4M).
func (i Interval) String() string {
	scale := benchunit.CommonScale([]float64{i.Median}, benchunit.Decimal)
	if math.Abs(i.Median) < 1 {
		scale = benchunit.NoOpScaler
		scale.Prec = 3
	}
	if math.IsInf(i.Low, 0) || math.IsInf(i.High, 0) {
		return scale.Format(i.Median)
	}
	return fmt.Sprintf("%s (%s to %s)", scale.Format(i.Median), scale.Format(i.Low), scale.Format(i.High))
}

// finish says the summary, and ends the benchmark text with the doubts, for those who find it again later.
func (s *session) finish(say func(string), share string, rates ...string) error {
	say(s.summary(share, rates...))
	for _, doubt := range s.doubts(share) {
		if _, err := fmt.Fprintf(s.out, "# %s\n", doubt); err != nil {
			return err
		}
	}
	return nil
}

// summary says the median and interval of every line, and how far the machine can be trusted. It shows the rates, the share of the yardstick and the memory.
func (s *session) summary(share string, rates ...string) string {
	shown := append(rates, share, "peak-MiB")
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nmedian (95 %% interval)\t%s\n", strings.Join(shown, "\t"))
	for _, name := range s.names() {
		fmt.Fprint(w, name)
		for _, unit := range shown {
			cell := "-"
			if values := s.values(name, unit); len(values) > 0 {
				cell = IntervalOf(values).String()
			}
			fmt.Fprint(w, "\t", cell)
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	for _, doubt := range s.doubts(share) {
		fmt.Fprintln(&b, doubt)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// What a doubt begins with.
const (
	Noisy  = "This machine is noisy"
	Shared = "Other programs kept"
)

// doubts are the reasons to trust the figures less.
func (s *session) doubts(share string) (list []string) {
	for _, name := range s.names() {
		if values := s.values(name, "points/s"); len(s.values(name, share)) == 0 && spread(values) > steady {
			list = append(list, fmt.Sprintf(Noisy+": %s varied by %.0f %% from round to round (below %.0f %% is steady). "+
				"Compare %s and not rates, stop other programs, or raise --count.", name, 100*spread(values), 100*steady, share))
		}
	}
	if most := slices.Max(s.opts.Cores); s.loaded && s.load > float64(runtime.NumCPU()-most)+spareCores {
		list = append(list, fmt.Sprintf(Shared+" %.1f of %d cores busy before the first round, and the benchmark takes %d: they shared. Run it again when they have ended.",
			s.load, runtime.NumCPU(), most))
	}
	if s.opts.Count < fewRounds {
		list = append(list, fmt.Sprintf("%d rounds give no interval; --count %d and more do.", s.opts.Count, fewRounds))
	}
	return list
}

// spread is how far the largest value is from the smallest, as a share of the median.
func spread(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return (slices.Max(values) - slices.Min(values)) / IntervalOf(values).Median
}

// names are the measured works in the order of the first round.
func (s *session) names() (names []string) {
	for _, m := range s.measured {
		if name := m.fullName(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// values are what was measured of a work in a unit.
func (s *session) values(name, unit string) (values []float64) {
	for _, m := range s.measured {
		if v, ok := m.value(unit); ok && m.fullName() == name {
			values = append(values, v)
		}
	}
	return values
}
