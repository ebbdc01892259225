package decimation

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// run is the rows first to end−1.
type run struct{ first, end int }

// keep is a column without the rows outside runs, of which there is one at least; without a copy where they are one. The caller releases it.
func keep(column arrow.Array, runs []run, mem memory.Allocator) (arrow.Array, error) {
	if len(runs) == 1 {
		return array.NewSlice(column, int64(runs[0].first), int64(runs[0].end)), nil
	}
	if kind, ok := column.DataType().(arrow.FixedWidthDataType); ok && arrow.IsPrimitive(kind.ID()) && kind.BitWidth()%8 == 0 && column.NullN() == 0 {
		return keepBytes(column, kind.Bytes(), runs, mem), nil
	}
	slices := make([]arrow.Array, len(runs))
	for i, r := range runs {
		slices[i] = array.NewSlice(column, int64(r.first), int64(r.end))
		defer slices[i].Release()
	}
	return array.Concatenate(slices, mem)
}

// keepBytes is keep for values of some bytes each and none missing. Runs may be as many as rows, and a slice of each would cost more than its rows.
func keepBytes(column arrow.Array, width int, runs []run, mem memory.Allocator) arrow.Array {
	rows := 0
	for _, r := range runs {
		rows += r.end - r.first
	}
	kept := memory.NewResizableBuffer(mem)
	defer kept.Release()
	kept.Resize(rows * width)
	from, to := column.Data().Buffers()[1].Bytes()[column.Data().Offset()*width:], kept.Bytes()
	for _, r := range runs {
		to = to[copy(to, from[r.first*width:r.end*width]):]
	}
	data := array.NewData(column.DataType(), rows, []*memory.Buffer{nil, kept}, nil, 0, 0)
	defer data.Release()
	return array.MakeFromData(data)
}
