package archive

import (
	"context"

	"decant/engine/export"
)

// Planned is a channel's day that a run would archive.
type Planned struct {
	Channel string
	Day     Day
	Series  int
	Samples int64 // that the store holds of it
	Late    bool  // the archive has the day, and the store holds something else by now
}

// Preview says what Run would do now. It takes no lock and writes nothing; it reads the samples of days that the archive has.
func Preview(ctx context.Context, snap export.Snapshot, place Place, opts Options) (planned []Planned, err error) {
	m, _, err := manifestOrEmpty(ctx, place)
	if err != nil {
		return nil, err
	}
	err = export.Guard(snap)(func() error {
		jobs, err := planJobs(ctx, snap, opts.Before, opts.Channel)
		if err != nil {
			return err
		}
		r := &runner{snap: snap, place: place, opts: opts}
		for _, j := range jobs {
			p := Planned{Channel: j.channel, Day: j.day, Series: len(j.series)}
			if old := m.parts(j.channel, j.day); len(old) > 0 {
				d := &dayWriter{runner: r, ctx: ctx, job: j, all: newDigest(), seen: map[export.SeriesID]string{}}
				seen, err := d.look()
				if err != nil {
					return err
				}
				if sawAll(old, seen) {
					continue
				}
				p.Late = true
			}
			for _, s := range j.series {
				stats, err := snap.Stats(ctx, s.ID, j.day.Start(), j.day.End())
				if err != nil {
					return err
				}
				p.Samples += stats.Samples
			}
			planned = append(planned, p)
		}
		return nil
	})
	return planned, err
}
