package segment

import (
	"fmt"
	"math"
	"slices"

	"decant/ingest"
)

// Rows are samples of one series, a slice a column. All slices that are not nil have the same length. Where rows are handed to a Writer or a
// Run they are sorted by time, then arrival. The zero Rows is empty and ready for Append.
type Rows struct {
	Time     []int64 // ns since 1970, UTC
	Kind     []ingest.Kind
	Number   []float64 // KindNumber, KindBool; else 0
	Text     []string  // KindString, KindBytes; nil where no row has any
	Received []int64   // ns since 1970, UTC
	Protocol []ingest.Protocol

	Sum       []float64 // nil where no row has one
	HasSum    []bool
	Update    []int64 // ns; nil where no row has one
	HasUpdate []bool
}

// Len is the number of rows.
func (r *Rows) Len() int { return len(r.Time) }

// Append adds a sample at the end. Its series is not looked at.
func (r *Rows) Append(s ingest.Sample) {
	n := len(r.Time)
	r.Time = append(r.Time, s.Time)
	r.Kind = append(r.Kind, s.Kind)
	r.Number = append(r.Number, s.Number)
	r.Received = append(r.Received, s.Received)
	r.Protocol = append(r.Protocol, s.Protocol)
	if r.Text != nil || hasText(s.Kind) {
		r.Text = append(grow(r.Text, n), s.Text)
	}
	if r.HasSum != nil || s.HasSum {
		r.Sum = append(grow(r.Sum, n), s.Sum)
		r.HasSum = append(grow(r.HasSum, n), s.HasSum)
	}
	if r.HasUpdate != nil || s.HasUpdate {
		r.Update = append(grow(r.Update, n), s.Update)
		r.HasUpdate = append(grow(r.HasUpdate, n), s.HasUpdate)
	}
}

// append adds the first n rows of o.
func (r *Rows) append(o *Rows, n int) {
	have := r.Len()
	r.Time = append(r.Time, o.Time[:n]...)
	r.Kind = append(r.Kind, o.Kind[:n]...)
	r.Number = append(r.Number, o.Number[:n]...)
	r.Received = append(r.Received, o.Received[:n]...)
	r.Protocol = append(r.Protocol, o.Protocol[:n]...)
	r.Text = appendColumn(r.Text, o.Text, have, n)
	r.Sum, r.HasSum = appendColumn(r.Sum, o.Sum, have, n), appendColumn(r.HasSum, o.HasSum, have, n)
	r.Update, r.HasUpdate = appendColumn(r.Update, o.Update, have, n), appendColumn(r.HasUpdate, o.HasUpdate, have, n)
}

// appendColumn adds n rows to a column of have rows. Either may not be there.
func appendColumn[T any](to, from []T, have, n int) []T {
	switch {
	case from != nil:
		return append(grow(to, have), from[:n]...)
	case to != nil:
		return append(to, make([]T, n)...)
	}
	return nil
}

// grow gives a column that starts at row n the rows before it.
func grow[T any](column []T, n int) []T {
	if column == nil {
		return make([]T, n, n+1)
	}
	return column
}

// Slice is rows i ≤ k < j. It shares their memory, but an Append to it does not write into the rest.
func (r *Rows) Slice(i, j int) Rows {
	return Rows{
		Time: r.Time[i:j:j], Kind: r.Kind[i:j:j], Number: r.Number[i:j:j], Text: cut(r.Text, i, j),
		Received: r.Received[i:j:j], Protocol: r.Protocol[i:j:j],
		Sum: cut(r.Sum, i, j), HasSum: cut(r.HasSum, i, j),
		Update: cut(r.Update, i, j), HasUpdate: cut(r.HasUpdate, i, j),
	}
}

func cut[T any](column []T, i, j int) []T {
	if column == nil {
		return nil
	}
	return column[i:j:j]
}

// SortStable sorts the rows by time in place; rows of equal time stay in the order they had, that of arrival.
func (r *Rows) SortStable() {
	if slices.IsSorted(r.Time) {
		return
	}
	order := make([]int, r.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case r.Time[a] < r.Time[b]:
			return -1
		case r.Time[a] > r.Time[b]:
			return 1
		}
		return 0
	})
	r.take(order)
}

func (r *Rows) take(order []int) {
	r.Time, r.Kind, r.Number = taken(r.Time, order), taken(r.Kind, order), taken(r.Number, order)
	r.Received, r.Protocol = taken(r.Received, order), taken(r.Protocol, order)
	r.Text = taken(r.Text, order)
	r.Sum, r.HasSum = taken(r.Sum, order), taken(r.HasSum, order)
	r.Update, r.HasUpdate = taken(r.Update, order), taken(r.HasUpdate, order)
}

func taken[T any](column []T, order []int) []T {
	if column == nil {
		return nil
	}
	out := make([]T, len(order))
	for i, from := range order {
		out[i] = column[from]
	}
	return out
}

// check says what is wrong with rows that a Writer was given.
func (r *Rows) check() error {
	n := r.Len()
	for _, c := range []struct {
		name     string
		length   int
		optional bool
	}{
		{"kind", len(r.Kind), false}, {"number", len(r.Number), false}, {"received", len(r.Received), false}, {"protocol", len(r.Protocol), false},
		{"text", len(r.Text), r.Text == nil},
		{"sum", len(r.Sum), r.HasSum == nil}, {"has sum", len(r.HasSum), r.HasSum == nil},
		{"update", len(r.Update), r.HasUpdate == nil}, {"has update", len(r.HasUpdate), r.HasUpdate == nil},
	} {
		if c.length != n && !c.optional {
			return fmt.Errorf("column %s has %d rows, time has %d", c.name, c.length, n)
		}
	}
	for i, t := range r.Time {
		if t < ingest.MinTime || t > ingest.MaxTime {
			return fmt.Errorf("row %d: time %d is outside int64's open range", i, t)
		}
		if i > 0 && t < r.Time[i-1] {
			return fmt.Errorf("row %d: time %d is before the row before it, %d", i, t, r.Time[i-1])
		}
		kind := r.Kind[i]
		if kind > ingest.KindBytes {
			return fmt.Errorf("row %d: kind %d is unknown", i, kind)
		}
		if v := r.Number[i]; isNumber(kind) && (math.IsNaN(v) || math.IsInf(v, 0)) {
			return fmt.Errorf("row %d: value %v is not finite", i, v)
		}
		if hasText(kind) && r.Text == nil {
			return fmt.Errorf("row %d: kind %d without a text column", i, kind)
		}
	}
	return nil
}

func isNumber(k ingest.Kind) bool { return k == ingest.KindNumber || k == ingest.KindBool }
func hasText(k ingest.Kind) bool  { return k == ingest.KindString || k == ingest.KindBytes }
