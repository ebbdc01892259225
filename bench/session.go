package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"

	"decant/engine"
)

// session is one run of decant bench: rounds in which a yardstick and the subjects take turns, so that a machine that is busy for a while slows all of them.
type session struct {
	opts     Options
	out      io.Writer // benchmark text
	load     float64   // before the session did anything
	loaded   bool      // load is known
	measured []measurement
}

// lineup is what a session measures on some number of cores.
type lineup struct {
	yardstick subject
	share     string // the unit of a subject's points/s as a share of the yardstick's: of-roofline
	subjects  []subject
}

// units that a session's lines may have, beside ns/op, and which way they are better.
var units = []struct{ name, better string }{
	{"points/s", "higher"}, {"messages/s", "higher"}, {"rows/s", "higher"}, {"B/s", "higher"},
	{"exports/s", "higher"}, {"requests/s", "higher"}, {"of-roofline", "higher"}, {"of-append", "higher"}, {"of-work", "higher"}, {"of-raw", "higher"}, {"of-start", "higher"}, {"peak-MiB", "lower"},
	{"p50-ms", "lower"}, {"p99-ms", "lower"}, {"max-ms", "lower"}, {"late-p99-ms", "lower"},
}

func newSession(opts Options, out io.Writer) *session {
	opts.Cores = or(opts.Cores, runtime.GOMAXPROCS(0))
	s := &session{opts: opts, out: out}
	s.load, s.loaded = loadAverage()
	return s
}

// header prints what all lines have in common. Lines with # are for people; benchstat passes over them.
func (s *session) header(points int64, series int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# decant %s, %s, %d cores", engine.Version(), runtime.Version(), runtime.NumCPU())
	if s.loaded {
		fmt.Fprintf(&b, ", load average %.2f before", s.load)
	}
	fmt.Fprintf(&b, "\n# peak-MiB: %s\n", memoryMeaning)
	fmt.Fprintf(&b, "goos: %s\ngoarch: %s\npkg: decant/bench\n", runtime.GOOS, runtime.GOARCH)
	if name := processor(); name != "" {
		fmt.Fprintf(&b, "cpu: %s\n", name)
	}
	fmt.Fprintf(&b, "points: %d\nseries: %d\n", points, series)
	for _, u := range units {
		fmt.Fprintf(&b, "Unit %s better=%s\n", u.name, u.better)
	}
	_, err := io.WriteString(s.out, b.String())
	return err
}

// rounds measures everything opts.Count times. GOMAXPROCS is the number of cores meanwhile.
func (s *session) rounds(ctx context.Context, on func(cores int) lineup) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	lineups := make([]lineup, len(s.opts.Cores))
	for i, cores := range s.opts.Cores {
		lineups[i] = on(cores)
	}
	for round := range s.opts.Count {
		for i, cores := range s.opts.Cores {
			runtime.GOMAXPROCS(cores)
			if err := s.round(ctx, round, cores, lineups[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// round measures the yardstick and then the subjects, each round beginning with another one. A subject is held against runs of the yardstick between its own or, where those would
// count as the subject's memory, against the round's.
func (s *session) round(ctx context.Context, round, cores int, b lineup) error {
	yardstick, err := b.yardstick.measure(ctx, cores, s.opts.Time, nil, "")
	if err != nil {
		return err
	}
	if err := s.print(yardstick); err != nil {
		return err
	}
	for k := range b.subjects {
		x := b.subjects[(k+round)%len(b.subjects)]
		var beside *subject
		if !b.yardstick.cold {
			beside = &b.yardstick
		}
		m, err := x.measure(ctx, cores, s.opts.Time, beside, b.share)
		if err != nil {
			return err
		}
		if beside == nil {
			ours, _ := m.value("points/s")
			theirs, _ := yardstick.value("points/s")
			m.metrics = append(m.metrics, metric{b.share, ours / theirs})
		}
		if err := s.print(m); err != nil {
			return err
		}
	}
	return nil
}

// print writes a line as go test -bench does.
func (s *session) print(m measurement) error {
	s.measured = append(s.measured, m)
	var b strings.Builder
	fmt.Fprintf(&b, "Benchmark%s\t%8d", m.fullName(), m.runs)
	for _, x := range m.metrics {
		digits := 5
		if x.value >= 1e5 {
			digits = len(strconv.FormatFloat(x.value, 'f', 0, 64)) // a whole number
		}
		fmt.Fprintf(&b, "\t%s %s", strconv.FormatFloat(x.value, 'g', digits, 64), x.unit)
	}
	_, err := io.WriteString(s.out, b.String()+"\n")
	return err
}

// fullName is the name with the number of cores.
func (m measurement) fullName() string { return fmt.Sprintf("%s-%d", m.name, m.cores) }
