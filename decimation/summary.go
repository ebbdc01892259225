package decimation

import "fmt"

// Summary stands for rows that nobody has to look at: those of a block, or of many.
type Summary struct {
	Rows        int    // those without a value, too
	First, Last int64  // times of the first and the last of them, ns
	Moments     []byte // of their values, as Moments.Append wrote them: of all, or of one part after the other
}

// Summaries are Blocks that know sums of their rows. Readers of buckets ask them for what belongs to one bucket as a whole.
type Summaries interface {
	Blocks
	// NextUntil is NextBlock, but where the next rows all lie before until (ns), it may give a Summary in their place. It never has to: rows serve as well.
	// Until math.MinInt64 there are none that it could stand for. Of rows the times may be told by a Clock.
	NextUntil(until int64) (b Block, ok bool)
}

// takeSummary adds the current block's summary, all of whose rows belong to the current bucket.
func (c *chunk) takeSummary() error {
	s := c.samples.block.Summary
	if err := c.checkSummary(s); err != nil {
		return err
	}
	c.samples.block, c.samples.last = Block{}, s.Last
	c.summed += int64(s.Rows)
	before := c.moments.Count()
	rest, err := c.moments.mergeEncoded(c.needs, s.Moments)
	for err == nil && len(rest) > 0 {
		rest, err = c.moments.mergeEncoded(c.needs, rest)
	}
	if err == nil && c.moments.Count()-before > int64(s.Rows) {
		err = errEncoded
	}
	if err != nil {
		return fmt.Errorf("read the summary of %d rows from %s to %s: %w", s.Rows, utc(s.First), utc(s.Last), err)
	}
	return nil
}

// checkSummary sees that a summary is of rows in order and of the current bucket.
func (c *chunk) checkSummary(s *Summary) error {
	from, until := max(c.start, c.from), c.until()
	switch {
	case s.First < c.samples.last:
		return c.samples.backwards(s.First)
	case s.First < from || s.Last >= until:
		return fmt.Errorf("the source sums up rows from %s to %s where it was asked for those from %s until %s", utc(s.First), utc(s.Last), utc(from), utc(until))
	}
	return nil
}

// until is the end of the rows that belong to the current bucket for certain, whatever they are: math.MinInt64 before the first one.
func (c *chunk) until() int64 { return min(c.end, c.to) }
