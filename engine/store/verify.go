package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"decant/engine/store/segment"
)

// Fault is one damaged place.
type Fault struct {
	File   string
	Offset int64 // where the damaged part starts
	Text   string
}

// Summary is what Verify has read.
type Summary struct {
	Segments, Logs int
	Bytes          int64
	Samples        int64 // as stored, duplicates not settled
	Torn           int64 // bytes of an incomplete frame at the end of the newest log: never acknowledged, no fault
	Faults         int
}

// Verify reads every byte of a store's files against its checksum. It goes on after a fault and reports each. It works beside a running writer: of
// the newest log it reads up to the first incomplete frame. The error is the first fault (*CorruptError), or why nothing could be read.
func Verify(ctx context.Context, dir string, report func(Fault)) (Summary, error) {
	v := verifier{dir: dir, report: report}
	cur, err := v.open()
	if err != nil {
		if errors.As(err, new(*CorruptError)) {
			v.fault(err)
		}
		return v.summary, err
	}
	defer v.close()
	for i := range cur.segments {
		if err := v.segment(ctx, i, cur.segments[i]); err != nil {
			return v.summary, err
		}
	}
	if err := v.logs(ctx, cur); err != nil {
		return v.summary, err
	}
	return v.summary, v.first
}

type verifier struct {
	dir      string
	report   func(Fault)
	summary  Summary
	first    error
	segments []*segment.Reader // nil where it does not open: then broken says why
	files    []*os.File        // logs, the same
	broken   map[string]error
}

// fault reports what is damage, and returns what is not.
func (v *verifier) fault(err error) error {
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) {
		return err
	}
	v.summary.Faults++
	if v.first == nil {
		v.first = corrupt
	}
	if v.report != nil {
		v.report(Fault{corrupt.File, corrupt.Offset, corrupt.Text})
	}
	return nil
}

// open opens all that opens, as whileLive does.
func (v *verifier) open() (current, error) {
	for {
		cur, text, err := readCurrent(v.dir)
		if err != nil {
			return cur, readable(v.dir, err)
		}
		v.broken = map[string]error{}
		for _, s := range cur.segments {
			path := filePath(v.dir, s.name)
			r, err := segment.Open(path)
			if err != nil {
				r, v.broken[s.name] = nil, damaged(path, err)
			}
			v.segments = append(v.segments, r)
		}
		for _, l := range cur.logs {
			path := filePath(v.dir, l.name)
			f, err := os.Open(path)
			if err != nil {
				f, v.broken[l.name] = nil, damaged(path, err)
			}
			v.files = append(v.files, f)
		}
		if _, again, err := readCurrent(v.dir); err == nil && bytes.Equal(text, again) {
			v.summary.Bytes += int64(len(text))
			return cur, nil
		}
		v.close()
	}
}

func (v *verifier) close() {
	for _, r := range v.segments {
		if r != nil {
			r.Release()
		}
	}
	for _, f := range v.files {
		if f != nil {
			f.Close()
		}
	}
	v.segments, v.files = nil, nil
}

func (v *verifier) segment(ctx context.Context, i int, s segmentFile) error {
	v.summary.Segments++
	r := v.segments[i]
	if r == nil {
		return v.fault(v.broken[s.name])
	}
	if err := v.fault(checkSegment(r, s)); err != nil {
		return err
	}
	v.summary.Bytes += r.Size()
	v.summary.Samples += r.Rows()
	err := r.Verify(ctx, func(offset int64, text string) {
		v.fault(&CorruptError{File: r.Path(), Offset: offset, Text: text})
	})
	if errors.As(damaged(r.Path(), err), new(*CorruptError)) {
		return nil // reported
	}
	if err == nil {
		err = v.fault(checkTimes(liveSegment{r, s}))
	}
	return err
}

// checkTimes holds the times that CURRENT names against the segment's series.
func checkTimes(r liveSegment) error {
	entries, err := r.entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.First < r.file.from || e.Last > r.file.to {
			return &CorruptError{File: r.Path(), Offset: 0, Text: fmt.Sprintf("it has samples of %d to %d, CURRENT names %d to %d: it is another file", e.First, e.Last, r.file.from, r.file.to)}
		}
	}
	return nil
}

func (v *verifier) logs(ctx context.Context, cur current) error {
	p := &replayed{arrival: cur.arrival}
	for i, l := range cur.logs {
		v.summary.Logs++
		path := filePath(v.dir, l.name)
		err := v.broken[l.name]
		if err == nil {
			err = damaged(path, p.logTwice(ctx, v.files[i], l.bytes, i == 0))
		}
		if err != nil {
			p.lost = true
			if err := v.fault(err); err != nil {
				return err
			}
			continue
		}
		done := p.logs[len(p.logs)-1]
		_, samples := p.heads[len(p.heads)-1].size()
		p.heads = nil
		v.summary.Samples += samples
		v.summary.Bytes += done.good + done.torn
		v.summary.Torn += done.torn
	}
	return nil
}

// logTwice replays a log. In one that is being written damage is believed only when it is seen twice, as in whileLive.
func (p *replayed) logTwice(ctx context.Context, f *os.File, complete int64, first bool) error {
	before := *p
	err := p.log(ctx, f, complete, first)
	if err == nil || complete >= 0 {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	*p = before
	return p.log(ctx, f, complete, first)
}
