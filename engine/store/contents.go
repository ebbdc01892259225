package store

import (
	"context"
	"fmt"
	"io"
	"os"

	"decant/engine/store/segment"
	"decant/engine/store/wal"
	"decant/ingest"
)

// contents is all that a CURRENT names, opened: segments mapped, logs open. The files may meanwhile lose their names; what is open stays readable.
type contents struct {
	dir      string
	cur      current
	segments []liveSegment
	logs     []*os.File
}

// liveSegment is an open segment with its line of CURRENT.
type liveSegment struct {
	*segment.Reader
	file segmentFile
}

// entries are the segment's series. They are read from its footer when they are asked for first: of ten thousand segments a reader may need few.
func (r *liveSegment) entries() ([]segment.SeriesEntry, error) {
	if err := r.Load(); err != nil {
		return nil, damaged(r.Path(), err)
	}
	return r.Series(), nil
}

// left appends what its channel's tombstones leave of a series' run; nothing where it has no samples in a span. The entries must have been read.
func (r *liveSegment) left(runs []segment.Run, i int, in span, deletes []tombstone) []segment.Run {
	e := &r.Series()[i]
	if e.Last < in.from || e.First >= in.to {
		return runs
	}
	return left(runs, r.Run(i), deletes, r.file.last, e.Series)
}

// readersOf are the readers of segments.
func readersOf(segments []liveSegment) []*segment.Reader {
	readers := make([]*segment.Reader, len(segments))
	for i := range segments {
		readers[i] = segments[i].Reader
	}
	return readers
}

// openContents opens what c names. An error is damage, unless c is no longer the list.
func openContents(dir string, c current) (*contents, error) {
	o := &contents{dir: dir, cur: c}
	for _, s := range c.segments {
		path := o.path(s.name)
		r, err := segment.Map(path)
		if err != nil {
			o.close()
			return nil, damaged(path, err)
		}
		o.segments = append(o.segments, liveSegment{r, s})
		if err := checkSegment(r, s); err != nil {
			o.close()
			return nil, err
		}
	}
	for _, l := range c.logs {
		f, err := os.Open(o.path(l.name))
		if err != nil {
			o.close()
			return nil, damaged(o.path(l.name), err)
		}
		o.logs = append(o.logs, f)
	}
	return o, nil
}

// checkSegment finds a segment that was swapped for another.
func checkSegment(r *segment.Reader, s segmentFile) error {
	if r.Size() != s.bytes || r.Rows() != s.rows {
		return &CorruptError{File: r.Path(), Offset: 0, Text: fmt.Sprintf("%d bytes with %d samples are there, CURRENT names %d bytes with %d: it is another file",
			r.Size(), r.Rows(), s.bytes, s.rows)}
	}
	return nil
}

func (o *contents) path(name string) string { return filePath(o.dir, name) }

func (o *contents) closeLogs() {
	for _, f := range o.logs {
		f.Close()
	}
	o.logs = nil
}

func (o *contents) close() {
	o.closeLogs()
	for _, r := range o.segments {
		r.Release()
	}
	o.segments = nil
}

// replayed is what the logs hold.
type replayed struct {
	heads    []*head // one a log
	logs     []replayedLog
	arrival  uint64            // of the newest sample
	sequence uint64            // of the frame to come
	window   []ingest.Delivery // newest last
	lost     bool              // the file before was damaged: where the next one starts can't be checked
}

type replayedLog struct {
	good     int64  // bytes up to which the log is whole
	torn     int64  // bytes behind them
	sequence uint64 // of the frame behind it
}

// replay reads all logs into memory. The log that is being written may be torn at its end; anything else that is not whole is damage.
func (o *contents) replay(ctx context.Context) (*replayed, error) {
	p := &replayed{sequence: 1, arrival: o.cur.arrival}
	for i, l := range o.cur.logs {
		if err := p.log(ctx, o.logs[i], l.bytes, i == 0); err != nil {
			return nil, damaged(o.path(l.name), err)
		}
	}
	return p, nil
}

// log replays one log. complete is its length, -1 where it may still grow.
func (p *replayed) log(ctx context.Context, f *os.File, complete int64, first bool) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if complete >= 0 && info.Size() != complete {
		return &wal.Fault{Offset: min(info.Size(), complete), Text: fmt.Sprintf("%d bytes are there, CURRENT names %d", info.Size(), complete)}
	}
	r, err := wal.NewReader(f)
	if err != nil {
		return err
	}
	switch h := r.Header(); {
	case p.lost:
		p.arrival, p.lost = h.Arrival, false
	case h.Arrival != p.arrival:
		return &wal.Fault{Offset: 0, Text: fmt.Sprintf("it starts behind sample %d, the store ends with %d: a file is missing or is another", h.Arrival, p.arrival)}
	case !first && h.Sequence != p.sequence:
		return &wal.Fault{Offset: 0, Text: fmt.Sprintf("it starts with frame %d where frame %d belongs: a file is missing or is another", h.Sequence, p.sequence)}
	}
	head := &head{before: p.arrival}
	torn, err := p.frames(ctx, r, head)
	if err != nil {
		return err
	}
	if torn && complete >= 0 {
		return &wal.Fault{Offset: r.Offset(), Text: "a frame is cut in the middle"}
	}
	p.heads = append(p.heads, head)
	p.sequence = r.Sequence()
	p.logs = append(p.logs, replayedLog{good: r.Offset(), torn: max(0, info.Size()-r.Offset()), sequence: r.Sequence()})
	return nil
}

// frames replays what r reads into a head.
func (p *replayed) frames(ctx context.Context, r *wal.Reader, to *head) (torn bool, err error) {
	var decoder wal.Decoder
	var content wal.Content
	var names []ingest.Series
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		at := r.Offset()
		frame, err := r.Next()
		switch {
		case err == io.EOF:
			return false, nil
		case err == wal.ErrTorn:
			return true, nil
		case err != nil:
			return false, err
		case frame.Type == wal.End:
			continue
		case frame.Type == wal.Window:
			p.window = p.window[:0]
		}
		if err := decoder.Decode(frame.Payload, &content); err != nil {
			return false, &wal.Fault{Offset: at, Text: "a frame can't be: " + err.Error()}
		}
		names = append(names, content.Defined...)
		to.add(content.Samples, content.IDs, func(id uint32) ingest.Series { return names[id] })
		p.arrival += uint64(len(content.Samples))
		p.window = append(p.window, content.Deliveries...)
	}
}
