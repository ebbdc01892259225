package archive

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"decant/engine/export"
)

// Options say what Run does.
type Options struct {
	Before  int64                     // days are archived that end at or before it (ns)
	Channel func(channel string) bool // which; nil is all
	// Last says that the snapshot shows of several values at one time the newest alone (duplicates = "last"). The archive holds what the snapshot shows.
	Last    bool
	Version string // decant's
	Workers int    // days that are written at a time; 0 is 1
	// Progress hears how many of about how many samples were gone through. It is called by several goroutines, one at a time.
	Progress func(done, expected int64)

	bounds bounds // of parts; tests make them small
}

// Report says what a run did.
type Report struct {
	Added    []Part // that were not there before, sorted by channel, day, number
	Sent     int    // files that were written or sent; the others were there from a run that was interrupted
	Days     int    // channels' days that the store holds and that are over for long enough
	Complete []Complete
}

// Complete is a channel's day of which the archive has all that the snapshot has.
type Complete struct {
	Channel string
	Day     Day
}

// The manifest names what was brought after so many days at least, and when they are a quarter of those that it has: it is written whole, and would be
// most of a long archive's work otherwise. What is to be noted of their series stays in memory until then, and has a bound of its own.
const (
	jobsACommit    = 256
	entriesACommit = 64 << 10
)

// Run archives what a snapshot of a store has of settled days and the archive has not. It may be interrupted at any time: what was brought completely is not brought again.
func Run(ctx context.Context, snap export.Snapshot, place Place, opts Options) (*Report, error) {
	held, unlock, err := place.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	report, err := run(held, snap, place, opts)
	if err != nil && ctx.Err() == nil && context.Cause(held) != nil { // the lock was lost
		err = context.Cause(held)
	}
	return report, err
}

func run(ctx context.Context, snap export.Snapshot, place Place, opts Options) (*Report, error) {
	m, mark, err := manifestOrEmpty(ctx, place)
	if err != nil {
		return nil, err
	}
	var jobs []job
	err = export.Guard(snap)(func() error {
		jobs, err = planJobs(ctx, snap, opts.Before, opts.Channel)
		return err
	})
	if err != nil {
		return nil, err
	}
	if opts.bounds == (bounds{}) {
		opts.bounds = usual
	}
	r := &runner{snap: snap, place: place, opts: opts, report: &Report{Days: len(jobs)}}
	for _, j := range jobs {
		r.expected += j.stored
	}
	if mark == "" { // a new archive has its manifest before any file: so one that was lost is told from a run that was killed
		if m, mark, err = r.commit(ctx, m, mark); err != nil {
			return nil, err
		}
	}
	for len(jobs) > 0 {
		n := min(len(jobs), jobsACommit)
		if err := r.bring(ctx, m, jobs[:n]); err != nil {
			return r.report, err
		}
		jobs = jobs[n:]
		if len(jobs) > 0 && r.waits(m) {
			continue
		}
		if m, mark, err = r.commit(ctx, m, mark); err != nil {
			return r.report, err
		}
		for _, b := range r.brought {
			r.report.Added = append(r.report.Added, b.parts...)
			if len(m.parts(b.job.channel, b.job.day)) > 0 { // else all that is stored of it is deleted
				r.report.Complete = append(r.report.Complete, Complete{b.job.channel, b.job.day})
			}
		}
		r.brought = nil
	}
	slices.SortFunc(r.report.Complete, func(a, b Complete) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Day, b.Day))
	})
	slices.SortFunc(r.report.Added, compareParts)
	return r.report, nil
}

// runner is a run.
type runner struct {
	snap     export.Snapshot
	place    Place
	opts     Options
	expected int64 // samples

	mu      sync.Mutex
	done    int64
	report  *Report
	brought []brought // since the last commit
}

// brought is what became of a day.
type brought struct {
	job     job
	parts   []Part  // new
	entries []entry // of these
	seen    string
}

// bring writes the days of jobs, several at a time, and brings them into their places.
func (r *runner) bring(ctx context.Context, m *Manifest, jobs []job) error {
	archive := newSnapshot(r.place, m, false)
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(max(1, r.opts.Workers))
	for _, j := range jobs {
		if working.Err() != nil {
			break
		}
		group.Go(func() error {
			return export.Guard(r.snap)(func() error {
				b, err := r.bringDay(working, archive, j)
				if err != nil {
					return fmt.Errorf("archive %s of channel %s: %w", j.day, j.channel, err)
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				r.brought = append(r.brought, b)
				r.done += j.stored
				if r.opts.Progress != nil {
					r.opts.Progress(r.done, r.expected)
				}
				return nil
			})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// waits says whether the manifest need not be written yet.
func (r *runner) waits(m *Manifest) bool {
	entries := 0
	for _, b := range r.brought {
		entries += len(b.entries)
	}
	return len(r.brought) < len(m.Parts)/4 && entries < entriesACommit
}

// commit replaces the manifest by one that has what was brought, where that is anything.
func (r *runner) commit(ctx context.Context, m *Manifest, mark string) (*Manifest, string, error) {
	next := &Manifest{Decant: r.opts.Version, Series: slices.Clone(m.Series), Parts: slices.Clone(m.Parts)}
	changed := mark == ""
	var parts []Part
	for _, b := range r.brought {
		changed = next.add(b) || changed
		parts = append(parts, b.parts...)
	}
	next.Parts = append(next.Parts, parts...)
	slices.SortFunc(next.Parts, compareParts)
	if !changed {
		return m, mark, nil
	}
	text, err := next.encode()
	if err != nil {
		return nil, "", fmt.Errorf("write manifest: %w", err)
	}
	if err := r.place.WriteManifest(ctx, text, mark); err != nil {
		return nil, "", err
	}
	return loadManifest(ctx, r.place)
}

// add puts what was brought of a day into the manifest, but for its parts; changed is false where nothing is new.
func (m *Manifest) add(b brought) (changed bool) {
	old := m.parts(b.job.channel, b.job.day)
	if len(b.parts) == 0 {
		if len(old) == 0 || sawAll(old, b.seen) {
			return false
		}
		old[len(old)-1].Seen = b.seen // nothing new, and the next run need not compare again
		return true
	}
	late := len(old) > 0
	for _, e := range b.entries {
		x := Series{Channel: b.job.channel, Subtopic: e.Subtopic, Publisher: e.Publisher, Name: e.Name, Unit: e.Unit}
		i, there := slices.BinarySearchFunc(m.Series, x, compareSeries)
		if !there {
			x.First, x.Last = instant(e.Stats.First), instant(e.Stats.Last)
			m.Series = slices.Insert(m.Series, i, x)
		}
		s := &m.Series[i]
		s.Samples += e.Stats.Samples
		s.First, s.Last = min(s.First, instant(e.Stats.First)), max(s.Last, instant(e.Stats.Last))
		s.EqualTimes = s.EqualTimes || e.EqualTimes || late || len(b.parts) > 1
	}
	return true
}

func compareParts(a, b Part) int {
	return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Number, b.Number))
}

func compareSeries(a, b Series) int {
	return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Subtopic, b.Subtopic), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Publisher, b.Publisher))
}
