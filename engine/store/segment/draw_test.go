package segment

import (
	"context"
	"math"
	"os"
	"testing"

	"decant/ingest"

	"pgregory.net/rapid"
)

// drawSamples makes a series as devices might send it: stretches that go on steadily, some late, some at times that were there before, of mostly one kind.
func drawSamples(t *rapid.T) []ingest.Sample {
	var out []ingest.Sample
	now := int64(0)
	for range rapid.IntRange(0, 6).Draw(t, "stretches") {
		now += rapid.Int64Range(-300, 300).Draw(t, "jump") * 1e9
		step := rapid.SampledFrom([]int64{0, 1, 1e3, 1e6, 1e9}).Draw(t, "step")
		kind := ingest.Kind(rapid.IntRange(0, 4).Draw(t, "kind"))
		mixed := rapid.IntRange(0, 3).Draw(t, "mixed") == 0
		values := rapid.IntRange(1, 5).Draw(t, "values")
		extras := rapid.IntRange(0, 3).Draw(t, "extras")
		repeat := rapid.SampledFrom([]int{2, 44, 500, math.MaxInt}).Draw(t, "repeat") // the rows that have a time of their own
		n := rapid.IntRange(1, 20).Draw(t, "rows")
		if long := rapid.IntRange(0, 9).Draw(t, "long"); step > 0 && long == 0 {
			n = rapid.SampledFrom([]int{BlockRows - 1, BlockRows, BlockRows + 1, 3*BlockRows + 500, 33*BlockRows + 7}).Draw(t, "many")
		} else if step > 0 && long < 5 {
			n = rapid.IntRange(shareRows-10, 4*shareRows).Draw(t, "some")
		}
		for i := range n {
			s := ingest.Sample{Time: now, Kind: kind, Received: now + int64(i%3), Protocol: ingest.ProtocolMQTT}
			if mixed {
				s.Kind = ingest.Kind(i * 7 % 5)
			}
			switch v := i * 31 % values; s.Kind {
			case ingest.KindNumber:
				s.Number = float64(v-1) / 8
			case ingest.KindBool:
				s.Number = float64(v % 2)
			case ingest.KindString, ingest.KindBytes:
				s.Text = "texts"[:v]
			}
			if extras&1 != 0 && i%3 > 0 {
				s.HasSum, s.Sum = true, float64(i%values)
			}
			if extras&2 != 0 && i%5 > 0 {
				s.HasUpdate, s.Update = true, now+int64(i%values)
			}
			if extras == 3 && i%7 == 0 {
				s.Protocol = ingest.ProtocolImport
			}
			out = append(out, s)
			if (i+1)%repeat > 0 {
				now += step
			}
		}
	}
	return out
}

var seriesA = ingest.Series{Channel: "c", Subtopic: "events.data", Name: "a", Unit: "Cel"}

// rowsOf sorts samples into Rows.
func rowsOf(samples []ingest.Sample) Rows {
	var r Rows
	for _, s := range samples {
		r.Append(s)
	}
	r.SortStable()
	return r
}

// writeFile makes a segment of series a.
func writeFile(t testing.TB, dir string, rows ...Rows) string {
	t.Helper()
	f, err := os.CreateTemp(dir, "*.seg")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := NewWriter(f)
	for _, r := range rows {
		if err := w.Add(seriesA, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

func openFile(t testing.TB, path string) *Reader {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// drawRuns cuts samples, in order of arrival, into runs of segments and memory. Of some a range is deleted: they become two clipped runs. left
// are the samples that remain.
func drawRuns(t *rapid.T, tb testing.TB, dir string, samples []ingest.Sample) (runs []Run, readers []*Reader, left []ingest.Sample) {
	all := samples
	add := func(run Run, of []ingest.Sample) {
		if rapid.IntRange(0, 2).Draw(t, "delete") > 0 {
			runs, left = append(runs, run), append(left, of...)
			return
		}
		from, to := drawRange(t, all)
		if from > to {
			from, to = to, from
		}
		runs = append(runs, run.Clip(math.MinInt64, from), run.Clip(to, math.MaxInt64))
		for _, s := range of {
			if s.Time < from || s.Time >= to {
				left = append(left, s)
			}
		}
	}
	for len(samples) > 0 {
		n := rapid.IntRange(1, len(samples)).Draw(t, "run")
		of := samples[:n]
		rows := rowsOf(of)
		samples = samples[n:]
		if rapid.Bool().Draw(t, "memory") {
			add(MemoryRun(rows), of)
			continue
		}
		cut := rapid.IntRange(0, n).Draw(t, "cut")
		parts := []Rows{rows.Slice(0, cut), rows.Slice(cut, n)}
		var r *Reader
		if rapid.IntRange(0, 2).Draw(t, "version") == 0 {
			var err error
			if r, err = readBytes("version 1", bytesV1(tb, parts...)); err != nil {
				tb.Fatal(err)
			}
		} else {
			r = openFile(tb, writeFile(tb, dir, parts...))
		}
		if err := r.Verify(context.Background(), nil); err != nil {
			tb.Fatal(err)
		}
		if r.Rows() != int64(n) {
			tb.Fatalf("%d rows written, %d read", n, r.Rows())
		}
		readers = append(readers, r)
		add(r.Run(0), of)
	}
	return runs, readers, left
}

func drawRange(t *rapid.T, samples []ingest.Sample) (from, to int64) {
	end := func(open int64, label string) int64 {
		if len(samples) == 0 || rapid.Bool().Draw(t, label+" open") {
			return open
		}
		return rapid.SampledFrom(samples).Draw(t, label).Time + rapid.Int64Range(-1, 1).Draw(t, label+" off")
	}
	return end(math.MinInt64, "from"), end(math.MaxInt64, "to")
}
