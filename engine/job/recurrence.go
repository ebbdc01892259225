package job

import (
	"decant/engine/export/request"
	"decant/engine/schedule"
)

// Recurrence is the schedule of a recurring request in an export that was created at createdAt (ns): its instants start there, where it names no
// periodStart.
func Recurrence(r *request.Request, createdAt int64) schedule.Recurrence {
	start := createdAt
	if r.PeriodStart != nil {
		start = *r.PeriodStart
	}
	return schedule.Recurrence{Start: start, Every: r.Periodicity, Zone: r.Format.Zone}
}

// nextRun is the first run that is due at a moment or later; nil where int64 holds none.
func nextRun(r *request.Request, createdAt, at int64) *Instant {
	k, due, err := Recurrence(r, createdAt).Next(at)
	if err != nil {
		return nil
	}
	return &Instant{K: k, Due: due}
}

// backfill are the last n instants before an export was created, in their order. There are fewer where int64 holds fewer.
func backfill(r *request.Request, createdAt int64, n int) []Instant {
	recurrence := Recurrence(r, createdAt)
	k, _, err := recurrence.Last(createdAt - 1)
	if err != nil {
		return nil
	}
	var instants []Instant
	for k -= int64(n) - 1; n > 0; k, n = k+1, n-1 {
		if due, err := recurrence.Instant(k); err == nil {
			instants = append(instants, Instant{K: k, Due: due})
		}
	}
	return instants
}

// sameRecurrence says whether two requests of one export have the same instants, so that a change from one to the other doesn't move the schedule.
func sameRecurrence(a, b *request.Request, createdAt int64) bool {
	x, y := Recurrence(a, createdAt), Recurrence(b, createdAt)
	return a.Recurring == b.Recurring && x.Start == y.Start && x.Every == y.Every && x.Zone.Name == y.Zone.Name
}

// afterGrace is the moment at which a scheduled run may start: its instant and the request's grace.
func afterGrace(r *request.Request, due int64) int64 {
	at, err := r.Service.Grace.Step(due, 1, r.Format.Zone)
	if err != nil {
		return due
	}
	return at
}
