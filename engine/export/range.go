package export

import (
	"fmt"
	"math"
	"time"

	"decant/decimation"
	"decant/engine/export/request"
	"decant/engine/schedule"
)

// Open ends of a range.
const (
	openFrom = math.MinInt64
	openTo   = math.MaxInt64
)

// run is the one run of a recurring request that a job makes.
type run struct {
	due int64 // ns: the scheduled instant
	k   int64
}

// thisRun finds the run that a job makes: the one that the options name, else the one that was due last, the largest k whose instant is not after
// the moment. The first run is k = 1; those before it are made only where they are named. Without a periodStart the instants are counted from the moment
// itself, which then is run 0.
func thisRun(r *request.Request, opts *Options) (run, error) {
	at := opts.due()
	instants := schedule.Recurrence{Start: at, Every: r.Periodicity, Zone: r.Format.Zone}
	if r.PeriodStart != nil {
		instants.Start = *r.PeriodStart
	}
	switch {
	case opts.Run != nil:
		due, err := instants.Instant(*opts.Run)
		return run{due: due, k: *opts.Run}, err
	case r.PeriodStart == nil:
		return run{due: at}, nil
	}
	k, due, err := instants.Last(at)
	if err == nil && k >= 1 {
		return run{due: due, k: k}, nil
	}
	first, err := instants.Instant(1)
	if err != nil {
		return run{}, err
	}
	zone := r.Format.Zone.Location
	return run{}, fmt.Errorf("no run was due by %s: the first is due at %s, one periodicity (%s) after periodStart; choose a later moment with --at",
		isoTime(at, zone), isoTime(first, zone), r.Periodicity)
}

// Range is an item's range: from ≤ t < to (ns). A nil end is open, and so is a resource item's where the request says nothing.
type Range struct{ From, To *int64 }

// Ranges resolves the ranges of a request's items as NewPlan does with the same options, in their order, without a look at what is stored. It is an error
// where no run of a recurring request is due. An item whose range can't be resolved, which NewPlan refuses, has the ends that it names itself.
func Ranges(r *request.Request, opts Options) ([]Range, error) {
	now, err := theRun(r, &opts)
	if err != nil {
		return nil, err
	}
	ranges := make([]Range, len(r.Items))
	for i := range r.Items {
		it := &r.Items[i]
		from, to, err := itemRange(r, it, now, opts.Align)
		if err != nil {
			ranges[i] = Range{it.From, it.To}
			continue
		}
		if from != openFrom {
			ranges[i].From = &from
		}
		if to != openTo {
			ranges[i].To = &to
		}
	}
	return ranges, nil
}

// theRun is the run that a job makes; of a request that doesn't recur, the moment it is due.
func theRun(r *request.Request, opts *Options) (run, error) {
	if r.Recurring {
		return thisRun(r, opts)
	}
	return run{due: opts.due()}, nil
}

// itemRange resolves an item's from, to and period.
func itemRange(r *request.Request, it *request.Item, now run, align bool) (from, to int64, err error) {
	from, to = openFrom, openTo
	if it.From != nil {
		from = *it.From
	}
	if it.To != nil {
		to = *it.To
	}
	zone := r.Format.Zone
	switch {
	case it.Period == nil:
	case it.From != nil:
		to, err = it.Period.Step(from, 1, zone)
	case it.To != nil:
		from, err = it.Period.Step(to, -1, zone)
	case r.Recurring && r.PeriodStart != nil && equalPeriods(*it.Period, r.Periodicity) && !align:
		// Both ends are stepped from periodStart, so that the ranges of all runs tile.
		to = now.due
		from, err = r.Periodicity.Step(*r.PeriodStart, now.k-1, zone)
	default:
		to = now.due
		if align {
			if to, err = lastBoundary(*it.Period, to, zone); err != nil {
				return 0, 0, err
			}
		}
		from, err = it.Period.Step(to, -1, zone)
	}
	if err != nil {
		return 0, 0, err
	}
	if from >= to {
		return 0, 0, fmt.Errorf("the range is empty: it starts at %s and ends at %s", isoTime(from, zone.Location), isoTime(to, zone.Location))
	}
	return from, to, nil
}

// ends prints an item's range; nil is an open end.
func (it *Item) ends(zone *time.Location) (from, to *string) {
	if it.From != openFrom {
		s := isoTime(it.From, zone)
		from = &s
	}
	if it.To != openTo {
		s := isoTime(it.To, zone)
		to = &s
	}
	return from, to
}

// What people read in place of an open end.
const (
	firstSample = "the first sample"
	lastSample  = "the last sample"
)

func endOr(s *string, otherwise string) string {
	if s == nil {
		return otherwise
	}
	return *s
}

// equalPeriods compares what periods mean: P12M is P1Y and P7D is P1W.
func equalPeriods(a, b decimation.Period) bool {
	return a.Years*12+a.Months == b.Years*12+b.Months && a.Weeks*7+a.Days == b.Weeks*7+b.Days && a.Clock == b.Clock
}

// lastBoundary is the last calendar boundary not after t. Its kind is the smallest unit that the period counts in: the first of a year or
// a month, Monday, midnight; a clock period that divides a day has its own grid (PT15M: the quarters of an hour).
func lastBoundary(p decimation.Period, t int64, zone *decimation.Zone) (int64, error) {
	const second, minute, hour, day = int64(1e9), int64(60e9), int64(3600e9), int64(86400e9)
	width := decimation.Width{N: 1}
	switch c := p.Clock; {
	case c != 0 && c%hour == 0 && day%c == 0:
		width = decimation.Width{N: c / hour, Unit: 'h'}
	case c != 0 && c%hour == 0:
		width.Unit = 'h'
	case c != 0 && c%minute == 0 && day%c == 0:
		width = decimation.Width{N: c / minute, Unit: 'm'}
	case c != 0 && c%minute == 0:
		width.Unit = 'm'
	case c != 0 && c%second == 0 && day%c == 0:
		width = decimation.Width{N: c / second, Unit: 's'}
	case c != 0:
		width.Unit = 's'
	case p.Days != 0:
		width.Unit = 'd'
	case p.Weeks != 0:
		width.Unit = 'w'
	case p.Months != 0:
		width.Unit = 'M'
	default:
		width.Unit = 'y'
	}
	start, _, err := decimation.NewBuckets(width, zone).Find(t)
	return start, err
}
