package archive

import (
	"context"
	"math"

	"decant/engine/export"
)

// job is a channel's day that a store holds samples of.
type job struct {
	channel string
	day     Day
	series  []export.Series // those with samples
	stored  int64           // how many, about
}

// planJobs lists the days that end at or before an instant, by channel and day. It asks for counts, which are cheap, and passes over stretches without samples.
func planJobs(ctx context.Context, snap export.Snapshot, before int64, wanted func(channel string) bool) ([]job, error) {
	all, err := snap.Series(ctx, "", "")
	if err != nil {
		return nil, err
	}
	var jobs []job
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Channel == all[0].Channel {
			n++
		}
		if wanted == nil || wanted(all[0].Channel) {
			if jobs, err = planChannel(ctx, snap, jobs, all[:n], before); err != nil {
				return nil, err
			}
		}
		all = all[n:]
	}
	return jobs, nil
}

func planChannel(ctx context.Context, snap export.Snapshot, jobs []job, series []export.Series, before int64) ([]job, error) {
	first := int64(math.MaxInt64)
	for _, s := range series {
		first = min(first, s.First)
	}
	for day := dayOf(first); day.End() <= before; {
		j := job{channel: series[0].Channel, day: day}
		next := int64(math.MaxInt64) // the first sample behind the day of those that have none in it
		for _, s := range series {
			if s.Last < day.Start() {
				continue
			}
			n := int64(0)
			if s.First < day.End() {
				var err error
				if n, err = snap.Stored(ctx, s.ID, day.Start(), day.End()); err != nil {
					return nil, err
				}
			}
			if n > 0 {
				j.series = append(j.series, s)
				j.stored += n
			} else {
				next = min(next, max(s.First, day.End()))
			}
		}
		if len(j.series) > 0 {
			jobs = append(jobs, j)
			day++
			continue
		}
		if next == math.MaxInt64 { // nothing is left
			break
		}
		var err error
		if day, err = nextDay(ctx, snap, series, day); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// nextDay is the day of the first sample after a day.
func nextDay(ctx context.Context, snap export.Snapshot, series []export.Series, day Day) (Day, error) {
	next := int64(math.MaxInt64)
	for _, s := range series {
		if s.Last < day.End() {
			continue
		}
		stats, err := snap.Stats(ctx, s.ID, day.End(), math.MaxInt64)
		if err != nil {
			return 0, err
		}
		if stats.Samples > 0 {
			next = min(next, stats.First)
		}
	}
	return dayOf(next), nil
}
