package archive

import (
	"context"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// archived answers, for a series' rows in order of time, which of them an archive has. It reads what is archived alongside, and holds of it the rows of one time.
//
// Where a store shows every value of a time, equal ones once, a row is there that equals any in kind, value and sum. Where it shows the newest alone, the row must be the newest that is archived, to the
// last column.
type archived struct {
	stream stream // by time, then part; nil at the end
	batch  rows
	pos    int
	last   bool

	begun bool
	time  int64
	known map[identity]struct{} // of the time
	in    rows                  // the newest of it is row at of in; -1 is none
	at    int
}

// archivedDay looks at a series' rows in parts of one day.
func archivedDay(ctx context.Context, s *Snapshot, d *day, last bool) *archived {
	return &archived{stream: s.stream(ctx, d, math.MinInt64, math.MaxInt64, false, fields), last: last, known: map[identity]struct{}{}}
}

// has says whether row i is archived. Rows are asked for in order.
func (a *archived) has(r *rows, i int) (bool, error) {
	if t := int64(r.times[i]); !a.begun || t != a.time {
		a.begun, a.time = true, t
		if err := a.gather(t); err != nil {
			return false, err
		}
	}
	if a.last {
		return a.at >= 0 && a.in.same(a.at, r, i), nil
	}
	_, ok := a.known[r.identity(i)]
	return ok, nil
}

// gather reads up to a time, and keeps its rows.
func (a *archived) gather(t int64) error {
	clear(a.known)
	a.at = -1
	for {
		if a.pos == a.batch.n {
			if more, err := a.load(); err != nil || !more {
				return err
			}
		}
		at := int64(a.batch.times[a.pos])
		if at > t {
			return nil
		}
		if at == t {
			a.known[a.batch.identity(a.pos)] = struct{}{}
			a.in, a.at = a.batch, a.pos
		}
		a.pos++
	}
}

func (a *archived) load() (more bool, err error) {
	if a.stream == nil {
		return false, nil
	}
	b, err := a.stream.next()
	if err != nil || b == nil {
		a.stream = nil
		return false, err
	}
	a.batch, a.pos = rowsOf(b.arrays), 0
	return true, nil
}

// others hands the rows that are not archived to f, as runs.
func (a *archived) others(r *rows, f func(r *rows, lo, hi int) error) error {
	lo := 0
	for i := range r.n {
		there, err := a.has(r, i)
		if err != nil {
			return err
		}
		if there {
			if lo < i {
				if err := f(r, lo, i); err != nil {
					return err
				}
			}
			lo = i + 1
		}
	}
	if lo < r.n {
		return f(r, lo, r.n)
	}
	return nil
}

// scanDay hands the records of a series' day to f.
func scanDay(r array.RecordReader, f func(rec arrow.Record) error) error {
	defer r.Release()
	for r.Next() {
		if rec := r.Record(); rec.NumRows() > 0 {
			if err := f(rec); err != nil {
				return err
			}
		}
	}
	return r.Err()
}
