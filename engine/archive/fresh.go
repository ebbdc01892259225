package archive

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// archived answers, for a series' rows in order of time, which of them an archive has. It reads what is archived alongside, and holds of it the rows of one time.
type archived struct {
	rows  stream // by time
	batch *batch
	laid  rows
	pos   int
	time  int64
	known map[identity]struct{}
	begun bool
}

// archivedDay looks at a series' rows in parts of one day.
func archivedDay(ctx context.Context, s *Snapshot, d *day, from, to int64) *archived {
	return &archived{rows: s.stream(ctx, d, from, to, false, fields[:5]), known: map[identity]struct{}{}}
}

// has says whether row i is archived. Rows are asked for in order.
func (a *archived) has(r *rows, i int) (bool, error) {
	if t := int64(r.times[i]); !a.begun || t != a.time {
		a.begun, a.time = true, t
		clear(a.known)
		for {
			if a.batch == nil || a.pos == a.batch.rows {
				more, err := a.load()
				if err != nil {
					return false, err
				}
				if !more {
					break
				}
			}
			at := int64(a.laid.times[a.pos])
			if at > t {
				break
			}
			if at == t {
				a.known[a.laid.identity(a.pos)] = struct{}{}
			}
			a.pos++
		}
	}
	_, ok := a.known[r.identity(i)]
	return ok, nil
}

func (a *archived) load() (more bool, err error) {
	if a.rows == nil {
		return false, nil
	}
	if a.batch, err = a.rows.next(); err != nil || a.batch == nil {
		a.rows = nil
		return false, err
	}
	a.pos = 0
	a.laid = rows{n: a.batch.rows, times: a.batch.times(), values: a.batch.values(), kinds: a.batch.kinds(), text: a.batch.arrays[3].(*array.Binary), sum: a.batch.arrays[4].(*array.Float64)}
	return true, nil
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
