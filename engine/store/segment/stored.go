package segment

// Stored counts the rows of runs in from ≤ t < to (ns) as they are stored, before duplicates are settled. Blocks that lie whole in the range count
// by the index; at most two of a run are read.
func Stored(runs []Run, from, to int64) (rows int64, err error) {
	err = Guard(readersOf(runs), func() error {
		var c columns
		for i := range runs {
			n, err := runs[i].stored(from, to, &c)
			if err != nil {
				return err
			}
			rows += n
		}
		return nil
	})
	return rows, err
}

func (r *Run) stored(from, to int64, c *columns) (int64, error) {
	from, to = max(from, r.from), min(to, r.to)
	if from >= to {
		return 0, nil
	}
	if r.rows != nil {
		first := lowerBound(r.rows.Time, 0, from)
		return int64(lowerBound(r.rows.Time, first, to) - first), nil
	}
	rows := int64(0)
	for k := range r.blocks {
		switch first, last := r.bounds(k); {
		case last < from || first >= to:
		case first >= from && last < to:
			rows += int64(r.summary(k).rows)
		default:
			if err := r.load(k, c); err != nil {
				return 0, err
			}
			i := lowerBound(c.time, 0, from)
			rows += int64(lowerBound(c.time, i, to) - i)
		}
	}
	return rows, nil
}
