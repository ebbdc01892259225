package bench

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// compare runs ours and its rivals in turns, each round in another order, and reports ours in things a second, each rival's in things a second, and ours as a
// share of each: of-<rival>. things is how many of them one run handles. ns/op is ours alone.
func compare(b *testing.B, unit string, things int, ours work, rivals ...work) {
	b.Helper()
	all := append([]work{ours}, rivals...)
	times := make([]time.Duration, len(all))
	for round := 0; b.Loop(); round++ {
		b.StopTimer()
		for k := range all {
			i := (k + round) % len(all)
			times[i] += all[i].measure(b, i == 0)
		}
		b.StartTimer()
	}
	rate := func(i int) float64 { return float64(things) * float64(b.N) / times[i].Seconds() }
	b.ReportMetric(rate(0), unit+"/s")
	for i, r := range rivals {
		b.ReportMetric(rate(i+1), r.name+"-"+unit+"/s")
		b.ReportMetric(rate(0)/rate(i+1), "of-"+r.name)
	}
}

// measure runs the work once. The benchmark's timer is stopped before and after it.
func (w work) measure(b *testing.B, timed bool) time.Duration {
	b.Helper()
	step := func(f func() error) {
		if f == nil {
			return
		}
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	step(w.prepare)
	runtime.GC() // nobody pays for what another left behind
	if timed {
		b.StartTimer()
	}
	began := time.Now()
	step(w.run)
	took := time.Since(began)
	b.StopTimer()
	step(w.finish)
	return took
}

// short writes a round number as benchmarks' names do: 2e6.
func short(n int) string {
	return strings.Replace(strconv.FormatFloat(float64(n), 'e', -1, 64), "e+0", "e", 1)
}
