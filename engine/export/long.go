package export

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
)

// recordRows is how many rows a record has at most.
const recordRows = 8192

// longRows turns the merged rows into records of one row a sample (or bucket), and hands each to emit.
func (p *Plan) longRows(ctx context.Context, it *Item, m *merge, emit func(arrow.Record) error) error {
	schema := formats.Schema(it.Columns())
	columns := make([]cells, len(it.columns))
	for i, c := range it.columns {
		columns[i] = newCells(p.opts.Memory, it, c, p.Request.Format.Zone.Location)
	}
	defer releaseAll(columns)
	rows := 0
	for {
		c, lo, hi, err := m.next(recordRows - rows)
		if err != nil {
			return err
		}
		if c != nil {
			for _, column := range columns {
				column.add(c, lo, hi)
			}
			rows += hi - lo
		}
		if rows == recordRows || c == nil && rows > 0 {
			if err := emitRecord(ctx, schema, columns, rows, emit); err != nil {
				return err
			}
			rows = 0
		}
		if c == nil {
			return nil
		}
	}
}
