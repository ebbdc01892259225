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
	// Until math.MinInt64 there are none that it could stand for.
	NextUntil(until int64) (b Block, ok bool)
}

// checkSummary sees that the block's summary is of rows in order and before until.
func (s *samples) checkSummary(until int64) error {
	x := s.block.Summary
	switch {
	case x.First < s.last:
		return s.backwards(x.First)
	case x.Last >= until:
		return fmt.Errorf("the source sums up rows until %s where it was asked for those before %s", utc(x.Last), utc(until))
	}
	return nil
}

// takeSummary adds the current block's summary, all of whose rows belong to the current bucket.
func (c *chunk) takeSummary() error {
	s := c.samples.block.Summary
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

// until is the end of the rows that belong to the current bucket for certain, whatever they are: math.MinInt64 before the first one.
func (c *chunk) until() int64 { return min(c.end, c.to) }
