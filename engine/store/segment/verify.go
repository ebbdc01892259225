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
	for i := range r.index {
		if err := ctx.Err(); err != nil {
			return err
		}
		note(Guard([]*Reader{r}, func() error { return r.verifyBlock(i) }))
	}
	return first
}

// verifyEnds checks what Open has checked, and that it is still there.
func (r *Reader) verifyEnds() error {
	_, _, err := r.checkEnds()
	return err
}

func (r *Reader) verifyBlock(i int) error {
	k := &r.index[i]
	r.sound[i/32].And(^(uint32(1) << (i % 32))) // so that open checks it again
	var c columns
	if err := r.open(i, &c); err != nil {
		return err
	}
	if summarize(c.kind, c.time, c.value) != k.summary {
		return r.corrupt(k.offset, "a block does not match its summary")
	}
	return nil
}
