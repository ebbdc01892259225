package store

import (
	"math"
	"strings"

	"decant/engine/store/segment"
	"decant/ingest"
)

// repeats drops rows that repeat the row right before them, as readers do: those of equal time, kind, value and sum. Where segments are merged (KeepEither), such a row is
// the newest of its time, which `duplicates = "last"` shows; the one before it shows the same, but for the moment of receipt.
type repeats struct {
	last storedRow // of the rows before
	any  bool
}

// storedRow is what makes a row a repeat.
type storedRow struct {
	time   int64
	kind   ingest.Kind
	number uint64 // bits
	text   string
	hasSum bool
	sum    uint64 // bits
}

func storedRowOf(r *segment.Rows, i int) storedRow {
	s := storedRow{time: r.Time[i], kind: r.Kind[i], number: math.Float64bits(r.Number[i])}
	if r.Text != nil {
		s.text = r.Text[i]
	}
	if r.HasSum != nil && r.HasSum[i] {
		s.hasSum, s.sum = true, math.Float64bits(r.Sum[i])
	}
	return s
}

// pass hands rows on but for repeats.
func (p *repeats) pass(rows segment.Rows, add func(segment.Rows) error) error {
	from := 0
	for i, t := range rows.Time {
		repeated := false
		switch {
		case i > 0:
			repeated = t == rows.Time[i-1] && storedRowOf(&rows, i) == storedRowOf(&rows, i-1)
		case p.any:
			repeated = t == p.last.time && storedRowOf(&rows, i) == p.last
		}
		if !repeated {
			continue
		}
		if i > from {
			if err := add(rows.Slice(from, i)); err != nil {
				return err
			}
		}
		from = i + 1
	}
	if n := rows.Len(); n > 0 {
		p.last, p.any = storedRowOf(&rows, n-1), true
		p.last.text = strings.Clone(p.last.text)
		if n > from {
			return add(rows.Slice(from, n))
		}
	}
	return nil
}
