package export

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// emitRecord hands what the columns collected to emit, as one record. Every record is a chance to stop a cancelled job.
func emitRecord[C collected](ctx context.Context, schema *arrow.Schema, columns []C, rows int, emit func(arrow.Record) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	arrays := make([]arrow.Array, len(columns))
	for i, c := range columns {
		arrays[i] = c.take()
	}
	rec := array.NewRecord(schema, arrays, int64(rows))
	for _, a := range arrays {
		a.Release()
	}
	defer rec.Release()
	return emit(rec)
}

func releaseAll[C collected](columns []C) {
	for _, c := range columns {
		c.release()
	}
}
