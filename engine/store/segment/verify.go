package segment

import (
	"context"
	"errors"
)

// Verify reads every byte against its checksum, whatever was checked before, and every block against its summary. It goes on after a fault and reports each
// (report may be nil) with the offset at which the damaged part starts. The error is the first fault (*CorruptError, *FaultError), or ctx's.
func (r *Reader) Verify(ctx context.Context, report func(offset int64, text string)) error {
	var first error
	note := func(err error) {
		if err == nil {
			return
		}
		if first == nil {
			first = err
		}
		var corrupt *CorruptError
		var fault *FaultError
		switch {
		case report == nil:
		case errors.As(err, &corrupt):
			report(corrupt.Offset, corrupt.Text)
		case errors.As(err, &fault):
			report(fault.Offset, err.Error())
		default:
			report(0, err.Error())
		}
	}
	note(Guard([]*Reader{r}, r.verifyEnds))
	if r.Load() != nil {
		return first
	}
	for g := range r.groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		var blocks []block
		note(Guard([]*Reader{r}, func() (err error) {
			blocks, err = r.verifyGroup(g)
			return err
		}))
		for i := range blocks {
			note(Guard([]*Reader{r}, func() error { return r.verifyBlock(g, i, &blocks[i]) }))
		}
	}
	return first
}

// verifyEnds checks header, trailer and footer, also where that was done before.
func (r *Reader) verifyEnds() error {
	if err := r.checkEnds(); err != nil {
		return err
	}
	if _, err := r.checkFooter(); err != nil {
		return err
	}
	return r.Load()
}

// verifyGroup checks a group's directory, and that the group's summary is that of its blocks.
func (r *Reader) verifyGroup(g int) ([]block, error) {
	r.sound[g].Store(0) // so that all is checked again
	blocks, err := r.directory(g, nil)
	if err != nil || r.version == 1 {
		return blocks, err
	}
	var merged grouping
	for i := range blocks {
		if err := merged.add(&blocks[i].summary); err != nil {
			return nil, r.corrupt(r.groups[g].offset+r.groups[g].size, "a directory can't be: "+err.Error())
		}
	}
	if sum := merged.finish(); !sum.equal(&r.groups[g].summary) {
		return blocks, r.corrupt(int64(r.footer.footerOffset), "a group does not match its summary in the footer")
	}
	return blocks, nil
}

func (r *Reader) verifyBlock(g, i int, k *block) error {
	var c columns
	if err := r.open(g, i, k, &c); err != nil {
		return err
	}
	if err := c.need(needAll); err != nil {
		return err
	}
	var s summary
	if r.version == 1 {
		s = summarizeV1(c.kind, c.time, c.value)
	} else {
		s = c.summarize()
	}
	if !s.equal(&k.summary) {
		return r.corrupt(k.offset, "a block does not match its summary")
	}
	return nil
}
