package decimation

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// lookAhead is the rows of a decimated source before a time, from the current row on. It holds the records from the current one to the last that
// was asked for.
type lookAhead struct {
	source      records
	countColumn int
	to          int64
	most        int // rows that value passes over

	records []record
	row     int // the current one, in the first record
}

func newLookAhead(src array.RecordReader, to int64, most int) (l lookAhead, err error) {
	l = lookAhead{to: to, most: most}
	if l.source, err = newRecords(src); err == nil {
		l.countColumn, err = column(src.Schema(), "count", arrow.PrimitiveTypes.Int64)
	}
	return l, err
}

// time is the current row's time; more is false where there is none.
func (l *lookAhead) time() (t int64, more bool, err error) {
	for len(l.records) > 0 && l.row == len(l.records[0].times) {
		l.records[0].Release()
		l.records[0] = record{}
		l.records, l.row = l.records[1:], 0
	}
	if len(l.records) == 0 {
		if more, err = l.pull(); !more {
			return 0, false, err
		}
	}
	t = int64(l.records[0].times[l.row])
	return t, t < l.to, nil
}

// count is the current row's number of samples.
func (l *lookAhead) count() int64 {
	return l.records[0].Column(l.countColumn).(*array.Int64).Value(l.row)
}

// value is the first value of function k from the current row on.
func (l *lookAhead) value(k int) (p point, err error) {
	row, passed := l.row, 0
	for n := 0; ; n++ {
		if n == len(l.records) {
			if more, err := l.pull(); !more {
				return point{}, err
			}
		}
		for rec := &l.records[n]; row < len(rec.times); row++ {
			t := int64(rec.times[row])
			if t >= l.to {
				return point{}, nil
			}
			if rec.values[k].IsValid(row) {
				return point{t: t, value: rec.values[k].Value(row), ok: true}, nil
			}
			if passed++; passed > l.most {
				return point{}, fmt.Errorf("fill linear: more than %d rows before %s have no %s; choose wider buckets, another function or another fill",
					l.most, utc(t), l.source.src.Schema().Field(l.source.valueColumns[k]).Name)
			}
		}
		row = 0
	}
}

// pull holds the source's next record.
func (l *lookAhead) pull() (more bool, err error) {
	rec, more, err := l.source.next()
	if more {
		rec.Retain()
		l.records = append(l.records, rec)
	}
	return more, err
}

// release lets go of all records.
func (l *lookAhead) release() {
	for _, rec := range l.records {
		rec.Release()
	}
	l.records = nil
}
