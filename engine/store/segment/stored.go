package segment

// Stored counts the rows of runs in from ≤ t < to (ns) as they are stored, before duplicates are settled. Groups and blocks that lie whole in the range
// count by the index; at most two blocks of a run are read.
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
	for g := range r.groups {
		switch k := &r.groups[g]; {
		case k.last < from || k.first >= to:
		case k.first >= from && k.last < to:
			rows += int64(k.rows)
		default:
			n, err := r.storedIn(g, from, to, c)
			if err != nil {
				return 0, err
			}
			rows += n
		}
	}
	return rows, nil
}

// storedIn is the same of group g, which is not wholly in the range.
func (r *Run) storedIn(g int, from, to int64, c *columns) (rows int64, err error) {
	blocks, err := r.directory(g, nil)
	if err != nil {
		return 0, err
	}
	for i := range blocks {
		switch k := &blocks[i]; {
		case k.last < from || k.first >= to:
		case k.first >= from && k.last < to:
			rows += int64(k.rows)
		default:
			if err := r.load(g, i, k, c); err != nil {
				return 0, err
			}
			first, err := c.search(0, from)
			if err != nil {
				return 0, err
			}
			last, err := c.search(first, to)
			if err != nil {
				return 0, err
			}
			rows += int64(last - first)
		}
	}
	return rows, nil
}
