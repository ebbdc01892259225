package decimation

import "github.com/apache/arrow/go/v17/arrow/array"

// LookBackBucket is delta's look-back for decimated values, a column for each of functions: the value of the last bucket that starts
// before the one that holds first and whose value, over all its samples, is not empty. first is the time (ns) of the series' first value in
// the range: where rows begin is fill's affair.
//
// The buckets that hold samples are read backwards as far as a question needs, each once and for all functions that have no answer yet: all
// but variance and stddev find theirs in the first of them. A result beyond float64 there is an *OverflowError.
//
// before finds the last number or bool with a time before t. scan reads the series in [from, to), with the columns time and
// value; LookBackBucket releases what it gives.
func LookBackBucket(b Buckets, functions []Function, first int64,
	before func(t int64) (time int64, ok bool, err error),
	scan func(from, to int64) (array.RecordReader, error),
) LookBack {
	l := &lookBack{buckets: b, functions: functions, first: first, before: before, scan: scan}
	return l.value
}

// lookBack remembers what was found, and from where to look further.
type lookBack struct {
	buckets   Buckets
	functions []Function
	first     int64
	before    func(t int64) (time int64, ok bool, err error)
	scan      func(from, to int64) (array.RecordReader, error)

	found []point // nil before the first question
	at    int64   // the start of the last bucket that was read
	end   bool    // there is none before it
}

func (l *lookBack) value(k int, _ int64) (value float64, ok bool, err error) {
	if l.found == nil {
		if l.at, _, err = l.buckets.Find(l.first); err != nil {
			return 0, false, err
		}
		l.found = make([]point, len(l.functions))
	}
	for !l.found[k].ok && !l.end {
		if err := l.step(); err != nil {
			return 0, false, err
		}
	}
	return l.found[k].value, l.found[k].ok, nil
}

// step reads the last bucket with samples before l.at.
func (l *lookBack) step() error {
	t, ok, err := l.before(l.at)
	if err != nil || !ok {
		l.end = true
		return err
	}
	start, end, err := l.buckets.Find(t)
	if err != nil {
		return err
	}
	l.at = start
	return l.read(start, end)
}

// read takes the values of one bucket, over all its samples, for the functions that have none yet.
func (l *lookBack) read(start, end int64) error {
	var missing []int
	spec := Spec{Buckets: l.buckets, From: start, To: end}
	for k, f := range l.functions {
		if !l.found[k].ok {
			missing = append(missing, k)
			spec.Functions = append(spec.Functions, f)
		}
	}
	src, err := l.scan(start, end)
	if err != nil {
		return err
	}
	r, err := NewReader(src, spec)
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
		for i, k := range missing {
			if values := r.Record().Column(1 + i).(*array.Float64); values.Len() > 0 && values.IsValid(0) {
				l.found[k] = point{value: values.Value(0), ok: true}
			}
		}
	}
	return r.Err()
}
