// Package exporttest has a Source that holds its samples in slices, and the contract that every Source passes. The slices are the
// reference: slow and obvious.
package exporttest

import (
	"cmp"
	"context"
	"slices"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/engine/export"
	"decant/formats"
)

// Sample is a sample to put into a source.
type Sample struct {
	Channel, Subtopic, Publisher, Name, Unit string

	Time   int64 // ns
	Kind   formats.ValueKind
	Number float64 // a number, or a bool as 0 or 1
	Text   string  // a string or bytes
	Sum    float64
	HasSum bool

	Received int64 // ns
	Protocol uint8 // 1 mqtt, 2 import
}

// Number is a sample of a number, received when it was measured.
func Number(channel, subtopic, name, unit string, t int64, v float64) Sample {
	return Sample{Channel: channel, Subtopic: subtopic, Name: name, Unit: unit, Time: t, Kind: formats.ValueNumber, Number: v, Received: t, Protocol: 1}
}

// Memory is a Source over a slice, in order of arrival. The zero value is ready to use; it is not safe for concurrent use.
type Memory struct {
	Samples []Sample
	// Cut says how many rows the next record of a scan has, given how many are left. Nil gives records of 1000. It and Fault are called by one
	// goroutine at a time.
	Cut func(left int) int
	// Fault, where set, is asked before each record of a scan; what it returns ends the scan.
	Fault func() error
	// Alloc allocates the records. Nil is Arrow's default.
	Alloc memory.Allocator
}

// Append adds samples.
func (m *Memory) Append(samples ...Sample) error {
	m.Samples = append(m.Samples, samples...)
	return nil
}

// Open takes a snapshot.
func (m *Memory) Open(ctx context.Context) (export.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &snapshot{cut: m.Cut, fault: m.Fault, alloc: m.Alloc, arrival: uint64(len(m.Samples))}
	if s.cut == nil {
		s.cut = func(int) int { return 1000 }
	}
	if s.fault == nil {
		s.fault = func() error { return nil }
	}
	if s.alloc == nil {
		s.alloc = memory.DefaultAllocator
	}
	stored := m.bySeries()
	for key, samples := range m.Settled() {
		s.series = append(s.series, series{key, samples, stored[key]})
	}
	slices.SortFunc(s.series, func(a, b series) int {
		return cmp.Or(
			cmp.Compare(a.info.Channel, b.info.Channel), cmp.Compare(a.info.Subtopic, b.info.Subtopic),
			cmp.Compare(a.info.Name, b.info.Name), cmp.Compare(a.info.Unit, b.info.Unit), cmp.Compare(a.info.Publisher, b.info.Publisher))
	})
	for i := range s.series {
		x := &s.series[i]
		x.info.ID = export.SeriesID(i)
		x.info.Samples = int64(len(x.samples))
		x.info.First, x.info.Last = x.samples[0].Time, x.samples[len(x.samples)-1].Time
	}
	return s, nil
}

// Settled are the samples by series, as a scan shows them.
func (m *Memory) Settled() map[export.Series][]Sample {
	groups := m.bySeries()
	for key, samples := range groups {
		groups[key] = settle(samples)
	}
	return groups
}

func (m *Memory) bySeries() map[export.Series][]Sample {
	groups := map[export.Series][]Sample{}
	for _, x := range m.Samples {
		key := export.Series{Channel: x.Channel, Subtopic: x.Subtopic, Publisher: x.Publisher, Name: x.Name, Unit: x.Unit}
		groups[key] = append(groups[key], x)
	}
	return groups
}

// settle orders a series by time, then arrival, and keeps equal samples once.
func settle(samples []Sample) []Sample {
	samples = slices.Clone(samples)
	slices.SortStableFunc(samples, func(a, b Sample) int { return cmp.Compare(a.Time, b.Time) })
	var kept []Sample
	for _, x := range samples {
		twice := false
		for i := len(kept) - 1; i >= 0 && kept[i].Time == x.Time; i-- {
			k := kept[i]
			twice = twice || k.Kind == x.Kind && k.Number == x.Number && k.Text == x.Text && k.HasSum == x.HasSum && k.Sum == x.Sum
		}
		if !twice {
			kept = append(kept, x)
		}
	}
	return kept
}
