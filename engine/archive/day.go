package archive

import (
	"context"
	"os"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/engine/export"
)

// bringDay brings what is new of a channel's day.
func (r *runner) bringDay(ctx context.Context, archive *Snapshot, j job) (brought, error) {
	d := &dayWriter{runner: r, ctx: ctx, job: j, archive: archive, old: archive.manifest.parts(j.channel, j.day), all: newDigest(), seen: map[export.SeriesID]string{}}
	for _, p := range d.old {
		d.number = max(d.number, p.Number+1)
	}
	defer d.abandon()
	if len(d.old) > 0 {
		seen, err := d.look()
		if err != nil {
			return brought{}, err
		}
		if sawAll(d.old, seen) {
			return brought{job: j, seen: seen}, nil
		}
		d.all = newDigest()
	}
	for _, s := range j.series {
		if err := d.series(s); err != nil {
			return brought{}, err
		}
	}
	if err := d.finish(); err != nil {
		return brought{}, err
	}
	b := brought{job: j, parts: d.parts, entries: d.entries, seen: d.all.String()}
	for i := range b.parts {
		b.parts[i].Seen = b.seen
	}
	return b, nil
}

// dayWriter writes what is new of a channel's day into as many parts as it takes.
type dayWriter struct {
	*runner
	ctx     context.Context
	job     job
	archive *Snapshot
	old     []Part // what the archive has of the day

	all     *digest                    // of all rows of the store
	seen    map[export.SeriesID]string // digests of its series, where look made them
	w       *writer                    // nil where none is begun
	number  int                        // of the next part
	parts   []Part
	entries []entry
}

// look gives the digest of all rows that the store has of the day.
func (d *dayWriter) look() (string, error) {
	for _, s := range d.job.series {
		sum, err := d.scan(s, func(*rows) error { return nil })
		if err != nil {
			return "", err
		}
		d.seen[s.ID] = sum
	}
	return d.all.String(), nil
}

// scan hands a series' rows to f, and adds their digest to the day's.
func (d *dayWriter) scan(s export.Series, f func(r *rows) error) (string, error) {
	reader, err := d.snap.Scan(d.ctx, s.ID, d.job.day.Start(), d.job.day.End(), fields...)
	if err != nil {
		return "", err
	}
	sum, n := newDigest(), 0
	err = scanDay(reader, func(rec arrow.Record) error {
		r := rowsOf(rec.Columns())
		n += r.n
		sum.add(&r)
		return f(&r)
	})
	text := sum.String()
	if n > 0 {
		d.all.series(s, text)
	}
	return text, err
}

// series writes what is new of a series.
func (d *dayWriter) series(s export.Series) error {
	known, err := d.known(s)
	if err != nil {
		return err
	}
	if sum, ok := d.seen[s.ID]; ok && known != nil && slices.ContainsFunc(known.places, func(p placed) bool { return p.entry.Seen == sum }) {
		d.all.series(s, sum)
		return nil
	}
	var have *archived
	if known != nil {
		have = archivedDay(d.ctx, d.archive, known, d.opts.Last)
	}
	begun, cut := false, false
	add := func(r *rows, lo, hi int) error {
		if d.w != nil && begun && d.w.full() { // goes on in the next part
			if err := d.w.end(""); err != nil {
				return err
			}
			if err := d.finish(); err != nil {
				return err
			}
			begun, cut = false, true
		}
		if d.w == nil {
			if d.w, err = newWriter(d.place.Scratch(), d.opts.bounds); err != nil {
				return err
			}
		}
		if !begun {
			d.w.begin(s)
			begun = true
		}
		return d.w.add(r, lo, hi)
	}
	sum, err := d.scan(s, func(r *rows) error {
		if have == nil {
			return add(r, 0, r.n)
		}
		return have.others(r, add)
	})
	if err != nil || !begun {
		return err
	}
	if cut {
		sum = ""
	}
	if err := d.w.end(sum); err != nil {
		return err
	}
	if d.w.full() {
		return d.finish()
	}
	return nil
}

// known is where the archive has a series of the day; nil where it has not.
func (d *dayWriter) known(s export.Series) (*day, error) {
	if len(d.old) == 0 {
		return nil, nil
	}
	parts := make([]*Part, len(d.old))
	for i := range d.old {
		parts[i] = &d.old[i]
	}
	return d.archive.dayOf(d.ctx, s, parts, d.job.day.Start(), d.job.day.End())
}

// finish completes the part that is being written, and brings it into its place.
func (d *dayWriter) finish() error {
	if d.w == nil {
		return nil
	}
	w := d.w
	d.w = nil
	scratch, p, err := w.finish()
	if err != nil {
		return err
	}
	defer os.Remove(scratch.Path)
	p.Channel, p.Day, p.Number, p.File = d.job.channel, d.job.day, d.number, partName(d.job.channel, d.job.day, d.number)
	d.number++
	sent, err := d.place.Put(d.ctx, p.File, scratch)
	if err != nil {
		return err
	}
	if sent {
		d.mu.Lock()
		d.report.Sent++
		d.mu.Unlock()
	}
	d.parts = append(d.parts, p)
	d.entries = append(d.entries, w.index.Series...)
	return nil
}

// abandon removes what was begun and not finished.
func (d *dayWriter) abandon() {
	if d.w != nil {
		d.w.abandon()
	}
}
