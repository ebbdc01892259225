package decimation

import "github.com/apache/arrow/go/v17/arrow/array"

// LookBackBucket is delta's look-back for decimated values: the value of the last bucket that starts before firstBucketStart and
// whose value, over all its samples, is not empty. It walks back over the buckets that hold samples. ok is false where there is none.
//
// before finds the last number or bool with a time before t. scan reads the series in [from, to), with the columns time and
// value; LookBackBucket releases what it gives.
func LookBackBucket(b Buckets, f Function, firstBucketStart int64,
	before func(t int64) (time int64, ok bool, err error),
	scan func(from, to int64) (array.RecordReader, error),
) (value float64, ok bool, err error) {
	for at := firstBucketStart; ; {
		t, ok, err := before(at)
		if err != nil || !ok {
			return 0, false, err
		}
		start, end, err := b.Find(t)
		if err != nil {
			return 0, false, err
		}
		value, ok, err := bucketValue(b, f, start, end, scan)
		if err != nil || ok {
			return value, ok, err
		}
		at = start
	}
}

// bucketValue is the value of one bucket over all its samples.
func bucketValue(b Buckets, f Function, start, end int64, scan func(from, to int64) (array.RecordReader, error)) (value float64, ok bool, err error) {
	src, err := scan(start, end)
	if err != nil {
		return 0, false, err
	}
	r, err := NewReader(src, Spec{Buckets: b, Functions: []Function{f}, From: start, To: end})
	if err != nil {
		return 0, false, err
	}
	defer r.Release()
	for r.Next() {
		if values := r.Record().Column(1).(*array.Float64); values.Len() > 0 && values.IsValid(0) {
			value, ok = values.Value(0), true
		}
	}
	return value, ok && r.Err() == nil, r.Err()
}
