package store

import (
	"slices"
	"strings"
	"sync"

	"decant/engine/store/segment"
	"decant/ingest"
)

// head is the samples of one log in memory: columns a series, in order of arrival. Only its end grows, so a reader shares the columns up to the length that
// it has seen, and needs the lock only to get at them.
type head struct {
	before uint64 // samples stored before it: those of the logs before

	mu      sync.RWMutex
	series  []*headSeries // by the series' id in the log
	samples int64
	bytes   int64 // about what it takes of memory
}

type headSeries struct {
	series  ingest.Series
	rows    segment.Rows
	ordered bool // no row is earlier than the one before it
}

// What a sample and a series take of memory, about: the columns with the room that growing leaves, and the columns' headers.
const (
	sampleBytes = 40
	extraBytes  = 22 // sum and update time
	seriesBytes = 640
)

// add appends samples; ids are their series in the log. Those not seen yet come in order.
func (h *head) add(samples []ingest.Sample, ids []uint32, define func(id uint32) ingest.Series) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range samples {
		for int(ids[i]) >= len(h.series) {
			s := define(uint32(len(h.series)))
			h.series = append(h.series, &headSeries{series: s, ordered: true})
			h.bytes += seriesBytes + int64(len(s.Channel)+len(s.Subtopic)+len(s.Publisher)+len(s.Name)+len(s.Unit))
		}
		h.addOne(h.series[ids[i]], samples[i])
	}
	h.samples += int64(len(samples))
}

func (h *head) addOne(to *headSeries, s ingest.Sample) {
	if n := to.rows.Len(); n > 0 && s.Time < to.rows.Time[n-1] {
		to.ordered = false
	}
	h.bytes += sampleBytes
	if s.Text != "" {
		s.Text = strings.Clone(s.Text) // the caller's may be part of a large payload
		h.bytes += int64(len(s.Text)) + extraBytes
	}
	if s.HasSum || s.HasUpdate {
		h.bytes += extraBytes
	}
	to.rows.Append(s)
}

// size is what the head takes of memory, about, and its samples.
func (h *head) size() (bytes, samples int64) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.bytes, h.samples
}

// headView is a head as it was at one moment.
type headView struct {
	head *head
	mark []mark // by series
}

// mark is how far a series had come.
type mark struct {
	rows    int32
	ordered bool
}

// view takes the head as it is now. It copies lengths, not samples.
func (h *head) view() headView {
	h.mu.RLock()
	defer h.mu.RUnlock()
	v := headView{head: h, mark: make([]mark, len(h.series))}
	for i, s := range h.series {
		v.mark[i] = mark{rows: int32(s.rows.Len()), ordered: s.ordered}
	}
	return v
}

// rows are a series' rows, sorted by time, then arrival. Those that came in order are shared; others are copied, and copied is true.
func (v headView) rows(i int) (rows segment.Rows, copied bool) {
	v.head.mu.RLock()
	rows = v.head.series[i].rows.Slice(0, int(v.mark[i].rows))
	v.head.mu.RUnlock()
	if v.mark[i].ordered {
		return rows, false
	}
	rows = copyRows(rows)
	rows.SortStable()
	return rows, true
}

// anyBefore says whether a series has a row earlier than t.
func (v headView) anyBefore(i int, t int64) bool {
	v.head.mu.RLock()
	times := v.head.series[i].rows.Time[:v.mark[i].rows]
	v.head.mu.RUnlock()
	if v.mark[i].ordered {
		times = times[:min(1, len(times))]
	}
	return slices.ContainsFunc(times, func(x int64) bool { return x < t })
}

// name is a series of the view.
func (v headView) name(i int) ingest.Series {
	v.head.mu.RLock()
	defer v.head.mu.RUnlock()
	return v.head.series[i].series
}

func copyRows(r segment.Rows) segment.Rows {
	return segment.Rows{
		Time: slices.Clone(r.Time), Kind: slices.Clone(r.Kind), Number: slices.Clone(r.Number), Text: slices.Clone(r.Text),
		Received: slices.Clone(r.Received), Protocol: slices.Clone(r.Protocol),
		Sum: slices.Clone(r.Sum), HasSum: slices.Clone(r.HasSum), Update: slices.Clone(r.Update), HasUpdate: slices.Clone(r.HasUpdate),
	}
}

// joinRows is a, then b. Neither is changed.
func joinRows(a, b segment.Rows) segment.Rows {
	n, m := a.Len(), b.Len()
	return segment.Rows{
		Time: join(a.Time, n, b.Time, m), Kind: join(a.Kind, n, b.Kind, m), Number: join(a.Number, n, b.Number, m), Text: join(a.Text, n, b.Text, m),
		Received: join(a.Received, n, b.Received, m), Protocol: join(a.Protocol, n, b.Protocol, m),
		Sum: join(a.Sum, n, b.Sum, m), HasSum: join(a.HasSum, n, b.HasSum, m),
		Update: join(a.Update, n, b.Update, m), HasUpdate: join(a.HasUpdate, n, b.HasUpdate, m),
	}
}

// join is a column of n rows and then one of m; nil is a column without anything in it.
func join[T any](a []T, n int, b []T, m int) []T {
	if a == nil && b == nil {
		return nil
	}
	out := make([]T, n+m)
	copy(out, a)
	copy(out[n:], b)
	return out
}
