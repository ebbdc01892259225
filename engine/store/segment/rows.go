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

// Dedup drops every row that repeats an earlier one of the same time: equal kind, value and sum. The rows must be sorted. It works in place. Under
// KeepLast it must not be used: of A, B, A the newest is A, and Dedup drops it.
func (r *Rows) Dedup() {
	n := r.Len()
	var seen repeats
	kept := 0
	repeated := false
	for i := 0; i < n; {
		j := i + 1
		for j < n && r.Time[j] == r.Time[i] {
			j++
		}
		seen.reset()
		for k := i; k < j; k++ {
			if j-i > 1 && !seen.add(r.identity(k)) {
				repeated = true
				continue
			}
			if repeated {
				r.move(kept, k)
			}
			kept++
		}
		i = j
	}
	if repeated {
		*r = r.Slice(0, kept)
	}
}

// identity is what makes a row a repeat of another of the same time.
type identity struct {
	kind   ingest.Kind
	hasSum bool
	number uint64 // bits
	sum    uint64 // bits
	text   string
}

func (r *Rows) identity(i int) identity {
	id := identity{kind: r.Kind[i]}
	switch {
	case isNumber(id.kind):
		id.number = math.Float64bits(r.Number[i])
	case hasText(id.kind) && r.Text != nil:
		id.text = r.Text[i]
	}
	if r.HasSum != nil && r.HasSum[i] {
		id.hasSum, id.sum = true, math.Float64bits(r.Sum[i])
	}
	return id
}

// repeats is the set of identities seen at one time. Mostly it holds two or three; a device that stamps everything with the same second must
// not make it slow.
type repeats struct {
	few  []identity
	many map[identity]struct{}
}

func (s *repeats) reset() {
	s.few, s.many = s.few[:0], nil
}

// add is false where the identity is already there.
func (s *repeats) add(id identity) bool {
	const scanned = 16
	if s.many != nil {
		_, there := s.many[id]
		s.many[id] = struct{}{}
		return !there
	}
	if slices.Contains(s.few, id) {
		return false
	}
	s.few = append(s.few, id)
	if len(s.few) > scanned {
		s.many = make(map[identity]struct{}, 2*scanned)
		for _, id := range s.few {
			s.many[id] = struct{}{}
		}
	}
	return true
}

func (r *Rows) move(to, from int) {
	r.Time[to], r.Kind[to], r.Number[to] = r.Time[from], r.Kind[from], r.Number[from]
	r.Received[to], r.Protocol[to] = r.Received[from], r.Protocol[from]
	if r.Text != nil {
		r.Text[to] = r.Text[from]
	}
	if r.HasSum != nil {
		r.Sum[to], r.HasSum[to] = r.Sum[from], r.HasSum[from]
	}
	if r.HasUpdate != nil {
		r.Update[to], r.HasUpdate[to] = r.Update[from], r.HasUpdate[from]
	}
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
